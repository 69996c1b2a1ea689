//! What came and went, in pages: the bot's own record, a service's own ledger, and buttons that turn
//! the pages.

use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;

use crate::stage::Said;
use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::receipt_in;

const LACKS: &str = "积分商城接口不提供流水查询，可凭操作编号查询单笔：/回执 编号";

fn labels(stage: &Stage, said: Said) -> Vec<String> {
    let answers = stage.sandbox.answers_to(said.0).into_iter();
    let buttons = answers.flat_map(|answer| answer.buttons.into_iter().flatten());
    buttons.map(|button| button.text).collect()
}

/// The rows of a page, without its head and foot.
fn rows(answer: &str) -> Vec<&str> {
    answer
        .lines()
        .filter(|line| line.starts_with("20"))
        .collect()
}

async fn rewarded(stage: &mut Stage, who: &str, points: i64, why: &str) -> String {
    let command = match points < 0 {
        true => "扣分",
        false => "奖励",
    };
    let text = format!("/{command} @{who} {} {why}", points.abs());
    let said = stage.says("阿杰", &text);
    receipt_in(&stage.hears_of(said, "✅").await)
}

#[tokio::test]
async fn the_bots_own_record_says_what_it_is_and_its_pages_outlive_a_restart() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    let said = stage.says("小明", "/积分明细");
    assert_eq!(
        stage.hears(said).await,
        format!(
            "📒 小明 通过本机器人的变动 · 第 1 页（时间：Asia/Shanghai）\n\
             本机器人还没有改动过这里的积分。\n{LACKS}"
        )
    );
    assert!(labels(&stage, said).is_empty());
    let mut codes = Vec::new();
    for number in 1..=12 {
        codes.push(rewarded(&mut stage, "小明", number, &format!("第{number}次")).await);
    }
    // Somebody else's is not among them.
    rewarded(&mut stage, "小红", 5, "别人的").await;
    let said = stage.says("小明", "/积分明细");
    let page = stage.hears(said).await;
    let shown = rows(&page);
    assert_eq!(shown.len(), 10, "{page}");
    let giver = stage.wire("@阿杰");
    assert!(
        shown[0].ends_with(&format!(
            " · +12 · 第12次 · 操作人 {giver} · 已到账 · {}",
            codes[11]
        )),
        "{page}"
    );
    assert!(shown[9].contains(" · +3 · 第3次 · "), "{page}");
    assert!(page.ends_with(LACKS) && !page.contains("别人的"), "{page}");
    assert_eq!(labels(&stage, said), ["下一页"]);

    // Somebody else's press does nothing, a restart neither.
    let (message, carries) = stage.button(said, "下一页");
    let toast = stage.sends_press("小红", message, &carries).await;
    assert_eq!(toast, "这个按钮只有发起的人能用。");
    stage.restart().await;
    let toast = stage.sends_press("夜雨", message, &carries).await;
    assert_eq!(toast, "这个按钮只有发起的人能用。");
    assert_eq!(stage.answers(said), std::slice::from_ref(&page));
    stage.presses("小明", said, "下一页").await;
    let second = stage.hears_of(said, "第 2 页").await;
    assert_eq!(rows(&second).len(), 2, "{second}");
    assert!(second.contains(" · +1 · 第1次 · "), "{second}");
    assert_eq!(labels(&stage, said), ["上一页"]);
    stage.presses("小明", said, "上一页").await;
    let first = stage.hears_of(said, "第 1 页").await;
    assert_eq!(first, page);
    assert_eq!(stage.answers(said).len(), 1, "the same message is edited");
    // Typed, beyond the end.
    let said = stage.says("小明", "/积分明细 第3页");
    assert!(
        stage
            .hears(said)
            .await
            .contains("第 3 页（时间：Asia/Shanghai）\n这一页没有内容。")
    );
    stage.finish().await;
}

#[tokio::test]
async fn what_came_and_what_went_can_be_asked_for_alone() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    rewarded(&mut stage, "小明", 30, "早到").await;
    let undone = rewarded(&mut stage, "小明", 40, "搞错了").await;
    rewarded(&mut stage, "小明", -7, "迟到").await;
    let said = stage.says("阿杰", &format!("/撤销 {undone}"));
    stage.hears_of(said, &undone).await;
    let said = stage.says("阿杰", "/扣分 @小明 9999 太多");
    stage.hears_of(said, "❌").await;
    let amounts = |page: &str| -> Vec<String> {
        let of = |row: &&str| row.split(" · ").nth(1).map(str::to_owned);
        rows(page).iter().filter_map(of).collect()
    };
    let said = stage.says("小明", "/history");
    let all = stage.hears(said).await;
    assert_eq!(
        amounts(&all),
        ["-9,999", "-40", "-7", "+40", "+30"],
        "{all}"
    );
    assert!(
        all.contains("搞错了") && all.contains("已撤销") && all.contains("已拒绝"),
        "{all}"
    );
    let said = stage.says("小明", "/积分明细 收入");
    let came = stage.hears(said).await;
    assert!(came.contains("第 1 页 · 只看收入"), "{came}");
    assert_eq!(amounts(&came), ["+40", "+30"], "{came}");
    let said = stage.says("小明", "/history out");
    let went = stage.hears(said).await;
    assert_eq!(amounts(&went), ["-9,999", "-40", "-7"], "{went}");
    let said = stage.says("小红", "/积分明细 支出");
    assert!(stage.hears(said).await.contains("\n没有这样的记录。\n"));
    let said = stage.says("小明", "/积分明细 随便");
    assert!(
        stage
            .hears(said)
            .await
            .starts_with("没看懂“随便”。用法：\n/积分明细")
    );
    let said = stage.says("小明", "/积分明细 swan.hq");
    assert_eq!(
        stage.hears(said).await,
        "本服务器没有“swan.hq”这个积分系统。可以查看：`mall`"
    );
    stage.finish().await;
}

#[tokio::test]
async fn rights_are_looked_at_again_when_a_page_is_turned() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    for number in 1..=11 {
        rewarded(&mut stage, "小明", number, "练习").await;
    }
    let said = stage.says("小红", "/积分明细 @小明");
    assert!(
        stage
            .hears(said)
            .await
            .starts_with("你没有使用这个指令的权限")
    );
    let said = stage.says("阿杰", "/积分明细 @小明");
    let page = stage.hears(said).await;
    assert!(page.starts_with("📒 小明 通过"), "{page}");
    stage
        .sandbox
        .set_roles(stage.guild, stage.user("阿杰"), Vec::new());
    stage.restart().await;
    let toast = stage.presses("阿杰", said, "下一页").await;
    assert!(toast.starts_with("你没有使用这个指令的权限"), "{toast}");
    assert_eq!(stage.answers(said), [page]);
    // Their own they may still see.
    let said = stage.says("阿杰", "/积分明细");
    stage.hears_of(said, "本机器人还没有改动过").await;
    stage.finish().await;
}

#[tokio::test]
async fn what_somebody_made_up_writes_over_nothing() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    for number in 1..=11 {
        rewarded(&mut stage, "小明", number, "练习").await;
    }
    let given = stage.says("阿杰", "/奖励 @小红 8 帮忙");
    let told = stage.hears_of(given, "✅").await;
    let said = stage.says("小明", "/积分明细");
    stage.hears(said).await;
    let (message, carries) = stage.button(said, "下一页");
    // Data of one's own making, and bits of it that are not.
    let mut forged = carries.clone();
    forged.pop();
    for data in [forged.as_str(), "gp:l:", "gp:l:AAAA", "gp:l:%%%"] {
        let toast = stage.sends_press("小明", message, data).await;
        assert_eq!(toast, "这个按钮已失效，请重新发送 /积分明细。", "{data}");
    }
    // One's own data under somebody else's message: one's own page is turned and nothing else.
    let other = stage.sandbox.answers_to(given.0)[0].id;
    stage.sends_press("小明", other, &carries).await;
    stage.hears_of(said, "第 2 页").await;
    assert_eq!(stage.answers(given), [told]);
    assert_eq!(stage.answers(said).len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn a_services_own_ledger_is_called_so_and_names_the_receipts_that_are_ours() {
    let mut stage = Stage::without_bot(Settings {
        guild: "also = [\"mall\"]\n".to_owned(),
        points: Some("swan.hq"),
        bot: "commands_dir = \"words\"\n".to_owned(),
        ..Settings::default()
    })
    .await;
    for command in ["history", "reward"] {
        stage.write_words(&format!("{command}.toml"), "cooldown = \"0s\"\n");
    }
    stage.settings.further = Stage::swan_section(&stage.sandbox);
    stage.start().await;
    assert!(stage.stop().await.success());
    stage.tie_accounts("swan.hq").await;
    stage.start().await;
    let code = rewarded(&mut stage, "小明", 66, "天梯").await;
    let said = stage.says("小明", "/积分明细");
    let page = stage.hears(said).await;
    assert!(
        page.starts_with("📒 小明 在Swan · hq的流水 · 第 1 页（时间：Asia/Shanghai）\n"),
        "{page}"
    );
    let shown = rows(&page);
    assert_eq!(shown.len(), 10, "{page}");
    assert!(
        shown[0].contains(" · +66 · ") && shown[0].ends_with(&format!(" · 回执 {code}")),
        "{page}"
    );
    assert!(shown[1].ends_with(" · -20 · 兑换头像框"), "{page}");
    assert!(!page.contains(LACKS), "{page}");
    stage.restart().await;
    for wanted in ["第 2 页", "第 3 页"] {
        stage.presses("小明", said, "下一页").await;
        stage.hears_of(said, wanted).await;
    }
    let last = stage.answers(said).pop().unwrap();
    // 25 entries of before, and ours.
    assert_eq!(rows(&last).len(), 6, "{last}");
    assert!(last.contains("第1天"), "{last}");
    assert_eq!(labels(&stage, said), ["上一页"]);
    // The further system by its name; the bot has changed nothing there.
    let said = stage.says("小明", "/积分明细 mall");
    let mall = stage.hears(said).await;
    assert!(
        mall.contains("本机器人还没有改动过") && mall.ends_with(LACKS),
        "{mall}"
    );
    // Not linked, and down.
    let said = stage.says("小白", "/积分明细");
    assert!(stage.hears(said).await.starts_with("🔗 你还没有绑定"));
    let down = FaultRule::always("swan.*", FaultKind::Status500Before);
    stage.sandbox.faults().set(down);
    let said = stage.says("小明", "/积分明细");
    assert_eq!(stage.hears(said).await, "积分服务暂不可用，请稍后再试。");
    stage.finish().await;
}

#[tokio::test]
async fn the_built_in_ledger_has_a_history_of_its_own_also_in_english() {
    let mut stage = Stage::unhurried(Settings {
        guild: "language = \"en-US\"\n".to_owned(),
        points: Some("ledger"),
        ..Settings::default()
    })
    .await;
    let said = stage.says("小明", "/history");
    assert_eq!(
        stage.hears(said).await,
        "📒 小明: history of built-in ledger · page 1 (times: Asia/Shanghai)\n\
         There is nothing on record in built-in ledger yet."
    );
    let code = rewarded(&mut stage, "小明", 66, "ladder").await;
    for number in 1..=10 {
        rewarded(&mut stage, "小明", number, "practice").await;
    }
    let said = stage.says("小明", "/history");
    let page = stage.hears(said).await;
    assert_eq!(rows(&page).len(), 10, "{page}");
    stage.presses("小明", said, "Next").await;
    let page = stage.hears_of(said, "page 2").await;
    assert!(
        page.contains(" · +66 · ") && page.ends_with(&format!(" · receipt {code}")),
        "{page}"
    );
    assert_eq!(labels(&stage, said), ["Previous"]);
    let said = stage.says("小明", "/history out");
    let out = stage.hears(said).await;
    assert!(
        out.contains("page 1 · out only")
            && out.contains("There is nothing of the kind on record."),
        "{out}"
    );
    let said = stage.says("小明", "/history mall");
    assert_eq!(
        stage.hears(said).await,
        "This server has no points system “mall”. There are: `ledger`"
    );
    stage.finish().await;
}
