//! What is read of a change, and what is wrong with it.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::model::GuildId;
use crate::model::Language;
use crate::model::Policy;
use crate::model::policy::ManageGuild;
use crate::model::policy::Preset;
use crate::model::policy::RewardLimits;

fn policy() -> Policy {
    let bug = Preset {
        amount: Amount::new(50).unwrap(),
        reason: Some("反馈问题".to_owned()),
    };
    Policy {
        guild: GuildId::new(1),
        name: None,
        language: Language::Chinese,
        zone: TimeZone::UTC,
        admins: Vec::new(),
        admin_roles: Vec::new(),
        moderator_roles: Vec::new(),
        manage_guild: ManageGuild::MeansNothing,
        limits: RewardLimits::default(),
        presets: BTreeMap::from([("bug".to_owned(), bug)]),
    }
}

const ANNE: UserId = UserId::new(223_456_789_012_345_677);

/// `@` stands for a mention of Anne.
fn read(text: &str) -> Result<Asked, Refusal> {
    read_replying(text, None)
}

fn read_replying(text: &str, replying_to: Option<MessageId>) -> Result<Asked, Refusal> {
    let pieces = text
        .split_whitespace()
        .map(|word| match word {
            "@" => Arg::Member(ANNE),
            "&" => Arg::Role(RoleId::new(5)),
            word => Arg::Word {
                plain: word.to_owned(),
                typed: word.to_owned(),
            },
        })
        .collect();
    Args {
        pieces,
        replying_to,
    }
    .change(&policy())
}

fn good(text: &str) -> (Vec<Who>, i32, Option<String>) {
    let asked = read(text).unwrap();
    (asked.who, asked.amount.unwrap().points(), asked.text)
}

fn bad(text: &str) -> Usage {
    match read(text).unwrap_err() {
        Refusal::Usage(usage) => usage,
        other => panic!("{other:?}"),
    }
}

#[test]
fn order_does_not_matter_where_it_can_be_told() {
    let anne = || vec![Who::Id(ANNE)];
    let why = |text: &str| Some(text.to_owned());
    assert_eq!(good("@ 666 天梯第一名"), (anne(), 666, why("天梯第一名")));
    assert_eq!(good("666 @ 天梯第一名"), (anne(), 666, why("天梯第一名")));
    assert_eq!(good("天梯第一名 @ 666"), (anne(), 666, why("天梯第一名")));
    assert_eq!(good("@ +666"), (anne(), 666, None));
    assert_eq!(good("@ 1,000 a b"), (anne(), 1_000, why("a b")));
    assert_eq!(good("223456789012345677 5"), (anne(), 5, None));
    assert_eq!(
        good("#2791234 5"),
        (vec![Who::Short("2791234".to_owned())], 5, None)
    );
    assert_eq!(
        good("2791234 5 x"),
        (vec![Who::BareShort("2791234".to_owned())], 5, why("x"))
    );
    assert_eq!(good("@ @ 5"), (anne(), 5, None));
    assert_eq!(good("@ bug"), (anne(), 50, why("反馈问题")));
    assert_eq!(good("@ bug again"), (anne(), 50, why("反馈问题 again")));
    // The first word is the amount, so a later number belongs to the reason.
    assert_eq!(good("@ 666 round 3"), (anne(), 666, why("round 3")));
}

#[test]
fn several_members_and_roles_can_be_named_each_once() {
    let ben = UserId::new(223_456_789_012_345_679);
    let role = Who::Role(RoleId::new(5));
    assert_eq!(
        good("@ 223456789012345679 @ 5").0,
        [Who::Id(ANNE), Who::Id(ben)]
    );
    assert_eq!(
        good("role & 5 周赛"),
        (vec![role.clone()], 5, Some("周赛".to_owned()))
    );
    assert_eq!(good("5 & &").0, [role]);
    let crowd: Vec<String> = (0..101)
        .map(|n| (223_456_789_012_345_000_u64 + n).to_string())
        .collect();
    assert_eq!(
        bad(&format!("{} 5", crowd.join(" "))),
        Usage::TooMany {
            count: 101,
            cap: 100
        }
    );
}

#[test]
fn a_reply_names_its_author_unless_somebody_else_is_named() {
    let message = MessageId::new(9);
    let asked = read_replying("5", Some(message)).unwrap();
    assert_eq!(asked.who, [Who::AuthorOf(message)]);
    let asked = read_replying("@ 5", Some(message)).unwrap();
    assert_eq!(asked.who, [Who::Id(ANNE)]);
}

#[test]
fn what_is_wrong_is_named_with_what_was_read() {
    let read = |text: &str| text.to_owned();
    let not = |text: &str, guess| Usage::NotAnAmount {
        read: read(text),
        guess,
    };
    let large = |text: &str| Usage::TooLarge {
        read: read(text),
        cap: 9_999,
    };
    assert_eq!(bad("666"), Usage::NobodyNamed);
    assert_eq!(bad("@"), Usage::NoAmount);
    assert_eq!(bad("@ 谢谢"), Usage::NoAmount);
    assert_eq!(bad("@ 66o"), not("66o", Some(660)));
    assert_eq!(bad("@ 1e3"), not("1e3", Some(1_000)));
    assert_eq!(bad("@ 1,00"), not("1,00", Some(100)));
    assert_eq!(bad("@ 6.5"), not("6.5", Some(6)));
    assert_eq!(bad("@ 0"), Usage::ZeroAmount);
    assert_eq!(bad("@ -0"), Usage::ZeroAmount);
    assert_eq!(bad("@ -5"), Usage::NegativeAmount { read: -5 });
    assert_eq!(bad("@ 10000"), large("10000"));
    assert_eq!(bad("@ 99999999999999999999"), large("99999999999999999999"));
    assert_eq!(
        bad("@ 100 200"),
        Usage::TwoAmounts {
            read: vec![read("100"), read("200")]
        }
    );
    assert_eq!(
        bad("@ x 100 200"),
        Usage::TwoAmounts {
            read: vec![read("100"), read("200")]
        }
    );
}

#[test]
fn a_reason_is_counted_in_utf16_units() {
    let fits = "啊".repeat(99);
    assert!(read(&format!("@ 5 {fits}")).is_ok());
    assert_eq!(
        bad(&format!("@ 5 {fits}啊")),
        Usage::ReasonTooLong {
            length: 100,
            cap: 99
        }
    );
    assert_eq!(
        bad(&format!("@ 5 {}", "🎉".repeat(50))),
        Usage::ReasonTooLong {
            length: 100,
            cap: 99
        }
    );
}

proptest! {
    #[test]
    fn reading_never_panics_and_an_amount_is_always_within_bounds(text in "[@&#a-z0-9,.+ -]{0,40}") {
        if let Ok(asked) = read(&text) {
            let points = asked.amount.unwrap().points();
            prop_assert!((1..=9_999).contains(&points));
            prop_assert!((1..=MOST_MEMBERS).contains(&asked.who.len()));
        }
    }

    #[test]
    fn a_plain_amount_reads_as_itself(points in 1_i32..=9_999, plus in "[+]?") {
        let asked = read(&format!("@ {plus}{points} why")).unwrap();
        prop_assert_eq!(asked.amount.unwrap().points(), points);
    }
}
