//! The number every write carries: whoever lost the bot writes nothing, however it came to think that
//! it owns it still.

use std::time::Duration;

use guildpoints::journal::Intent;
use guildpoints::journal::Journal;
use guildpoints::journal::JournalError;
use guildpoints::journal::Lost;
use guildpoints::journal::Opened;
use guildpoints::journal::ReplyAddress;
use guildpoints::journal::Settlement;
use guildpoints::journal::Span;
use guildpoints::journal::StoreSettings;
use guildpoints::journal::Told;
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

use crate::postgres;

const GUILD: GuildId = GuildId::new(604_098_525_650_767_873);
const GIVER: UserId = UserId::new(383_041_884_139_835_399);
const MEMBER: UserId = UserId::new(471_826_928_681_111_565);
/// Ends a term in the row, as time would.
const OVER: &str = "update owner set until_ms = 0";

async fn journal(url: &str) -> Journal {
    let settings = StoreSettings {
        url: url.to_owned(),
    };
    let bot = BotId(UserId::new(571_483_611_329_482_781));
    let opened = Journal::open_store(&settings, bot, Clock::system(), Pulses::default()).await;
    opened.expect("the store opens")
}

fn granted() -> Granted {
    let policy = Policy {
        guild: GUILD,
        name: None,
        language: Language::English,
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
    authorize(Right::Give, &actor, &policy).expect("an admin may")
}

async fn opened(journal: &Journal, message: u64) -> Result<Opened, JournalError> {
    let intent = Intent {
        cause: cause(message),
        guild: GUILD,
        system: "mall".to_owned(),
        member: MEMBER,
        member_name: "Ann".to_owned(),
        amount: Amount::new(5).expect("a small amount"),
        reason: None,
        remark: "five".to_owned(),
        reply: ReplyAddress {
            channel: ChannelId::new(1),
            quoting: None,
            said: None,
        },
        confirmation: None,
        account: None,
        day: 0,
    };
    let ever = Span {
        from_ms: 0,
        until_ms: i64::MAX,
    };
    journal
        .open(&granted(), ever, Duration::from_secs(60), intent)
        .await
}

fn cause(message: u64) -> Cause {
    Cause::Message {
        message: MessageId::new(message),
        line: 0,
        member: MEMBER,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_owner_opens_settles_and_marks_nothing() {
    let Some(url) = postgres::schema().await else {
        return;
    };
    let (first, second) = (journal(&url).await, journal(&url).await);
    let former = first.stand_by("the first").await;
    let Ok(Opened::Fresh(ticket)) = opened(former.journal(), 1).await else {
        panic!("an owner may write");
    };

    postgres::execute(&url, OVER).await;
    let present = second.stand_by("the second").await;
    assert_eq!(present.fence(), former.fence() + 1);
    let owner = first
        .owner()
        .await
        .expect("it answers")
        .expect("somebody owns it");
    assert_eq!(
        (&*owner.label, owner.fence),
        ("the second", present.fence())
    );
    assert!(owner.left > Duration::ZERO);

    // By its own clock it is still the owner.
    assert!(former.tenure().holds());
    let refused =
        |error: JournalError| assert!(matches!(error, JournalError::NotOwner), "{error:?}");
    refused(
        opened(former.journal(), 2)
            .await
            .expect_err("it may not open"),
    );
    refused(
        former
            .journal()
            .settle(ticket, Settlement::Done)
            .await
            .expect_err("nor settle"),
    );
    let known = cause(1);
    let told = former
        .journal()
        .told(&known, MessageId::new(9), Told::Final, &[]);
    refused(told.await.expect_err("nor mark"));
    refused(former.journal().writable().await.expect_err("nor prove"));
    // Several at once share a transaction, and each of them hears it.
    let (some, more) = tokio::join!(opened(former.journal(), 3), opened(former.journal(), 4));
    refused(some.expect_err("it may not open"));
    refused(more.expect_err("it may not open"));

    assert_eq!(
        postgres::number(&url, "select count(*) from entries").await,
        1
    );
    let settled = "select count(*) from entries where settled_ms is not null or told <> 'nothing'";
    assert_eq!(postgres::number(&url, settled).await, 0);
    assert!(matches!(
        opened(present.journal(), 2).await,
        Ok(Opened::Fresh(_))
    ));
    // The same process in another term writes again.
    assert_eq!(former.keep().await, Lost::TakenOver);
    present.release().await;
    let again = first.stand_by("the first").await;
    assert_eq!(again.fence(), present.fence() + 1);
    assert!(matches!(
        opened(again.journal(), 3).await,
        Ok(Opened::Fresh(_))
    ));
    refused(
        opened(former.journal(), 4)
            .await
            .expect_err("the old term is over"),
    );
    first.close().await;
    second.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_was_given_twice_does_not_let_the_other_one_in() {
    let Some(url) = postgres::schema().await else {
        return;
    };
    let (first, second) = (journal(&url).await, journal(&url).await);
    let former = first.stand_by("the first").await;
    // A fail-over to a server that had not heard of the last owner: the row is as it was before.
    postgres::execute(&url, "update owner set fence = fence - 1, until_ms = 0").await;
    let present = second.stand_by("the second").await;
    assert_eq!(present.fence(), former.fence());
    assert!(former.tenure().holds());
    let refused = opened(former.journal(), 1).await;
    assert!(
        matches!(refused, Err(JournalError::NotOwner)),
        "{refused:?}"
    );
    assert!(matches!(
        opened(present.journal(), 1).await,
        Ok(Opened::Fresh(_))
    ));
    first.close().await;
    second.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_want_a_free_bot_one_gets_it() {
    let Some(url) = postgres::schema().await else {
        return;
    };
    let mut waiting = tokio::task::JoinSet::new();
    for name in ["a", "b", "c", "d"] {
        let journal = journal(&url).await;
        waiting.spawn(async move { (name, journal.stand_by(name).await) });
    }
    let mut seen = Vec::new();
    while let Some(ended) = waiting.join_next().await {
        let (name, term) = ended.expect("standing by does not panic");
        seen.push(term.fence());
        // While it owns the bot, nobody else does.
        let pause = tokio::time::sleep(Duration::from_millis(1_200));
        let another = tokio::select! {
            () = pause => false,
            another = waiting.join_next() => another.is_some(),
        };
        assert!(!another, "{name} was not alone");
        term.release().await;
    }
    assert_eq!(seen, [1, 2, 3, 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_owned_by_whoever_has_locked_it_for_as_long_as_it_runs() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite://{}", folder.path().join("journal.db").display());
    let journal = journal(&url).await;
    let term = journal.stand_by("this one").await;
    assert!(term.tenure().holds());
    assert!(matches!(
        opened(term.journal(), 1).await,
        Ok(Opened::Fresh(_))
    ));
    assert_eq!(journal.owner().await.expect("it answers"), None);
    let settings = StoreSettings { url: url.clone() };
    let bot = BotId(UserId::new(571_483_611_329_482_781));
    let other = Journal::open_store(&settings, bot, Clock::system(), Pulses::default()).await;
    assert!(matches!(other, Err(JournalError::InUse { .. })));
    term.release().await;
    journal.close().await;
}
