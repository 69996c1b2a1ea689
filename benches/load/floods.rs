//! Budgets 1 and 2, and memory at the peak of 2.

use std::io;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use tokio::net::TcpListener;

use crate::bare::Bare;
use crate::bot;
use crate::bot::Bot;
use crate::gateway::BLOCK;
use crate::gateway::Gateway;
use crate::runs::Scale;
use crate::runs::close;
use crate::table::Line;
use crate::table::Target;
use crate::table::median;
use crate::world;
use crate::world::Mix;
use crate::world::World;

/// One command in so many events.
const EVENTS_A_COMMAND: usize = BLOCK + 1;

/// What a flood took.
struct Flood {
    /// From the first write until all was read.
    read: Duration,
    /// Processor time of the reader until then.
    processor: Duration,
}

/// A bare read loop and its connection.
struct Loop {
    bare: Bare,
    gateway: Gateway,
}

impl Loop {
    async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let bare = Bare::start(&["read", &listener.local_addr()?.to_string()])?;
        let gateway = Gateway::accept(&listener).await?;
        Ok(Self { bare, gateway })
    }

    async fn flood(&mut self, blocks: usize) -> io::Result<Flood> {
        talk(&mut self.gateway, self.bare.id()?, blocks).await
    }
}

async fn talk(gateway: &mut Gateway, process: u32, blocks: usize) -> io::Result<Flood> {
    gateway.is_read().await?;
    let before = bot::processor_time(process)?;
    let began = Instant::now();
    for _ in 0..blocks {
        gateway.talk().await?;
    }
    let read = gateway.is_read().await?.duration_since(began);
    let processor = bot::processor_time(process)?.saturating_sub(before);
    Ok(Flood { read, processor })
}

/// Budget 1: reading a flood with no commands.
pub async fn without_commands(scale: &Scale, lines: &mut Vec<Line>) -> io::Result<()> {
    let (world, _) = World::new(Mix::Balances, 0);
    let mut bot = Bot::start(Arc::new(world)).await?;
    let process = bot.id()?;
    let mut bare = Loop::start().await?;
    let events = (scale.blocks * BLOCK) as f64;
    let [mut rates, mut bounds, mut ratios] = [const { Vec::new() }; 3];
    let [mut cost, mut bare_cost] = [const { Vec::new() }; 2];
    // Once unmeasured, so that buffers and caches are warm.
    bare.flood(scale.blocks / 10).await?;
    talk(&mut bot.gateway, process, scale.blocks / 10).await?;
    for _ in 0..scale.rounds {
        let bound = bare.flood(scale.blocks).await?;
        let flood = talk(&mut bot.gateway, process, scale.blocks).await?;
        bounds.push(events / bound.read.as_secs_f64());
        rates.push(events / flood.read.as_secs_f64());
        ratios.push(bound.read.as_secs_f64() / flood.read.as_secs_f64());
        bare_cost.push(bound.processor.as_secs_f64() * 1e6 / events);
        cost.push(flood.processor.as_secs_f64() * 1e6 / events);
    }
    lines.push(Line {
        budget: "1 flood without commands".to_owned(),
        bound: format!(
            "{:.0} events/s, {:.2} us CPU",
            median(&bounds),
            median(&bare_cost)
        ),
        measured: format!(
            "{:.0} events/s, {:.2} us CPU",
            median(&rates),
            median(&cost)
        ),
        ratio: median(&ratios),
        target: Target::AtLeast(0.80),
    });
    close(bot, "1").await
}

/// Budgets 2 and 8: a flood with 1 % commands, and the memory it takes.
pub async fn with_commands(scale: &Scale, lines: &mut Vec<Line>) -> io::Result<usize> {
    let commands = scale.blocks;
    let all = commands * scale.rounds;
    let (world, mut answers) = World::new(Mix::Rewards, all);
    let world = Arc::new(world);
    let mut bot = Bot::start(Arc::clone(&world)).await?;
    let process = bot.id()?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    lines.push(memory("8 memory, idle, MB", process, "VmRSS:", 15.0)?);
    let mut bare = Loop::start().await?;
    let wire: Vec<Vec<u8>> = (0..all)
        .map(|index| {
            let mut wire = Vec::new();
            world.push(&mut wire, index);
            wire
        })
        .collect();
    let events = (commands * EVENTS_A_COMMAND) as f64;
    let [mut rates, mut whole_rates, mut bounds, mut ratios] = [const { Vec::new() }; 4];
    let [mut whole_ratios, mut cost] = [const { Vec::new() }; 2];
    for round in 0..scale.rounds {
        let bound = bare.flood(scale.blocks).await?;
        // The bare loop reads one event in a hundred less.
        let bound = bound.read.as_secs_f64() * EVENTS_A_COMMAND as f64 / BLOCK as f64;
        let before = bot::processor_time(process)?;
        let began = Instant::now();
        let first = round * commands;
        for (index, command) in wire.iter().enumerate().skip(first).take(commands) {
            bot.gateway.talk().await?;
            world.sends(index);
            bot.gateway.send(command).await?;
        }
        let read = bot.gateway.is_read().await?.duration_since(began);
        world::answered(&mut answers, commands).await;
        let whole = began.elapsed().as_secs_f64();
        let processor = bot::processor_time(process)?.saturating_sub(before);
        bounds.push(events / bound);
        rates.push(events / read.as_secs_f64());
        whole_rates.push(events / whole);
        ratios.push(bound / read.as_secs_f64());
        whole_ratios.push(bound / whole);
        cost.push(processor.as_secs_f64() * 1e6 / events);
    }
    lines.push(Line {
        budget: "2 flood with 1 % rewards, read".to_owned(),
        bound: format!("{:.0} events/s", median(&bounds)),
        measured: format!("{:.0} events/s", median(&rates)),
        ratio: median(&ratios),
        target: Target::AtLeast(0.55),
    });
    lines.push(Line {
        budget: "2 the same, until the last answer".to_owned(),
        bound: format!("{:.0} events/s", median(&bounds)),
        measured: format!(
            "{:.0} events/s, {:.0} rewards/s",
            median(&whole_rates),
            median(&whole_rates) / EVENTS_A_COMMAND as f64
        ),
        ratio: median(&whole_ratios),
        target: Target::AtLeast(0.55),
    });
    lines.push(Line {
        budget: "2 processor time, us an event".to_owned(),
        bound: String::new(),
        measured: format!("{:.2} us until the last answer", median(&cost)),
        ratio: median(&cost),
        target: Target::AtMost(1.0),
    });
    lines.push(memory("8 memory, peak of 2, MB", process, "VmHWM:", 25.0)?);
    let faults = crate::runs::faults(&world, all, "2");
    close(bot, "2").await?;
    Ok(faults)
}

fn memory(budget: &str, process: u32, name: &str, most: f64) -> io::Result<Line> {
    let megabytes = bot::memory(process, name)?;
    Ok(Line {
        budget: budget.to_owned(),
        bound: String::new(),
        measured: format!("{megabytes:.1} MB"),
        ratio: megabytes,
        target: Target::AtMost(most),
    })
}
