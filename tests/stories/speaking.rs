//! Speaking to the bot: every shape a command arrives in, every way to name somebody, and silence
//! where nothing was said to it.

use guildpoints::sandbox::SayOptions;
use guildpoints::sandbox::Shape;
use serde_json::json;

use crate::stage::Said;
use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::receipt_in;

/// The bot, as a mention in what is said.
const BOT: &str = "@积分小助手";

fn shaped(shape: Shape) -> SayOptions {
    SayOptions {
        shape,
        ..SayOptions::default()
    }
}

fn replying(to: Said) -> SayOptions {
    SayOptions {
        reply_to: Some(to.0),
        ..SayOptions::default()
    }
}

#[tokio::test]
async fn a_question_is_understood_in_every_shape_it_arrives_in() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    let own = [
        ("/points".to_owned(), Shape::Typed),
        ("/积分".to_owned(), Shape::Typed),
        ("／积分".to_owned(), Shape::Typed),
        ("／ＰＯＩＮＴＳ".to_owned(), Shape::Typed),
        ("\n\u{3000} /Points \n".to_owned(), Shape::Typed),
        ("\u{200b}/points\u{feff}".to_owned(), Shape::Typed),
        ("${/points}".to_owned(), Shape::Registered),
        (format!("{BOT}/points"), Shape::Typed),
        (format!("{BOT} /points"), Shape::Typed),
        (format!("{BOT}\u{3000}／积分"), Shape::Typed),
        (format!("{BOT} {BOT}\n/积分"), Shape::Typed),
        (format!("{BOT}${{/points}}"), Shape::Registered),
        (format!("{BOT}${{/积分}}"), Shape::Registered),
        (format!("{BOT} ${{/积分}}"), Shape::Registered),
        (format!("{BOT}${{/points @小明}}"), Shape::RegisteredArgs),
        (format!("{BOT}${{/points}} @小明"), Shape::Registered),
        ("/points @小明".to_owned(), Shape::Typed),
    ];
    for (text, shape) in own {
        let asked = stage.says_with("小明", &text, shaped(shape));
        let answer = stage.hears(asked).await;
        assert!(
            answer.starts_with("💰 小明，你现在有 2,474 积分（")
                && answer.ends_with("Asia/Shanghai）"),
            "{text:?}: {answer}"
        );
        assert_eq!(stage.answers(asked).len(), 1, "{text:?}");
    }
    let long = stage.user("小明");
    for text in [
        "/points @小明".to_owned(),
        format!("/points {long}"),
        "/points #2791234".to_owned(),
        "/积分 ＃２７９１２３４".to_owned(),
        "/points 2791234".to_owned(),
        format!("{BOT}${{/points 2791234}}"),
        format!("{BOT}${{/points}} #2791234"),
    ] {
        let asked = stage.says("阿杰", &text);
        let answer = stage.hears(asked).await;
        assert!(
            answer.starts_with("💰 小明 现在有 2,474 积分（"),
            "{text:?}: {answer}"
        );
    }
    stage.finish().await;
}

#[tokio::test]
async fn a_reward_is_understood_in_every_shape_it_arrives_in() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    let long = stage.user("小明");
    let rows: Vec<(String, Shape, i64, &str)> = vec![
        ("/reward @小明 101".to_owned(), Shape::Typed, 101, "奖励"),
        ("/奖励 @小明 102 谢谢".to_owned(), Shape::Typed, 102, "谢谢"),
        (
            "／奖励 @小明 １０３ 谢谢".to_owned(),
            Shape::Typed,
            103,
            "谢谢",
        ),
        (
            format!("{BOT}${{/reward @小明 104 谢谢}}"),
            Shape::RegisteredArgs,
            104,
            "谢谢",
        ),
        (
            format!("{BOT}${{/奖励}} @小明 105 谢谢"),
            Shape::Registered,
            105,
            "谢谢",
        ),
        (
            format!("{BOT}${{/reward @小明}} 106 谢谢"),
            Shape::RegisteredArgs,
            106,
            "谢谢",
        ),
        (format!("{BOT}/reward @小明 107"), Shape::Typed, 107, "奖励"),
        (
            format!("{BOT}  /reward 108 @小明"),
            Shape::Typed,
            108,
            "奖励",
        ),
        (
            "/reward +109 @小明 谢谢 大家".to_owned(),
            Shape::Typed,
            109,
            "谢谢 大家",
        ),
        (
            "/reward 谢谢 @小明 110".to_owned(),
            Shape::Typed,
            110,
            "谢谢",
        ),
        (
            "/reward 谢谢 111 @小明 大家".to_owned(),
            Shape::Typed,
            111,
            "谢谢 大家",
        ),
        (
            "/reward @小明 1,000 谢谢".to_owned(),
            Shape::Typed,
            1_000,
            "谢谢",
        ),
        (
            "/reward @小明 ＋１，００１".to_owned(),
            Shape::Typed,
            1_001,
            "奖励",
        ),
        (
            "\n/reward \n\n  @小明\t112 \u{3000} 第\n一\r\n名  ".to_owned(),
            Shape::Typed,
            112,
            "第 一 名",
        ),
        ("/reward@小明 113".to_owned(), Shape::Typed, 113, "奖励"),
        (
            "/reward @小明114谢谢 115".to_owned(),
            Shape::Typed,
            115,
            "114谢谢",
        ),
        (format!("/reward {long} 116"), Shape::Typed, 116, "奖励"),
        (
            "/reward #2791234 117 谢谢".to_owned(),
            Shape::Typed,
            117,
            "谢谢",
        ),
        (
            "/reward ＃２７９１２３４ 118".to_owned(),
            Shape::Typed,
            118,
            "奖励",
        ),
        (
            "/reward @小明 119 第 3 名".to_owned(),
            Shape::Typed,
            119,
            "第 3 名",
        ),
        (
            "/reward @小明 @小明 120".to_owned(),
            Shape::Typed,
            120,
            "奖励",
        ),
        (
            "/Reward @小明 9,999".to_owned(),
            Shape::Typed,
            9_999,
            "奖励",
        ),
        ("/reward @小明 ９９９".to_owned(), Shape::Typed, 999, "奖励"),
        ("/reward @小明 007".to_owned(), Shape::Typed, 7, "奖励"),
    ];
    let mut paid = Vec::new();
    for (text, shape, amount, remark) in rows {
        let said = stage.says_with("夜雨", &text, shaped(shape));
        let answer = stage.hears_until(said, |text| !text.contains('⏳')).await;
        assert!(answer.starts_with("✅ 小明 +"), "{text:?}: {answer}");
        paid.push((amount, remark.to_owned()));
        assert_eq!(stage.paid(), paid, "{text:?}");
    }
    stage.finish().await;
}

#[tokio::test]
async fn whom_a_reply_answers_is_who_gets_the_points() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    let (ming, hong) = (stage.balance("小明"), stage.balance("小红"));
    let first = stage.says("小明", "打完了");
    // The first level alone.
    let said = stage.says_with("阿杰", "/reward 10 打得好", replying(first));
    stage.hears_of(said, "✅ 小明 +10").await;
    // An answer within a thread: the second level is the message answered.
    let second = stage.says_with("小红", "我也打完了", replying(first));
    let said = stage.says_with("阿杰", "/reward 20 打得好", replying(second));
    stage.hears_of(said, "✅ 小红 +20").await;
    // Who is named goes before who is answered.
    let said = stage.says_with("阿杰", "/reward @小明 40", replying(second));
    stage.hears_of(said, "✅ 小明 +40").await;
    // An answer to the bot, which gives nothing to a bot.
    let answer = stage.sandbox.answers_to(said.0)[0].id;
    let said = stage.says_with("阿杰", "/reward 80", replying(Said(answer)));
    stage
        .hears_of(said, "积分小助手 是机器人，没有积分。")
        .await;
    // A message nobody can read any more.
    let gone = stage.unheard_message("小明", "很久以前");
    let keys = json!({"quote_l1": "868822861471551488"});
    stage.delivers(gone, "阿杰", "/reward 80", keys);
    let answer = stage.hears(gone).await;
    assert_eq!(
        answer,
        "读不到你回复的那条消息是谁发的。请直接 @ 对方：\n/奖励 @小明 100 原因"
    );
    assert_eq!(stage.balance("小明"), ming + 50);
    assert_eq!(stage.balance("小红"), hong + 20);
    stage.finish().await;
}

#[tokio::test]
async fn a_bare_short_id_is_shown_by_name_and_confirmed_first() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    for (text, amount) in [("/reward 2791234 30 谢谢", 30), ("/reward 31 2791234", 31)] {
        let said = stage.says("阿杰", text);
        let question = stage.hears(said).await;
        let ming = stage.user("小明");
        assert!(
            question.starts_with(&format!("❓ 给 小明（{ming}）发放 +{amount} 积分，原因：")),
            "{question}"
        );
        assert!(!stage.paid().iter().any(|(paid, _)| *paid == amount));
        stage.presses("阿杰", said, "确认").await;
        stage.hears_of(said, &format!("✅ 小明 +{amount} → ")).await;
    }
    assert_eq!(
        stage.paid(),
        [(30, "谢谢".to_owned()), (31, "奖励".to_owned())]
    );
    let said = stage.says("阿杰", "/reward 9999999 32");
    stage.hears_of(said, "没有找到成员“9999999”").await;
    let said = stage.says("阿杰", "/reward #9999999 32");
    stage.hears_of(said, "没有找到成员“9999999”").await;
    let said = stage.says("阿杰", "/points 2791234 2801357");
    stage.hears_of(said, "没看懂“2791234 2801357”").await;
    stage.finish().await;
}

#[tokio::test]
async fn a_typed_name_counts_only_where_the_message_itself_says_who_it_is() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    let ming = stage.user("小明").to_string();
    let typed = "/reward ＠小明 33 谢谢";
    // With the name in the list of mentions, as a client sends it.
    let said = stage.unheard_message("阿杰", typed);
    let mentions = json!({"mentions": [
        {"nickname": "积分小助手", "user_id": stage.sandbox.bot().to_string()},
        {"nickname": "小明", "user_id": ming},
    ]});
    stage.delivers(said, "阿杰", typed, mentions);
    stage.hears_of(said, "✅ 小明 +33").await;
    // Without: anybody may call themselves so, hence which one?
    let said = stage.says("阿杰", typed);
    let answer = stage.hears(said).await;
    assert_eq!(
        answer,
        "“小明”可能是好几位成员，请用短号指明：小明（#2791234）"
    );
    // Two of that name.
    stage.sandbox.joins(stage.guild, "小明");
    let said = stage.says("阿杰", typed);
    let answer = stage.hears(said).await;
    assert!(
        answer.contains("小明（#2791234）") && answer.contains("、小明（#"),
        "{answer}"
    );
    // Two of that name in the list of mentions.
    let said = stage.unheard_message("阿杰", typed);
    let mentions = json!({"mentions": [
        {"nickname": "小明", "user_id": ming},
        {"nickname": "小明", "user_id": stage.user("小红").to_string()},
    ]});
    stage.delivers(said, "阿杰", typed, mentions);
    stage.hears_of(said, "请用短号指明").await;
    let said = stage.says("阿杰", "/reward ＠没有这个人 33");
    stage.hears_of(said, "没有找到成员“@没有这个人”").await;
    assert_eq!(stage.paid(), [(33, "谢谢".to_owned())]);
    stage.finish().await;
}

#[tokio::test]
async fn a_preset_stands_for_amount_and_reason() {
    let mut stage = Stage::unhurried(Settings {
        guild: "[guild.presets]\nbug = { points = 50, reason = \"反馈问题\" }\n\"签到\" = { points = 5 }\n"
            .to_owned(),
        ..Settings::default()
    })
    .await;
    for (text, told) in [
        ("/reward @小明 bug", "✅ 小明 +50 → 2,524 · 反馈问题 · "),
        ("/reward BUG @小明", "✅ 小明 +50 → 2,574 · 反馈问题 · "),
        (
            "/reward @小明 ｂｕｇ 界面",
            "✅ 小明 +50 → 2,624 · 反馈问题 界面 · ",
        ),
        ("/奖励 @小明 签到", "✅ 小明 +5 → 2,629 · 奖励 · "),
        // An amount goes before a preset; the word is then part of the reason.
        ("/reward @小明 7 bug", "✅ 小明 +7 → 2,636 · bug · "),
        (
            "/deduct @小明 bug",
            "✅ 已扣除 小明 -50 → 2,586 · 反馈问题 · ",
        ),
    ] {
        let said = stage.says("阿杰", text);
        stage.hears_of(said, told).await;
    }
    let said = stage.says("阿杰", "/help reward");
    stage.hears_of(said, "奖励词：bug = 50、签到 = 5").await;
    stage.finish().await;
}

#[tokio::test]
async fn a_deduction_needs_a_reason_and_never_goes_below_zero() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    let said = stage.says("夜雨", "/deduct @阿杰 20");
    let answer = stage.hears(said).await;
    assert_eq!(answer, "这里必须写原因：\n/扣分 @阿杰 100 原因");
    assert_eq!(stage.paid(), []);
    let said = stage.says("夜雨", "/扣分 @阿杰 80 刷屏");
    let answer = stage.hears_of(said, "❌").await;
    let receipt = receipt_in(&answer);
    assert_eq!(
        answer,
        format!("❌ 阿杰 现有 50 积分，要扣 80，没有扣除 · 回执 {receipt}")
    );
    assert_eq!(stage.balance("阿杰"), 50);
    assert_eq!(stage.paid(), []);
    let said = stage.says("夜雨", "/deduct @阿杰 20 刷屏");
    let answer = stage.hears_of(said, "✅").await;
    let receipt = receipt_in(&answer);
    assert_eq!(
        answer,
        format!("✅ 已扣除 阿杰 -20 → 30 · 刷屏 · 回执 {receipt}")
    );
    assert_eq!(stage.paid(), [(-20, "刷屏".to_owned())]);
    let said = stage.says("夜雨", &format!("/receipt {receipt}"));
    stage.hears_of(said, "· 已扣除").await;
    stage.finish().await;
}

#[tokio::test]
async fn one_message_changes_points_once_however_often_it_arrives() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    let thrice = SayOptions {
        deliveries: 3,
        ..SayOptions::default()
    };
    let said = stage.says_with("阿杰", "/reward @小明 66 天梯", thrice.clone());
    stage.hears_of(said, "✅").await;
    let asked = stage.says_with("小明", "/points", thrice);
    stage.hears_of(asked, "2,540").await;
    // The same id with other words: an edited message as the platform might send it.
    stage.delivers(said, "阿杰", "/reward @小明 77 天梯", json!({}));
    // A new process remembers no frames, only the journal does.
    for text in [
        "/reward @小明 66 天梯",
        "/reward @小明 77 天梯",
        "/reward @小红 66 天梯",
        "/deduct @小明 66 天梯",
        "/reward @小明 66o",
    ] {
        stage.restart().await;
        stage.delivers(said, "阿杰", text, json!({}));
        // What one member says is handled in its order.
        let after = stage.says("阿杰", "/points");
        stage.hears(after).await;
    }
    assert_eq!(stage.answers(said).len(), 1);
    assert_eq!(stage.answers(asked).len(), 1);
    assert_eq!(stage.paid(), [(66, "天梯".to_owned())]);
    // A deliberate second award is a new message.
    let again = stage.says("阿杰", "/reward @小明 66 天梯");
    stage.hears_of(again, "✅ 小明 +66 → 2,606").await;
    assert_eq!(stage.paid().len(), 2);
    stage.finish().await;
}

#[tokio::test]
async fn whatever_is_not_said_to_the_bot_meets_silence() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    for text in [
        "大家好",
        "/",
        "//points",
        "/ points",
        "/pionts",
        "/积芬",
        "/unknown @小明 5",
        "/积分榜",
        "points",
        "积分",
        "1/2 points",
        "我有多少 /points",
        "“/points”",
        "/pionts @积",
        "@小明 /points",
        "${/pionts}",
        "${/}",
        "@积分小助手",
        "@积分小助手 早上好",
        "@积分小助手 /完全不同的指令",
        "看看 @积分小助手 /points",
    ] {
        stage.says("小明", text);
    }
    // Bots: another one, and the bot itself, with and without the flag.
    let said = stage.unheard_message("点歌机", "/points");
    stage.delivers(said, "点歌机", "/points", json!({}));
    stage.says("点歌机", "/reward @小明 5");
    let bot = stage.sandbox.bot().to_string();
    let said = stage.unheard_message("小明", "/points");
    stage.delivers(said, "小明", "/points", json!({"user_id": bot}));
    let said = stage.unheard_message("小明", "/points");
    let webhook = json!({"nickname": "小明", "username": "2791234", "bot": true});
    stage.delivers(said, "小明", "/points", json!({"author": webhook}));
    // Other kinds of content, some of which carry a text.
    for content in [
        json!({"type": "image", "url": "https://example.org/a.jpg", "width": 1, "height": 1}),
        json!({"type": "image", "text": "/points"}),
        json!({"type": "richText", "title": "/points", "v": 2, "v2": "[{\"insert\":\"/points\\n\"}]"}),
        json!({"type": "reaction", "action": "add", "id": "1", "text": "/points"}),
        json!({"type": "somethingNew", "text": "/points"}),
        json!({"type": "text"}),
        json!({"type": "text", "text": 5}),
        json!({"text": "/points"}),
    ] {
        let options = SayOptions {
            content: Some(content),
            ..SayOptions::default()
        };
        stage.says_with("小明", "", options);
    }
    // Everything above of that member is behind them once this is answered.
    let asked = stage.says("小明", "/points");
    stage.hears(asked).await;
    stage.finish().await;
}

#[tokio::test]
async fn a_close_word_is_suggested_only_to_those_who_mention_the_bot() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    for (text, told) in [
        (
            "@积分小助手 /pionts",
            "没有 `pionts` 这个指令，是不是想用 /积分？\n/积分 [@成员]",
        ),
        (
            "@积分小助手/积芬",
            "没有 `积芬` 这个指令，是不是想用 /积分？\n/积分 [@成员]",
        ),
        (
            "@积分小助手${/rewrad @小明 5}",
            "没有 `rewrad` 这个指令，是不是想用 /奖励？\n/奖励 @成员… 数量 [原因]",
        ),
        (
            "@积分小助手pointss",
            "没有 `pointss` 这个指令，是不是想用 /积分？\n/积分 [@成员]",
        ),
        (
            "/rewardd @小明 5 @积分小助手",
            "没有 `rewardd` 这个指令，是不是想用 /奖励？\n/奖励 @成员… 数量 [原因]",
        ),
    ] {
        let said = stage.says("阿杰", text);
        assert_eq!(stage.hears(said).await, told, "{text}");
    }
    assert_eq!(stage.paid(), []);
    stage.finish().await;
}

#[tokio::test]
async fn a_handful_of_commands_is_fine_and_then_a_pause_is_asked_for() {
    let mut stage = Stage::without_bot(Settings {
        bot: "commands_dir = \"words\"\n".to_owned(),
        ..Settings::default()
    })
    .await;
    stage.write_words("points.toml", "cooldown = \"1h\"\n");
    stage.start().await;
    // Typing slips do not count.
    for _ in 0..7 {
        let asked = stage.says("小明", "/points 什么");
        stage.hears_of(asked, "没看懂“什么”").await;
    }
    for _ in 0..5 {
        let asked = stage.says("小明", "/points");
        stage.hears_of(asked, "2,474").await;
    }
    let asked = stage.says("小明", "/points");
    let answer = stage.hears(asked).await;
    let seconds = answer
        .strip_prefix("用得太快了，请等 ")
        .and_then(|rest| rest.strip_suffix(" 秒再发。"))
        .unwrap_or_else(|| panic!("{answer}"));
    assert!(seconds.starts_with("3,5") || seconds == "3,600", "{answer}");
    // Nobody else's pace, and no other command's.
    let asked = stage.says("小红", "/points");
    stage.hears_of(asked, "120").await;
    let asked = stage.says("小明", "/help");
    stage.hears_of(asked, "/积分").await;
    stage.finish().await;
}
