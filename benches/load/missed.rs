//! Catching up on 10,000 missed messages, one in a hundred of them a command.
//!
//! Measured from the gateway's greeting to the last answer, and held against a client that only
//! pages through the same history.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use guildpoints::model::ids::SNOWFLAKE_EPOCH_MS;
use guildpoints::support::clock::Clock;

use crate::bare::Bare;
use crate::bot::Bot;
use crate::frames;
use crate::http::Server;
use crate::runs::Scale;
use crate::runs::close;
use crate::runs::faults;
use crate::table::Line;
use crate::table::Target;
use crate::table::median;
use crate::world;
use crate::world::Mix;
use crate::world::World;

/// Missed messages.
const MESSAGES: usize = 10_000;
/// One of so many is a command.
const COMMAND_EVERY: usize = 100;
/// Messages asked for at a time, as the bot does.
const PAGE: usize = 50;

/// What people write all day.
const TALK: &str = "大家晚上好，今天的活动什么时候开始？我记得公告里写的是八点，还是我看错了？谁有空一起组队去打天梯，";

/// What was said in the channel, oldest first: ids and items of the history.
#[derive(Default)]
pub struct History {
    said: Vec<(u64, String)>,
}

impl History {
    /// So many commands of `world` and nothing else.
    pub fn of_commands(world: &World, count: usize) -> Self {
        let said = (0..count).map(|index| (world.message(index), world.item(index)));
        Self {
            said: said.collect(),
        }
    }

    /// The command heard before the absence, and everything missed. Commands are those of `world`.
    fn of(world: &World) -> Self {
        let mut said = vec![(world.message(0), world.item(0))];
        for number in 0..MESSAGES {
            let (command, at) = (number / COMMAND_EVERY + 1, number % COMMAND_EVERY);
            if at == 0 {
                said.push((world.message(command), world.item(command)));
            } else {
                let id = world.message(command) + at as u64;
                said.push((id, talk_item(id)));
            }
        }
        Self { said }
    }

    /// The page below `before`, newest first; the newest page for 0.
    pub fn page(&self, before: u64) -> String {
        let end = match before {
            0 => self.said.len(),
            _ => self.said.partition_point(|(id, _)| *id < before),
        };
        let page = &self.said[end.saturating_sub(PAGE)..end];
        let items: Vec<&str> = page.iter().rev().map(|(_, item)| item.as_str()).collect();
        format!(
            r#"{{"status":true,"code":1000,"desc":"","data":[{}]}}"#,
            items.join(",")
        )
    }
}

/// The budget line "catch-up". Beside the paging there are three calls for each command: who asks,
/// the balance, the answer.
pub async fn catch_up(scale: &Scale, lines: &mut Vec<Line>) -> io::Result<usize> {
    let [mut bounds, mut took, mut ratios] = [const { Vec::new() }; 3];
    let mut wrong = 0;
    let commands = MESSAGES / COMMAND_EVERY;
    for _ in 0..scale.rounds {
        let began_ms = Clock::system().now_ms() - SNOWFLAKE_EPOCH_MS;
        let first = u64::try_from(began_ms).unwrap_or(0) << 22;
        let (mut world, mut answers) = World::new(Mix::Balances, commands + 1);
        world.begin_at(first);
        world.history = History::of(&world);
        let world = Arc::new(world);
        let mut bot = Bot::start(Arc::clone(&world)).await?;
        // The bot gets to know the channel, then the connection is lost.
        let mut wire = Vec::new();
        world.push(&mut wire, 0);
        bot.gateway.send(&wire).await?;
        world::answered(&mut answers, 1).await;
        bot.lets_in_again().await?;
        let began = Instant::now();
        world::answered(&mut answers, commands).await;
        let caught_up = began.elapsed().as_secs_f64();

        let server = Server::start(Arc::clone(&world)).await?;
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let mut bare = Bare::start(&["calls", &server.address, &folder.path().to_string_lossy()])?;
        // The first request opens the connection.
        bare.tell("pages 1").await?;
        bare.answer().await?;
        bare.tell(&format!("pages {}", MESSAGES / PAGE + 1)).await?;
        let bound = bare.answer().await?;
        wrong += faults(&world, commands + 1, "catch-up");
        close(bot, "catch-up").await?;
        bounds.push(bound * 1_000.0);
        took.push(caught_up * 1_000.0);
        ratios.push(bound / caught_up);
    }
    lines.push(Line {
        budget: "catch-up of 10,000 messages, 100 commands".to_owned(),
        bound: format!("{:.0} ms bare paging", median(&bounds)),
        measured: format!("{:.0} ms", median(&took)),
        ratio: median(&ratios),
        target: Target::AtLeast(0.3),
    });
    Ok(wrong)
}

/// A message as the history of its channel shows it, without its author's membership.
pub fn item(id: u64, author: u64, text: &str) -> String {
    format!(
        concat!(
            r#"{{"content":"{{\"type\":\"text\",\"text\":\"{text}\",\"contentType\":1}}","#,
            r#""time":1772366400123,"user_id":"{author}","channel_id":"{channel}","message_id":"{id}","#,
            r#""quote_l1":null,"quote_l2":null,"guild_id":"{guild}","channel_type":0,"status":0,"#,
            r#""author":{{"nickname":"小明","username":"2791234","#,
            r#""avatar":"https://fb-cdn.fanbook.mobi/{pad}.jpg","bot":false}},"desc":""}}"#,
        ),
        text = text,
        author = author,
        channel = frames::CHANNEL,
        id = id,
        guild = frames::GUILD,
        pad = "a".repeat(120),
    )
}

/// Talk as the history shows it.
fn talk_item(id: u64) -> String {
    item(id, 737_262_643_970_064_384 + id % 1_000, TALK)
}
