//! What is said of a board that posts itself and does not come through.

use crate::boards::text::said;
use crate::model::ChannelId;
use crate::points::ScheduleTrouble;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::sentences;

/// The scope of these sentences.
const SCOPE: &str = "_schedules";

sentences! {
    /// The sentences about boards that post themselves, whoever speaks them.
    pub static SCHEDULE_WORDS of SCOPE;
    NOTICE = "notice" ["name", "channel", "time", "zone", "why"];
    NO_CHANNEL = "no_channel" [];
    NO_RIGHT = "no_right" [];
    NOT_LISTED = "not_listed" [];
    REFUSED = "refused" ["detail"];
    UNREACHABLE = "unreachable" [];
    IN_DOUBT = "in_doubt" [];
    UNREADABLE = "unreadable" [];
}

/// A schedule that does not come through.
#[derive(Clone, Copy, Debug)]
pub struct FailingBoard<'a> {
    /// Its name. Untrusted text.
    pub name: &'a str,
    /// Where it should appear.
    pub channel: ChannelId,
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
    /// Why.
    pub why: ScheduleTrouble,
    /// What the platform said. Untrusted text.
    pub detail: &'a str,
}

/// What its guild's administrator is told, once.
pub fn failing_notice(failing: FailingBoard<'_>) -> Reply {
    Reply::new(&NOTICE)
        .with("name", Hole::Name(failing.name.to_owned()))
        .with("channel", Hole::Own(format!("${{#{}}}", failing.channel)))
        .with("time", Hole::Time(failing.since_ms))
        .with("zone", Hole::Zone)
        .with("why", said(failing_why(failing)))
}

/// Why it does not come through, and what helps.
pub fn failing_why(failing: FailingBoard<'_>) -> Reply {
    match failing.why {
        ScheduleTrouble::NoChannel => Reply::new(&NO_CHANNEL),
        ScheduleTrouble::NoRight => Reply::new(&NO_RIGHT),
        ScheduleTrouble::NotListed => Reply::new(&NOT_LISTED),
        ScheduleTrouble::Refused => {
            Reply::new(&REFUSED).with("detail", Hole::Untrusted(failing.detail.to_owned()))
        }
        ScheduleTrouble::Unreachable => Reply::new(&UNREACHABLE),
        ScheduleTrouble::InDoubt => Reply::new(&IN_DOUBT),
        ScheduleTrouble::Unreadable => Reply::new(&UNREADABLE),
    }
}
