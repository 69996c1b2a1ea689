//! Operators at the journal of a guild whose people undo, approve and stop giving.

use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::mall::Shapes;
use serde_json::Value;

use crate::books::squared;
use crate::desk::complained;
use crate::desk::has_buttons;
use crate::desk::printed;
use crate::stage::Said;
use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::receipt_in;

/// A guild with a second moderator, where more than 500 points have to be approved.
async fn stage() -> Stage {
    let stage = Stage::unhurried(Settings {
        reward: "approve_over = 500\n".to_owned(),
        ..Settings::default()
    })
    .await;
    let member = stage.sandbox.joins(stage.guild, "阿珍");
    let roles = stage.sandbox.moderator_roles();
    stage.sandbox.set_roles(stage.guild, member, roles);
    stage
}

/// Says something and waits for an answer with that in it; the receipt it names.
async fn told(stage: &mut Stage, text: &str, part: &str) -> (Said, String) {
    let said = stage.says("阿杰", text);
    let answer = stage.hears_of(said, part).await;
    (said, receipt_in(&answer))
}

#[tokio::test]
async fn undos_approvals_and_stops_are_listed_shown_exported_and_sound() {
    let mut stage = stage().await;
    let (_, plain) = told(&mut stage, "/奖励 @小明 10 早到", "✅").await;
    let (_, undone) = told(&mut stage, "/奖励 @小明 300 早到", "✅").await;
    let (_, undo) = told(&mut stage, &format!("/撤销 {undone}"), "已撤销").await;
    let (approved_in, approved) = told(&mut stage, "/奖励 @小红 666 天梯", "待审批").await;
    stage.presses("阿珍", approved_in, "批准").await;
    stage.hears_of(approved_in, "✅").await;
    has_buttons(&stage, approved_in, &["撤销"]).await;
    let (declined_in, declined) = told(&mut stage, "/奖励 @小红 777 天梯", "待审批").await;
    let asked = stage.says("阿珍", &format!("/待审 拒绝 {declined} 写错了"));
    stage.hears(asked).await;
    stage.hears_of(declined_in, "审批没有通过").await;
    has_buttons(&stage, declined_in, &[]).await;
    let (_, waits) = told(&mut stage, "/奖励 @小红 888 天梯", "待审批").await;
    let stopped = stage.says("夜雨", "/freeze 盘点");
    stage.hears(stopped).await;

    for (state, wanted) in [
        ("waiting", vec![&waits]),
        ("undone", vec![&undone]),
        ("refused", vec![&declined]),
        ("done", vec![&approved, &undo, &plain]),
        ("partly_undone", vec![]),
        ("queued", vec![]),
    ] {
        let listed = printed(&stage, &["list", "--json", "--state", state]).await;
        let listed: Vec<Value> = serde_json::from_str(&listed).unwrap();
        let codes: Vec<&str> = listed
            .iter()
            .map(|entry| entry["receipt"].as_str().unwrap())
            .collect();
        assert_eq!(codes, wanted, "{state}");
        assert!(listed.iter().all(|entry| entry["state"] == state));
    }
    let listed = printed(&stage, &["list"]).await;
    for word in ["待审批", "已撤销", "已拒绝", "已到账", "已扣除"] {
        assert!(listed.contains(word), "{word}: {listed}");
    }
    let open = printed(&stage, &["unsettled"]).await;
    assert!(
        open.contains(&waits) && open.contains("等另一位版主或管理员审批"),
        "{open}"
    );

    let second = stage.user("阿珍").to_string();
    for (code, parts) in [
        (&undone, vec!["已撤销", "其中 300 积分已撤销"]),
        (&undo, vec!["撤销的是回执", &undone, "300 积分"]),
        (&approved, vec!["超过 500 积分", "批准", &second]),
        (&declined, vec!["没有批准：写错了", &second, "结清：已拒绝"]),
        (&waits, vec!["待审批", "需要另一位版主或管理员在"]),
    ] {
        let shown = printed(&stage, &["show", code]).await;
        for part in parts {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }
    let exported = printed(&stage, &["export", "--format", "jsonl"]).await;
    let exported: Vec<Value> = exported
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |code: &str| {
        let found = exported.iter().find(|entry| entry["receipt"] == code);
        found.unwrap_or_else(|| panic!("{code} is not exported"))
    };
    assert_eq!(exported.len(), 6);
    assert_eq!(of(&undone)["undone"], 300);
    assert_eq!(of(&undo)["undoes"], undone.as_str());
    assert_eq!(of(&approved)["approval"], "approved");
    assert_eq!(of(&approved)["decided_by"], second.as_str());
    assert_eq!(of(&declined)["decided_why"], "写错了");
    assert_eq!(of(&declined)["refusal"], "not_approved");
    assert_eq!(of(&waits)["approval"], "asked");
    assert_eq!(of(&waits)["next_look"], Value::Null);
    assert_eq!(of(&plain)["approval"], Value::Null);

    for finding in ["--applied", "--refused"] {
        let arguments = ["settle", &waits, finding, "--why", "没有依据"];
        let refused = complained(&stage, &arguments).await;
        assert!(refused.contains("等待审批"), "{refused}");
    }
    let sound = printed(&stage, &["verify", "--records", "all"]).await;
    assert!(
        sound.contains("6 条") && sound.contains("一切相符"),
        "{sound}"
    );

    stage.stop().await;
    for (set, code) in [
        ("undone = 0", &undone),
        ("counts = 300", &undo),
        ("sends = 1", &declined),
    ] {
        let change = format!("update entries set {set} where code = '{code}'");
        stage.change_store(&change).await;
    }
    let found = complained(&stage, &["verify", "--records", "none"]).await;
    for part in [
        format!("{undone} 占用的当日额度或已撤销的数目"),
        format!("{undo} 占用的当日额度或已撤销的数目"),
        format!("{declined}（refused）不符合：没有批准的都没有发送过"),
    ] {
        assert!(found.contains(&part), "{part}\n{found}");
    }
    assert!(
        !found.contains(&waits) && !found.contains(&approved),
        "{found}"
    );
    assert_eq!(stage.paid().len(), 4, "10, 300, -300 and 666");
    stage.finish().await;
}

#[tokio::test]
async fn an_undo_that_is_left_to_a_moderator_is_settled_by_hand_and_told() {
    let mut stage = Stage::without_bot(Settings::default()).await;
    stage.sandbox.mall().set_shapes(Shapes {
        find_point_record: false,
        ..Shapes::default()
    });
    stage.start().await;
    let (_, given) = told(&mut stage, "/奖励 @小明 666 天梯第一名", "✅").await;
    stage.fault("modifyUserPoint", FaultKind::DropAfter);
    let (asked, undo) = told(&mut stage, &format!("/撤销 {given}"), "未能自动确认").await;
    let open = printed(&stage, &["unsettled"]).await;
    assert!(open.contains(&undo) && !open.contains(&given), "{open}");
    let arguments = ["settle", &undo, "--applied", "--why", "商城里有记录"];
    printed(&stage, &arguments).await;
    let answer = stage.hears_of(asked, "↩️").await;
    assert!(
        answer.contains(&undo) && answer.contains(&given),
        "{answer}"
    );
    assert_eq!(stage.answers(asked).len(), 1, "the same message is edited");
    let listed = printed(&stage, &["list", "--json", "--state", "undone"]).await;
    let listed: Vec<Value> = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["receipt"], given.as_str());
    assert_eq!(listed[0]["undone"], 666);
    let sound = printed(&stage, &["verify"]).await;
    assert!(sound.contains("一切相符"), "{sound}");
    squared(stage, &[666, -666]).await;
}
