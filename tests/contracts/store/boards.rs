//! What was earned, summed up: held against a naive count over random histories.

use std::collections::BTreeMap;
use std::collections::HashSet;

use guildpoints::journal::Board;
use guildpoints::journal::Hidden;
use guildpoints::journal::Intent;
use guildpoints::journal::Journal;
use guildpoints::journal::OnBoards;
use guildpoints::journal::Ranked;
use guildpoints::journal::Refused;
use guildpoints::journal::Settlement;
use guildpoints::journal::Ticket;
use guildpoints::model::Amount;
use guildpoints::model::Cause;
use guildpoints::model::UserId;
use guildpoints::model::period::Days;
use guildpoints::model::period::Period;
use guildpoints::model::refusal::PointsRefusal;
use jiff::tz::TimeZone;

use super::stage::*;

/// 2028-02-10: the days after it cross the end of a leap February.
const FIRST_DAY: i64 = 21_224;
const MS_A_DAY: i64 = 86_400_000;

/// The history as somebody would keep it on paper.
#[derive(Default)]
struct Paper {
    /// What is earned, by day and member.
    earned: BTreeMap<(i64, UserId), i64>,
    hidden: HashSet<UserId>,
}

impl Paper {
    fn ranking(&self, days: Days) -> Vec<Ranked> {
        let mut sums: BTreeMap<UserId, i64> = BTreeMap::new();
        for (&(day, member), points) in &self.earned {
            if (days.first..=days.last).contains(&day) && !self.hidden.contains(&member) {
                *sums.entry(member).or_default() += points;
            }
        }
        let mut rows: Vec<(UserId, i64)> = sums.into_iter().filter(|row| row.1 > 0).collect();
        rows.sort_by_key(|&(member, points)| (-points, member));
        let place = |points| 1 + rows.iter().filter(|row| row.1 > points).count() as u64;
        let ranked = rows.iter().map(|&(member, points)| Ranked {
            member,
            points,
            place: place(points),
        });
        ranked.collect()
    }
}

/// Numbers that differ, the same in every run of a seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

fn member(number: u64) -> UserId {
    UserId::new(MEMBER.number() + 2 * number)
}

fn reward(number: u64, member: UserId, day: i64, points: i64) -> Intent {
    Intent {
        cause: Cause::Message {
            message: message(number),
            line: 0,
            member,
        },
        member,
        day,
        ..intent(number, points)
    }
}

/// Opens as somebody whom no quota stops.
async fn opened(journal: &Journal, intent: Intent) -> Ticket {
    let granted = granted_to(GIVER, per_day(1_000_000_000));
    fresh(
        journal
            .open(&granted, EVER, LOOK_AFTER, intent)
            .await
            .unwrap(),
    )
}

async fn settled(journal: &Journal, intent: Intent) -> Cause {
    let ticket = opened(journal, intent).await;
    let cause = ticket.receipt().cause;
    journal.settle(ticket, Settlement::Done).await.unwrap();
    cause
}

async fn refused(journal: &Journal, intent: Intent) {
    let ticket = opened(journal, intent).await;
    let why = Refused {
        meaning: PointsRefusal::Insufficient,
        code: None,
        text: String::new(),
    };
    let settlement = Settlement::Refused(why);
    journal.settle(ticket, settlement).await.unwrap();
}

/// Every board shows what the paper says.
async fn agrees(journal: &Journal, paper: &Paper, today: i64) {
    let now_ms = today * MS_A_DAY + MS_A_DAY / 2;
    let dates = "2028-02-20..2028-03-05".parse().unwrap();
    for period in [
        Period::Day,
        Period::Week,
        Period::Month,
        Period::All,
        Period::Days(7),
        Period::Days(30),
        dates,
    ] {
        let board = Board {
            guild: GUILD,
            days: period.running(now_ms, &TimeZone::UTC),
        };
        let naive = paper.ranking(board.days);
        let all = journal.ranking(board, 0, 100).await.unwrap();
        assert_eq!(all, naive, "{period} on {today}");
        let page = journal.ranking(board, 3, 4).await.unwrap();
        let wanted: Vec<Ranked> = naive.iter().copied().skip(3).take(4).collect();
        assert_eq!(page, wanted, "{period} on {today}");
        assert!(journal.ranking(board, 9_990, 10).await.unwrap().is_empty());
        let size = journal.board_size(board).await.unwrap();
        assert_eq!(size.shown, naive.len() as u64, "{period}");
        let everybody = Paper {
            earned: paper.earned.clone(),
            hidden: HashSet::new(),
        };
        let with_hidden = everybody.ranking(board.days).len() as u64;
        assert_eq!(size.hidden, with_hidden - size.shown, "{period}");
        for number in 0..MEMBERS {
            let member = member(number);
            let place = naive.iter().position(|ranked| ranked.member == member);
            let own = journal.place(board, member).await.unwrap();
            assert_eq!(own, place.map(|at| naive[at]), "{period}");
            let around = journal.neighbours(board, member, 2).await.unwrap();
            let wanted = place.map(|at| &naive[at.saturating_sub(2)..naive.len().min(at + 3)]);
            assert_eq!(around, wanted.unwrap_or_default(), "{period}");
        }
    }
    assert_eq!(journal.missummed(10).await.unwrap(), []);
}

const MEMBERS: u64 = 12;

async fn boards_show_what_a_naive_count_shows(home: Home) {
    let journal = home.journal().await;
    let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
    let mut paper = Paper::default();
    let mut done: Vec<(Cause, UserId, i64, i64)> = Vec::new();
    for number in 1..=240 {
        let day = FIRST_DAY + i64::try_from(number / 6).unwrap();
        let who = member(chance.below(MEMBERS));
        // Few sizes, so that there are ties; some large enough for other buckets.
        let points = [5, 5, 10, 70, 700, 9_999][chance.below(6) as usize];
        match chance.below(10) {
            0 => drop(settled(&journal, reward(number, who, day, -points)).await),
            1 => refused(&journal, reward(number, who, day, points)).await,
            2 => {
                let on_boards = match paper.hidden.insert(who) {
                    true => OnBoards::Hidden,
                    false => {
                        paper.hidden.remove(&who);
                        OnBoards::Shown
                    }
                };
                let hide = journal.hide(GUILD, who, Hidden::Asked, on_boards);
                hide.await.unwrap();
            }
            3 | 4 if !done.is_empty() => {
                let at = chance.below(done.len() as u64) as usize;
                let (cause, member, day_then, points) = done.swap_remove(at);
                let taken = match chance.below(2) {
                    0 => points,
                    _ => (points / 2).max(1),
                };
                let undo = Intent {
                    cause: cause.undone_by(1).unwrap(),
                    amount: Amount::new(-taken).unwrap(),
                    ..reward(number, member, day, 1)
                };
                settled(&journal, undo).await;
                *paper.earned.entry((day_then, member)).or_default() -= taken;
            }
            _ => {
                let cause = settled(&journal, reward(number, who, day, points)).await;
                *paper.earned.entry((day, who)).or_default() += points;
                done.push((cause, who, day, points));
            }
        }
        // Boards in memory are asked for again and again, so that they have to follow.
        if number % 16 == 0 {
            agrees(&journal, &paper, day).await;
        }
    }
    journal.close().await;
}

async fn a_member_is_hidden_while_any_reason_holds(home: Home) {
    let journal = home.journal().await;
    settled(&journal, reward(1, MEMBER, FIRST_DAY, 50)).await;
    let board = Board {
        guild: GUILD,
        days: Period::All.running(0, &TimeZone::UTC),
    };
    let hide = async |why, on_boards| {
        let hide = journal.hide(GUILD, MEMBER, why, on_boards);
        hide.await.unwrap();
        // Twice is as good as once.
        let again = journal.hide(GUILD, MEMBER, why, on_boards);
        again.await.unwrap();
        let size = journal.board_size(board).await.unwrap();
        (size.shown, size.hidden)
    };
    assert_eq!(hide(Hidden::Asked, OnBoards::Hidden).await, (0, 1));
    assert_eq!(hide(Hidden::Left, OnBoards::Hidden).await, (0, 1));
    assert_eq!(journal.place(board, MEMBER).await.unwrap(), None);
    let reasons = journal.hidden(GUILD, MEMBER).await.unwrap();
    assert_eq!(reasons, [Hidden::Asked, Hidden::Left]);
    // What is earned meanwhile counts when they are back.
    settled(&journal, reward(2, MEMBER, FIRST_DAY, 7)).await;
    assert_eq!(hide(Hidden::Asked, OnBoards::Shown).await, (0, 1));
    let left = journal.all_hidden(GUILD, Hidden::Left, 10).await.unwrap();
    assert_eq!(left, [MEMBER]);
    assert_eq!(hide(Hidden::Left, OnBoards::Shown).await, (1, 0));
    let own = journal.place(board, MEMBER).await.unwrap().unwrap();
    assert_eq!((own.points, own.place), (57, 1));
    journal.close().await;
}

async fn what_was_written_before_there_were_boards_is_dated_once(home: Home) {
    let journal = home.journal().await;
    let old = reward(1, MEMBER, FIRST_DAY, 50);
    let cause = settled(&journal, old).await;
    let undo = Intent {
        cause: cause.undone_by(1).unwrap(),
        ..reward(2, MEMBER, FIRST_DAY, -20)
    };
    let undo = settled(&journal, undo).await;
    home.operator("update entries set day = null").await;
    home.operator("delete from earned").await;
    home.operator("delete from earned_levels").await;
    let undated = journal.undated(GUILD, 10).await.unwrap();
    let causes: Vec<Cause> = undated.iter().map(|entry| entry.cause).collect();
    assert_eq!(causes, [cause, undo]);
    let days = vec![(cause, FIRST_DAY), (undo, FIRST_DAY)];
    for _ in 0..2 {
        journal.date(days.clone()).await.unwrap();
        let board = Board {
            guild: GUILD,
            days: Period::All.running(0, &TimeZone::UTC),
        };
        let own = journal.place(board, MEMBER).await.unwrap().unwrap();
        assert_eq!(own.points, 30);
        assert_eq!(journal.missummed(10).await.unwrap(), []);
    }
    assert!(journal.undated(GUILD, 10).await.unwrap().is_empty());
    home.operator("update earned set points = 31 where whole = 0")
        .await;
    let wrong = journal.missummed(10).await.unwrap();
    // Neither do the entries agree with the day, nor all time with it.
    assert_eq!(wrong, [(GUILD, 0, MEMBER), (GUILD, FIRST_DAY, MEMBER)]);
    home.operator("update earned set points = 30 where whole = 0")
        .await;
    assert_eq!(journal.missummed(10).await.unwrap(), []);
    home.operator("update earned_levels set members = 2 where whole = 0 and level = 6")
        .await;
    let wrong = journal.missummed(10).await.unwrap();
    assert_eq!(wrong, [(GUILD, FIRST_DAY, MEMBER)]);
    journal.close().await;
}

on_each_store!(
    a_member_is_hidden_while_any_reason_holds,
    boards_show_what_a_naive_count_shows,
    what_was_written_before_there_were_boards_is_dated_once,
);
