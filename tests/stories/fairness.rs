//! Fairness: a guild that floods makes nobody wait but itself, and where the mall is slow nothing
//! holds its members up but `mall_in_flight`.
//!
//! No clock is read: what waited for what shows in the order of things and in the mall's own record
//! of the requests that were under way together.

use std::collections::HashMap;

use guildpoints::model::ChannelId;
use guildpoints::model::GuildId;
use guildpoints::model::MessageId;
use guildpoints::model::UserId;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use guildpoints::sandbox::mall::MallRequest;

use crate::stage::Said;
use crate::stage::Settings;
use crate::stage::Stage;

/// Where balances are read.
const BALANCE: &str = "getUserPoint";

/// A mall that takes a second is a slow one, not a lost one.
const PATIENT: &str = "timeout = \"20s\"\n";

#[tokio::test]
async fn a_question_is_answered_as_if_no_other_guild_flooded() {
    const IN_FLIGHT: usize = 64;
    /// What one of several guilds may have under way.
    const SHARE: usize = IN_FLIGHT * 3 / 4;
    const MEMBERS: usize = 300;
    const EACH: usize = 6;
    let mut stage = stage(IN_FLIGHT).await;
    let quiet = stage.sandbox.guilds()[1];
    let hall = stage.sandbox.channels(quiet)[0].0;
    let asker = stage.user("小明");
    let mall = stage.sandbox.mall();
    mall.switch(quiet.number(), true);
    mall.set_balance(quiet.number(), asker.number(), 7);
    stage.settings.further = format!("[[guild]]\nid = {quiet}\npoints = \"mall\"\n");
    let members = joined(&stage, MEMBERS);
    stage.start().await;
    slow(&stage);

    for _ in 0..EACH {
        for member in &members {
            stage.sandbox.says(*member, stage.channel, "/积分");
        }
    }
    stage
        .until("the flood has under way what it may", |sandbox| {
            sandbox.mall().traffic().under_way == SHARE
        })
        .await;
    let before = stage.sandbox.mall().traffic().arrived;
    let asked = Said(stage.sandbox.says(asker, hall, "/积分"));
    let answer = stage.hears(asked).await;
    assert!(answer.contains("你现在有 7 积分"), "{answer}");

    // At the mall: ahead of nearly all of the flood, into a slot the flood had left free.
    let request = requests(&stage).into_iter().find(|request| {
        let guild = format!("guildId={quiet}");
        request.endpoint == BALANCE && request.request.contains(&guild)
    });
    let request = request.expect("the mall was asked");
    let overtaken_by = request.arrival - before - 1;
    assert!(overtaken_by < 4 * SHARE as u64, "{overtaken_by} went first");
    assert_eq!(request.most_under_way, SHARE + 1);
    // In the chat: the flood got its own answers meanwhile, a few rounds of what it may, no more.
    let answers = stage.sandbox.answers_to(asked.0);
    let flood = stage.sandbox.messages(stage.channel);
    let meanwhile = flood.iter().filter(|message| {
        message.author.id == stage.sandbox.bot()
            && message.id > asked.0
            && message.id < answers[0].id
    });
    let meanwhile = meanwhile.count();
    assert!(meanwhile < 4 * SHARE, "{meanwhile} answers went first");

    // The flood is answered too, each command once.
    stage.sandbox.faults().clear();
    all_said(&stage, MEMBERS * EACH + 1).await;
    let told = told_by_question(&mut stage);
    assert_eq!(told.len(), MEMBERS * EACH);
    for answers in told.values() {
        assert!(
            matches!(answers.as_slice(), [answer] if answer.contains("你现在有")),
            "{answers:?}"
        );
    }
    assert_eq!(stage.sandbox.mall().traffic().peak, SHARE + 1);
    stage.finish().await;
}

#[tokio::test]
async fn a_thousand_members_at_once_wait_for_nothing_but_the_mall() {
    const IN_FLIGHT: usize = 125;
    const MEMBERS: usize = 1_000;
    let mut stage = stage(IN_FLIGHT).await;
    let members = joined(&stage, MEMBERS);
    stage.start().await;
    slow(&stage);

    let channel = stage.channel;
    let asked: Vec<MessageId> = members
        .iter()
        .map(|member| stage.sandbox.says(*member, channel, "/积分"))
        .collect();
    all_said(&stage, MEMBERS).await;

    // Each was asked for once, and each found the mall as full as it may be at some moment of its
    // second there: so the limit was reached, and reached again as long as anybody waited.
    assert_eq!(stage.sandbox.mall().traffic().peak, IN_FLIGHT);
    let requests = requests(&stage);
    assert_eq!(requests.len(), MEMBERS);
    for (place, request) in requests.iter().enumerate() {
        let in_the_tail = place + IN_FLIGHT >= MEMBERS;
        assert!(
            request.most_under_way == IN_FLIGHT || in_the_tail,
            "{place}: {request:?}"
        );
    }
    let told = told_by_question(&mut stage);
    for (points, message) in asked.iter().enumerate() {
        let answers = told.get(message).map(Vec::as_slice).unwrap_or_default();
        assert!(
            matches!(answers, [answer] if answer.contains(&format!("你现在有 {points} 积分"))),
            "{points}: {answers:?}"
        );
    }
    stage.finish().await;
}

/// A sandbox without its bot, whose settings let so many requests to the mall be under way.
async fn stage(in_flight: usize) -> Stage {
    let stage = Stage::without_bot(Settings {
        bot: "commands_dir = \"words\"\n".to_owned(),
        limits: format!("mall_in_flight = {in_flight}\n"),
        mall: Some(PATIENT.to_owned()),
        ..Settings::default()
    })
    .await;
    stage.write_words("points.toml", "cooldown = \"0s\"\n");
    stage
}

/// New members of the first guild, with 0, 1, 2 ... points.
fn joined(stage: &Stage, count: usize) -> Vec<UserId> {
    let guild: GuildId = stage.guild;
    (0..count)
        .map(|points| {
            let member = stage.sandbox.joins(guild, &format!("水友{points}"));
            let points = i64::try_from(points).expect("it is small");
            let mall = stage.sandbox.mall();
            mall.set_balance(guild.number(), member.number(), points);
            member
        })
        .collect()
}

/// From now on the mall takes a second for each balance.
fn slow(stage: &Stage) {
    stage.sandbox.faults().set(FaultRule {
        endpoint: BALANCE.to_owned(),
        skip: 0,
        count: None,
        kind: FaultKind::DelayAfter { ms: 1_000 },
    });
}

/// The balances that were read, in the order of their answers.
fn requests(stage: &Stage) -> Vec<MallRequest> {
    let requests = stage.sandbox.mall().requests().into_iter();
    requests
        .filter(|request| request.endpoint == BALANCE)
        .collect()
}

/// Waits until the bot has said so much, for as long as it goes on saying things.
async fn all_said(stage: &Stage, count: usize) {
    for step in 1..=10 {
        let wanted = (count * step / 10) as u64;
        stage
            .until("the bot goes on answering", |sandbox| {
                sandbox.calls("sendMessage") >= wanted
            })
            .await;
    }
}

/// What was said in the first channel to each question.
fn told_by_question(stage: &mut Stage) -> HashMap<MessageId, Vec<String>> {
    let channel: ChannelId = stage.channel;
    let mut told: HashMap<MessageId, Vec<String>> = HashMap::new();
    for (_, asked, text) in stage.said_in(channel) {
        let asked = asked.expect("every answer quotes its question");
        told.entry(asked).or_default().push(text);
    }
    told
}

#[tokio::test]
async fn whoever_typed_while_the_bot_stood_still_and_finds_no_room_is_told_so() {
    /// What one member may have waiting.
    const WAITING: usize = 8;
    let mall = "timeout = \"60s\"\n".to_owned();
    let mut stage = Stage::with(Settings {
        mall: Some(mall),
        ..Settings::default()
    })
    .await;
    stage.fault(BALANCE, FaultKind::DelayBefore { ms: 120_000 });
    let hanging = stage.says("小红", "/积分");
    stage
        .until("the question hangs", |sandbox| {
            sandbox.mall().traffic().under_way == 1
        })
        .await;
    // Nobody floods: it is the bot that hears everything at one moment.
    stage.signal("STOP");
    let typed: Vec<Said> = (0..WAITING + 40)
        .map(|_| stage.says("小红", "/积分"))
        .collect();
    stage.signal("CONT");
    for said in &typed[WAITING..] {
        stage.hears_of(*said, "这条指令没有执行").await;
    }

    // Who was told types it again; who waits for an answer gets it, from whichever process.
    stage.kill().await;
    stage.start().await;
    for said in [hanging].iter().chain(&typed[..WAITING]) {
        let answer = stage.hears(*said).await;
        assert!(!answer.contains("这条指令没有执行"), "{answer}");
    }
    for said in [hanging].iter().chain(&typed) {
        assert_eq!(stage.answers(*said).len(), 1, "{}", stage.conversation());
    }
    stage.finish().await;
}
