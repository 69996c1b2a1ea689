//! `/points` in a guild with three points systems, against the slowest of them.
//!
//! Two of them take a while by themselves, so that asking one after the other would show: their sum is
//! half as much again as the slower one.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use guildpoints::journal::Journal;
use guildpoints::journal::StoreSettings;
use guildpoints::model::BotId;
use guildpoints::model::UserId;
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulses;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio_util::task::AbortOnDropHandle;

use crate::bot::Bot;
use crate::runs;
use crate::runs::Scale;
use crate::table::Line;
use crate::table::Target;
use crate::table::percentile;
use crate::table::sorted;
use crate::world;
use crate::world::BOT;
use crate::world::Kind;
use crate::world::Mix;
use crate::world::World;

/// How long Swan thinks about a balance, and Manta.
const SWAN_THINKS: Duration = Duration::from_millis(20);
const MANTA_THINKS: Duration = Duration::from_millis(10);
/// Commands that are not counted: connections and caches are cold.
const COLD: usize = 20;

/// One command after the other, in turn with a bare call to the slowest system.
pub async fn systems(scale: &Scale, lines: &mut Vec<Line>) -> io::Result<usize> {
    let (world, mut answers) = World::new(Mix::Balances, scale.paced);
    let world = Arc::new(world);
    let (swan, _swan) = serve(SWAN_THINKS).await?;
    let (manta, _manta) = serve(MANTA_THINKS).await?;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    tie(folder.path(), scale.paced).await?;
    let sections = format!(
        "[swan.hq]\nbase_url = \"http://{swan}\"\n\
         [manta.shop]\nbase_url = \"http://{manta}/api\"\nbot_id = \"1\"\n\
         token = \"token\"\nsecret = \"secret\"\n"
    );
    let guild = "also = [\"swan.hq\", \"manta.shop\"]\nlanguage = \"en-US\"\n";
    let mut bot = Bot::start_in(folder, Arc::clone(&world), &sections, guild).await?;
    let mut bare = TcpStream::connect(&swan).await?;
    bare.set_nodelay(true)?;
    let mut slowest = Vec::with_capacity(scale.paced);
    for index in 0..scale.paced {
        let mut wire = Vec::new();
        world.push(&mut wire, index);
        world.sends(index);
        bot.gateway.send(&wire).await?;
        world::answered(&mut answers, 1).await;
        let began = Instant::now();
        bare.write_all(b"GET /points HTTP/1.1\r\nhost: swan\r\n\r\n")
            .await?;
        let mut answer = [0; 1_024];
        if bare.read(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if index >= COLD {
            slowest.push(began.elapsed().as_secs_f64() * 1e6);
        }
    }
    let waits = world.waits(Kind::Balance, COLD);
    let (measured, bound) = (percentile(&waits, 0.5), percentile(&sorted(&slowest), 0.5));
    lines.push(Line {
        budget: "- /points with three systems, p50".to_owned(),
        bound: format!("{bound:.0} us, the slowest"),
        measured: format!("{measured:.0} us"),
        ratio: measured / bound,
        target: Target::AtMost(1.25),
    });
    let faults = runs::faults(&world, scale.paced, "systems");
    runs::close(bot, "systems").await?;
    Ok(faults)
}

/// Both systems in one: whatever is asked, after a while there are 7 points.
async fn serve(thinks: Duration) -> io::Result<(String, AbortOnDropHandle<()>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let accepting = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                // A client that goes away ends its connection and nothing else.
                let _gone = answer(stream, thinks).await;
            });
        }
    });
    Ok((address, AbortOnDropHandle::new(accepting)))
}

async fn answer(mut stream: TcpStream, thinks: Duration) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut read = Vec::with_capacity(4_096);
    loop {
        let Some((head, length)) = crate::http::whole(&read) else {
            if stream.read_buf(&mut read).await? == 0 {
                return Ok(());
            }
            continue;
        };
        let request = String::from_utf8_lossy(&read[..length]).into_owned();
        read.drain(..length);
        let said = match request.starts_with("GET") {
            true => {
                let whose = request.lines().find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    let is_it = name.eq_ignore_ascii_case("x-consumer-custom-id");
                    is_it.then(|| value.trim())
                });
                serde_json::json!({"userId": whose, "balance": 7}).to_string()
            }
            false => {
                let asked: serde_json::Value = serde_json::from_str(&request[head..])?;
                let clients = asked["clientIds"].as_array().cloned().unwrap_or_default();
                let points = clients.into_iter().map(
                    |client| serde_json::json!({"platform": "line", "clientId": client, "points": 7}),
                );
                let points: Vec<_> = points.collect();
                serde_json::json!({"success": true, "points": points}).to_string()
            }
        };
        tokio::time::sleep(thinks).await;
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{said}",
            said.len()
        );
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// A store in which everybody who will ask has an account with both.
async fn tie(folder: &Path, askers: usize) -> io::Result<()> {
    let file = folder.join("guildpoints.db");
    let settings = StoreSettings {
        url: format!("sqlite://{}", file.display()),
    };
    let clock = Clock::system();
    let pulses = Pulses::new(clock.clone());
    let bot = BotId(UserId::new(BOT));
    let journal = Journal::open_store(&settings, bot, clock, pulses).await;
    journal.map_err(io::Error::other)?.close().await;
    let mut store = rusqlite::Connection::open(file).map_err(io::Error::other)?;
    let writing = store.transaction().map_err(io::Error::other)?;
    for asker in (0..askers).map(world::author) {
        for (system, kind, id) in [
            ("swan.hq", "retail", format!("@retail_{asker}:corp.example")),
            ("manta.shop", "encoded", format!("c{asker}")),
        ] {
            let values = (system, asker.cast_signed(), kind, id);
            writing
                .execute(
                    "insert into links (system, member, kind, external_id, proof, verified_ms)
                     values (?, ?, ?, ?, 'import', 1)",
                    values,
                )
                .map_err(io::Error::other)?;
        }
    }
    writing.commit().map_err(io::Error::other)
}
