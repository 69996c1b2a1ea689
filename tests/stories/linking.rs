//! Accounts of other systems: codes, claims and unlinking, as members and staff go about it in chat.
//!
//! No balance of those systems is asked for here; what is linked is seen by `/link` and on the command
//! line, and no id is ever said where others read along.

use std::process::Output;

use guildpoints::model::ChannelId;
use tokio::process::Command;

use crate::operated::Ops;
use crate::stage::Said;
use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::text_of;

/// Two systems that are never reached.
pub const SYSTEMS: &str = "[swan.hq]\nbase_url = \"http://127.0.0.1:9\"\n\
    [swan.shop]\nbase_url = \"http://127.0.0.1:9\"\n\
    [manta.shop]\nbase_url = \"http://127.0.0.1:9\"\nbot_id = \"1\"\n\
    token = \"canary-manta-token\"\nsecret = \"canary-manta-secret\"\n";

const ID: &str = "@retail_20871:corp.example";
const OTHER_ID: &str = "@retail_555:corp.example";

pub fn settings(guild: &str) -> Settings {
    Settings {
        further: SYSTEMS.to_owned(),
        guild: format!("also = [\"swan.hq\", \"manta.shop\"]\n{guild}"),
        ..Settings::default()
    }
}

async fn stage() -> Stage {
    Stage::unhurried(settings("")).await
}

async fn answer(stage: &mut Stage, nickname: &str, text: &str) -> String {
    let said = stage.says(nickname, text);
    stage.hears(said).await
}

async fn whispered(stage: &mut Stage, nickname: &str, text: &str) -> String {
    let said = stage.whispers(nickname, text);
    stage.hears(said).await
}

/// Runs `guildpoints link` on the stage's settings.
pub async fn link(stage: &Stage, arguments: &[&str]) -> Output {
    let program = Command::new(env!("CARGO_BIN_EXE_guildpoints"))
        .arg("link")
        .args(arguments)
        .arg("--config")
        .arg(stage.config())
        .current_dir(stage.folder())
        .stdin(std::process::Stdio::null())
        .output();
    program.await.expect("the program starts")
}

/// The same where it has to end well; what it printed.
pub async fn printed(stage: &Stage, arguments: &[&str]) -> String {
    let output = link(stage, arguments).await;
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {complained}");
    String::from_utf8(output.stdout).expect("text")
}

/// The same where it has to fail; all it said.
pub async fn complained(stage: &Stage, arguments: &[&str]) -> String {
    let output = link(stage, arguments).await;
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
    said
}

/// A code for an account, as the operator gets it.
async fn code(stage: &Stage, system: &str, kind: &str, id: &str) -> String {
    let printed = printed(stage, &["code", system, kind, id]).await;
    let code = printed.trim().to_owned();
    assert_eq!(code.len(), 14, "{code}");
    code
}

/// What is tied, in the operator's eyes.
async fn listed(stage: &Stage) -> String {
    printed(stage, &["list", "--reveal"]).await
}

#[tokio::test]
async fn a_code_links_whoever_sends_it_once_and_over_restarts() {
    let mut stage = stage().await;
    let told = answer(&mut stage, "小明", "/绑定").await;
    assert!(
        told.contains("swan.hq：还没有绑定") && told.contains("manta.shop：还没有绑定"),
        "{told}"
    );
    assert!(told.contains("`/绑定 swan.hq 绑定码`"), "{told}");
    assert!(
        !told.contains("swan.shop") && !told.contains("待审"),
        "{told}"
    );
    let given = code(&stage, "swan.hq", "retail", ID).await;
    stage.restart().await;
    let typed = stage.whispers("小明", &format!("/绑定 hq {}", given.to_lowercase()));
    let told = stage.hears(typed).await;
    assert_eq!(told, "✅ 已绑定你的 swan.hq 账号，绑定码已用掉。");
    let used = whispered(&mut stage, "小红", &format!("/link swan.hq {given}")).await;
    assert!(used.starts_with("这个绑定码已经用过了，没有绑定"), "{used}");
    // By the same person it is no mistake.
    let again = whispered(&mut stage, "小明", &format!("/绑定 swan {given}")).await;
    assert!(
        again.starts_with("✅ 你的 swan.hq 账号已经绑定了"),
        "{again}"
    );
    stage.restart().await;
    let private = whispered(&mut stage, "小明", "/绑定 swan").await;
    assert!(
        private.contains("swan.hq：已绑定 retail @re…ple"),
        "{private}"
    );
    let public = answer(&mut stage, "小明", "/绑定 swan.hq").await;
    assert!(
        public.contains("swan.hq：已绑定") && !public.contains('@'),
        "{public}"
    );
    let all = listed(&stage).await;
    let member = stage.user("小明").to_string();
    assert!(all.contains(&member) && all.contains(ID), "{all}");
    let masked = printed(&stage, &["list"]).await;
    assert!(
        !masked.contains(ID) && masked.contains("@re…ple"),
        "{masked}"
    );
    let audit = printed(&stage, &["audit", "--member", &member]).await;
    assert!(audit.contains("绑定码") && !audit.contains(ID), "{audit}");
    assert!(
        complained(&stage, &["code", "swan.hq", "retail", ID])
            .await
            .contains(&member)
    );
    stage.finish().await;
}

#[tokio::test]
async fn every_code_that_does_not_count_is_told_plainly_and_one_shown_in_public_is_spent() {
    let mut stage = stage().await;
    let first = code(&stage, "swan.hq", "retail", ID).await;
    let told = answer(&mut stage, "小明", &format!("/绑定 swan.hq {first}")).await;
    assert!(told.starts_with("✅ 已绑定你的 swan.hq 账号"), "{told}");
    let second = code(&stage, "swan.hq", "retail", OTHER_ID).await;
    let told = whispered(&mut stage, "小明", &format!("/绑定 swan.hq {second}")).await;
    assert!(
        told.starts_with("你在 swan.hq 已经绑定了另一个账号") && told.contains("/解绑 swan.hq"),
        "{told}"
    );
    assert!(!told.contains("作废"), "{told}");
    let told = whispered(&mut stage, "小红", &format!("/绑定 manta.shop {second}")).await;
    assert!(told.starts_with("这个绑定码不是 manta.shop 的"), "{told}");
    let told = answer(&mut stage, "小红", &format!("/绑定 manta.shop {second}")).await;
    assert!(
        told.contains("这个绑定码不是 manta.shop 的") && told.contains("作废"),
        "{told}"
    );
    let told = whispered(&mut stage, "小红", &format!("/绑定 swan.hq {second}")).await;
    assert!(told.starts_with("这个绑定码已经用过了"), "{told}");
    // Nobody knows the system, but everybody has read the code.
    let third = code(&stage, "swan.hq", "retail", OTHER_ID).await;
    let told = answer(&mut stage, "小红", &format!("/绑定 goose {third}")).await;
    assert_eq!(told, "没有这个积分系统。可以绑定的有：swan.hq、manta.shop");
    let told = whispered(&mut stage, "小红", &format!("/绑定 swan.hq {third}")).await;
    assert!(told.starts_with("这个绑定码已经用过了"), "{told}");
    let fourth = code(&stage, "swan.hq", "retail", OTHER_ID).await;
    let fifth = code(&stage, "swan.hq", "retail", OTHER_ID).await;
    let told = whispered(&mut stage, "小红", &format!("/绑定 swan.hq {fourth}")).await;
    assert!(told.starts_with("这个绑定码已经过期"), "{told}");
    let told = whispered(&mut stage, "小红", "/绑定 swan.hq K7QF-2MXD-9RT").await;
    assert!(told.starts_with("这不是绑定码"), "{told}");
    for left in (0..10).rev() {
        let told = whispered(&mut stage, "小红", "/绑定 swan.hq K7QF-2MXD-9RTW").await;
        assert!(told.contains(&format!("还可以再试 {left} 次")), "{told}");
    }
    for wrong in [fifth.as_str(), "K7QF-2MXD-9RTW"] {
        let told = whispered(&mut stage, "小红", &format!("/绑定 swan.hq {wrong}")).await;
        assert!(
            told.starts_with("输错太多次了") && told.contains("Asia/Shanghai"),
            "{told}"
        );
    }
    let told = whispered(&mut stage, "小白", &format!("/绑定 swan.hq {fifth}")).await;
    assert!(told.starts_with("✅"), "{told}");
    stage.finish().await;
}

#[tokio::test]
async fn one_code_sent_by_two_at_once_links_one_of_them() {
    let mut stage = stage().await;
    let given = code(&stage, "swan.hq", "retail", ID).await;
    let sent = ["小明", "小红"].map(|who| stage.whispers(who, &format!("/绑定 swan.hq {given}")));
    let mut told = Vec::new();
    for said in sent {
        told.push(stage.hears(said).await);
    }
    let good = told.iter().filter(|told| told.starts_with("✅")).count();
    let used = told.iter().filter(|told| told.contains("用过了")).count();
    assert_eq!((good, used), (1, 1), "{told:?}");
    assert_eq!(listed(&stage).await.matches(ID).count(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn a_claim_waits_for_somebody_elses_button_and_no_channel_reads_the_account() {
    let mut stage = stage().await;
    let claimed = stage.says("小明", &format!("/绑定 swan.hq retail {ID}"));
    let told = stage.hears_of(claimed, "🕒 swan.hq 的绑定申请已提交").await;
    assert!(
        told.contains("批准之前不会绑定") && !told.contains("20871"),
        "{told}"
    );
    let told = answer(&mut stage, "小明", "/绑定 swan.hq").await;
    assert!(told.contains("swan.hq：申请等待审批"), "{told}");
    let told = answer(&mut stage, "小明", &format!("/绑定 swan.hq {OTHER_ID}")).await;
    assert!(
        told.starts_with("你在 swan.hq 已经有一个申请在等待审批"),
        "{told}"
    );
    assert_eq!(
        printed(&stage, &["list"]).await.trim(),
        "没有符合条件的记录"
    );
    for label in ["批准", "查看账号"] {
        let toast = stage.presses("小明", claimed, label).await;
        assert!(toast.starts_with("你没有使用这个指令的权限"), "{toast}");
    }
    stage.restart().await;
    let toast = stage.presses("阿杰", claimed, "查看账号").await;
    assert_eq!(toast, "小明 申请绑定 swan.hq 的 retail @re…ple");
    let (message, approve) = stage.button(claimed, "批准");
    let toast = stage.sends_press("阿杰", message, &approve).await;
    assert_eq!(toast, "已批准：小明 的 swan.hq 账号绑定好了。");
    let moderator = stage.user("阿杰");
    let told = stage.hears_of(claimed, "✅").await;
    let member = stage.user("小明");
    assert_eq!(
        told,
        format!("✅ ${{@!{member}}} 的 swan.hq 账号已绑定，批准人 ${{@!{moderator}}}。")
    );
    assert_eq!(stage.answers(claimed).len(), 1);
    let toast = stage.sends_press("夜雨", message, &approve).await;
    assert_eq!(toast, "这个申请已经由 阿杰 批准。");
    assert!(listed(&stage).await.contains(ID));
    let told = answer(&mut stage, "小明", &format!("/绑定 swan.hq {ID}")).await;
    assert!(told.starts_with("✅ 你的 swan.hq 账号已经绑定了"), "{told}");
    let told = answer(&mut stage, "小红", &format!("/绑定 swan.hq {ID}")).await;
    assert!(
        told.starts_with("这个 swan.hq 账号已经绑定给别的成员"),
        "{told}"
    );
    let audit = printed(&stage, &["audit"]).await;
    assert!(
        audit.contains("审批") && audit.contains(&moderator.to_string()),
        "{audit}"
    );
    stage.finish().await;
}

#[tokio::test]
async fn staff_list_and_decide_by_name_and_never_about_their_own() {
    let mut stage = stage().await;
    let claimed = stage.whispers("小明", "/绑定 manta.shop line U00aa11bb22cc33dd");
    stage.hears_of(claimed, "🕒").await;
    let own = stage.says("阿杰", &format!("/绑定 swan.hq {ID}"));
    stage.hears_of(own, "🕒").await;
    let refused = answer(&mut stage, "小红", "/绑定 待审").await;
    assert!(refused.starts_with("你没有使用这个指令的权限"), "{refused}");
    let listing = stage.says("阿杰", "/绑定 待审");
    let public = stage.hears(listing).await;
    assert!(
        public.contains("1. 小明 · manta.shop · line · ") && !public.contains("…"),
        "{public}"
    );
    let private = whispered(&mut stage, "阿杰", "/link pending").await;
    assert!(private.contains("manta.shop · line U0…dd"), "{private}");
    let pending = answer(&mut stage, "阿杰", "/待审").await;
    assert!(pending.contains("2 个账号绑定申请"), "{pending}");
    let toast = stage.presses("阿杰", own, "批准").await;
    assert_eq!(toast, "自己的绑定申请要由别人审批。");
    let told = answer(&mut stage, "阿杰", "/绑定 批准 @阿杰 swan.hq").await;
    assert_eq!(told, "自己的绑定申请要由别人审批。");
    let told = answer(&mut stage, "阿杰", "/绑定 批准 @小明").await;
    assert!(told.starts_with("请写明是谁、哪个系统"), "{told}");
    let told = answer(&mut stage, "阿杰", "/绑定 拒绝 @小红 manta.shop").await;
    assert!(
        told.starts_with("本服务器没有这个等待审批的绑定申请"),
        "{told}"
    );
    let told = answer(&mut stage, "小红", "/绑定 批准 @小明 manta.shop").await;
    assert!(told.starts_with("你没有使用这个指令的权限"), "{told}");
    let member = stage.user("小明");
    let told = answer(&mut stage, "阿杰", "/link approve @小明 manta.shop").await;
    assert_eq!(
        told,
        format!("已批准：${{@!{member}}} 的 manta.shop 账号绑定好了。")
    );
    stage.hears_of(claimed, "✅").await;
    let toast = stage.presses("阿杰", listing, "拒绝 1").await;
    assert_eq!(toast, "这个申请已经由 阿杰 批准。");
    let told = answer(&mut stage, "夜雨", "/绑定 拒绝 @阿杰 swan.hq").await;
    assert!(told.starts_with("已拒绝"), "{told}");
    let told = stage.hears_of(own, "❌").await;
    assert!(told.contains("拒绝，没有绑定"), "{told}");
    assert_eq!(
        answer(&mut stage, "阿杰", "/绑定 待审").await,
        "没有等待审批的绑定申请。"
    );
    let audit = printed(&stage, &["audit"]).await;
    assert!(audit.contains("拒绝申请"), "{audit}");
    stage.finish().await;
}

#[tokio::test]
async fn of_two_who_claim_one_account_one_is_approved() {
    let mut stage = stage().await;
    let claims = ["小明", "小红"].map(|who| stage.says(who, &format!("/绑定 swan.hq {ID}")));
    for claimed in claims {
        stage.hears_of(claimed, "🕒").await;
    }
    let buttons = claims.map(|claimed| stage.button(claimed, "批准"));
    let pressed = [("阿杰", &buttons[0]), ("夜雨", &buttons[1])]
        .map(|(who, (message, data))| stage.sandbox.press(stage.user(who), *message, data));
    let mut toasts = Vec::new();
    for callback in &pressed {
        toasts.push(stage.toast(callback).await);
    }
    let good = toasts
        .iter()
        .filter(|toast| toast.starts_with("已批准"))
        .count();
    let taken = toasts
        .iter()
        .filter(|toast| toast.contains("已经绑定给别的成员"))
        .count();
    assert_eq!((good, taken), (1, 1), "{toasts:?}");
    assert_eq!(listed(&stage).await.matches(ID).count(), 1);
    let mut told: Vec<String> = Vec::new();
    for claimed in claims {
        told.extend(stage.answers(claimed));
    }
    assert_eq!(
        told.iter().filter(|told| told.starts_with("✅")).count(),
        1,
        "{told:?}"
    );
    stage.finish().await;
}

#[tokio::test]
async fn what_cannot_be_an_account_is_told_without_repeating_it() {
    let mut stage = stage().await;
    for (typed, part) in [
        (
            "swan.hq retail @staff_canary:corp.example",
            "不像 swan.hq 的账号",
        ),
        ("swan.hq @canary:corp.example", "不像 swan.hq 的账号"),
        ("manta.shop line canary", "不像 manta.shop 的账号"),
        ("swan.hq line Ucanary", "账号种类有：staff、retail"),
        ("shop canary", "不像"),
        ("goose @canary:corp.example", "没有这个积分系统"),
        ("swan.hq canary canary canary", "没看懂账号"),
    ] {
        let told = answer(&mut stage, "小明", &format!("/绑定 {typed}")).await;
        assert!(
            told.contains(part) || told.contains("🕒"),
            "{typed}: {told}"
        );
        assert!(!told.contains("canary"), "{typed}: {told}");
    }
    stage.finish().await;
}

#[tokio::test]
async fn unlinking_asks_first_and_that_of_others_is_for_staff() {
    let mut stage = stage().await;
    let told = answer(&mut stage, "小明", "/解绑").await;
    assert_eq!(told, "请写明要解绑哪个系统：swan.hq、manta.shop");
    let told = answer(&mut stage, "小明", "/解绑 swan.hq").await;
    assert_eq!(told, "你在 swan.hq 没有绑定账号，没有改动。");
    for (who, id) in [("小明", ID), ("小红", OTHER_ID)] {
        let given = code(&stage, "swan.hq", "retail", id).await;
        let told = whispered(&mut stage, who, &format!("/绑定 swan.hq {given}")).await;
        assert!(told.starts_with("✅"), "{told}");
    }
    let kept = stage.says("小明", "/解绑 swan.hq");
    stage.hears_of(kept, "要解除你的 swan.hq 账号绑定吗").await;
    stage.presses("小红", kept, "确认").await;
    stage.presses("小明", kept, "取消").await;
    stage.hears_of(kept, "已取消").await;
    assert!(listed(&stage).await.contains(ID));
    let asked = stage.whispers("小明", "/unlink hq");
    stage.hears_of(asked, "要解除").await;
    stage.restart().await;
    stage.presses("小明", asked, "确认").await;
    stage
        .hears_of(asked, "✅ 已解除你的 swan.hq 账号绑定")
        .await;
    assert!(!listed(&stage).await.contains(ID));
    let told = answer(&mut stage, "小明", "/解绑 @小红 swan.hq").await;
    assert!(told.starts_with("你没有使用这个指令的权限"), "{told}");
    let asked = stage.says("阿杰", "/解绑 @小红 swan.hq");
    stage.hears_of(asked, "要解除").await;
    stage.presses("阿杰", asked, "确认").await;
    let told = stage.hears_of(asked, "✅").await;
    let member = stage.user("小红");
    assert_eq!(
        told,
        format!("✅ 已解除 ${{@!{member}}} 的 swan.hq 账号绑定。")
    );
    let told = answer(&mut stage, "阿杰", "/解绑 @小红 swan.hq").await;
    assert!(told.ends_with("没有绑定账号，没有改动。"), "{told}");
    let audit = printed(&stage, &["audit", "--system", "swan.hq"]).await;
    let (member, moderator) = (member.to_string(), stage.user("阿杰").to_string());
    let untied = audit.lines().find(|line| line.contains("解绑")).unwrap();
    assert!(
        untied.contains(&member) && untied.contains(&moderator),
        "{audit}"
    );
    stage.finish().await;
}

#[tokio::test]
async fn english_guilds_and_guilds_without_such_systems_are_told_in_their_words() {
    let mut stage = Stage::unhurried(settings("language = \"en-US\"")).await;
    let told = answer(&mut stage, "小明", "/link").await;
    assert!(
        told.contains("swan.hq: not linked") && told.contains("`/link swan.hq CODE`"),
        "{told}"
    );
    let given = code(&stage, "swan.hq", "staff", "@staff_lin:corp.example").await;
    let told = whispered(&mut stage, "小明", &format!("/link swan.hq {given}")).await;
    assert_eq!(
        told,
        "✅ Your swan.hq account is linked; the code is used up."
    );
    stage.finish().await;
    let mut stage = Stage::unhurried(Settings::default()).await;
    let told = answer(&mut stage, "小明", "/绑定").await;
    assert_eq!(told, "本服务器没有需要绑定账号的积分系统。");
    stage.finish().await;
}

#[tokio::test]
async fn what_the_operator_declares_follows_from_the_members_id_until_a_proof_says_otherwise() {
    let declared = "template = \"@retail_{fanbook_long_id}:corp.example\"\n";
    let further = SYSTEMS.replacen("[swan.hq]\n", &format!("[swan.hq]\n{declared}"), 1);
    let settings = Settings {
        further,
        ..settings("")
    };
    let mut stage = Stage::unhurried(settings).await;
    let told = answer(&mut stage, "小明", "/绑定 swan.hq").await;
    assert!(told.contains("按管理员的设置自动对应"), "{told}");
    let told = answer(&mut stage, "小明", "/解绑 swan.hq").await;
    assert!(told.contains("不能在这里解除"), "{told}");
    let made = format!("@retail_{}:corp.example", stage.user("小明"));
    let given = code(&stage, "swan.hq", "retail", &made).await;
    let told = whispered(&mut stage, "小红", &format!("/绑定 swan.hq {given}")).await;
    assert!(told.starts_with("✅"), "{told}");
    let told = answer(&mut stage, "小明", "/绑定 swan.hq").await;
    assert!(told.contains("swan.hq：还没有绑定"), "{told}");
    stage.finish().await;
}

#[tokio::test]
async fn no_id_no_code_and_no_secret_is_said_logged_counted_or_shown_on_a_page() {
    let mut settings = settings("");
    settings.arguments = vec![
        "--log-filter".to_owned(),
        "info,guildpoints=trace".to_owned(),
    ];
    let mut stage = Stage::without_bot(settings).await;
    let ops = Ops::of(&mut stage);
    stage.start().await;
    let (canary, second) = (
        "@retail_canaryone:corp.example",
        "@staff_canarytwo:corp.example",
    );
    let third = "Ucafe0123456789abcdef";
    let given = code(&stage, "swan.hq", "retail", canary).await;
    let mut said: Vec<Said> = vec![
        stage.says("小明", &format!("/绑定 swan.hq {given}")),
        stage.says("小红", &format!("/绑定 swan.hq {second}")),
        stage.whispers("小白", &format!("/绑定 manta.shop line {third}")),
        stage.says("小白", &format!("/绑定 goose {second}")),
        stage.says("小白", &format!("/绑定 swan.hq line {second}")),
        stage.says("小红", &format!("@积分小助手 /linkk swan.hq {second}")),
    ];
    for said in &said {
        stage.hears(*said).await;
    }
    let claimed = said[1];
    let shown = stage.presses("阿杰", claimed, "查看账号").await;
    let approved = stage.presses("阿杰", claimed, "批准").await;
    stage.hears_of(claimed, "✅").await;
    said.push(stage.says("阿杰", "/绑定 待审"));
    said.push(stage.whispers("小明", "/绑定"));
    said.push(stage.says("小明", "/解绑 swan.hq"));
    for said in &said[6..] {
        stage.hears(*said).await;
    }
    let mut captured = vec![shown, approved];
    for path in ["/metrics", "/health", "/ready"] {
        captured.push(ops.get(path).await.1);
    }
    let members = ["小明", "小红", "小白", "阿杰"].map(|who| stage.user(who));
    let private = members.map(|member| stage.sandbox.private_chat(member));
    let public = stage.sandbox.channels(stage.guild).into_iter();
    let channels: Vec<ChannelId> = public.map(|(channel, _)| channel).chain(private).collect();
    let bot = stage.sandbox.bot();
    for channel in channels {
        let messages = stage.sandbox.messages(channel).into_iter();
        let own = messages.filter(|message| message.author.id == bot);
        captured.extend(own.map(|message| format!("{} {:?}", text_of(&message), message)));
    }
    for arguments in [&["list"][..], &["audit"], &["list", "--system", "swan.hq"]] {
        captured.push(printed(&stage, arguments).await);
    }
    captured.push(stage.log());
    let bare = given.replace('-', "");
    let canaries = [
        "canaryone",
        "canarytwo",
        "cafe0123456789",
        &given,
        &bare,
        "canary-manta-token",
        "canary-manta-secret",
    ];
    for text in &captured {
        for canary in canaries {
            assert!(!text.contains(canary), "{canary} in: {text}");
        }
    }
    assert!(listed(&stage).await.contains(canary), "they were kept");
    stage.finish().await;
}
