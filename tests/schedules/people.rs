//! Who takes part, and what things are called.

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

/// The name in the story of the change with this id.
pub fn label_of(op: &OpId) -> String {
    for number in 0..64 {
        for member in 0..MEMBERS.len() {
            if OpId::of(BOT, &cause(number, member)) == *op {
                return label(number, member);
            }
        }
    }
    format!("unheard-of {op}")
}

/// The command a change belongs to, by the change's name.
pub fn number_of(label: &str) -> usize {
    let number = label
        .strip_prefix('#')
        .and_then(|rest| rest.split('-').next());
    let number = number.and_then(|number| number.parse().ok());
    number.unwrap_or_else(|| panic!("`{label}` is no change of ours"))
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

pub fn policy(quota: i64) -> Policy {
    Policy {
        guild: GUILD,
        name: None,
        language: Language::English,
        zone: TimeZone::UTC,
        admins: Vec::new(),
        admin_roles: Vec::new(),
        moderator_roles: vec![MODERATOR],
        manage_guild: ManageGuild::MeansNothing,
        limits: RewardLimits {
            per_day: quota,
            ..RewardLimits::default()
        },
        presets: Default::default(),
    }
}

pub fn granted(giver: usize, points: i32, policy: &Policy) -> Granted {
    let right = if points < 0 { Right::Take } else { Right::Give };
    let actor = Actor {
        user: GIVERS[giver].1,
        roles: Some(vec![HeldRole {
            id: MODERATOR,
            permissions: Some(0),
        }]),
        owner: None,
    };
    authorize(right, &actor, policy).expect("moderators may")
}

pub fn order(number: usize, member: usize, points: i32) -> Order {
    Order {
        cause: cause(number, member),
        member: MEMBERS[member].1,
        member_name: MEMBERS[member].0.to_owned(),
        amount: Amount::new(i64::from(points)).expect("schedules keep within the bounds"),
        reason: Some("for helping".to_owned()),
        fallback_remark: "by a moderator".to_owned(),
        reply: ReplyAddress {
            channel: CHANNEL,
            quoting: Some(message(number)),
            said: None,
        },
        confirmation: None,
    }
}
