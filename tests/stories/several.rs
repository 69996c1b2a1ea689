//! Several members in one command: a preview, a button, one line a person, each paid once.

use guildpoints::sandbox::fault::FaultKind;

use crate::stage::Said;
use crate::stage::Settings;
use crate::stage::Stage;

/// Presses the confirm button under the answer to `asked`, once it is there.
async fn confirm(stage: &mut Stage, presser: &str, asked: Said) {
    stage.hears_of(asked, "确认吗").await;
    let (message, carries) = stage.button(asked, "确认");
    stage.sandbox.press(stage.user(presser), message, &carries);
}

#[tokio::test]
async fn several_are_previewed_confirmed_and_paid_in_one_call() {
    let mut stage = Stage::new().await;
    let asked = stage.says("阿杰", "/奖励 @小明 @小红 100 周赛 @小明");
    let preview = stage.hears(asked).await;
    assert!(
        preview.contains("给 2 人各发放 +100 积分，合计 +200，原因：周赛"),
        "{preview}"
    );
    assert!(
        preview.contains("小明、小红") && preview.contains("还剩 49,800 / 50,000"),
        "{preview}"
    );
    assert!(stage.paid().is_empty(), "nothing is paid before the button");

    let (message, carries) = stage.button(asked, "确认");
    stage.sandbox.press(stage.user("小明"), message, &carries);
    stage
        .until("the stranger is told", |sandbox| {
            let answered = |callback: &guildpoints::sandbox::Callback| {
                format!("{callback:?}").contains("只有发起的人")
            };
            sandbox.callbacks().iter().any(answered)
        })
        .await;
    assert!(stage.paid().is_empty());

    confirm(&mut stage, "阿杰", asked).await;
    let done = stage.hears_of(asked, "已到账 2").await;
    assert!(
        done.contains("✅ 小明 · ") && done.contains("✅ 小红 · "),
        "{done}"
    );
    assert_eq!(
        stage.paid(),
        [(100, "周赛".to_owned()), (100, "周赛".to_owned())]
    );
    assert_eq!(
        stage.answers(asked).len(),
        1,
        "the question becomes the answer"
    );
    let batches = stage.sandbox.mall().requests();
    let batches = batches
        .iter()
        .filter(|request| request.endpoint == "batchModifyUserPoint");
    assert_eq!(batches.count(), 1);

    // A second press changes nothing.
    stage.sandbox.press(stage.user("阿杰"), message, &carries);
    stage.finish().await;
}

#[tokio::test]
async fn a_lost_answer_marks_the_unsure_ones_and_they_settle_by_themselves() {
    let mut stage = Stage::new().await;
    let asked = stage.says("阿杰", "/奖励 @小明 @小红 100 周赛");
    stage.hears(asked).await;
    stage.fault("batchModifyUserPoint", FaultKind::DropAfter);
    confirm(&mut stage, "阿杰", asked).await;
    let open = stage.hears_of(asked, "待定 2").await;
    assert!(open.contains("⏳ 小明 待确认"), "{open}");
    stage.hears_of(asked, "已到账 2").await;
    assert_eq!(stage.paid().len(), 2);
    stage.finish().await;
}

#[tokio::test]
async fn a_refused_line_does_not_touch_the_others() {
    let mut stage = Stage::new().await;
    let asked = stage.says("阿杰", "/扣分 @小明 @小红 200 违规");
    stage.hears(asked).await;
    confirm(&mut stage, "阿杰", asked).await;
    let done = stage.hears_of(asked, "已扣除 1").await;
    assert!(
        done.contains("✅ 小明") && done.contains("❌ 小红") && done.contains("积分不足"),
        "{done}"
    );
    assert_eq!(stage.paid(), [(-200, "违规".to_owned())]);
    stage.finish().await;
}

#[tokio::test]
async fn the_holders_of_a_role_are_rewarded_without_bots_and_the_caller() {
    let mut stage = Stage::new().await;
    let veterans = stage.sandbox.members(stage.guild);
    let ming = veterans
        .iter()
        .find(|member| member.nickname == "小明")
        .expect("a seeded member");
    let role = ming.roles[0];
    for nickname in ["小红", "阿杰", "点歌机"] {
        let member = veterans
            .iter()
            .find(|member| member.nickname == nickname)
            .expect("a seeded member");
        let mut roles = member.roles.clone();
        roles.push(role);
        stage.sandbox.set_roles(stage.guild, member.id, roles);
    }
    let asked = stage.says("阿杰", &format!("/奖励 role ${{@&{role}}} 10 感谢老玩家"));
    let preview = stage.hears(asked).await;
    assert!(
        preview.contains("给 2 人各发放 +10") && preview.contains("未包含：2 位"),
        "{preview}"
    );
    confirm(&mut stage, "阿杰", asked).await;
    stage.hears_of(asked, "已到账 2").await;
    assert_eq!(stage.paid().len(), 2);
    stage.finish().await;
}

#[tokio::test]
async fn a_quota_that_would_run_out_in_the_middle_refuses_the_whole_before_anything_is_paid() {
    let mut stage = Stage::with(Settings {
        reward: "per_day = 150\n".to_owned(),
        ..Settings::default()
    })
    .await;
    let asked = stage.says("阿杰", "/奖励 @小明 @小红 100 周赛");
    let answer = stage.hears(asked).await;
    assert!(
        answer.contains("今天的额度不够：这次 200，今天已用 0 / 150"),
        "{answer}"
    );
    let named_self = stage.says("阿杰", "/奖励 @小明 @阿杰 10 周赛");
    let answer = stage.hears(named_self).await;
    assert!(answer.contains("不能给自己发放积分"), "{answer}");
    let named_bot = stage.says("阿杰", "/奖励 @小明 @点歌机 10 周赛");
    let answer = stage.hears(named_bot).await;
    assert!(answer.contains("点歌机 是机器人"), "{answer}");
    assert!(stage.paid().is_empty());
    stage.finish().await;
}

#[tokio::test]
async fn killed_in_the_middle_every_line_still_ends_once() {
    let mut stage = Stage::new().await;
    for kind in [
        FaultKind::DelayAfter { ms: 60_000 },
        FaultKind::DelayBefore { ms: 60_000 },
    ] {
        let before = stage.paid().len();
        let asked = stage.says("阿杰", "/奖励 @小明 @小红 @星海 100 周赛");
        stage.hears(asked).await;
        stage.sandbox.faults().clear();
        stage.fault("batchModifyUserPoint", kind);
        confirm(&mut stage, "阿杰", asked).await;
        stage
            .until("the mall was asked", |sandbox| {
                sandbox.faults().list().iter().any(|rule| rule.hits > 0)
            })
            .await;
        stage.kill().await;
        stage.start().await;
        stage.hears_of(asked, "已到账 3").await;
        stage.answers(asked);
        assert_eq!(stage.paid().len(), before + 3);
    }
    stage.finish().await;
}
