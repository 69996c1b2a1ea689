//! Durable intents, one by one and many at once, beside the bare disk below them.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use guildpoints::journal::Intent;
use guildpoints::journal::Journal;
use guildpoints::journal::Opened;
use guildpoints::journal::ReplyAddress;
use guildpoints::journal::Span;
use guildpoints::journal::StoreSettings;
use guildpoints::model::Amount;
use guildpoints::model::BotId;
use guildpoints::model::Cause;
use guildpoints::model::ChannelId;
use guildpoints::model::GuildId;
use guildpoints::model::Language;
use guildpoints::model::MessageId;
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
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulses;
use jiff::tz::TimeZone;

/// Intents that wait at once in the second half of the budget. Source: performance, budget 5.
pub const WAITING: u64 = 64;

/// So many moderators give in turn: each gives some dozens within a day, as in operation, and not
/// thousands, which would measure how long their quota takes to add up.
const GIVERS: u64 = 2_048;

/// Commits before anything is measured: a log that still grows makes each of them twice as dear.
const WARM: u64 = 1_500;

/// The preallocated file's size, in bytes.
const PREALLOCATED: u64 = 16 * 1024 * 1024;

const GUILD: GuildId = GuildId::new(412_345_678_901_234_563);
const MODERATOR: RoleId = RoleId::new(712_345_678_901_234_567);

/// A preallocated file whose bytes are overwritten and synchronised.
pub struct Disk {
    file: File,
    at: u64,
}

impl Disk {
    /// A file of zeros in `folder`, on the disk.
    pub fn new(folder: &Path) -> std::io::Result<Self> {
        let mut file = File::create_new(folder.join("bare.bin"))?;
        file.write_all(&vec![0; PREALLOCATED as usize])?;
        file.sync_all()?;
        Ok(Self { file, at: 0 })
    }

    /// One bare durable commit: 4 KiB over what is there, then fdatasync.
    pub fn commit(&mut self) -> std::io::Result<()> {
        self.file.write_all_at(&[1; 4_096], self.at)?;
        self.at = (self.at + 4_096) % PREALLOCATED;
        self.file.sync_data()
    }
}

/// A journal on the same disk, warmed up.
pub struct Desk {
    journal: Journal,
    granted: Vec<Granted>,
    next: AtomicU64,
}

impl Desk {
    /// A new store in `folder`.
    pub async fn new(folder: &Path) -> Self {
        Self::at(format!("sqlite://{}", folder.join("bench.db").display())).await
    }

    /// A new store at that address.
    pub async fn at(url: String) -> Self {
        let clock = Clock::system();
        let settings = StoreSettings { url };
        let bot = BotId(UserId::new(1));
        let journal = Journal::open_store(&settings, bot, clock.clone(), Pulses::new(clock)).await;
        let desk = Self {
            journal: journal.expect("the store opens"),
            granted: (0..GIVERS).map(granted).collect(),
            next: AtomicU64::new(0),
        };
        for _ in 0..WARM / WAITING {
            desk.many().await;
        }
        for _ in 0..WARM {
            desk.one().await;
        }
        desk
    }

    /// Writes one intent and waits until it is on disk.
    pub async fn one(&self) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let giver = (number % GIVERS) as usize;
        let day = Span {
            from_ms: 0,
            until_ms: i64::MAX,
        };
        let opened = self
            .journal
            .open(
                &self.granted[giver],
                day,
                Duration::from_secs(30),
                intent(number),
            )
            .await;
        let opened = opened.expect("an intent can be written");
        assert!(matches!(opened, Opened::Fresh(_)), "{opened:?}");
    }

    /// Writes [`WAITING`] intents at once and waits for all.
    pub async fn many(&self) {
        join_all((0..WAITING).map(|_| self.one())).await;
    }

    /// Closes the store.
    pub async fn close(self) {
        self.journal.close().await;
    }
}

fn intent(number: u64) -> Intent {
    Intent {
        cause: Cause::Message {
            message: MessageId::new(868_822_861_471_551_488 + (number << 12)),
            line: 0,
            member: UserId::new(737_262_643_970_064_384 + number % 1_000),
        },
        guild: GUILD,
        system: "mall".to_owned(),
        member: UserId::new(737_262_643_970_064_384 + number % 1_000),
        member_name: "小明".to_owned(),
        amount: Amount::new(6).expect("six points are an amount"),
        reason: Some("天梯第一名".to_owned()),
        remark: "天梯第一名".to_owned(),
        reply: ReplyAddress {
            channel: ChannelId::new(612_345_678_901_234_561),
            quoting: Some(MessageId::new(868_822_861_471_551_488 + (number << 12))),
            said: None,
        },
        confirmation: None,
        account: None,
        day: 0,
    }
}

/// What a moderator may; capped, so that the quota is counted as in operation.
fn granted(number: u64) -> Granted {
    let policy = Policy {
        guild: GUILD,
        name: None,
        language: Language::Chinese,
        zone: TimeZone::UTC,
        admins: Vec::new(),
        admin_roles: Vec::new(),
        moderator_roles: vec![MODERATOR],
        manage_guild: ManageGuild::MeansNothing,
        limits: RewardLimits {
            per_day: 1_000_000_000,
            ..RewardLimits::default()
        },
        presets: Default::default(),
    };
    let actor = Actor {
        user: UserId::new(500_000_000_000_000_000 + number),
        roles: Some(vec![HeldRole {
            id: MODERATOR,
            permissions: Some(0),
        }]),
        owner: None,
    };
    authorize(Right::Give, &actor, &policy).expect("a moderator may give")
}
