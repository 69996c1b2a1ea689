//! Asking the bot: receipts, help, the state of things, in channels and in private, and in the words
//! an operator gives it.

use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::receipt_in;

#[tokio::test]
async fn a_receipt_is_for_those_it_concerns_and_for_staff() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    let said = stage.says("阿杰", "/reward @小明 66 天梯");
    let done = receipt_in(&stage.hears_of(said, "✅").await);
    let said = stage.says("夜雨", "/deduct @小红 500 刷屏");
    let refused = receipt_in(&stage.hears_of(said, "❌").await);
    assert!((6..=8).contains(&done.len()), "{done}");
    // The receiver: all of it, but nothing of the points system's own words.
    let said = stage.says("小明", &format!("/receipt {done}"));
    let answer = stage.hears(said).await;
    let giver = stage.wire("@阿杰");
    assert!(
        answer.starts_with(&format!(
            "🧾 回执 {done} · 已到账\n小明 +66 · 操作人 {giver} · 天梯 · "
        )),
        "{answer}"
    );
    assert!(answer.contains("\n之后读到的余额 2,540（"), "{answer}");
    assert!(!answer.contains("代码"), "{answer}");
    // In small letters, and in full-width ones.
    let said = stage.says("小明", &format!("/回执 {}", done.to_lowercase()));
    stage.hears_of(said, "已到账").await;
    // Somebody else: the same words as for a code that does not exist.
    let said = stage.says("小红", &format!("/receipt {done}"));
    let others = stage.hears(said).await;
    assert_eq!(
        others,
        format!("没有找到你可以查看的回执 {done}。请核对编号。")
    );
    let said = stage.says("小红", "/receipt ZZZZZZ");
    let nobodys = stage.hears(said).await;
    assert_eq!(nobodys, others.replace(&done, "ZZZZZZ"));
    // The member it was taken from learns why.
    let said = stage.says("小红", &format!("/receipt {refused}"));
    let answer = stage.hears(said).await;
    assert!(
        answer.contains("已拒绝") && answer.contains("积分不足") && !answer.contains("30001"),
        "{answer}"
    );
    // Staff see the code.
    let said = stage.says("阿杰", &format!("/receipt {refused}"));
    let answer = stage.hears(said).await;
    assert!(
        answer.contains("发送 1 次") && answer.contains("代码 30001"),
        "{answer}"
    );
    for (text, told) in [
        ("/receipt", "请写上回执编号，例如：\n/回执 R7K2QF"),
        (
            "/receipt 你好",
            "“你好”不是回执编号。回执编号由 6 到 8 位字母和数字组成，例如：\n/回执 R7K2QF",
        ),
        (
            "/receipt R7K2QF R7K2QG",
            "没看懂“R7K2QG”。用法：\n/回执 编号",
        ),
    ] {
        let said = stage.says("小明", text);
        assert_eq!(stage.hears(said).await, told);
    }
    stage.finish().await;
}

#[tokio::test]
async fn help_shows_what_the_asker_may_use_with_the_limits_of_this_guild() {
    let mut stage = Stage::unhurried(Settings {
        reward: "per_award = 500\nper_day = 2000\nconfirm_over = 300\n".to_owned(),
        ..Settings::default()
    })
    .await;
    let said = stage.says("小明", "/help");
    let member = stage.hears(said).await;
    let names = |help: &str| -> Vec<String> {
        let rows = help.lines().filter(|line| line.starts_with('/'));
        rows.map(|row| row.split(['　', ' ']).next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        names(&member),
        [
            "/帮助",
            "/积分明细",
            "/绑定",
            "/积分",
            "/隐私",
            "/我的排名",
            "/回执",
            "/排行榜",
            "/解绑"
        ]
    );
    assert!(!member.contains("额度"), "{member}");
    let said = stage.says("阿杰", "/reward @小明 66");
    stage.hears_of(said, "✅").await;
    let said = stage.says("阿杰", "/帮助");
    let moderator = stage.hears(said).await;
    assert_eq!(
        names(&moderator),
        [
            "/扣分",
            "/帮助",
            "/积分明细",
            "/绑定",
            "/待审",
            "/积分",
            "/隐私",
            "/我的排名",
            "/回执",
            "/上报",
            "/奖励",
            "/排行榜",
            "/撤销",
            "/解绑"
        ]
    );
    assert!(
        moderator.contains("你的额度：单次最多 500，今天已用 66 / 2,000，还剩 1,934")
            && moderator.contains("超过 300 积分会先请你确认"),
        "{moderator}"
    );
    let said = stage.says("夜雨", "/help");
    let admin = stage.hears(said).await;
    assert_eq!(
        names(&admin),
        [
            "/自检",
            "/扣分",
            "/暂停发放",
            "/帮助",
            "/积分明细",
            "/绑定",
            "/待审",
            "/积分",
            "/隐私",
            "/我的排名",
            "/回执",
            "/上报",
            "/奖励",
            "/定时",
            "/排行榜",
            "/撤销",
            "/恢复发放",
            "/解绑"
        ]
    );
    assert!(admin.contains("单次最多 9,999"), "{admin}");
    for topic in ["reward", "/reward", "奖励", "／奖励", "REWARD"] {
        let said = stage.says("阿杰", &format!("/help {topic}"));
        let answer = stage.hears(said).await;
        assert!(
            answer.starts_with(
                "/奖励 @成员… 数量 [原因]　给成员发放积分\n也可以写作：/reward、/奖励\n"
            ),
            "{answer}"
        );
    }
    // What one may not use is not spoken of.
    for topic in ["reward", "没有"] {
        let said = stage.says("小明", &format!("/help {topic}"));
        let answer = stage.hears(said).await;
        assert_eq!(
            answer,
            format!("没有“{topic}”这个指令。发送 /帮助 查看能用的指令。")
        );
    }
    stage.finish().await;
}

#[tokio::test]
async fn only_an_administrator_may_check() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    for person in ["小明", "阿杰"] {
        let said = stage.says(person, "/check");
        let answer = stage.hears(said).await;
        assert_eq!(
            answer,
            "你没有使用这个指令的权限。可以使用的有：管理员、服务器管理员。"
        );
    }
    for person in ["夜雨", "星海"] {
        let said = stage.says(person, "/自检");
        let answer = stage.hears(said).await;
        assert!(
            answer.starts_with("🔎 自检（") && !answer.contains('❌'),
            "{answer}"
        );
        for what in ["消息网关", "账本", "积分商城连接", "本服务器的积分商城开关"]
        {
            assert!(answer.contains(&format!("✅ {what} · ")), "{answer}");
        }
    }
    stage.sandbox.mall().switch(stage.guild.number(), false);
    let said = stage.says("夜雨", "/check");
    stage.hears_of(said, "❌ 本服务器的积分商城开关").await;
    let said = stage.says("夜雨", "/check 一下");
    stage.hears_of(said, "没看懂“一下”").await;
    stage.finish().await;
}

#[tokio::test]
async fn a_private_chat_answers_questions_and_sends_changes_to_a_channel() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    let said = stage.says("阿杰", "/reward @小明 66");
    let receipt = receipt_in(&stage.hears_of(said, "✅").await);
    for text in ["/points", "／积分", "${/points}", "@积分小助手${/积分}"] {
        let said = stage.whispers("小明", text);
        let answer = stage.hears(said).await;
        assert!(
            answer.starts_with("💰 小明，你现在有 2,540 积分（"),
            "{answer}"
        );
    }
    let said = stage.whispers("小明", &format!("/receipt {receipt}"));
    stage.hears_of(said, "已到账").await;
    let said = stage.whispers("小明", "/help");
    let answer = stage.hears(said).await;
    assert!(
        answer.contains("/积分") && !answer.contains("/奖励"),
        "{answer}"
    );
    // Who may give still gives in a channel, where others see it.
    let said = stage.whispers("阿杰", "/help");
    stage.hears_of(said, "/奖励").await;
    for text in ["/reward @小明 5", "/奖励", "/扣分 @小明 5 刷屏"] {
        let said = stage.whispers("阿杰", text);
        assert_eq!(
            stage.hears(said).await,
            "加减积分只能在服务器的频道里进行，请到频道里发送这条指令。"
        );
    }
    stage.whispers("阿杰", "你好");
    stage.whispers("阿杰", "/pionts");
    assert_eq!(stage.paid().len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn an_operator_gives_commands_other_names_and_words() {
    let mut stage = Stage::without_bot(Settings {
        bot: "commands_dir = \"words\"\n".to_owned(),
        ..Settings::default()
    })
    .await;
    stage.write_words(
        "points.toml",
        "names = [\"points\", \"余额\", \"/Bal\"]\n[zh-CN]\nown = \"{member} 有 {balance} 分\"\n",
    );
    stage.write_words("deduct.toml", "right = \"manage\"\n");
    stage.write_words(
        "_shared.toml",
        "[zh-CN]\nno_right = \"不行，只有：{roles}\"\n",
    );
    stage.write_words("notes.txt", "this is no TOML = [");
    stage.start().await;
    for text in ["/余额", "/points", "／ＢＡＬ", "@积分小助手${/余额}"] {
        let asked = stage.says("小明", text);
        assert_eq!(stage.hears(asked).await, "小明 有 2,474 分");
    }
    // What was replaced is gone, what was not stays.
    stage.says("小明", "/积分");
    let asked = stage.says("阿杰", "/points @小明");
    stage.hears_of(asked, "💰 小明 现在有 2,474 积分").await;
    let said = stage.says("阿杰", "/deduct @小明 5 刷屏");
    assert_eq!(stage.hears(said).await, "不行，只有：管理员、服务器管理员");
    let said = stage.says("夜雨", "/deduct @小明 5 刷屏");
    stage.hears_of(said, "✅ 已扣除").await;
    let said = stage.says("小明", "/help 余额");
    stage
        .hears_of(said, "也可以写作：/points、/余额、/bal")
        .await;
    stage.finish().await;
}

#[tokio::test]
async fn wrong_words_of_an_operator_are_all_listed_at_start() {
    let mut stage = Stage::without_bot(Settings {
        bot: "commands_dir = \"words\"\n".to_owned(),
        ..Settings::default()
    })
    .await;
    stage.write_words(
        "reward.toml",
        "right = \"giv\"\n[zh-CN]\ndone = \"{membr}\"\n",
    );
    stage.write_words("rewrad.toml", "cooldown = \"1s\"\n");
    stage.spawn();
    let status = stage.ended().await;
    assert!(!status.success());
    let log = stage.log();
    for part in [
        "reward.toml: `right`: there is no right `giv`: `give` is near",
        "reward.toml: `zh-CN.done`: the hole `{membr}` is never filled: `member` is near",
        "rewrad.toml: `rewrad`: there is no such command: `reward` is near",
    ] {
        assert!(log.contains(part), "{part} not in\n{log}");
    }
    assert_eq!(stage.sandbox.calls("getMe"), 0, "nobody was asked anything");
    stage.finish().await;
}

#[tokio::test]
async fn the_help_page_in_each_language() {
    let settings = |language: &str| Settings {
        reward: "per_award = 500\nper_day = 2000\nconfirm_over = 300\n".to_owned(),
        guild: format!("language = \"{language}\"\n[guild.presets]\nbug = {{ points = 50 }}\n"),
        ..Settings::default()
    };
    let mut stage = Stage::unhurried(settings("zh-CN")).await;
    let said = stage.says("阿杰", "/help");
    insta::assert_snapshot!(stage.hears(said).await, @r"
    你在这里可以使用：
    /扣分 @成员… 数量 原因　扣除成员的积分，必须写原因
    /帮助 [指令]　查看能用的指令
    /积分明细 [页码] [收入|支出] [@成员] [积分系统，如 swan.hq]　查询积分明细
    /绑定 [系统 绑定码]，或 /绑定 系统 [种类] 账号　绑定其他积分系统的账号
    /待审 [批准 编号]，或 /待审 拒绝 编号 [原因]　查看并审批等待中的积分变动
    /积分 [@成员]　查询积分
    /隐私 [board on|off]　选择自己是否上排行榜
    /我的排名 [今日|本周|本月|总榜|余额|7d|30d|2026-03-01..2026-03-31]　查看自己的排名
    /回执 编号　查询一笔积分变动
    /上报 事件名 @成员 [积分系统，如 swan.hq]　上报事件
    /奖励 @成员… 数量 [原因]　给成员发放积分
    /排行榜 [今日|本周|本月|总榜|余额|7d|30d|2026-03-01..2026-03-31] [第2页] [我|@成员]　查看积分排行榜
    /撤销 编号 [部分]，或 /撤销 last（你的上一笔）　撤销一笔积分变动
    /解绑 系统，版主可用 /解绑 @成员 系统　解除账号绑定
    你的额度：单次最多 500，今天已用 0 / 2,000，还剩 2,000
    超过 300 积分会先请你确认
    奖励词：bug = 50
    ");
    let said = stage.says("夜雨", "/help");
    insta::assert_snapshot!(stage.hears(said).await, @r#"
    你在这里可以使用：
    /自检　检查机器人和积分系统的状态
    /扣分 @成员… 数量 原因　扣除成员的积分，必须写原因
    /暂停发放 [原因]　立即暂停发放积分
    /帮助 [指令]　查看能用的指令
    /积分明细 [页码] [收入|支出] [@成员] [积分系统，如 swan.hq]　查询积分明细
    /绑定 [系统 绑定码]，或 /绑定 系统 [种类] 账号　绑定其他积分系统的账号
    /待审 [批准 编号]，或 /待审 拒绝 编号 [原因]　查看并审批等待中的积分变动
    /积分 [@成员]　查询积分
    /隐私 [board on|off]　选择自己是否上排行榜
    /我的排名 [今日|本周|本月|总榜|余额|7d|30d|2026-03-01..2026-03-31]　查看自己的排名
    /回执 编号　查询一笔积分变动
    /上报 事件名 @成员 [积分系统，如 swan.hq]　上报事件
    /奖励 @成员… 数量 [原因]　给成员发放积分
    /定时 [列表]，/定时 新增 名称 时间 周期 [#频道] [top 10] [post|edit|replace]（时间如 09:00 或 "0 9 * * MON"），/定时 预览|立即|暂停|恢复|删除 名称　设置定时发布的排行榜
    /排行榜 [今日|本周|本月|总榜|余额|7d|30d|2026-03-01..2026-03-31] [第2页] [我|@成员]　查看积分排行榜
    /撤销 编号 [部分]，或 /撤销 last（你的上一笔）　撤销一笔积分变动
    /恢复发放　恢复发放积分
    /解绑 系统，版主可用 /解绑 @成员 系统　解除账号绑定
    你是管理员，没有每日额度；单次最多 9,999
    超过 300 积分会先请你确认
    奖励词：bug = 50
    "#);
    stage.finish().await;
    let mut stage = Stage::unhurried(settings("en-US")).await;
    let said = stage.says("阿杰", "/help");
    insta::assert_snapshot!(stage.hears(said).await, @r"
    Here you can use:
    /deduct @member… amount reason — take points from a member; a reason is required
    /help [command] — show the commands you can use
    /history [page] [in|out] [@member] [points system, such as swan.hq] — show what came and went
    /link [system code], or /link system [kind] id — link an account of another points system
    /pending [approve code], or /pending refuse code [reason] — see and decide changes that wait for approval
    /points [@member] — show a balance
    /privacy [board on|off] — choose whether you are on leaderboards
    /rank [day|week|month|all|balance|7d|30d|2026-03-01..2026-03-31] — show your own place
    /receipt code — show what became of a change
    /report event @member [points system, such as swan.hq] — report an event
    /reward @member… amount [reason] — give points to a member
    /top [day|week|month|all|balance|7d|30d|2026-03-01..2026-03-31] [page 2] [me|@member] — show the leaderboard
    /undo code [rest], or /undo last (your last change) — undo a change of points
    /unlink system; moderators: /unlink @member system — unlink an account
    Your limits: 500 at once, used today 0 / 2,000, left 2,000
    Above 300 points you are asked to confirm
    reward words: bug = 50
    ");
    let said = stage.says("夜雨", "/help reward");
    insta::assert_snapshot!(stage.hears(said).await, @r"
    /reward @member… amount [reason] — give points to a member
    also written: /reward, /奖励
    You are an administrator: no daily quota; at most 9,999 at once
    Above 300 points you are asked to confirm
    reward words: bug = 50
    ");
    stage.finish().await;
}
