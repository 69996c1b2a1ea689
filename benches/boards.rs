//! Boards at a million members and ten million changes' worth of sums against a thousandth of both, and
//! what keeping the sums costs a change, alone and in a group. Prints ratios: a board should cost the
//! same whatever its size.
//!
//! Every member has ten changes on one day, so that each has a sum of the day, the week, the month and
//! all time. Sums are written by SQL, as the journal would keep them. Other arguments than a number of
//! members for the large world are ignored.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use futures_util::future::join_all;
use guildpoints::journal::Board;
use guildpoints::journal::Intent;
use guildpoints::journal::Journal;
use guildpoints::journal::Opened;
use guildpoints::journal::ReplyAddress;
use guildpoints::journal::Settlement;
use guildpoints::journal::Span;
use guildpoints::journal::StoreSettings;
use guildpoints::model::Amount;
use guildpoints::model::BotId;
use guildpoints::model::Cause;
use guildpoints::model::ChannelId;
use guildpoints::model::GuildId;
use guildpoints::model::Language;
use guildpoints::model::MessageId;
use guildpoints::model::Policy;
use guildpoints::model::UserId;
use guildpoints::model::period::Period;
use guildpoints::model::period::day_of;
use guildpoints::model::policy::ManageGuild;
use guildpoints::model::policy::RewardLimits;
use guildpoints::permissions::Actor;
use guildpoints::permissions::Granted;
use guildpoints::permissions::Right;
use guildpoints::permissions::authorize;
use guildpoints::points::board_page;
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulses;
use jiff::tz::TimeZone;
use rusqlite::Connection;
use rusqlite::params;

const LARGE: u64 = 1_000_000;
const SHARE: u64 = 1_000;
/// Each figure is the median of so many.
const TIMES: usize = 61;
/// So many changes are written for a figure of theirs, in whole groups.
const CHANGES: u64 = 1_280;
const GUILD: GuildId = GuildId::new(412_345_678_901_234_563);
const FIRST_MEMBER: u64 = 737_262_643_970_064_384;
const ADMIN: UserId = UserId::new(500_000_000_000_000_000);
/// 2026-03-04 12:00 UTC, a Wednesday.
const NOW_MS: i64 = 1_772_625_600_000;

#[tokio::main]
async fn main() {
    let large = std::env::args().find_map(|argument| argument.parse().ok());
    let large: u64 = large.unwrap_or(LARGE);
    let folder = tempfile::tempdir_in(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let folder = folder.expect("a folder can be made on the disk of the build");
    let small = World::new(folder.path(), (large / SHARE).max(1)).await;
    let large = World::new(folder.path(), large).await;
    println!(
        "{:<34}{:>14}{:>14}{:>8}",
        "median of one question", small.members, large.members, "ratio"
    );
    for (name, question) in [
        (
            "board of the week, first page",
            Question::Page(Period::Week, 1),
        ),
        (
            "board of all time, first page",
            Question::Page(Period::All, 1),
        ),
        (
            "board of the month, page 100",
            Question::Page(Period::Month, 100),
        ),
        (
            "board of the day, first page",
            Question::Page(Period::Day, 1),
        ),
        (
            "board of 7 days, first page",
            Question::Page(Period::Days(7), 1),
        ),
        (
            "board of 30 days, page 100",
            Question::Page(Period::Days(30), 100),
        ),
        ("own place and distance, day", Question::Place(Period::Day)),
        (
            "own place and distance, 30 days",
            Question::Place(Period::Days(30)),
        ),
        (
            "own place and distance, week",
            Question::Place(Period::Week),
        ),
        (
            "own place and distance, all time",
            Question::Place(Period::All),
        ),
        (
            "two neighbours each side, week",
            Question::Around(Period::Week),
        ),
    ] {
        let (few, many) = (small.ask(question).await, large.ask(question).await);
        println!(
            "{name:<34}{few:>14.1?}{many:>14.1?}{:>8.2}",
            ratio(many, few)
        );
    }
    let (few, many) = (small.summed().await, large.summed().await);
    println!(
        "{:<34}{few:>14.1?}{many:>14.1?}{:>8.2}  (once a minute; it grows with who earned any)",
        "7 days, asked for the first time",
        ratio(many, few)
    );
    println!();
    for (name, at_once) in [("one by one", 1), ("64 waiting", 64)] {
        let without = large.changes(at_once, Earning::Nothing).await;
        let with = large.changes(at_once, Earning::Points).await;
        println!(
            "a change done, {name}: {with:.1?} with sums to keep, {without:.1?} without, ratio {:.2}",
            ratio(with, without)
        );
    }
    small.journal.close().await;
    large.journal.close().await;
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

/// Whether a change counts on boards.
#[derive(Clone, Copy)]
enum Earning {
    /// A deduction, which is no earning.
    Nothing,
    Points,
}

#[derive(Clone, Copy)]
enum Question {
    Page(Period, u32),
    Place(Period),
    Around(Period),
}

struct World {
    members: u64,
    journal: Journal,
    granted: Granted,
}

impl World {
    async fn new(folder: &Path, members: u64) -> Self {
        let file = folder.join(format!("{members}.db"));
        let settings = StoreSettings {
            url: format!("sqlite://{}", file.display()),
        };
        let open = async || {
            let (bot, clock) = (BotId(UserId::new(1)), Clock::system());
            let pulses = Pulses::new(clock.clone());
            let journal = Journal::open_store(&settings, bot, clock, pulses).await;
            journal.expect("the store opens")
        };
        // It makes the tables.
        open().await.close().await;
        fill(&file, members).expect("sums can be written");
        Self {
            members,
            journal: open().await,
            granted: granted(),
        }
    }

    async fn ask(&self, question: Question) -> Duration {
        let mut times = Vec::with_capacity(TIMES);
        for number in 0..u64::try_from(TIMES).expect("few") {
            // Somebody else each time, all over the board.
            let member = UserId::new(FIRST_MEMBER + number * 7_919 % self.members);
            let begun = Instant::now();
            match question {
                Question::Page(period, page) => {
                    let last = u32::try_from(self.members.div_ceil(10)).unwrap_or(u32::MAX);
                    let page = page.min(last) - 1;
                    let calendar = (GUILD, &TimeZone::UTC);
                    let page = board_page(&self.journal, calendar, period, page, NOW_MS).await;
                    let page = page.expect("a board");
                    assert_eq!(page.size.shown, self.members);
                    assert!(!black_box(page).rows.is_empty());
                }
                Question::Place(period) => {
                    let place = self.journal.place(board(period), member).await;
                    let place = place.expect("a place").expect("they are on it");
                    let above = self.journal.next_above(board(period), place.points);
                    black_box(above.await.expect("a distance"));
                }
                Question::Around(period) => {
                    let near = self.journal.neighbours(board(period), member, 2).await;
                    assert!(black_box(near.expect("neighbours")).len() >= 3);
                }
            }
            times.push(begun.elapsed());
        }
        median(times)
    }

    /// What it takes to sum a board up that nobody has asked for lately.
    async fn summed(&self) -> Duration {
        let mut times = Vec::new();
        // Other days each time, all with the day on which everybody earned.
        for days in 2..7 {
            let begun = Instant::now();
            let size = self.journal.board_size(board(Period::Days(days))).await;
            assert_eq!(size.expect("a board").shown, self.members);
            times.push(begun.elapsed());
        }
        median(times)
    }

    /// What it takes to end a change as done, each, where so many are waiting at once.
    async fn changes(&self, at_once: u64, earning: Earning) -> Duration {
        let mut times = Vec::new();
        let ever = Span {
            from_ms: 0,
            until_ms: i64::MAX,
        };
        for group in 0..CHANGES / at_once {
            let mut tickets = Vec::new();
            for number in group * at_once..(group + 1) * at_once {
                let intent = intent(number, at_once, earning, self.members);
                let wait = Duration::from_secs(30);
                let opened = self.journal.open(&self.granted, ever, wait, intent).await;
                let Opened::Fresh(ticket) = opened.expect("an intent can be written") else {
                    panic!("nobody else writes");
                };
                tickets.push(ticket);
            }
            let begun = Instant::now();
            let settled = tickets
                .into_iter()
                .map(|ticket| self.journal.settle(ticket, Settlement::Done));
            for settled in join_all(settled).await {
                settled.expect("it can be settled");
            }
            times.push(begun.elapsed().div_f64(at_once as f64));
        }
        median(times)
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn board(period: Period) -> Board {
    Board {
        guild: GUILD,
        days: period.running(NOW_MS, &TimeZone::UTC),
    }
}

/// Sums as ten changes of each member on one day leave them.
fn fill(file: &Path, members: u64) -> rusqlite::Result<()> {
    let mut store = Connection::open(file)?;
    let transaction = store.transaction()?;
    let wholes = [Period::Day, Period::Week, Period::Month, Period::All];
    for (whole, period) in (0_i64..).zip(wholes) {
        let piece = board(period).days.key();
        transaction.execute(
            "with recursive members (number) as (
                 select 0 union all select number + 1 from members where number + 1 < ?4)
             insert into earned (guild, whole, piece, member, points, shown)
             select ?1, ?2, ?3, ?5 + number, number * 2654435761 % 99990 + 10, 1 from members",
            params![
                GUILD.number().cast_signed(),
                whole,
                piece,
                members.cast_signed(),
                FIRST_MEMBER.cast_signed()
            ],
        )?;
    }
    for level in [18_i64, 12, 6] {
        transaction.execute(
            "insert into earned_levels (guild, whole, piece, level, bucket, members)
             select guild, whole, piece, ?1, points >> ?1, count(*) from earned
             group by guild, whole, piece, points >> ?1",
            params![level],
        )?;
    }
    transaction.commit()
}

fn intent(number: u64, at_once: u64, earning: Earning, members: u64) -> Intent {
    let (points, sign) = match earning {
        Earning::Nothing => (-70, 1),
        Earning::Points => (70, 0),
    };
    // A message of its own for each of all runs.
    let serial = (2 * number + sign) * 128 + at_once;
    let message = MessageId::new(868_822_861_471_551_488 + (serial << 12));
    let member = UserId::new(FIRST_MEMBER + number * 7_919 % members);
    Intent {
        cause: Cause::Message {
            message,
            line: 0,
            member,
        },
        guild: GUILD,
        system: "mall".to_owned(),
        member,
        member_name: "小明".to_owned(),
        amount: Amount::new(points).expect("an amount"),
        reason: Some("天梯第一名".to_owned()),
        remark: "天梯第一名".to_owned(),
        reply: ReplyAddress {
            channel: ChannelId::new(612_345_678_901_234_561),
            quoting: Some(message),
            said: None,
        },
        confirmation: None,
        account: None,
        day: day_of(NOW_MS, &TimeZone::UTC),
    }
}

fn granted() -> Granted {
    let policy = Policy {
        guild: GUILD,
        name: None,
        language: Language::Chinese,
        zone: TimeZone::UTC,
        admins: vec![ADMIN],
        admin_roles: Vec::new(),
        moderator_roles: Vec::new(),
        manage_guild: ManageGuild::MeansNothing,
        limits: RewardLimits::default(),
        presets: Default::default(),
    };
    let actor = Actor {
        user: ADMIN,
        roles: None,
        owner: None,
    };
    authorize(Right::Give, &actor, &policy).expect("an administrator may give")
}
