//! Who takes part, and what things are called.

use std::collections::HashMap;
use std::sync::LazyLock;

use guildpoints::model::Amount;
use guildpoints::model::BotId;
use guildpoints::model::Cause;
use guildpoints::model::ChannelId;
use guildpoints::model::GuildId;
use guildpoints::model::Language;
use guildpoints::model::MessageId;
use guildpoints::model::OpId;
use guildpoints::model::Policy;
use guildpoints::model::RoleId;
use guildpoints::model::UserId;
use guildpoints::model::op_id::MOST_UNDOS;
use guildpoints::model::policy::ManageGuild;
use guildpoints::model::policy::RewardLimits;
use guildpoints::permissions::Actor;
use guildpoints::permissions::Granted;
use guildpoints::permissions::HeldRole;
use guildpoints::permissions::Right;
use guildpoints::permissions::authorize;
use guildpoints::points::Order;
use guildpoints::points::Record;
use guildpoints::points::ReplyAddress;
use jiff::tz::TimeZone;

use crate::schedule::Schedule;

pub const GUILD: GuildId = GuildId::new(412_345_678_901_234_563);
pub const BOT: BotId = BotId(UserId::new(523_456_789_012_345_679));
const CHANNEL: ChannelId = ChannelId::new(612_345_678_901_234_561);
const MODERATOR: RoleId = RoleId::new(712_345_678_901_234_567);

/// Those whose points move.
pub const MEMBERS: [(&str, UserId); 3] = [
    ("Ann", UserId::new(223_456_789_012_345_677)),
    ("Bob", UserId::new(223_456_789_012_345_679)),
    ("Cho", UserId::new(223_456_789_012_345_681)),
];

/// Those who may give and take.
pub const GIVERS: [(&str, UserId); 2] = [
    ("Gus", UserId::new(323_456_789_012_345_677)),
    ("Hal", UserId::new(323_456_789_012_345_679)),
];

/// Those who may undo and decide: the givers, and an administrator.
pub const DECIDERS: [(&str, UserId); 3] = [GIVERS[0], GIVERS[1], ADMIN];

const ADMIN: (&str, UserId) = ("Ivy", UserId::new(323_456_789_012_345_681));

/// The message with the `number`-th command.
pub fn message(number: usize) -> MessageId {
    MessageId::new(9_007_199_254_740_993 + 2 * number as u64)
}

pub fn cause(number: usize, member: usize) -> Cause {
    Cause::Message {
        message: message(number),
        line: 0,
        member: MEMBERS[member].1,
    }
}

/// The name of a change in the story: command and member.
pub fn label(number: usize, member: usize) -> String {
    format!("#{number}-{}", MEMBERS[member].0)
}

/// The name in the story of the change or undo with this id.
pub fn label_of(op: &OpId) -> String {
    static LABELS: LazyLock<HashMap<OpId, String>> = LazyLock::new(|| {
        let mut labels = HashMap::new();
        for number in 0..64 {
            for member in 0..MEMBERS.len() {
                let (cause, label) = (cause(number, member), label(number, member));
                for attempt in 1..=MOST_UNDOS {
                    let undo = cause.undone_by(attempt).expect("a change can be undone");
                    labels.insert(OpId::of(BOT, &undo), format!("{label} undone {attempt}"));
                }
                labels.insert(OpId::of(BOT, &cause), label);
            }
        }
        labels
    });
    let known = LABELS.get(op).cloned();
    known.unwrap_or_else(|| format!("unheard-of {op}"))
}

/// Whose luck a change or undo has, by its name: that of its command, or of all who undo it.
pub fn luck_of(label: &str) -> String {
    match label.split_once(" undone ") {
        Some((change, _)) => undone(change),
        None => label.split('-').next().unwrap_or(label).to_owned(),
    }
}

/// The luck of those who undo the change of that name.
pub fn undone(label: &str) -> String {
    format!("{label} undone")
}

pub fn index_of(member: UserId) -> usize {
    let place = MEMBERS.iter().position(|(_, user)| *user == member);
    place.expect("only members' points move")
}

pub fn record(member: usize, points: i64) -> Record {
    Record::Found {
        member: Some(MEMBERS[member].1),
        amount: Amount::new(points).ok(),
    }
}

pub fn policy(schedule: &Schedule) -> Policy {
    Policy {
        guild: GUILD,
        name: None,
        language: Language::English,
        zone: TimeZone::UTC,
        admins: vec![ADMIN.1],
        admin_roles: Vec::new(),
        moderator_roles: vec![MODERATOR],
        manage_guild: ManageGuild::MeansNothing,
        limits: RewardLimits {
            per_day: schedule.quota,
            approve_over: schedule.approve_over,
            ..RewardLimits::default()
        },
        presets: Default::default(),
    }
}

pub fn granted(who: usize, right: Right, policy: &Policy) -> Granted {
    let actor = Actor {
        user: DECIDERS[who].1,
        roles: Some(vec![HeldRole {
            id: MODERATOR,
            permissions: Some(0),
        }]),
        owner: None,
    };
    authorize(right, &actor, policy).expect("moderators may")
}

/// Where the answer to a command belongs.
pub fn place(number: usize) -> ReplyAddress {
    ReplyAddress {
        channel: CHANNEL,
        quoting: Some(message(number)),
        said: None,
    }
}

pub fn order(number: usize, member: usize, points: i32) -> Order {
    Order {
        cause: cause(number, member),
        member: MEMBERS[member].1,
        member_name: MEMBERS[member].0.to_owned(),
        amount: Amount::new(i64::from(points)).expect("schedules keep within the bounds"),
        reason: Some("for helping".to_owned()),
        fallback_remark: "by a moderator".to_owned(),
        reply: place(number),
        confirmation: None,
    }
}
