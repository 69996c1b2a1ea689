//! The gateway as it really is: it drops, refuses, repeats, shuffles and talks nonsense, and floods.

use std::collections::BTreeMap;

use guildpoints::model::ChannelId;
use guildpoints::model::GuildId;
use guildpoints::model::UserId;
use guildpoints::sandbox::GatewayAct;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use serde_json::Value;
use serde_json::json;

use crate::stage::Said;
use crate::stage::Settings;
use crate::stage::Stage;

/// What the bot logs each time the gateway has greeted it.
const CONNECTED: &str = "connected to the gateway";

#[tokio::test]
async fn a_dropped_socket_is_opened_again_and_loses_no_answer() {
    let mut stage = Stage::new().await;
    // The answer of the mall is still to come when the socket drops.
    stage.fault("modifyUserPoint", FaultKind::DelayAfter { ms: 500 });
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage
        .until("the mall has paid", |sandbox| {
            !sandbox.mall().records().is_empty()
        })
        .await;
    stage.sandbox.gateway(GatewayAct::Drop);
    stage.hears_of(rewarded, "✅").await;
    stage.logged(CONNECTED, 2).await;
    let asked = stage.says("小明", "/积分");
    stage.hears_of(asked, "3,140").await;
    assert_eq!(
        stage.sandbox.calls("getMe"),
        1,
        "the token had not run out, so no other is asked for"
    );
    assert_eq!(stage.paid(), [(666, "天梯第一名".to_owned())]);
    stage.finish().await;
}

#[tokio::test]
async fn refusals_cost_one_getme_each_and_come_ever_more_slowly() {
    let stage = Stage::new().await;
    stage.sandbox.gateway(GatewayAct::Refuse);
    stage.sandbox.gateway(GatewayAct::Drop);
    stage
        .logged("the upgrade was refused with HTTP 502", 2)
        .await;
    stage.sandbox.gateway(GatewayAct::Accept);
    stage.logged(CONNECTED, 2).await;

    let log = stage.log();
    let refused = log.matches("the upgrade was refused with HTTP 502").count();
    let asked = stage.sandbox.calls("getMe");
    assert_eq!(asked, 1 + refused as u64, "one at start, one a refusal");
    let waits: Vec<u64> = log
        .split("retry_ms=")
        .skip(1)
        .map(|rest| {
            let digits = rest.split(|letter: char| !letter.is_ascii_digit()).next();
            digits.unwrap().parse().unwrap()
        })
        .collect();
    assert_eq!(waits.len(), 1 + refused, "the drop and each refusal: {log}");
    for (wait, least) in waits.iter().zip([1_000, 2_000, 4_000, 8_000, 16_000]) {
        assert!(*wait >= least, "{waits:?}");
    }

    let mut stage = stage;
    let asked = stage.says("小明", "/积分");
    stage.hears_of(asked, "2,474").await;
    stage.finish().await;
}

#[tokio::test]
async fn repeated_and_shuffled_frames_are_one_command_each() {
    let mut stage = Stage::new().await;
    stage.sandbox.set_settings(&json!({"deliveries": 5}));
    stage.sandbox.gateway(GatewayAct::Hold);
    let first = stage.says("阿杰", "/奖励 @小明 1 一");
    let second = stage.says("夜雨", "/奖励 @小红 2 二");
    let third = stage.says("阿杰", "/奖励 @小明 3 三");
    let asked = stage.says("星海", "/积分");
    stage.sandbox.gateway(GatewayAct::Release);
    for said in [first, second, third] {
        stage.hears_of(said, "✅").await;
    }
    stage.hears_of(asked, "8,888").await;

    // A frame that comes once more after a reconnect, and after a restart.
    let again = push(&stage, "阿杰", first, "/奖励 @小明 1 一");
    stage.sandbox.gateway(GatewayAct::Drop);
    stage.logged(CONNECTED, 2).await;
    stage.sandbox.inject(&again);
    stage.restart().await;
    stage.sandbox.inject(&again);
    let asked = stage.says("阿杰", "/积分");
    stage.hears(asked).await;

    for said in [first, second, third] {
        assert_eq!(stage.answers(said).len(), 1, "{}", stage.conversation());
    }
    let mut paid = stage.paid();
    paid.sort();
    let one = |points, why: &str| (points, why.to_owned());
    assert_eq!(paid, [one(1, "一"), one(2, "二"), one(3, "三")]);
    stage.finish().await;
}

#[tokio::test]
async fn the_other_truth_about_every_open_question_works_as_well() {
    let mut stage = Stage::without_bot(Settings::default()).await;
    stage.sandbox.set_settings(&json!({
        "text_frames": true,
        "json_content_type": true,
        "push_status": true,
        "time_in_seconds": true,
        "desc_in_guilds": true,
        "everyone_role": true,
        "lower_case_member_keys": true,
        "edit_answer": "true",
        "error_key": "err_code",
        "refusal_status": 400,
        "strict_ids": true,
        "new_token_revokes_old": true,
    }));
    stage.start().await;
    stage.fault("modifyUserPoint", FaultKind::DropAfter);
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.hears_of(rewarded, "✅").await;
    let refused = stage.says("小明", "/奖励 @小红 5");
    stage.hears_of(refused, "没有使用这个指令的权限").await;
    let by_short_id = stage.says("阿杰", "/积分 #2801357");
    stage.hears_of(by_short_id, "120").await;
    stage.sandbox.gateway(GatewayAct::Drop);
    stage.logged(CONNECTED, 2).await;
    let asked = stage.says("小明", "/积分");
    stage.hears_of(asked, "3,140").await;
    assert_eq!(stage.answers(rewarded).len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn nonsense_is_skipped_on_the_same_connection() {
    let mut stage = Stage::new().await;
    let deep = format!(r#"{{"action":"push","data":{}"#, "[".repeat(100_000));
    let wrong_content = push_of(&stage, 1, "阿杰", json!(7), false);
    for frame in [
        "",
        "{",
        "null",
        "[]",
        "你好",
        r#"{"action":null}"#,
        r#"{"action":"push"}"#,
        r#"{"action":"push","data":"text"}"#,
        r#"{"action":"push","data":{"content":"{","message_id":"1"}}"#,
        r#"{"action":"miniPush","data":{"content":"{}"}}"#,
        r#"{"action":"miniPush","data":{"content":"{\"callback_query\":{\"id\":\"1\",\"from\":{\"id\":2},\"data\":\"gp:ok:1\"}}"}}"#,
        r#"{"action":"guildNotice","data":{"method":"unheardOf","guild_id":"1"}}"#,
        r#"{"action":"circleEnter","data":{}}"#,
        r#"{"action":"tomorrow","data":{"nested":[1,2,{"a":null}]}}"#,
        r#"{"action":"connect","data":{"client_id":"again"}}"#,
        &wrong_content,
        &deep,
    ] {
        assert_eq!(stage.sandbox.inject(frame), 1);
    }
    let asked = stage.says("小明", "/积分");
    stage.hears_of(asked, "2,474").await;
    let log = stage.log();
    assert_eq!(log.matches(CONNECTED).count(), 1, "{log}");
    assert!(!log.contains("ERROR"), "{log}");
    stage.finish().await;
}

#[tokio::test]
async fn a_frame_above_16_mib_costs_the_connection_and_nothing_else() {
    let mut stage = Stage::new().await;
    stage.sandbox.inject(&" ".repeat(17 * 1024 * 1024));
    stage.logged(CONNECTED, 2).await;
    let asked = stage.says("小明", "/积分");
    stage.hears_of(asked, "2,474").await;
    assert!(stage.log().contains("a frame was larger than"));
    stage.finish().await;
}

#[tokio::test]
async fn no_bot_is_answered_least_of_all_itself() {
    let mut stage = Stage::new().await;
    let bot = stage.sandbox.bot();
    let command = json!({"type": "text", "text": "/积分", "contentType": 0}).to_string();
    let other = stage.says("点歌机", "/积分");
    for (number, by_flag) in [(1_u64, true), (2, false)] {
        let mut frame = push_of(&stage, number, "点歌机", json!(command), by_flag);
        if !by_flag {
            // The bot's own id without the flag: an echo all the same.
            let id = stage.user("点歌机").to_string();
            frame = frame.replace(&id, &bot.to_string());
        }
        stage.sandbox.inject(&frame);
    }
    let asked = stage.says("小明", "/积分");
    stage.hears_of(asked, "2,474").await;
    assert!(stage.answers(other).is_empty());
    assert_eq!(stage.sandbox.calls("sendMessage"), 1);
    // Stopping drains every lane, so what would have been said has been said by then.
    stage.finish().await;
}

#[tokio::test]
async fn guilds_have_books_languages_and_troubles_of_their_own() {
    let mut stage = Stage::without_bot(Settings::default()).await;
    let (other, hall) = other_guild(&stage);
    stage.sandbox.mall().switch(other.number(), true);
    let ming = stage.user("小明");
    let mall = stage.sandbox.mall();
    mall.set_balance(other.number(), ming.number(), 7);
    stage.settings.further = format!(
        "[[guild]]\nid = {other}\npoints = \"mall\"\nlanguage = \"en-US\"\ntimezone = \"UTC\"\n"
    );
    stage.start().await;

    let here = stage.says("小明", "/积分");
    let there = says_in(&stage, "小明", hall, "/points");
    stage.hears_of(here, "你现在有 2,474 积分").await;
    let answer = stage.hears_of(there, "you have 7 points").await;
    assert!(answer.ends_with("UTC)"), "{answer}");

    // An owner there is nobody here, a moderator here is nobody there.
    let given = says_in(&stage, "云长", hall, "/reward @小明 5 well done");
    stage.hears_of(given, "→ 12").await;
    assert_eq!(stage.balance("小明"), 2_474);
    let moderator = stage.user("阿杰");
    stage.sandbox.change_guild(other, |guild| {
        let mut member = guild.members[&ming].clone();
        member.user = moderator;
        guild.members.insert(moderator, member);
    });
    let refused = says_in(&stage, "阿杰", hall, "/reward @小明 5");
    stage.hears_of(refused, "may not use this command").await;

    // Switched off there, working here.
    stage.sandbox.mall().switch(other.number(), false);
    let there = says_in(&stage, "小明", hall, "/points");
    stage.hears_of(there, "not switched on").await;
    let here = stage.says("阿杰", "/奖励 @小明 5");
    stage.hears_of(here, "→ 2,479").await;

    // In private it cannot be told which guild is meant.
    let private = Said(stage.sandbox.dm(ming, "/积分"));
    let which = stage.hears(private).await;
    assert_eq!(
        which,
        "你和机器人同在这些服务器里：天梯、云端。私聊里分不清问的是哪一个，请到其中一个服务器的频道里发送：\n/积分"
    );
    // Whoever is in one of them alone means that one, in its language.
    let private = Said(stage.sandbox.dm(stage.user("小红"), "/积分"));
    stage.hears_of(private, "你现在有 120 积分").await;
    let private = Said(stage.sandbox.dm(stage.user("云长"), "/help"));
    let help = stage.hears(private).await;
    assert!(
        help.contains("/points") && !help.contains("/积分"),
        "{help}"
    );
    // What could not be learnt decides nothing and names nobody's guild.
    stage.sandbox.faults().set(FaultRule::always(
        "getChatMember",
        FaultKind::Status500Before,
    ));
    let private = Said(stage.sandbox.dm(stage.user("星海"), "/积分"));
    let which = stage.hears(private).await;
    assert_eq!(
        which,
        "机器人服务于多个服务器，私聊里分不清问的是哪一个。请到那个服务器的频道里发送。"
    );
    stage.sandbox.faults().clear();
    // Who is in none of them learns of none.
    assert!(stage.sandbox.leaves(stage.guild, stage.user("小白")));
    let private = Said(stage.sandbox.dm(stage.user("小白"), "/积分"));
    let none = stage.hears(private).await;
    assert!(
        none.starts_with("你不在这个机器人服务的任何一个服务器里。"),
        "{none}"
    );
    assert_eq!(stage.paid().len(), 2);
    stage.finish().await;
}

#[tokio::test]
async fn a_guild_nobody_set_up_is_told_so_and_asks_no_points_system() {
    let mut stage = Stage::new().await;
    let (other, hall) = other_guild(&stage);
    stage.sandbox.mall().switch(other.number(), true);
    let asked = says_in(&stage, "小明", hall, "/points");
    stage.hears_of(asked, "还没有接入").await;
    let given = says_in(&stage, "云长", hall, "/reward @小明 5");
    stage.hears_of(given, "还没有接入").await;
    let about_it = |request: &guildpoints::sandbox::mall::MallRequest| {
        matches!(&*request.endpoint, "getUserPoint" | "modifyUserPoint")
    };
    let requests = stage.sandbox.mall().requests();
    assert!(!requests.iter().any(about_it), "{requests:?}");
    stage.finish().await;
}

#[tokio::test]
async fn a_flood_delays_nobody_else_and_loses_and_doubles_nothing() {
    let mut stage = Stage::with(Settings {
        mall: Some(
            "timeout = \"60s\"\nsignature_window = \"1s\"\nlook_up_after = \"200ms\"\n".to_owned(),
        ),
        ..Settings::default()
    })
    .await;
    let crowd: BTreeMap<UserId, u64> = (0..300_u64)
        .map(|number| {
            let user = stage.sandbox.joins(stage.guild, &format!("路人{number}"));
            let points = 10_000 + number;
            let mall = stage.sandbox.mall();
            mall.set_balance(stage.guild.number(), user.number(), points as i64);
            (user, points)
        })
        .collect();

    // One member's question hangs for longer than anybody here waits, and they do not stop asking.
    stage.fault("getUserPoint", FaultKind::DelayBefore { ms: 120_000 });
    let hanging = stage.says("小红", "/积分");
    stage
        .until("the question hangs", |sandbox| {
            sandbox.faults().list().iter().any(|fault| fault.hits > 0)
        })
        .await;
    let impatient: Vec<Said> = (0..20).map(|_| stage.says("小红", "/积分")).collect();
    // Meanwhile a payment's answer is lost, and everybody asks.
    stage.fault("modifyUserPoint", FaultKind::DropAfter);
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    let questions: Vec<(Said, u64)> = crowd
        .iter()
        .map(|(user, points)| {
            let said = stage.sandbox.says(*user, stage.channel, "/积分");
            (Said(said), *points)
        })
        .collect();
    let owner = stage.says("星海", "/积分");
    stage.hears_of(owner, "8,888").await;
    stage.hears_of(rewarded, "✅").await;
    for (said, points) in &questions {
        let shown = format!("{},{:03}", points / 1_000, points % 1_000);
        stage.hears_of(*said, &shown).await;
        assert_eq!(stage.answers(*said).len(), 1);
    }

    // Eight wait behind the one that hangs; the first of the others hears that it was too much.
    let busy = stage.hears(impatient[8]).await;
    assert!(busy.contains("这条指令没有执行"), "{busy}");
    for (number, said) in impatient.iter().enumerate() {
        let answers = stage.answers(*said);
        assert!(answers.len() <= usize::from(number >= 8), "{answers:?}");
        assert!(answers.iter().all(|answer| *answer == busy), "{answers:?}");
    }
    assert!(stage.answers(hanging).is_empty());
    assert_eq!(stage.answers(rewarded).len(), 1);
    assert_eq!(stage.paid(), [(666, "天梯第一名".to_owned())]);

    // The question that hangs would hang through the drain as well.
    stage.kill().await;
    stage.start().await;
    // What hung and what waited behind it was never answered: the next process finds it.
    for said in [hanging].iter().chain(&impatient[..8]) {
        stage.hears(*said).await;
        assert_eq!(stage.answers(*said).len(), 1);
    }
    let asked = stage.says("小明", "/积分");
    stage.hears_of(asked, "3,140").await;
    stage.finish().await;
}

#[tokio::test]
async fn a_mall_that_answers_nothing_does_not_silence_what_needs_no_mall() {
    let mut stage = Stage::without_bot(Settings::default()).await;
    let (other, hall) = other_guild(&stage);
    stage.settings.further = format!("[[guild]]\nid = {other}\npoints = \"mall\"\n");
    stage.settings.mall = Some("timeout = \"60s\"\n".to_owned());
    stage.start().await;
    for number in 0..40 {
        let user = stage.sandbox.joins(stage.guild, &format!("路人{number}"));
        stage.sandbox.faults().set(FaultRule::once(
            "getUserPoint",
            FaultKind::DelayBefore { ms: 120_000 },
        ));
        stage.sandbox.says(user, stage.channel, "/积分");
    }
    let helped = stage.says("阿杰", "/帮助");
    stage.hears_of(helped, "/奖励").await;
    let helped = says_in(&stage, "小明", hall, "/help");
    stage.hears_of(helped, "/积分").await;
    stage.kill().await;
    stage.finish().await;
}

/// The seeded guild that is not the bot's first, and its channel.
fn other_guild(stage: &Stage) -> (GuildId, ChannelId) {
    let guild = stage.sandbox.guilds()[1];
    (guild, stage.sandbox.channels(guild)[0].0)
}

fn says_in(stage: &Stage, nickname: &str, channel: ChannelId, text: &str) -> Said {
    let user = stage.user(nickname);
    Said(stage.sandbox.says(user, channel, &stage.wire(text)))
}

/// The frame of something already said, as if it came again.
fn push(stage: &Stage, nickname: &str, said: Said, text: &str) -> String {
    let content = json!({"type": "text", "text": stage.wire(text), "contentType": 1});
    push_of(
        stage,
        said.0.number(),
        nickname,
        json!(content.to_string()),
        false,
    )
}

fn push_of(stage: &Stage, message: u64, nickname: &str, content: Value, bot: bool) -> String {
    let user = stage.user(nickname);
    let members = stage.sandbox.members(stage.guild).into_iter();
    let roles: Vec<String> = members
        .filter(|member| member.id == user)
        .flat_map(|member| member.roles)
        .map(|role| role.to_string())
        .collect();
    json!({"action": "push", "data": {
        "content": content,
        "time": stage.sandbox.now_ms(),
        "user_id": user.to_string(),
        "channel_id": stage.channel.to_string(),
        "message_id": message.to_string(),
        "guild_id": stage.guild.to_string(),
        "channel_type": 0,
        "member": {"nick": null, "roles": roles},
        "author": {"nickname": nickname, "username": "1", "avatar": "", "bot": bot},
    }, "ack": -1, "seq": null})
    .to_string()
}
