//! A journal in a folder of its own, which mints tickets for any change a test asks for.

// Every test program that takes this module in uses another part of it.
#![allow(dead_code)]

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use guildpoints::journal::Intent;
use guildpoints::journal::Journal;
use guildpoints::journal::Opened;
use guildpoints::journal::ReplyAddress;
use guildpoints::journal::Span;
use guildpoints::journal::StoreSettings;
use guildpoints::journal::Ticket;
use guildpoints::model::Account;
use guildpoints::model::Amount;
use guildpoints::model::BotId;
use guildpoints::model::Cause;
use guildpoints::model::ChannelId;
use guildpoints::model::GuildId;
use guildpoints::model::Language;
use guildpoints::model::MessageId;
use guildpoints::model::Policy;
use guildpoints::model::UserId;
use guildpoints::model::policy::ManageGuild;
use guildpoints::model::policy::RewardLimits;
use guildpoints::permissions::Actor;
use guildpoints::permissions::Granted;
use guildpoints::permissions::Right;
use guildpoints::permissions::authorize;
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulses;
use tempfile::TempDir;

const GIVER: UserId = UserId::new(223_456_789_012_345_681);

/// The journal, which goes with it.
pub struct Mint {
    pub journal: Journal,
    messages: AtomicU64,
    _folder: TempDir,
}

/// A change that a ticket is wanted for.
pub struct Wanted<'a> {
    pub guild: GuildId,
    pub system: &'a str,
    pub member: UserId,
    pub account: Option<Account>,
    pub points: i64,
}

impl Mint {
    pub async fn open(clock: &Clock, pulses: &Pulses) -> Self {
        let folder = TempDir::new().unwrap();
        let store = StoreSettings {
            url: format!("sqlite://{}", folder.path().join("journal.db").display()),
        };
        let bot = BotId(UserId::new(775_011_379_970_068_480));
        let journal = Journal::open_store(&store, bot, clock.clone(), pulses.clone());
        Self {
            journal: journal.await.unwrap(),
            messages: 868_822_861_471_551_488.into(),
            _folder: folder,
        }
    }

    /// A ticket for that change, asked for with a message of its own.
    pub async fn ticket(&self, wanted: Wanted<'_>) -> Ticket {
        let intent = Intent {
            cause: Cause::Message {
                message: MessageId::new(self.messages.fetch_add(1, Ordering::Relaxed)),
                line: 0,
                member: wanted.member,
            },
            guild: wanted.guild,
            system: wanted.system.to_owned(),
            member: wanted.member,
            member_name: "小明".to_owned(),
            amount: Amount::new(wanted.points).unwrap(),
            reason: None,
            remark: "周赛 \"第一\" & 名次=1".to_owned(),
            reply: ReplyAddress {
                channel: ChannelId::new(1),
                quoting: None,
                said: None,
            },
            confirmation: None,
            account: wanted.account,
            day: 0,
        };
        let day = Span {
            from_ms: 0,
            until_ms: i64::MAX,
        };
        let granted = granted(wanted.guild);
        let minute = Duration::from_secs(60);
        let opened = self.journal.open(&granted, day, minute, intent).await;
        match opened.unwrap() {
            Opened::Fresh(ticket) => ticket,
            other => panic!("{other:?}"),
        }
    }
}

fn granted(guild: GuildId) -> Granted {
    let policy = Policy {
        guild,
        name: None,
        language: Language::Chinese,
        zone: jiff::tz::TimeZone::UTC,
        admins: vec![GIVER],
        admin_roles: Vec::new(),
        moderator_roles: Vec::new(),
        manage_guild: ManageGuild::MeansNothing,
        limits: RewardLimits::default(),
        presets: Default::default(),
    };
    let actor = Actor {
        user: GIVER,
        roles: None,
        owner: None,
    };
    authorize(Right::Give, &actor, &policy).unwrap()
}
