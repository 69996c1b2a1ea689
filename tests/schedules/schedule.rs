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
/// People who decide: the givers, and an administrator.
pub const DECIDERS: u8 = 3;

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
    /// A giver's change above this waits for a second person; none where there is no such rule.
    #[serde(default)]
    pub approve_over: Option<i64>,
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
    /// Somebody undoes what an earlier command changed.
    Undo { who: u8, way: Way, luck: Luck },
    /// Somebody decides about an earlier command, which may wait for that; it is named as in [`Way`].
    Decide { who: u8, change: u8, approves: bool },
    /// Where nothing is left but what waits for approval: time passes until so many tenths of a
    /// second before the first of it is refused because nobody decided.
    Night { before: Tenths },
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

/// How a change that is to be undone is named: the command that made it, among those that change
/// points counted back from the newest and round again, and which of its members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// By its receipt.
    Code { change: u8, member: u8 },
    /// The last one that person gave.
    Last,
    /// By the button under it, or by the one that takes back what is there.
    Button { change: u8, member: u8, rest: bool },
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
    let approve_over = prop_oneof![Just(None), Just(Some(99_i64)), Just(Some(100))];
    let rules = (quota, purse, approve_over);
    (
        (deployment, any::<bool>(), skew, rules, unproved),
        vec(tale(), 1..8),
    )
        .prop_map(|(world, tales)| {
            let steps = tales.into_iter().flatten().collect();
            let (deployment, batch, skew, rules, unproved_starts) = world;
            let (quota, purse, approve_over) = rules;
            Schedule {
                deployment,
                batch,
                skew,
                quota,
                purse,
                approve_over,
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

/// Something that happens by itself, or what belongs together: a change that mostly goes well, and
/// what somebody makes of it.
fn tale() -> impl Strategy<Value = Vec<(Tenths, Deed)>> {
    let undone = (change(), pause(), undo(), pause(), option::of(undo())).prop_map(
        |(change, after, undo, again_after, again)| {
            let mut tale = vec![change, (after, undo)];
            tale.extend(again.map(|again| (again_after, again)));
            tale
        },
    );
    // Part of what came is gone when it is to be taken back.
    let spent = (0..GIVERS, 0..MEMBERS, 1..100_i32, pause(), undo()).prop_map(
        |(giver, member, points, after, again)| {
            let change = |points| Deed::Change {
                giver,
                member,
                points,
                luck: Luck::default(),
            };
            let way = Way::Button {
                change: 1,
                member: 0,
                rest: true,
            };
            let undo = Deed::Undo {
                who: giver,
                way,
                luck: Luck::default(),
            };
            let steps = [(20, change(100)), (20, change(-points)), (20, undo)];
            steps.into_iter().chain([(after, again)]).collect()
        },
    );
    let decided = (change(), vec((pause(), decide()), 1..3)).prop_map(|(change, decisions)| {
        let mut tale = vec![change];
        tale.extend(decisions);
        tale
    });
    prop_oneof![
        8 => (pause(), deed()).prop_map(|step| vec![step]),
        2 => undone,
        1 => spent,
        2 => decided,
    ]
}

/// A change that is answered at once, mostly.
fn change() -> impl Strategy<Value = (Tenths, Deed)> {
    let luck = prop_oneof![3 => Just(Luck::default()), 1 => luck()];
    (10..40_u16, 0..GIVERS, 0..MEMBERS, points(), luck).prop_map(
        |(after, giver, member, points, luck)| {
            let change = Deed::Change {
                giver,
                member,
                points,
                luck,
            };
            (after, change)
        },
    )
}

fn undo() -> impl Strategy<Value = Deed> {
    let luck = prop_oneof![Just(Luck::default()), luck()];
    (0..DECIDERS, way(), luck).prop_map(|(who, way, luck)| Deed::Undo { who, way, luck })
}

fn decide() -> impl Strategy<Value = Deed> {
    (0..DECIDERS, which(), any::<bool>()).prop_map(|(who, change, approves)| Deed::Decide {
        who,
        change,
        approves,
    })
}

/// Mostly the newest.
fn which() -> impl Strategy<Value = u8> {
    prop_oneof![3 => Just(0_u8), 1 => 0..4_u8]
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
        2 => undo(),
        1 => decide(),
        1 => (0..20_u16).prop_map(|before| Deed::Night { before }),
        1 => (0..MEMBERS).prop_map(|member| Deed::Squat { member }),
        4 => turns.prop_map(|turns| Deed::Crash { turns }),
        1 => Just(Deed::Restart),
    ]
}

fn way() -> impl Strategy<Value = Way> {
    prop_oneof![
        2 => (which(), 0..MEMBERS).prop_map(|(change, member)| Way::Code { change, member }),
        2 => Just(Way::Last),
        3 => (which(), 0..MEMBERS, any::<bool>())
            .prop_map(|(change, member, rest)| Way::Button { change, member, rest }),
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
