//! A schedule: who commands what and when, what becomes of each request, when the bot dies.
//!
//! Everything the run leaves to chance stands here, so that a schedule can be shrunk and kept. What
//! is not spelt out goes well: a shorter list of fates is a kinder world. Times are in tenths of a
//! second of the schedule's own time.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::Just;
use proptest::prelude::Strategy;
use proptest::prelude::any;
use proptest::prop_oneof;
use serde::Deserialize;
use serde::Serialize;

/// Tenths of a second.
pub type Tenths = u16;

/// People who may give.
pub const GIVERS: u8 = 2;
/// People whose points move.
pub const MEMBERS: u8 = 3;

/// One run from an empty journal to rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// What the points system can do.
    pub deployment: Deployment,
    /// Whether it takes several changes in one request (two at most).
    pub batch: bool,
    /// How far its clock is ahead of the bot's, in tenths of a second.
    pub skew: i16,
    /// What each giver may move in a day.
    pub quota: i64,
    /// What each member has at the beginning.
    pub purse: i64,
    /// So many starts of the bot happen without proof that look-ups work.
    pub unproved_starts: u8,
    /// What happens, each so long after the one before.
    pub steps: Vec<(Tenths, Deed)>,
}

/// What becomes of the requests for one command. It belongs to the command, so that leaving out
/// another changes nothing about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Luck {
    /// Of those that change points, in the order in which they are sent.
    pub sendings: Vec<Fate>,
    /// Of the look-ups, in the order in which they are made.
    pub looks: Vec<Look>,
}

/// What the points system can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deployment {
    /// It finds a change by its id and refuses an id it has seen.
    Current,
    /// It finds a change by its id, and carries a repeated id out again.
    Forgetful,
    /// Looking up answers 404, and a repeated id is carried out again.
    Old,
    /// It cannot even be asked, and a repeated id is carried out again.
    Blind,
}

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deed {
    /// A giver changes one member's points.
    Change {
        giver: u8,
        member: u8,
        points: i32,
        luck: Luck,
    },
    /// A giver changes several members' points in one command.
    Several {
        giver: u8,
        members: Vec<u8>,
        points: i32,
        luck: Luck,
    },
    /// An earlier command is delivered again.
    Again {
        /// Which, counted from the first and round again.
        command: u8,
        /// Whether its text was edited meanwhile: another amount.
        edited: bool,
    },
    /// Another app has used the id of the next command, for something else.
    Squat { member: u8 },
    /// The process dies; a new one starts on the same store.
    Crash {
        /// Dies after so many turns of the bot's tasks, whatever they are at; 255 waits for idleness.
        turns: u8,
    },
    /// The process is stopped properly and started again.
    Restart,
}

/// What becomes of one request that changes points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    /// It arrives after `out`; the answer arrives after `back`. Late ones meet the time-out.
    Well { out: Tenths, back: Tenths },
    /// No connection: no byte leaves.
    NotSent,
    /// The bot hears nothing usable; the request lands after `lands`, or never.
    Lost { how: Loss, lands: Option<Tenths> },
    /// 429, without effect.
    TooFast { retry_after: Option<u8> },
    /// 401 or 403, of one of two copies if `landed`.
    AccessRefused { status: u16, landed: bool },
    /// A code that proves nothing.
    Declined { code: i64, landed: bool },
    /// It is delivered twice; the answer to the first or the second copy is heard.
    Twice { second: bool },
    /// A clear refusal, whatever the books say.
    Refused { code: i64 },
}

/// Ways for an answer to be of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Loss {
    Dropped,
    Status500,
    CutShort,
    Html,
    NoCode,
    Redirected,
    WrongResults,
}

/// What becomes of one look-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Look {
    /// The record is read after `out`; the answer arrives after `back`.
    Well { out: Tenths, back: Tenths },
    /// It tells nothing.
    Silent,
    /// 401, 403, banned.
    AccessRefused,
    /// 404.
    Missing,
}

impl Fate {
    /// A day like any other.
    pub const WELL: Fate = Fate::Well { out: 1, back: 1 };
}

impl Look {
    /// A day like any other.
    pub const WELL: Look = Look::Well { out: 0, back: 1 };
}

/// Any schedule, with trouble where it hurts.
pub fn schedules() -> impl Strategy<Value = Schedule> {
    let deployment = prop_oneof![
        12 => Just(Deployment::Current),
        2 => Just(Deployment::Forgetful),
        1 => Just(Deployment::Old),
        1 => Just(Deployment::Blind),
    ];
    let skew = prop_oneof![6 => Just(0_i16), 1 => -60..=60_i16, 1 => Just(-10_000_i16)];
    let quota = prop_oneof![2 => Just(5_000_i64), 1 => 150..600_i64];
    let purse = prop_oneof![Just(1_000_i64), Just(0), Just(150)];
    let unproved = prop_oneof![6 => Just(0_u8), 1 => 1..3_u8];
    (
        (deployment, any::<bool>(), skew, quota, purse, unproved),
        vec((pause(), deed()), 1..9),
    )
        .prop_map(|(world, steps)| {
            let (deployment, batch, skew, quota, purse, unproved_starts) = world;
            Schedule {
                deployment,
                batch,
                skew,
                quota,
                purse,
                unproved_starts,
                steps,
            }
        })
}

fn pause() -> impl Strategy<Value = Tenths> {
    prop_oneof![4 => Just(0), 3 => 1..8_u16, 3 => 8..80_u16, 1 => 80..900_u16]
}

fn points() -> impl Strategy<Value = i32> {
    prop_oneof![
        3 => Just(100),
        2 => Just(-100),
        1 => 1..300_i32,
        1 => -300..0_i32,
    ]
}

fn deed() -> impl Strategy<Value = Deed> {
    let several = vec(0..MEMBERS, 1..4).prop_map(|mut members| {
        members.sort_unstable();
        members.dedup();
        members
    });
    let turns = prop_oneof![1 => Just(255_u8), 2 => 0..40_u8];
    prop_oneof![
        8 => (0..GIVERS, 0..MEMBERS, points(), luck())
            .prop_map(|(giver, member, points, luck)| Deed::Change { giver, member, points, luck }),
        3 => (0..GIVERS, several, points(), luck())
            .prop_map(|(giver, members, points, luck)| Deed::Several { giver, members, points, luck }),
        3 => (0..8_u8, any::<bool>())
            .prop_map(|(command, edited)| Deed::Again { command, edited }),
        1 => (0..MEMBERS).prop_map(|member| Deed::Squat { member }),
        4 => turns.prop_map(|turns| Deed::Crash { turns }),
        1 => Just(Deed::Restart),
    ]
}

fn luck() -> impl Strategy<Value = Luck> {
    (vec(fate(), 0..6), vec(look(), 0..5)).prop_map(|(sendings, looks)| Luck { sendings, looks })
}

/// How long a request can wander: mostly within the signature window, sometimes beyond.
fn wandering() -> impl Strategy<Value = Tenths> {
    prop_oneof![2 => 0..20_u16, 3 => 20..150_u16, 3 => 150..600_u16, 1 => 590..660_u16]
}

fn fate() -> impl Strategy<Value = Fate> {
    let loss = prop_oneof![
        3 => Just(Loss::Dropped),
        1 => Just(Loss::Status500),
        1 => Just(Loss::CutShort),
        1 => Just(Loss::Html),
        1 => Just(Loss::NoCode),
        1 => Just(Loss::Redirected),
        1 => Just(Loss::WrongResults),
    ];
    let status = prop_oneof![Just(401_u16), Just(403)];
    let declined = prop_oneof![Just(60_005_i64), Just(60_002), Just(77)];
    let refused = prop_oneof![
        Just(60_001_i64),
        Just(60_000),
        Just(50_000),
        Just(30_001),
        Just(404)
    ];
    prop_oneof![
        4 => (0..8_u16, 0..8_u16).prop_map(|(out, back)| Fate::Well { out, back }),
        2 => (wandering(), 0..80_u16).prop_map(|(out, back)| Fate::Well { out, back }),
        2 => Just(Fate::NotSent),
        6 => (loss, option::weighted(0.7, wandering()))
            .prop_map(|(how, lands)| Fate::Lost { how, lands }),
        1 => option::of(0..90_u8).prop_map(|retry_after| Fate::TooFast { retry_after }),
        2 => (status, any::<bool>())
            .prop_map(|(status, landed)| Fate::AccessRefused { status, landed }),
        2 => (declined, any::<bool>()).prop_map(|(code, landed)| Fate::Declined { code, landed }),
        1 => any::<bool>().prop_map(|second| Fate::Twice { second }),
        4 => refused.prop_map(|code| Fate::Refused { code }),
    ]
}

fn look() -> impl Strategy<Value = Look> {
    prop_oneof![
        4 => (0..45_u16, 0..60_u16).prop_map(|(out, back)| Look::Well { out, back }),
        2 => Just(Look::WELL),
        3 => Just(Look::Silent),
        2 => Just(Look::AccessRefused),
        1 => Just(Look::Missing),
    ]
}
