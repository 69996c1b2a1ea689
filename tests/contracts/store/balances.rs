//! Boards of balances held against a naive count, and what sweeps keep of themselves.

use std::collections::BTreeMap;
use std::collections::HashSet;

use guildpoints::journal::BalanceRead;
use guildpoints::journal::Balances;
use guildpoints::journal::Found;
use guildpoints::journal::Hidden;
use guildpoints::journal::Journal;
use guildpoints::journal::KnownBalance;
use guildpoints::journal::Link;
use guildpoints::journal::OnBoards;
use guildpoints::journal::Proof;
use guildpoints::journal::Ranked;
use guildpoints::journal::Swept;
use guildpoints::journal::Tied;
use guildpoints::model::Account;
use guildpoints::model::GuildId;
use guildpoints::model::System;
use guildpoints::model::UserId;

use super::stage::*;

const MEMBERS: u64 = 14;
const OTHER_GUILD: GuildId = GuildId::new(412_345_678_901_234_599);

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
    // Some ids beyond what is kept as a positive number.
    match number % 4 {
        0 => UserId::new(u64::MAX - number),
        _ => UserId::new(MEMBER.number() + 2 * number),
    }
}

fn mall() -> Balances {
    Balances {
        guild: GUILD,
        system: System::mall(),
    }
}

fn read(member: UserId, points: i64, read_ms: i64) -> KnownBalance {
    KnownBalance {
        guild: GUILD,
        member,
        system: "mall".to_owned(),
        balance: BalanceRead { points, read_ms },
    }
}

/// The balances as somebody would keep them on paper.
#[derive(Default)]
struct Paper {
    balances: BTreeMap<UserId, BalanceRead>,
    hidden: HashSet<UserId>,
}

impl Paper {
    fn ranking(&self) -> Vec<Ranked> {
        let all = self
            .balances
            .iter()
            .map(|(member, read)| (*member, read.points));
        let mut rows: Vec<(UserId, i64)> = all
            .filter(|(member, points)| *points > 0 && !self.hidden.contains(member))
            .collect();
        rows.sort_by_key(|&(member, points)| (-points, member.number().cast_signed()));
        let place = |points| 1 + rows.iter().filter(|row| row.1 > points).count() as u64;
        let ranked = rows.iter().map(|&(member, points)| Ranked {
            member,
            points,
            place: place(points),
        });
        ranked.collect()
    }
}

/// The board shows what the paper says.
async fn agrees(journal: &Journal, paper: &Paper, of: &Balances) {
    let naive = paper.ranking();
    assert_eq!(journal.balance_ranking(of, 0, 100).await.unwrap(), naive);
    for offset in 0..naive.len() + 2 {
        let page = journal.balance_ranking(of, offset as u64, 4).await.unwrap();
        let wanted: Vec<Ranked> = naive.iter().copied().skip(offset).take(4).collect();
        assert_eq!(page, wanted, "from {offset}");
    }
    let size = journal.balances_size(of).await.unwrap();
    assert_eq!(size.shown, naive.len() as u64);
    let with_points = paper.balances.values().filter(|read| read.points > 0);
    assert_eq!(size.hidden, with_points.count() as u64 - size.shown);
    for number in 0..MEMBERS {
        let member = member(number);
        let at = naive.iter().position(|ranked| ranked.member == member);
        let own = journal.balance_place(of, member).await.unwrap();
        assert_eq!(own, at.map(|at| naive[at]));
        let around = journal.balance_neighbours(of, member, 2).await.unwrap();
        let wanted = at.map(|at| &naive[at.saturating_sub(2)..naive.len().min(at + 3)]);
        assert_eq!(around, wanted.unwrap_or_default(), "around {member}");
        if let Some(own) = own {
            let above = naive.iter().rfind(|ranked| ranked.points > own.points);
            let next = journal.next_balance_above(of, own.points).await.unwrap();
            assert_eq!(next, above.map(|ranked| ranked.points));
        }
    }
}

async fn a_board_of_balances_shows_what_a_naive_count_shows(home: Home) {
    let journal = home.journal().await;
    let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
    let mut paper = Paper::default();
    for round in 0..220_i64 {
        let who = member(chance.below(MEMBERS));
        let points = [0, 5, 5, 10, 70, 3_000_000_000, -4][chance.below(7) as usize];
        match chance.below(8) {
            0 => {
                let on_boards = match paper.hidden.insert(who) {
                    true => OnBoards::Hidden,
                    false => {
                        paper.hidden.remove(&who);
                        OnBoards::Shown
                    }
                };
                // For two reasons, which count once.
                for why in [Hidden::Asked, Hidden::Role] {
                    journal.hide(GUILD, who, why, on_boards).await.unwrap();
                }
            }
            // An older balance never replaces a newer.
            1 if paper.balances.contains_key(&who) => {
                journal
                    .know_balances(vec![read(who, 999, 1)])
                    .await
                    .unwrap();
            }
            _ => {
                let balance = BalanceRead {
                    points,
                    read_ms: 1_000 + round,
                };
                let elsewhere = KnownBalance {
                    guild: OTHER_GUILD,
                    ..read(who, 77, round)
                };
                let swan = KnownBalance {
                    system: "swan.hq".to_owned(),
                    ..read(who, 88, round)
                };
                let all = vec![read(who, points, balance.read_ms), elsewhere, swan];
                journal.know_balances(all).await.unwrap();
                paper.balances.insert(who, balance);
            }
        }
        if round % 44 == 43 {
            agrees(&journal, &paper, &mall()).await;
            let on_board = paper
                .balances
                .iter()
                .filter(|(member, read)| read.points > 0 && !paper.hidden.contains(member));
            let oldest = on_board.map(|(_, read)| read.read_ms).min();
            assert_eq!(journal.oldest_balance(&mall()).await.unwrap(), oldest);
        }
    }
    journal.close().await;
}

async fn the_board_of_the_ledger_is_its_accounts(home: Home) {
    let journal = home.journal().await;
    let of = Balances {
        guild: GUILD,
        system: System::ledger(),
    };
    let mut paper = Paper::default();
    for (number, points) in [(0, 5), (1, 5), (2, 0), (3, 90), (5, 7), (8, 5)] {
        let who = member(number);
        let statement = format!(
            "insert into book_accounts (guild, account, points) values ({}, {}, {points})",
            GUILD.number().cast_signed(),
            who.number().cast_signed(),
        );
        home.operator(statement.leak()).await;
        let balance = BalanceRead { points, read_ms: 0 };
        paper.balances.insert(who, balance);
    }
    // Where points come from has none to be ranked.
    home.operator(
        "insert into book_accounts (guild, account, points) values (412345678901234563, 0, 112)",
    )
    .await;
    agrees(&journal, &paper, &of).await;
    let hidden = member(1);
    let hide = journal.hide(GUILD, hidden, Hidden::Asked, OnBoards::Hidden);
    hide.await.unwrap();
    paper.hidden.insert(hidden);
    agrees(&journal, &paper, &of).await;
    assert_eq!(journal.oldest_balance(&of).await.unwrap(), None);
    journal.close().await;
}

async fn what_was_read_of_an_account_goes_with_the_link_to_it(home: Home) {
    let journal = home.journal().await;
    let of = Balances {
        guild: GUILD,
        system: System::swan("hq"),
    };
    let known = |read_ms| KnownBalance {
        system: "swan.hq".to_owned(),
        ..read(MEMBER, 50, read_ms)
    };
    let link = |id: &str, verified_ms| Link {
        system: "swan.hq".to_owned(),
        member: MEMBER,
        account: Account::new("user_id", id),
        proof: Proof::Import,
        verified_by: None,
        verified_ms,
    };
    let shown = async || journal.balance_place(&of, MEMBER).await.unwrap().is_some();
    assert_eq!(journal.tie(link("a", 10)).await.unwrap(), Tied::Now);
    journal
        .know_balances(vec![known(20), read(MEMBER, 1, 1)])
        .await
        .unwrap();
    assert!(shown().await);
    journal.untie("swan.hq", MEMBER, None).await.unwrap();
    assert!(!shown().await);
    assert_eq!(journal.tie(link("b", 30)).await.unwrap(), Tied::Now);
    // Asked before the link, answered after it: of the account before.
    journal.know_balances(vec![known(29)]).await.unwrap();
    assert!(!shown().await);
    journal.know_balances(vec![known(30)]).await.unwrap();
    assert!(shown().await);
    // The balance in another system is nobody else's.
    let place = journal.balance_place(&mall(), MEMBER).await.unwrap();
    assert_eq!(place.unwrap().points, 1);
    journal.close().await;
}

async fn a_pass_asks_for_everybody_once_whoever_waited_longest_first(home: Home) {
    let journal = home.journal().await;
    let of = mall();
    let due = async |begun_ms| -> Vec<UserId> {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let page = journal.unswept(&of, begun_ms, after, 3).await.unwrap();
            let Some(last) = page.last() else {
                return all;
            };
            after = Some(*last);
            all.extend(page.into_iter().map(|(member, _)| member));
        }
    };
    assert_eq!(journal.sweep_begun(&of).await.unwrap(), None);
    let (one, two, three) = (member(1), member(2), member(3));
    journal.enlist(&of, vec![two, one, one]).await.unwrap();
    journal.enlist(&of, vec![one]).await.unwrap();
    // Known to the journal although nobody has enlisted them.
    journal
        .know_balances(vec![read(three, 5, 40)])
        .await
        .unwrap();
    journal.begin_sweep(&of, 100).await.unwrap();
    assert_eq!(journal.sweep_begun(&of).await.unwrap(), Some(100));
    assert_eq!(due(100).await, [one, two, three]);
    let asked = |member, tried_ms, found| Swept {
        member,
        tried_ms,
        found,
    };
    let balance = BalanceRead {
        points: 9,
        read_ms: 101,
    };
    let portion = vec![
        asked(two, 101, Found::Balance(balance)),
        asked(three, 102, Found::NoAccount),
    ];
    journal.swept(&of, portion).await.unwrap();
    assert_eq!(due(100).await, [one]);
    let place = journal.balance_place(&of, two).await.unwrap();
    assert_eq!(place.unwrap().points, 9);
    assert_eq!(journal.balance_place(&of, three).await.unwrap(), None);
    // What a command reads need not be read again.
    journal
        .know_balances(vec![read(one, 7, 103)])
        .await
        .unwrap();
    assert!(due(100).await.is_empty());
    // A bot and who has left are asked for nothing; another hidden one is.
    for (who, why) in [(two, Hidden::Left), (three, Hidden::Asked)] {
        journal
            .hide(GUILD, who, why, OnBoards::Hidden)
            .await
            .unwrap();
    }
    journal.begin_sweep(&of, 200).await.unwrap();
    assert_eq!(due(200).await, [three, one]);
    // A clock that was set back does not make everybody look asked.
    journal.begin_sweep(&of, 50).await.unwrap();
    assert_eq!(due(50).await.len(), 2);
    journal.close().await;
    // It goes on after a restart.
    let journal = home.journal().await;
    assert_eq!(journal.sweep_begun(&of).await.unwrap(), Some(50));
    assert_eq!(journal.unswept(&of, 50, None, 9).await.unwrap().len(), 2);
    journal.close().await;
}

on_each_store!(
    a_board_of_balances_shows_what_a_naive_count_shows,
    a_pass_asks_for_everybody_once_whoever_waited_longest_first,
    the_board_of_the_ledger_is_its_accounts,
    what_was_read_of_an_account_goes_with_the_link_to_it,
);
