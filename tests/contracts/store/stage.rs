//! Where the suite's stores live, and short words for what the tests do.

use std::time::Duration;

use guildpoints::journal::Confirmation;
use guildpoints::journal::ConfirmationState;
use guildpoints::journal::Intent;
use guildpoints::journal::Journal;
use guildpoints::journal::JournalError;
use guildpoints::journal::Opened;
use guildpoints::journal::Receipt;
use guildpoints::journal::Refused;
use guildpoints::journal::ReplyAddress;
use guildpoints::journal::Settlement;
use guildpoints::journal::Shown;
use guildpoints::journal::Span;
use guildpoints::journal::StoreSettings;
use guildpoints::journal::Ticket;
use guildpoints::journal::Told;
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
use guildpoints::model::refusal::PointsRefusal;
use guildpoints::permissions::Actor;
use guildpoints::permissions::Granted;
use guildpoints::permissions::HeldRole;
use guildpoints::permissions::Right;
use guildpoints::permissions::authorize;
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulses;
use jiff::tz::TimeZone;
use tempfile::TempDir;

use crate::postgres;

/// All ids are of the size the platform uses, where a float would round.
pub const GUILD: GuildId = GuildId::new(412_345_678_901_234_563);
pub const BOT: BotId = BotId(UserId::new(523_456_789_012_345_679));
pub const MEMBER: UserId = UserId::new(223_456_789_012_345_677);
pub const GIVER: UserId = UserId::new(223_456_789_012_345_679);
pub const CHANNEL: ChannelId = ChannelId::new(612_345_678_901_234_561);
pub const MODERATOR: RoleId = RoleId::new(712_345_678_901_234_567);

/// A message id that no float holds.
pub fn message(number: u64) -> MessageId {
    MessageId::new(9_007_199_254_740_993 + 2 * number)
}

/// A day that all of a test's writes fall into.
pub const EVER: Span = Span {
    from_ms: 0,
    until_ms: i64::MAX,
};

/// So long an entry is left to its first bearer.
pub const LOOK_AFTER: Duration = Duration::from_secs(30);

/// A place for one store, gone with the test.
pub struct Home {
    folder: TempDir,
    /// The address where the store is not a file in the folder.
    elsewhere: Option<String>,
    pub clock: Clock,
    pub pulses: Pulses,
}

impl Home {
    /// A place for a file of SQLite.
    pub fn new() -> Self {
        Self::with(None)
    }

    /// An empty schema of PostgreSQL, where there is a server.
    pub async fn on_postgres() -> Option<Self> {
        Some(Self::with(Some(postgres::schema().await?)))
    }

    /// A store at that address.
    pub fn at(url: String) -> Self {
        Self::with(Some(url))
    }

    fn with(elsewhere: Option<String>) -> Self {
        let clock = Clock::system();
        Self {
            folder: tempfile::tempdir().unwrap(),
            elsewhere,
            pulses: Pulses::new(clock.clone()),
            clock,
        }
    }

    pub fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("journal.db")
    }

    pub fn url(&self) -> String {
        match &self.elsewhere {
            Some(url) => url.clone(),
            None => format!("sqlite://{}", self.file().display()),
        }
    }

    /// What an operator does to the store by hand.
    pub async fn operator(&self, statement: &'static str) {
        match &self.elsewhere {
            Some(url) => postgres::execute(url, statement).await,
            None => {
                let connection = rusqlite::Connection::open(self.file()).unwrap();
                connection.execute_batch(statement).unwrap();
            }
        }
    }

    pub async fn journal(&self) -> Journal {
        self.journal_at(&self.url(), BOT).await.unwrap()
    }

    pub async fn journal_at(&self, url: &str, bot: BotId) -> Result<Journal, JournalError> {
        let settings = StoreSettings {
            url: url.to_owned(),
        };
        Journal::open_store(&settings, bot, self.clock.clone(), self.pulses.clone()).await
    }
}

fn policy(guild: GuildId, limits: RewardLimits) -> Policy {
    Policy {
        guild,
        name: None,
        language: Language::Chinese,
        zone: TimeZone::UTC,
        admins: Vec::new(),
        admin_roles: Vec::new(),
        moderator_roles: vec![MODERATOR],
        manage_guild: ManageGuild::MeansNothing,
        limits,
        presets: Default::default(),
    }
}

/// What a moderator may within `limits`.
pub fn granted_to(giver: UserId, limits: RewardLimits) -> Granted {
    granted(giver, GUILD, limits)
}

pub fn granted(giver: UserId, guild: GuildId, limits: RewardLimits) -> Granted {
    let policy = policy(guild, limits);
    let actor = Actor {
        user: giver,
        roles: Some(vec![HeldRole {
            id: MODERATOR,
            permissions: Some(0),
        }]),
        owner: None,
    };
    authorize(Right::Give, &actor, &policy).unwrap()
}

/// What the guild's owner may.
pub fn owning(user: UserId) -> Granted {
    let policy = policy(GUILD, RewardLimits::default());
    let actor = Actor {
        user,
        roles: Some(Vec::new()),
        owner: Some(user),
    };
    authorize(Right::Freeze, &actor, &policy).unwrap()
}

/// What an ordinary moderator may.
pub fn allowed() -> Granted {
    granted_to(GIVER, RewardLimits::default())
}

pub fn per_day(points: i64) -> RewardLimits {
    RewardLimits {
        per_day: points,
        ..RewardLimits::default()
    }
}

pub fn cause(number: u64) -> Cause {
    Cause::Message {
        message: message(number),
        line: 0,
        member: MEMBER,
    }
}

pub fn intent(number: u64, points: i64) -> Intent {
    Intent {
        cause: cause(number),
        guild: GUILD,
        system: "mall".to_owned(),
        member: MEMBER,
        member_name: "小明 '; drop table entries".to_owned(),
        amount: Amount::new(points).unwrap(),
        reason: Some("天梯第一名".to_owned()),
        remark: "天梯第一名 · 666".to_owned(),
        reply: ReplyAddress {
            channel: CHANNEL,
            quoting: Some(message(number)),
            said: None,
        },
        confirmation: None,
        account: None,
        day: 0,
    }
}

/// The intent of an attempt to undo what `intent` wants.
pub fn undo(number: u64, attempt: u8, points: i64) -> Intent {
    Intent {
        cause: cause(number).undone_by(attempt).unwrap(),
        ..intent(number, points)
    }
}

/// That somebody has not enough.
pub fn refusal() -> Settlement {
    Settlement::Refused(Refused {
        meaning: PointsRefusal::Insufficient,
        code: Some(30_001),
        text: "用户积分不足".to_owned(),
    })
}

/// Opens as an ordinary moderator.
pub async fn try_open(journal: &Journal, intent: Intent) -> Result<Opened, JournalError> {
    journal.open(&allowed(), EVER, LOOK_AFTER, intent).await
}

/// Opens as an ordinary moderator in a store that works.
pub async fn open(journal: &Journal, intent: Intent) -> Opened {
    try_open(journal, intent).await.unwrap()
}

/// Opens what must be fresh.
pub async fn ticket(journal: &Journal, number: u64, points: i64) -> Ticket {
    fresh(open(journal, intent(number, points)).await)
}

pub fn fresh(opened: Opened) -> Ticket {
    match opened {
        Opened::Fresh(ticket) => ticket,
        other => panic!("expected a ticket, got {other:?}"),
    }
}

/// Notes that everything told together with that one was said, as it stands now.
pub async fn say(
    journal: &Journal,
    cause: &Cause,
    said: MessageId,
    told: Told,
) -> Result<(), JournalError> {
    let mut shown = vec![journal.of_cause(cause).await?];
    if cause.undoes().is_none() {
        let (message, _, _) = cause.parts();
        let all = journal.of_message(message).await?;
        shown = all.into_iter().map(Some).collect();
    }
    let shown: Vec<Shown> = shown.iter().flatten().map(Receipt::shown).collect();
    journal.told(cause, said, told, &shown).await
}

/// A question of `GIVER` that waits for a button for ten minutes.
pub fn question(home: &Home, number: u64) -> Confirmation {
    Confirmation {
        message: message(number),
        guild: GUILD,
        channel: CHANNEL,
        caller: GIVER,
        proposal: r#"{"reward":1}"#.to_owned(),
        expires_ms: home.clock.now_ms() + 600_000,
        said: None,
        state: ConfirmationState::Asked,
    }
}
