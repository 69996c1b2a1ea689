//! Answers of the mall, read for every endpoint.
//!
//! An input is an answer as one would write it down: the status, headers a line each, an empty line,
//! the body. Without a status it is a body that came with 200.
//!
//! Holds: no panic; "applied" is only what says `code` 0, outside and inside, under a 2xx; ids and
//! points are what stands there digit for digit, never rounded; no text repeats a secret, breaks a line
//! or floods; no wait is absurd.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use guildpoints::journal::Refused;
use guildpoints::model::OpId;
use guildpoints::model::UserId;
use guildpoints::model::refusal::PointsRefusal;
use guildpoints::points::DoubtKind;
use guildpoints::points::LookupError;
use guildpoints::points::Record;
use guildpoints::points::Verdict;
use guildpoints::points::mall::read::Received;
use serde_json::value::RawValue;

/// What the answers of the corpus are made to give away.
pub const SECRET: &str = "S3CRET";

/// The members of every batch that is answered.
const MEMBERS: [UserId; 2] = [
    UserId::new(223_456_789_012_345_677),
    UserId::new(223_456_789_012_345_679),
];

/// The id every look-up asks for.
const ASKED: &str = "gp-look-up";

/// The longest text that is taken over from the mall, in characters, with room for words of ours.
const LONGEST: usize = 300;

/// Reads `input` as the answer to each of the questions there are.
pub fn check(input: &[u8]) {
    let (status, headers, body) = written(input);
    let received = Received {
        status,
        headers: &headers,
        body,
        now_ms: 1_700_000_000_000,
        secrets: &[SECRET],
    };
    let seen = Seen::read(&received);

    let change = received.change();
    verdict(&change);
    if change == Verdict::Applied {
        assert!(seen.applied_one(), "applied, says nobody");
    }

    for members in [&MEMBERS[..], &MEMBERS[..1], &[]] {
        let changes = received.changes(members);
        assert_eq!(changes.len(), members.len(), "a verdict a member");
        changes.iter().for_each(verdict);
        for (member, change) in members.iter().zip(&changes) {
            if *change == Verdict::Applied {
                assert!(seen.applied_among(*member, members.len()), "{member}");
            }
        }
    }

    match received.balance() {
        Ok(points) => {
            assert!(seen.success(), "a balance out of a refusal");
            assert_eq!(seen.number("point"), Some(i128::from(points)));
        }
        // Code 0 without `data` is the mall's way of knowing no account.
        Err(refused) if refused.code == Some(0) => {
            assert_eq!(refused.meaning, PointsRefusal::NoAccount);
            assert!(seen.success() && seen.data.is_none_or(|data| data.get() == "null"));
        }
        Err(refused) => refusal(&refused),
    }
    record(&seen, received.record(&OpId::kept(ASKED.to_owned())));
}

fn record(seen: &Seen<'_>, found: Result<Record, LookupError>) {
    shows_nothing(&found);
    match found {
        Ok(Record::Unused) => assert!(seen.success(), "unused, says nobody"),
        Ok(Record::Found { member, amount }) => {
            assert!(seen.success(), "found in a refusal");
            if let Some(member) = member {
                assert_eq!(seen.number("fbLongId"), Some(i128::from(member.number())));
            }
            if let Some(amount) = amount {
                assert_eq!(seen.number("point"), Some(i128::from(amount.points())));
                assert!((1..=9_999).contains(&amount.size()));
            }
        }
        Err(LookupError::Missing) => assert_eq!(seen.status, 404),
        Err(LookupError::AccessRefused { text, .. } | LookupError::NoInformation { text }) => {
            fit(&text);
        }
    }
}

fn verdict(verdict: &Verdict) {
    shows_nothing(verdict);
    match verdict {
        Verdict::Applied => {}
        Verdict::Refused(refused) => refusal(refused),
        Verdict::Unknown(doubt) => {
            fit(&doubt.text);
            if let DoubtKind::TooFast { retry_after } = doubt.kind {
                assert!(retry_after.unwrap_or_default() <= Duration::from_secs(600));
            }
        }
        Verdict::NotSent(_) => panic!("what was answered was sent"),
    }
}

fn refusal(refused: &Refused) {
    shows_nothing(refused);
    assert_ne!(refused.code, Some(0), "refused with success");
    fit(&refused.text);
}

fn fit(text: &str) {
    assert!(text.chars().count() <= LONGEST, "{text}");
    assert!(!text.contains(char::is_control), "{text:?}");
}

fn shows_nothing(read: &impl Debug) {
    let shown = format!("{read:?}");
    assert!(!shown.contains(SECRET), "{shown}");
}

/// Status, headers and body of an answer as it was written down.
fn written(input: &[u8]) -> (u16, Vec<(&str, &str)>, &[u8]) {
    let mut headers = Vec::new();
    let mut rest = input;
    let mut next_line = || {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let line = std::str::from_utf8(&rest[..end]).ok()?;
        rest = &rest[end + 1..];
        Some(line.trim_end_matches('\r'))
    };
    let status = next_line().and_then(|line| line.parse().ok());
    // No HTTP library hands out anything else.
    let Some(status) = status.filter(|status| (100..=999).contains(status)) else {
        return (200, headers, input);
    };
    while let Some(line) = next_line().filter(|line| !line.is_empty()) {
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim(), value.trim()));
        }
    }
    (status, headers, rest)
}

/// An answer read in another way than the program's: fields kept raw, never turned into numbers.
struct Seen<'a> {
    status: u16,
    outer: Fields<'a>,
    data: Option<&'a RawValue>,
}

type Fields<'a> = BTreeMap<String, &'a RawValue>;

impl<'a> Seen<'a> {
    fn read(received: &Received<'a>) -> Self {
        let body = received.body.trim_ascii();
        let outer: Fields<'a> = serde_json::from_slice(body).unwrap_or_default();
        Self {
            status: received.status,
            data: outer.get("data").copied(),
            outer,
        }
    }

    /// A 2xx with `code` 0.
    fn success(&self) -> bool {
        (200..300).contains(&self.status) && number(&self.outer, "code") == Some(0)
    }

    /// A success whose inner code, where there is one, is 0 as well.
    fn applied_one(&self) -> bool {
        let inside = match self.data.map(RawValue::get) {
            None | Some("null") => true,
            Some(data) => serde_json::from_str::<Fields<'_>>(data).is_ok_and(|fields| {
                !fields.contains_key("code") || number(&fields, "code") == Some(0)
            }),
        };
        self.success() && inside
    }

    /// A success with `count` results of which one is the member's and 0; where ids cannot be read,
    /// all are 0.
    fn applied_among(&self, member: UserId, count: usize) -> bool {
        let results = self.results();
        let is_zero = |fields: &Fields<'_>| number(fields, "code") == Some(0);
        let is_theirs =
            |fields: &Fields<'_>| number(fields, "fbLongId") == Some(i128::from(member.number()));
        let has_id = |fields: &Fields<'_>| {
            number(fields, "fbLongId").is_some_and(|id| u64::try_from(id).is_ok())
        };
        let applied = if results.iter().all(has_id) {
            results.iter().any(|one| is_theirs(one) && is_zero(one))
        } else {
            results.iter().all(is_zero)
        };
        self.success() && results.len() == count && applied
    }

    fn results(&self) -> Vec<Fields<'a>> {
        let Some(data) = self.data else {
            return Vec::new();
        };
        serde_json::from_str(data.get())
            .or_else(|_| serde_json::from_str(data.get()).map(|one| vec![one]))
            .unwrap_or_default()
    }

    /// The number under `name` within `data`.
    fn number(&self, name: &str) -> Option<i128> {
        let fields: Fields<'_> = serde_json::from_str(self.data?.get()).ok()?;
        number(&fields, name)
    }
}

/// A whole number, plain or in a string, by its digits alone.
fn number(fields: &Fields<'_>, name: &str) -> Option<i128> {
    let raw = fields.get(name)?.get();
    let text: String = serde_json::from_str(raw).unwrap_or_else(|_| raw.to_owned());
    let digits = text.strip_prefix('-').unwrap_or(&text);
    let is_whole = (1..=30).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    is_whole.then(|| text.parse().ok()).flatten()
}
