//! Texts of messages: how they are heard, how they are made harmless, how commands read them.
//!
//! Holds: no panic; neutral text is one line without markup and stays as it is; what a command reads
//! is an amount of 1 to 9999 for different people with a reason the mall can keep.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use guildpoints::commands::Arg;
use guildpoints::commands::Asked;
use guildpoints::commands::Registry;
use guildpoints::commands::args::LONGEST_REASON;
use guildpoints::commands::args::MOST_MEMBERS;
use guildpoints::dispatch::arguments;
use guildpoints::fanbook::text::Heard;
use guildpoints::fanbook::text::Invocation;
use guildpoints::fanbook::text::Token;
use guildpoints::fanbook::text::hear;
use guildpoints::fanbook::text::neutral;
use guildpoints::fanbook::text::plain;
use guildpoints::model::Amount;
use guildpoints::model::ChannelId;
use guildpoints::model::GuildId;
use guildpoints::model::Language;

use guildpoints::model::MessageId;
use guildpoints::model::Policy;

use guildpoints::model::UserId;
use guildpoints::model::incoming::Author;
use guildpoints::model::incoming::Incoming;
use guildpoints::model::policy::ManageGuild;
use guildpoints::model::policy::Preset;
use guildpoints::model::policy::RewardLimits;
use guildpoints::points::mall::REMARK_CAP;
use guildpoints::points::mall::remark;
use jiff::tz::TimeZone;

use super::frames::BOT;

/// All commands; each reads whatever was said, its own name or not.
const COMMANDS: [&str; 7] = [
    "points", "reward", "deduct", "receipt", "help", "check", "schedule",
];

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::new);
static POLICY: LazyLock<Policy> = LazyLock::new(policy);

/// Reads `input` as the text of a message; bytes that are no text are nothing that can arrive.
pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    harmless(text);
    let plain_text = plain(text);
    assert_eq!(plain(&plain_text), plain_text, "plain text reads otherwise");
    match hear(text, BOT) {
        Heard::Command(invocation) => called(text, &invocation),
        Heard::Near { word } => assert!(!word.is_empty()),
        Heard::Nothing => {}
    }
}

fn harmless(text: &str) {
    let safe = neutral(text);
    assert!(!safe.contains("${"), "{safe:?}");
    assert!(!safe.trim_start().starts_with('{'), "{safe:?}");
    let is_bad = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    assert!(!safe.contains(is_bad), "{safe:?}");
    assert_eq!(neutral(&safe), safe, "not neutral at once");
    // Among words of ours, after a `$` of ours or beside itself it calls nobody.
    for sentence in [format!("/x {safe}"), format!("/x ${safe}{safe} {safe}")] {
        let Heard::Command(invocation) = hear(&sentence, BOT) else {
            // Nothing is heard in what is too long.
            continue;
        };
        let words = |token: &Token| matches!(token, Token::Word { .. });
        assert!(invocation.arguments.iter().all(words), "{sentence:?}");
    }
}

fn called(text: &str, invocation: &Invocation) {
    let word = &invocation.word;
    let is_bad = |c: char| c.is_whitespace() || c.is_control() || c.is_ascii_uppercase();
    assert!(!word.is_empty() && !word.contains(is_bad), "{word:?}");
    for token in &invocation.arguments {
        match token {
            Token::Member(id) => assert!(text.contains(&id.to_string()), "{id}"),
            Token::Role(id) => assert!(text.contains(&id.to_string()), "{id}"),
            Token::Channel(id) => assert!(text.contains(&id.to_string()), "{id}"),
            Token::Word {
                text: read,
                original,
                ..
            } => {
                assert!(!read.is_empty() && !read.contains(char::is_whitespace));
                assert!(text.contains(original), "{original:?} was never typed");
            }
        }
    }
    for replying_to in [None, Some(MessageId::new(5))] {
        let args = arguments(invocation, &incoming(text, replying_to));
        let named = |piece: &Arg| !matches!(piece, Arg::Word { .. });
        let words = args.pieces.iter().filter(|piece| !named(piece)).count();
        for command in COMMANDS {
            let handler = REGISTRY.handler(command).expect("the list names commands");
            if let Ok(asked) = handler.parse(args.clone(), &POLICY) {
                understood(command, words, &asked);
            }
        }
    }
}

fn understood(command: &str, words: usize, asked: &Asked) {
    let changes = matches!(command, "reward" | "deduct");
    assert_eq!(asked.amount.is_some(), changes, "{command}: {asked:?}");
    for (at, who) in asked.who.iter().enumerate() {
        assert!(!asked.who[..at].contains(who), "{who:?} is named twice");
    }
    if let Some(amount) = asked.amount {
        assert!((1..=9_999).contains(&amount.points()), "{amount:?}");
        assert!(words > 0, "an amount nobody typed");
        assert!((1..=MOST_MEMBERS).contains(&asked.who.len()));
        let kept = remark(asked.text.as_deref(), "-").expect("a reason that was read fits");
        assert!((1..=REMARK_CAP).contains(&kept.encode_utf16().count()));
    }
    if let Some(reason) = &asked.text {
        assert!(!reason.is_empty());
        assert!(!changes || reason.encode_utf16().count() <= LONGEST_REASON);
    }
    assert!(command != "deduct" || asked.text.is_some(), "no reason");
}

fn incoming(text: &str, replying_to: Option<MessageId>) -> Incoming {
    Incoming {
        message: MessageId::new(700_000_000_012_345_677),
        guild: Some(GuildId::new(412_345_678_901_234_563)),
        channel: ChannelId::new(412_345_679_201_234_575),
        author: Author {
            id: UserId::new(223_456_789_012_345_677),
            name: String::new(),
            short_id: None,
            roles: None,
        },
        text: text.to_owned(),
        mentions: Vec::new(),
        replying_to,
        sent_ms: 0,
    }
}

fn policy() -> Policy {
    let preset = |points, reason: &str| Preset {
        amount: Amount::new(points).expect("a preset within the bounds"),
        reason: (!reason.is_empty()).then(|| reason.to_owned()),
    };
    Policy {
        guild: GuildId::new(412_345_678_901_234_563),
        name: None,
        language: Language::Chinese,
        zone: TimeZone::UTC,
        admins: Vec::new(),
        admin_roles: Vec::new(),
        moderator_roles: Vec::new(),
        manage_guild: ManageGuild::MeansNothing,
        limits: RewardLimits::default(),
        presets: BTreeMap::from([
            ("bug".to_owned(), preset(50, "反馈问题")),
            ("签到".to_owned(), preset(5, "")),
        ]),
    }
}
