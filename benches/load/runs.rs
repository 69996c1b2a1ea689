//! Budgets 3, 4 and 10, and what all runs share.

use std::io;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use tokio::time::MissedTickBehavior;

use crate::bare::Bare;
use crate::bot::Bot;
use crate::bot::processor_time;
use crate::http::Server;
use crate::table::Line;
use crate::table::Target;
use crate::table::median;
use crate::table::percentile;
use crate::table::sorted;
use crate::world;
use crate::world::Kind;
use crate::world::Mix;
use crate::world::World;

/// Commands open at once in budget 3.
const OPEN: usize = 64;
/// One command of the bot or one bare call in so many milliseconds in budget 4.
const SLOT: u64 = 10;
/// Commands of each latency run that are not counted: connections and caches are cold.
const COLD: usize = 20;

/// How much is done.
pub struct Scale {
    /// Repetitions, of which the median counts.
    pub rounds: usize,
    /// Blocks of talk in a flood.
    pub blocks: usize,
    /// Balance commands of one round.
    pub balances: usize,
    /// Commands of one latency run.
    pub paced: usize,
    /// Commits of one round.
    pub commits: usize,
}

/// Stops the bot and says what it complained about.
pub async fn close(bot: Bot, run: &str) -> io::Result<()> {
    let complaints = bot.stop().await?;
    if complaints > 0 {
        println!("(that was run {run})");
    }
    Ok(())
}

/// Counts what was not as it should be in a run, and prints it.
pub fn faults(world: &World, sent: usize, run: &str) -> usize {
    let faults = world.faults(sent);
    println!(
        "run {run}: {sent} commands, {} changes carried out; {faults:?}",
        world.changed()
    );
    let sum = faults.wrong + faults.doubled + faults.unauthorised + faults.lost.unsigned_abs();
    faults.unanswered + faults.told_twice + faults.books + sum as usize
}

/// Budget 3: balance commands with 64 open, in turn with the two bare calls of as many.
///
/// Rates depend on what else the machine does, and on how many threads each side has to claim their
/// share with. The processor time of a command depends on neither, so it is printed beside them.
pub async fn balances(scale: &Scale, lines: &mut Vec<Line>) -> io::Result<usize> {
    let all = scale.balances * scale.rounds;
    let (world, mut answers) = World::new(Mix::Balances, all);
    let world = Arc::new(world);
    let mut bot = Bot::start(Arc::clone(&world)).await?;
    let (other, _) = World::new(Mix::Balances, 0);
    let server = Server::start(Arc::new(other)).await?;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let folder = folder.path().to_string_lossy().into_owned();
    std::fs::create_dir_all(&folder)?;
    let mut bare = Bare::start(&["calls", &server.address, &folder])?;
    let [mut rates, mut bounds, mut ratios] = [const { Vec::new() }; 3];
    let mut index = 0;
    let used = (processor_time(bot.id()?)?, processor_time(bare.id()?)?);
    for _ in 0..scale.rounds {
        bare.tell(&format!("many {OPEN} {}", scale.balances))
            .await?;
        let bound = bare.answer().await?;
        let began = Instant::now();
        let (mut open, mut done) = (0, 0);
        let end = index + scale.balances;
        while done < scale.balances {
            let mut wire = Vec::new();
            while open < OPEN && index < end {
                world.push(&mut wire, index);
                world.sends(index);
                (open, index) = (open + 1, index + 1);
            }
            bot.gateway.send(&wire).await?;
            if world::answered(&mut answers, 1).await == 0 {
                break;
            }
            (open, done) = (open - 1, done + 1);
            while answers.try_recv().is_ok() {
                (open, done) = (open - 1, done + 1);
            }
        }
        let took = began.elapsed().as_secs_f64();
        bounds.push(scale.balances as f64 / bound);
        rates.push(done as f64 / took);
        ratios.push(done as f64 / took / (scale.balances as f64 / bound));
    }
    lines.push(Line {
        budget: "3 balances, 64 open".to_owned(),
        bound: format!("{:.0}/s", median(&bounds)),
        measured: format!("{:.0}/s", median(&rates)),
        ratio: median(&ratios),
        target: Target::AtLeast(0.60),
    });
    // Beside the rate, since on a machine that others use too it says more.
    let used = [
        processor_time(bare.id()?)? - used.1,
        processor_time(bot.id()?)? - used.0,
    ];
    let [bare_us, bot_us] = used.map(|used| used.as_secs_f64() * 1e6 / index as f64);
    lines.push(Line {
        budget: "3 processor time a balance".to_owned(),
        bound: format!("{bare_us:.1} us"),
        measured: format!("{bot_us:.1} us"),
        ratio: bot_us / bare_us,
        target: Target::AtMost(f64::INFINITY),
    });
    let faults = faults(&world, index, "3");
    close(bot, "3").await?;
    Ok(faults)
}

/// What a latency run brought, in microseconds.
pub struct Waits {
    balance: Vec<f64>,
    bare_balance: Vec<f64>,
    reward: Vec<f64>,
    bare_reward: Vec<f64>,
    faults: usize,
}

/// One run of budget 4: `talk` frames of talk each millisecond, and in turn a balance, the bare
/// calls of one, a reward, and the bare calls and commit of one.
pub async fn waits(scale: &Scale, talk: usize) -> io::Result<Waits> {
    let (world, mut answers) = World::new(Mix::Both, scale.paced);
    let world = Arc::new(world);
    let mut bot = Bot::start(Arc::clone(&world)).await?;
    let (other, _) = World::new(Mix::Balances, 0);
    let server = Server::start(Arc::new(other)).await?;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let mut bare = Bare::start(&["calls", &server.address, &folder.path().to_string_lossy()])?;
    // A bot that has just started still makes room for its log.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut ticks = tokio::time::interval(Duration::from_millis(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut index = 0;
    for tick in 0.. {
        ticks.tick().await;
        bot.gateway.some_talk(talk).await?;
        match (tick % SLOT, tick / SLOT % 4) {
            (0, 0 | 2) if index == scale.paced => break,
            (0, 0 | 2) => {
                let mut wire = Vec::new();
                world.push(&mut wire, index);
                world.sends(index);
                bot.gateway.send(&wire).await?;
                index += 1;
            }
            (0, 1) => bare.tell("balance").await?,
            (0, 3) => bare.tell("reward").await?,
            _ => {}
        }
    }
    world::answered(&mut answers, index).await;
    let [mut bare_balance, mut bare_reward] = [const { Vec::new() }; 2];
    for round in 0..scale.paced / 2 {
        let (balance, reward) = (bare.answer().await?, bare.answer().await?);
        if round >= COLD / 2 {
            bare_balance.push(balance);
            bare_reward.push(reward);
        }
    }
    let faults = faults(&world, index, "4");
    close(bot, "4").await?;
    Ok(Waits {
        balance: world.waits(Kind::Balance, COLD),
        bare_balance: sorted(&bare_balance),
        reward: world.waits(Kind::Reward, COLD),
        bare_reward: sorted(&bare_reward),
        faults,
    })
}

/// Budget 4: latency at 1,000 and at 10,000 events a second.
pub async fn latency(scale: &Scale, lines: &mut Vec<Line>) -> io::Result<usize> {
    let calm = waits(scale, 1).await?;
    let busy = waits(scale, 10).await?;
    let mut line = |budget: &str, (of, bare): (&[f64], &[f64]), part: f64, most: f64| {
        let (measured, bound) = (percentile(of, part), percentile(bare, part));
        lines.push(Line {
            budget: budget.to_owned(),
            bound: format!("{bound:.0} us"),
            measured: format!("{measured:.0} us"),
            ratio: measured / bound,
            target: Target::AtMost(most),
        });
    };
    let balance = (calm.balance.as_slice(), calm.bare_balance.as_slice());
    line("4 balance at 1,000 events/s, p50", balance, 0.5, 1.10);
    line("4 balance at 1,000 events/s, p99", balance, 0.99, 1.5);
    let reward = (calm.reward.as_slice(), calm.bare_reward.as_slice());
    line("4 reward at 1,000 events/s, p50", reward, 0.5, 1.10);
    line(
        "4 reward at 1,000 events/s, p99",
        reward,
        0.99,
        f64::INFINITY,
    );
    // Each against the bare calls of its own run, since the machine itself is busier.
    for (budget, of) in [
        (
            "4 balance at 10,000 events/s, p50",
            [
                &calm.balance,
                &calm.bare_balance,
                &busy.balance,
                &busy.bare_balance,
            ],
        ),
        (
            "4 reward at 10,000 events/s, p50",
            [
                &calm.reward,
                &calm.bare_reward,
                &busy.reward,
                &busy.bare_reward,
            ],
        ),
    ] {
        let [slow, bare_slow, fast, bare_fast] = of.map(|values| percentile(values, 0.5));
        lines.push(Line {
            budget: budget.to_owned(),
            bound: format!("{:.2} of bare at 1,000/s", slow / bare_slow),
            measured: format!(
                "{fast:.0} us, {:.2} of bare ({bare_fast:.0} us)",
                fast / bare_fast
            ),
            ratio: (fast / bare_fast) / (slow / bare_slow),
            target: Target::AtMost(1.05),
        });
    }
    Ok(calm.faults + busy.faults)
}

/// Budget 10: from the start of the process to connected.
pub async fn starts(scale: &Scale, lines: &mut Vec<Line>) -> io::Result<()> {
    let mut starts = Vec::new();
    for _ in 0..scale.rounds {
        let (world, _) = World::new(Mix::Balances, 0);
        let bot = Bot::start(Arc::new(world)).await?;
        starts.push(bot.start.as_secs_f64() * 1_000.0);
        close(bot, "10").await?;
    }
    lines.push(Line {
        budget: "10 start, ms".to_owned(),
        bound: String::new(),
        measured: format!("{:.0} ms on a new store", median(&starts)),
        ratio: median(&starts),
        target: Target::AtMost(150.0),
    });
    Ok(())
}
