//! What stands after `/report`.
//!
//! ```text
//! report = event who [ system ]        in any order, the event before the system
//! ```

use crate::commands::args::Args;
use crate::commands::args::Asked;
use crate::commands::args::BARE_SHORT_ID;
use crate::commands::args::Who;
use crate::commands::args::no_surplus;
use crate::model::Refusal;
use crate::model::refusal::Usage;

/// Longest name of an event, in characters.
const LONGEST_EVENT: usize = 64;

/// Whether `text` can be an event: it is passed on as it stands.
pub fn is_event(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    (1..=LONGEST_EVENT).contains(&text.len()) && text.bytes().all(plain)
}

impl Args {
    /// Reads an event that is reported: what, who, where.
    pub fn report(self) -> Result<Asked, Refusal> {
        let (mut who, mut free) = self.split()?;
        if who.iter().any(|who| matches!(who, Who::Role(_))) {
            return Err(Refusal::Usage(Usage::RoleNamed));
        }
        let incomplete = || {
            Refusal::Usage(Usage::NotAnEvent {
                read: String::new(),
            })
        };
        if free.is_empty() {
            return Err(incomplete());
        }
        let event = free.remove(0);
        if !is_event(&event.plain) {
            let read = event.typed;
            return Err(Refusal::Usage(Usage::NotAnEvent { read }));
        }
        if who.is_empty() {
            let short = free
                .iter()
                .position(|word| BARE_SHORT_ID.is_match(&word.plain));
            let by_reply = self.replying_to.map(Who::AuthorOf);
            who.extend(match short {
                Some(at) => Some(Who::Short(free.remove(at).plain)),
                None => by_reply,
            });
        }
        let system = (!free.is_empty()).then(|| free.remove(0).plain);
        no_surplus(&free)?;
        match who.len() {
            0 => Err(incomplete()),
            1 => Ok(Asked {
                who,
                text: Some(event.plain),
                system,
                ..Asked::default()
            }),
            count => Err(Refusal::Usage(Usage::SeveralNamed { count })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::args::Arg;
    use crate::model::MessageId;
    use crate::model::UserId;

    fn args(text: &str) -> Args {
        let piece = |word: &str| match word.strip_prefix('@') {
            Some(id) => Arg::Member(UserId::new(id.parse().unwrap())),
            None => Arg::Word {
                plain: word.to_owned(),
                typed: word.to_owned(),
            },
        };
        Args {
            pieces: text.split_whitespace().map(piece).collect(),
            replying_to: None,
        }
    }

    #[test]
    fn event_member_and_system_are_read() {
        for text in ["VIEW_STUDIO @77 swan.hq", "@77 VIEW_STUDIO swan.hq"] {
            let asked = args(text).report().unwrap();
            assert_eq!(asked.text.as_deref(), Some("VIEW_STUDIO"), "{text}");
            assert_eq!(asked.system.as_deref(), Some("swan.hq"), "{text}");
            assert_eq!(asked.who, [Who::Id(UserId::new(77))], "{text}");
        }
        let by_short_id = args("a.b-C_1 12345").report().unwrap();
        assert_eq!(by_short_id.who, [Who::Short("12345".to_owned())]);
        assert_eq!(by_short_id.system, None);
        let replied = Args {
            replying_to: Some(MessageId::new(5)),
            ..args("X hq")
        };
        let asked = replied.report().unwrap();
        assert_eq!(asked.who, [Who::AuthorOf(MessageId::new(5))]);
        assert_eq!(asked.system.as_deref(), Some("hq"));
    }

    #[test]
    fn what_is_no_report_is_told() {
        let usage = |text: &str| match args(text).report() {
            Err(Refusal::Usage(usage)) => usage,
            other => panic!("{text}: {other:?}"),
        };
        let long = "x".repeat(65);
        for wrong in ["浏览", "b/c", "a\"b", long.as_str()] {
            let read = wrong.to_owned();
            let told = usage(&format!("{wrong} @77"));
            assert_eq!(told, Usage::NotAnEvent { read }, "{wrong}");
        }
        let read = String::new();
        for text in ["", "@77", "X"] {
            let read = read.clone();
            assert_eq!(usage(text), Usage::NotAnEvent { read }, "{text}");
        }
        assert_eq!(usage("X @1 @2"), Usage::SeveralNamed { count: 2 });
        let read = "more".to_owned();
        assert_eq!(usage("X @1 hq more"), Usage::Surplus { read });
        assert!(is_event(&"x".repeat(64)) && !is_event(""));
    }
}
