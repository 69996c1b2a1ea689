//! Ten thousand members with the same points: everybody is first, and that is said plainly.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use guildpoints::journal::Intent;
use guildpoints::journal::Journal;
use guildpoints::journal::Opened;
use guildpoints::journal::ReplyAddress;
use guildpoints::journal::Settlement;
use guildpoints::journal::Shown;
use guildpoints::journal::Span;
use guildpoints::journal::StoreSettings;
use guildpoints::journal::Told;
use guildpoints::model::Amount;
use guildpoints::model::BotId;
use guildpoints::model::Cause;
use guildpoints::model::Language;
use guildpoints::model::MessageId;
use guildpoints::model::Policy;
use guildpoints::model::UserId;
use guildpoints::model::period::day_of;
use guildpoints::model::policy::ManageGuild;
use guildpoints::model::policy::RewardLimits;
use guildpoints::permissions::Actor;
use guildpoints::permissions::Right;
use guildpoints::permissions::authorize;
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulses;
use jiff::tz::TimeZone;

use crate::boards;
use crate::boards::named;
use crate::boards::rewarded;
use crate::boards::rows;
use crate::boards::stage;
use crate::stage::Stage;

const MEMBERS: usize = 10_000;
/// Of one command.
const A_COMMAND: usize = 100;
const POINTS: i64 = 7;

fn name(number: usize) -> String {
    format!("选手{number}")
}

/// What somebody sees.
async fn seen(stage: &mut Stage, who: &str, text: &str) -> String {
    let board = boards::seen(stage, who, text).await;
    named(stage, &board)
}

/// Gives all of these the same, as commands of a hundred members each would; the bot does not run.
async fn all_rewarded(stage: &Stage, members: &[UserId]) {
    let zone = TimeZone::get("Asia/Shanghai").expect("there is such a zone");
    let clock = Clock::system();
    let day = day_of(clock.now_ms(), &zone);
    let giver = stage.user("夜雨");
    let policy = Policy {
        guild: stage.guild,
        name: None,
        language: Language::Chinese,
        zone,
        admins: vec![giver],
        admin_roles: Vec::new(),
        moderator_roles: Vec::new(),
        manage_guild: ManageGuild::MeansNothing,
        limits: RewardLimits {
            per_day: i64::MAX,
            ..RewardLimits::default()
        },
        presets: Default::default(),
    };
    let actor = Actor {
        user: giver,
        roles: None,
        owner: None,
    };
    let granted = authorize(Right::Give, &actor, &policy).expect("an administrator may give");
    let store = StoreSettings {
        url: stage.store_url(),
    };
    let bot = BotId(stage.sandbox.bot());
    let journal = Journal::open_store(&store, bot, clock.clone(), Pulses::new(clock)).await;
    let journal = journal.expect("the store can be opened");
    let ever = Span {
        from_ms: 0,
        until_ms: i64::MAX,
    };
    let look_after = Duration::from_secs(30);
    let commands = members.chunks(A_COMMAND).zip(1..);
    let commands = commands.map(|(members, number)| {
        let (granted, journal) = (&granted, &journal);
        async move {
            let message = MessageId::new(1_000 + number);
            let intents = members.iter().map(|member| Intent {
                cause: Cause::Message {
                    message,
                    line: 0,
                    member: *member,
                },
                guild: stage.guild,
                system: "ledger".to_owned(),
                member: *member,
                member_name: "选手".to_owned(),
                amount: Amount::new(POINTS).expect("an amount"),
                reason: Some("同分".to_owned()),
                remark: "同分".to_owned(),
                reply: ReplyAddress {
                    channel: stage.channel,
                    quoting: Some(message),
                    said: None,
                },
                confirmation: None,
                account: None,
                day,
            });
            let mut tickets = Vec::with_capacity(members.len());
            for intent in intents {
                match journal.open(granted, ever, look_after, intent).await {
                    Ok(Opened::Fresh(ticket)) => tickets.push(ticket),
                    other => panic!("not opened: {other:?}"),
                }
            }
            let posted = journal.post_all(&tickets).await;
            posted.expect("they are booked");
            let cause = tickets[0].receipt().cause;
            for ticket in tickets {
                let settled = journal.settle(ticket, Settlement::Done).await;
                settled.expect("it is settled");
            }
            let all = journal.of_message(message).await;
            let all = all.expect("the store can be read");
            let shown: Vec<Shown> = all.iter().map(|receipt| receipt.shown()).collect();
            let told = journal.told(&cause, message, Told::Final, &shown).await;
            told.expect("it is noted");
        }
    });
    // Side by side, so that they share their commits.
    stream::iter(commands)
        .buffer_unordered(MEMBERS / A_COMMAND)
        .collect::<Vec<()>>()
        .await;
    journal.close().await;
}

#[tokio::test]
async fn ten_thousand_with_the_same_points_are_all_first() {
    let mut stage = stage().await;
    assert!(stage.stop().await.success());
    let members: Vec<UserId> = (1..=MEMBERS)
        .map(|number| stage.sandbox.joins(stage.guild, &name(number)))
        .collect();
    assert!(members.is_sorted(), "who came later has the higher number");
    all_rewarded(&stage, &members).await;
    stage.start().await;
    let page = |board: &str, first: usize| {
        let wanted: Vec<String> = (first..first + 10)
            .map(|number| format!("🥇 {} · {POINTS}", name(number)))
            .collect();
        assert_eq!(rows(board)[..10], wanted, "{board}");
    };
    // Of a whole, of running days, and of the accounts: among equals the older number comes first.
    for (period, head) in [
        ("总榜", "累计获得积分榜"),
        ("今日", "今日获得积分榜"),
        ("7d", "近 7 天获得积分榜"),
        ("余额", "积分余额榜"),
    ] {
        let board = seen(&mut stage, "选手5000", &format!("/排行榜 {period}")).await;
        let wanted = format!("🏆 {head} · 第 1 / 1,000 页");
        assert_eq!(board.lines().next(), Some(wanted.as_str()), "{board}");
        page(&board, 1);
        assert!(
            board.contains("\n👤 选手5000：第 1 名 · 7 积分 · 目前第一\n"),
            "{board}"
        );
        let last = seen(&mut stage, "选手1", &format!("/top {period} page 999")).await;
        page(&last, 9_981);
        let beyond = seen(&mut stage, "选手1", &format!("/top {period} page 1001")).await;
        assert_eq!(
            rows(&beyond)[0],
            "没有第 1,001 页，最后一页是第 1,000 页。",
            "{beyond}"
        );
        assert!(beyond.contains("👤 选手1：第 1 名"), "{beyond}");
        // One's own page is that on which the place begins; one's neighbours are equals.
        let own = seen(&mut stage, "选手5005", &format!("/top {period} me")).await;
        page(&own, 1);
        let rank = seen(&mut stage, "选手5005", &format!("/rank {period}")).await;
        let lines: Vec<&str> = rank.lines().collect();
        assert_eq!(
            lines[1..6],
            [
                "🥇 选手5003 · 7",
                "🥇 选手5004 · 7",
                "👉 1. 选手5005 · 7 · 目前第一",
                "🥇 选手5006 · 7",
                "🥇 选手5007 · 7",
            ],
            "{rank}"
        );
    }
    // The pages stand where they stood when somebody among them is gone, or has more.
    seen(&mut stage, "选手3", "/隐私 board off").await;
    rewarded(&mut stage, "选手9000", 1).await;
    let board = seen(&mut stage, "选手9999", "/top all").await;
    let shown = rows(&board);
    assert_eq!(
        shown[..4],
        [
            "🥇 选手9000 · 8",
            "🥈 选手1 · 7",
            "🥈 选手2 · 7",
            "🥈 选手4 · 7"
        ],
        "{board}"
    );
    assert!(
        board.contains("👤 选手9999：第 2 名 · 7 积分 · 距上一名还差 1\n")
            && board.ends_with("未显示 1 人"),
        "{board}"
    );
    stage.finish().await;
}
