//! What the bot has changed for a member, in pages.

use guildpoints::journal::Intent;
use guildpoints::journal::Journal;
use guildpoints::journal::RecordWanted;
use guildpoints::journal::Refused;
use guildpoints::journal::Settlement;
use guildpoints::journal::Sign;
use guildpoints::model::Cause;
use guildpoints::model::GuildId;
use guildpoints::model::UserId;
use guildpoints::model::refusal::PointsRefusal;

use super::stage::*;

on_each_store! {
    settled_or_not_a_members_entries_come_newest_first_in_pages,
    only_that_members_entries_of_that_guild_and_system_come,
}

fn wanted() -> RecordWanted {
    RecordWanted {
        guild: GUILD,
        member: MEMBER,
        system: "mall".to_owned(),
        sign: Sign::Either,
        skip: 0,
        limit: 100,
    }
}

async fn points(journal: &Journal, wanted: RecordWanted) -> Vec<i32> {
    let entries = journal.record(&wanted).await.unwrap();
    entries.iter().map(|entry| entry.amount.points()).collect()
}

/// Nine entries, a millisecond apart, each third one open and the others done or refused.
async fn nine(home: &Home) -> Journal {
    let journal = home.journal().await;
    for number in 1..=9 {
        let size = i64::try_from(number).unwrap();
        let points = if number % 2 == 0 { -size } else { size };
        let ticket = ticket(&journal, number, points).await;
        match number % 3 {
            0 => drop(ticket),
            1 => drop(journal.settle(ticket, Settlement::Done).await.unwrap()),
            _ => {
                let refused = Refused {
                    meaning: PointsRefusal::Insufficient,
                    code: None,
                    text: String::new(),
                };
                let settled = journal.settle(ticket, Settlement::Refused(refused)).await;
                drop(settled.unwrap());
            }
        }
        home.clock.advance(std::time::Duration::from_millis(5));
    }
    journal
}

async fn settled_or_not_a_members_entries_come_newest_first_in_pages(home: Home) {
    let journal = nine(&home).await;
    let page = |skip, limit| RecordWanted {
        skip,
        limit,
        ..wanted()
    };
    assert_eq!(
        points(&journal, wanted()).await,
        [9, -8, 7, -6, 5, -4, 3, -2, 1]
    );
    assert_eq!(points(&journal, page(0, 4)).await, [9, -8, 7, -6]);
    assert_eq!(points(&journal, page(4, 4)).await, [5, -4, 3, -2]);
    assert_eq!(points(&journal, page(8, 4)).await, [1]);
    assert!(points(&journal, page(9, 4)).await.is_empty());
    let signed = |sign| RecordWanted {
        sign,
        skip: 1,
        ..wanted()
    };
    assert_eq!(points(&journal, signed(Sign::Plus)).await, [7, 5, 3, 1]);
    assert_eq!(points(&journal, signed(Sign::Minus)).await, [-6, -4, -2]);
}

async fn only_that_members_entries_of_that_guild_and_system_come(home: Home) {
    let journal = nine(&home).await;
    let other = |intent: Intent| Intent {
        cause: Cause::Message {
            message: message(50),
            line: 0,
            member: GIVER,
        },
        member: GIVER,
        ..intent
    };
    drop(open(&journal, other(intent(50, 500))).await);
    let system = Intent {
        system: "ledger".to_owned(),
        ..intent(51, 510)
    };
    drop(open(&journal, system).await);
    let of = |guild, member, system: &str| RecordWanted {
        guild,
        member,
        system: system.to_owned(),
        ..wanted()
    };
    assert_eq!(points(&journal, of(GUILD, GIVER, "mall")).await, [500]);
    assert_eq!(points(&journal, of(GUILD, MEMBER, "ledger")).await, [510]);
    assert_eq!(points(&journal, wanted()).await.len(), 9);
    let nowhere = of(GuildId::new(1), MEMBER, "mall");
    assert!(points(&journal, nowhere).await.is_empty());
    let nobody = of(GUILD, UserId::new(1), "mall' or true --");
    assert!(points(&journal, nobody).await.is_empty());
}
