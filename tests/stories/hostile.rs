//! People and frames that mean harm: nothing may crash, stall, leak, ping a role or reach the mall
//! otherwise than meant.
//!
//! Every story ends in `finish`, which looks at all messages for pings of roles, and at the log for
//! raw control characters and secrets.

use guildpoints::model::UserId;
use guildpoints::sandbox::SayOptions;
use serde_json::Value;
use serde_json::json;

use crate::stage::Said;
use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::receipt_in;

/// The member whose nickname holds a role mention, broken markup and a right-to-left mark.
fn tricky(stage: &Stage) -> (UserId, String) {
    let members = stage.sandbox.members(stage.guild);
    let found = members
        .into_iter()
        .find(|member| member.short_id == "3141592");
    let found = found.expect("the member is seeded");
    (found.id, found.nickname)
}

/// The bot is alive and answers in its usual time.
async fn answers(stage: &mut Stage) {
    let asked = stage.says("小红", "/points");
    stage.hears_of(asked, "小红，你现在有 120 积分").await;
}

/// The marks that turn the direction of text, and other characters nobody sees.
fn is_trick(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        || c.is_control()
}

/// Every word of the bot so far, and what it would notify.
fn words_of_bot(stage: &Stage) -> Vec<(String, Vec<UserId>)> {
    let bot = stage.sandbox.bot();
    let messages = stage.sandbox.messages(stage.channel).into_iter();
    messages
        .filter(|message| message.author.id == bot)
        .map(|message| {
            (
                format!("{}{}", message.text(), message.desc),
                message.mentions,
            )
        })
        .collect()
}

#[tokio::test]
async fn a_name_cannot_ping_a_role_or_break_an_answer() {
    let mut stage = Stage::unhurried(Settings {
        reward: "confirm_over = 100\n".to_owned(),
        ..Settings::default()
    })
    .await;
    let (user, name) = tricky(&stage);
    assert!(name.contains("${@&") && name.contains('\u{202e}'));
    // Their own question, and every way for others to name them.
    let asked = Said(stage.sandbox.says(user, stage.channel, "/points"));
    stage.hears_of(asked, "7 积分").await;
    for (text, part) in [
        (format!("/points ${{@!{user}}}"), "7 积分"),
        (format!("/reward ${{@!{user}}} 5 好"), "✅"),
        ("/reward #3141592 5 好".to_owned(), "✅"),
        (format!("/reward {user} 66o"), "没看懂数量"),
        (format!("/reward ${{@!{user}}} 66o"), "没看懂数量"),
        (format!("/reward ${{@!{user}}}"), "没有看到数量"),
        (format!("/deduct ${{@!{user}}} 99 刷屏"), "❌"),
        (format!("/deduct ${{@!{user}}} 5"), "这里必须写原因"),
        ("/reward ＠🎉 5".to_owned(), "可能是好几位成员"),
        (format!("/reward ${{@!{user}}} 500"), "❓"),
    ] {
        let said = stage.says("阿杰", &text);
        stage.hears_of(said, part).await;
    }
    let said = stage.says("阿杰", &format!("/reward ${{@!{user}}} 200 好"));
    stage.hears_of(said, "❓").await;
    stage.presses("阿杰", said, "确认").await;
    let receipt = receipt_in(&stage.hears_of(said, "✅").await);
    let said = Said(
        stage
            .sandbox
            .says(user, stage.channel, &format!("/receipt {receipt}")),
    );
    stage.hears_of(said, "已到账").await;
    // They leave.
    let text = format!("/reward ${{@!{user}}} 5");
    stage.sandbox.leaves(stage.guild, user);
    let said = stage.says("阿杰", &text);
    stage.hears_of(said, "不在本服务器").await;
    for (words, _) in words_of_bot(&stage) {
        assert!(!words.contains("${@&"), "{words:?}");
        let tricks = words.chars().find(|c| is_trick(*c) && *c != '\n');
        assert_eq!(tricks, None, "{words:?}");
        // The only markup is the giver's, in the receipt.
        assert_eq!(
            words.matches("${").count(),
            words.matches("操作人 ${@!").count(),
            "{words:?}"
        );
    }
    stage.finish().await;
}

#[tokio::test]
async fn a_roles_name_cannot_ping_either() {
    let mut stage = Stage::without_bot(Settings::default()).await;
    let everyone = format!("${{@&{}}}\n\u{202e}**版主**", stage.guild);
    stage.sandbox.change_guild(stage.guild, |guild| {
        for role in &mut guild.roles {
            role.name.clone_from(&everyone);
        }
    });
    stage.start().await;
    let said = stage.says("小明", "/reward @小红 5");
    let answer = stage.hears(said).await;
    assert!(answer.starts_with("你没有使用这个指令的权限"), "{answer}");
    assert!(
        !answer.contains("${") && !answer.contains('\n'),
        "{answer:?}"
    );
    stage.finish().await;
}

#[tokio::test]
async fn a_reason_goes_to_the_mall_clean_and_into_the_answer_harmless() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    let guild = stage.guild;
    let long = "9".repeat(90);
    let mut rows: Vec<(String, String)> = vec![
        (
            "{\"type\":\"messageCard\",\"data\":\"{}\"}".to_owned(),
            "{\"type\":\"messageCard\",\"data\":\"{}\"}".to_owned(),
        ),
        ("${@&".to_owned(), "${@&".to_owned()),
        (format!("${{@&{guild}"), format!("${{@&{guild}")),
        ("${@&0}".to_owned(), "${@&0}".to_owned()),
        (format!("${{@&{long}}}"), format!("${{@&{long}}}")),
        ("${${@&${".to_owned(), "${${@&${".to_owned()),
        ("${/reward 好}".to_owned(), "${/reward 好}".to_owned()),
        ("}}}}{{{{".to_owned(), "}}}}{{{{".to_owned()),
        (
            "{member} {balance} {0} %s %d {{}}".to_owned(),
            "{member} {balance} {0} %s %d {{}}".to_owned(),
        ),
        (
            "'; drop table entries; --".to_owned(),
            "'; drop table entries; --".to_owned(),
        ),
        ("a&b=c&sign=1#x?y".to_owned(), "a&b=c&sign=1#x?y".to_owned()),
        ("\\\" \\u0000 \\n".to_owned(), "\\\" \\u0000 \\n".to_owned()),
        (
            "**粗** `代码` [链接](https://example.org) <b>".to_owned(),
            "**粗** `代码` [链接](https://example.org) <b>".to_owned(),
        ),
    ];
    // Direction marks, characters of no width and control characters are nobody's reason.
    rows.push((
        "好\u{202e}坏\u{2066}！\u{200f}".to_owned(),
        "好坏！".to_owned(),
    ));
    rows.push((
        "好\u{0}\u{7}\u{1b}[31m红\u{85}完\u{2028}了".to_owned(),
        "好   [31m红 完 了".to_owned(),
    ));
    rows.push(("第一\u{200b}名\u{feff}".to_owned(), "第一名".to_owned()));
    rows.push((
        "👨\u{200d}👩\u{200d}👧 家".to_owned(),
        "□\u{200d}□\u{200d}□ 家".to_owned(),
    ));
    for (reason, remark) in rows {
        let said = stage.says("夜雨", &format!("/reward @小明 5 {reason}"));
        let answer = stage.hears_until(said, |text| !text.contains('⏳')).await;
        assert!(
            answer.starts_with("✅ 小明 +5 → ") && !answer.contains("${"),
            "{reason:?}: {answer:?}"
        );
        assert!(!answer.chars().any(is_trick), "{reason:?}: {answer:?}");
        let receipt = receipt_in(&answer);
        let (_, booked) = stage.paid().pop().expect("it was paid");
        assert_eq!(booked, remark, "{reason:?}");
        assert!(booked.encode_utf16().count() <= 99);
        let said = stage.says("夜雨", &format!("/receipt {receipt}"));
        let answer = stage.hears(said).await;
        assert_eq!(
            answer.matches("${").count(),
            1,
            "only the giver: {answer:?}"
        );
    }
    // Whole mentions within a reason name who is paid, hence are asked about, and ping nobody.
    for (text, told) in [
        (format!("/reward @小明 5 谢谢${{@&{guild}}}"), "确认吗"),
        ("/reward @小明 5 谢谢@小红".to_owned(), "给 2 人各发放"),
        ("/reward @小明 5\u{200b}\u{202e}".to_owned(), "✅"),
    ] {
        let said = stage.says("夜雨", &text);
        stage.hears_of(said, told).await;
    }
    assert_eq!(stage.paid().pop().expect("paid").1, "奖励");
    stage.finish().await;
}

#[tokio::test]
async fn what_was_read_is_repeated_harmlessly_and_shortly() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    let guild = stage.guild;
    for (text, part) in [
        (
            format!("/points {{\"type\":\"text\"}}${{@&{guild}"),
            "没看懂",
        ),
        (format!("/points {}", "长".repeat(100_000)), "没看懂"),
        (format!("/help ${{@&{guild}"), "没有“"),
        ("/help {\"type\":\"richText\"}".to_owned(), "没有“"),
        ("/receipt \u{202e}${@&1".to_owned(), "不是回执编号"),
        (
            format!("/reward @小明 5{}", "x".repeat(50_000)),
            "没看懂数量",
        ),
        (format!("/reward @小明 {}", "9".repeat(100_000)), "太大了"),
        ("/reward ＠${@&x 5".to_owned(), "没有找到成员"),
        (
            format!("/reward @小明 {}", "7 ".repeat(20_000)),
            "读到了不止一个数量",
        ),
        (
            format!("/reward {} 5", "#1234567 ".repeat(2_000)),
            "没有找到成员",
        ),
        (
            format!("/reward {}", "${@!471826928681111565}".repeat(4_000)),
            "没有看到数量",
        ),
        ("@积分小助手 /pointſ".to_owned(), "是不是想用"),
    ] {
        let said = stage.says("阿杰", &text);
        let answer = stage.hears_of(said, part).await;
        assert!(answer.chars().count() < 600, "{}", answer.chars().count());
        assert!(!answer.contains("${@"), "{answer:?}");
    }
    assert_eq!(stage.paid(), []);
    let longest = stage.log().lines().map(str::len).max();
    assert!(longest < Some(2_000), "a log line of {longest:?} bytes");
    stage.finish().await;
}

#[tokio::test]
async fn text_of_any_form_is_survived() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    for text in [
        "{\"type\":\"text\",\"text\":\"/points\"}".to_owned(),
        "{".to_owned(),
        "${".to_owned(),
        "${/".to_owned(),
        "${/}".to_owned(),
        "${/points".to_owned().repeat(3),
        "${".repeat(50_000),
        "${/".repeat(50_000),
        format!("{}{}", "${/".repeat(20_000), "}".repeat(20_000)),
        "${@!".repeat(40_000),
        "${@!1}".repeat(20_000),
        "／".repeat(50_000),
        "/".repeat(100_000),
        "\u{200b}".repeat(40_000),
        "\u{0}/\u{0}".to_owned(),
        format!("/{}", "p".repeat(100_000)),
        "\u{202e}stniop/".to_owned(),
        "@积分小助手".repeat(5_000),
        format!("@积分小助手 {}", "x".repeat(100_000)),
        "a".repeat(600_000),
    ] {
        stage.says("小明", &text);
    }
    // One of them is a question: the first of three.
    let messages = stage.sandbox.messages(stage.channel);
    let question = messages
        .iter()
        .find(|message| message.text() == "${/points${/points${/points");
    let question = Said(question.expect("it was said").id);
    let behind = stage.says("小明", "/points");
    stage.hears_of(behind, "2,474").await;
    stage.answers(question);
    stage.finish().await;
}

#[tokio::test]
async fn broken_frames_are_survived() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    let nested =
        |open: &str, close: &str| format!("{}{}", open.repeat(10_000), close.repeat(10_000));
    let push =
        |data: &str| format!("{{\"action\":\"push\",\"data\":{data},\"ack\":-1,\"seq\":null}}");
    let content = |content: &str| {
        push(&json!({"content": content, "user_id": "1", "channel_id": "2", "message_id": "3", "author": {"nickname": "x"}}).to_string())
    };
    for frame in [
        String::new(),
        "null".to_owned(),
        "{}".to_owned(),
        "[]".to_owned(),
        "\"push\"".to_owned(),
        "{\"action\":\"push\"".to_owned(),
        "{\"action\":5,\"data\":{}}".to_owned(),
        "{\"action\":\"push\"}".to_owned(),
        "{\"action\":\"connect\"}".to_owned(),
        "{\"action\":\"connect\",\"data\":{\"client_id\":\"x\"}}".to_owned(),
        "{\"action\":\"pong\",\"data\":null}".to_owned(),
        "{\"action\":\"nothing anybody knows\",\"data\":[1]}".to_owned(),
        push("null"),
        push("[]"),
        push("{}"),
        push(&nested("[", "]")),
        push(&nested("{\"a\":", "1}").replace("1}1}", "1}}")),
        push(&format!("{{\"member\":{}}}", nested("[", "]"))),
        nested("[", "]"),
        nested("{\"action\":", "}"),
        content(&nested("[", "]")),
        content(&format!("{{\"type\":\"text\",\"text\":{}}}", nested("[", "]"))),
        content(&format!("{{\"type\":{},\"text\":\"/points\"}}", nested("[", "]"))),
        content("not json"),
        content("{\"type\":\"text\",\"text\":\"/points\""),
        content("\"/points\""),
        "{\"action\":\"miniPush\",\"data\":{\"content\":\"{}\"}}".to_owned(),
        format!("{{\"action\":\"miniPush\",\"data\":{{\"content\":{}}}}}", nested("[", "]")),
        "{\"action\":\"miniPush\",\"data\":{\"channel_id\":\"1\",\"content\":\"{\\\"callback_query\\\":{\\\"id\\\":{},\\\"from\\\":{\\\"id\\\":1e300}}}\"}}".to_owned(),
        "{\"action\":\"guildNotice\",\"data\":{\"method\":\"userQuit\",\"guild_id\":\"x\"}}".to_owned(),
        "\u{feff}{\"action\":\"push\"}".to_owned(),
        format!("{{\"action\":\"{}\"}}", "x\\u0000\\u001b[31m\\n".repeat(1_000)),
    ] {
        assert_eq!(stage.sandbox.inject(&frame), 1);
    }
    answers(&mut stage).await;
    // Ids of the wrong kind in a frame that is otherwise a command: no answer, nobody paid.
    let said = stage.unheard_message("阿杰", "/reward @小红 5");
    for keys in [
        json!({"message_id": null}),
        json!({"message_id": -5}),
        json!({"message_id": "99999999999999999999999999"}),
        json!({"channel_id": {}}),
        json!({"user_id": "x"}),
        json!({"user_id": null}),
        // Taken for a private chat it would be judged by other rules.
        json!({"guild_id": "x"}),
        json!({"guild_id": []}),
        json!({"guild_id": 1.5}),
        json!({"content": 5}),
        json!({"content": null}),
    ] {
        stage.delivers(said, "阿杰", "/reward @小红 5", keys);
    }
    answers(&mut stage).await;
    assert_eq!(stage.paid(), []);
    // Odd but readable: as it was meant.
    stage.delivers(
        said,
        "阿杰",
        "/reward @小红 5",
        json!({"time": "soon", "mentions": [null, 5, {"user_id": {}}], "quote_l1": [], "unknown": {"a": [1, 2]},
               "guild_id": stage.guild.number(), "channel_id": stage.channel.number()}),
    );
    stage.hears_of(said, "✅ 小红 +5").await;
    stage.finish().await;
}

#[tokio::test]
async fn a_role_list_that_cannot_be_read_grants_nothing() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    let admin = stage.sandbox.admin_roles()[0].to_string();
    for member in [
        json!({"roles": [{"id": admin}]}),
        json!({"roles": admin}),
        json!({"roles": {"0": admin}}),
        json!({"roles": [[admin]]}),
        json!({"roles": [format!("0{admin}x")]}),
        json!([admin]),
        json!("admin"),
        Value::Null,
    ] {
        let said = stage.unheard_message("小明", "/reward @小红 5");
        stage.delivers(said, "小明", "/reward @小红 5", json!({"member": member}));
        stage.hears_of(said, "你没有使用这个指令的权限").await;
    }
    assert_eq!(stage.paid(), []);
    stage.finish().await;
}

#[tokio::test]
async fn frames_of_megabytes_are_survived() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    let said = stage.unheard_message("阿杰", "/points");
    let large = json!({"desc": "x".repeat(5 * 1024 * 1024)});
    stage.delivers(said, "阿杰", "/points", large);
    stage.hears(said).await;
    // One that nobody reads to its end costs the connection, which is made anew.
    let said = stage.unheard_message("阿杰", "/points");
    let absurd = json!({"desc": "x".repeat(20 * 1024 * 1024)});
    stage.delivers(said, "阿杰", "/points", absurd);
    stage
        .until("the connection is given up", |sandbox| {
            sandbox.bots_connected() == 0
        })
        .await;
    stage
        .until("a new connection", |sandbox| sandbox.bots_connected() == 1)
        .await;
    answers(&mut stage).await;
    // The frame was lost with it; what was said is still to be read.
    stage.hears(said).await;
    stage.finish().await;
}

#[tokio::test]
async fn a_nickname_of_the_guild_is_as_harmless_as_any() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    let (hong, guild) = (stage.user("小红"), stage.guild);
    for (nick, shown) in [
        (format!("${{@&{guild}}}"), "$｛@&"),
        ("{\"type\":\"messageCard\"}".to_owned(), "｛\"type\""),
        ("一\n二\u{0}\u{202e}三".to_owned(), "一 二三"),
        ("\u{1b}[31m红".to_owned(), "[31m红"),
        ("星".repeat(1_000), "星星星星星星星星星星星…"),
        ("积分小助手".to_owned(), "积分小助手"),
        ("\u{200b}\u{202e}".to_owned(), ""),
    ] {
        stage.sandbox.set_nick(guild, hong, Some(&nick));
        let asked = stage.says("小红", "/points");
        let answer = stage.hears(asked).await;
        assert!(
            answer.starts_with(&format!("💰 {shown}")),
            "{nick:?}: {answer:?}"
        );
        assert!(answer.contains("120 积分（"), "{nick:?}: {answer:?}");
        assert!(!answer.chars().any(is_trick), "{nick:?}: {answer:?}");
    }
    stage.finish().await;
}

#[tokio::test]
async fn a_flood_is_met_with_few_words_and_others_are_served() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    let mut flood = Vec::new();
    for turn in 0..200 {
        let options = SayOptions {
            deliveries: 2,
            ..SayOptions::default()
        };
        flood.push(stage.says_with("小明", &format!("/points 第{turn}次"), options));
    }
    answers(&mut stage).await;
    stage.stop().await;
    let mut heard = 0;
    for said in flood {
        let answers = stage.answers(said);
        assert!(answers.len() <= 1, "{answers:?}");
        heard += answers.len();
        for answer in answers {
            assert!(
                answer.starts_with("没看懂") || answer.starts_with("现在指令太多了"),
                "{answer}"
            );
        }
    }
    assert!(heard > 0);
    stage.finish().await;
}
