//! Who may, how much, and that unknown means no.

use std::time::Duration;

use guildpoints::model::RoleId;
use guildpoints::sandbox::MemberShape;
use guildpoints::sandbox::SayOptions;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use serde_json::json;

use crate::stage::Said;
use crate::stage::Settings;
use crate::stage::Stage;

const ADMINISTRATOR: u64 = 0x8;
const MANAGE_GUILD: u64 = 0x20;

fn with_reward(lines: &str) -> Settings {
    Settings {
        reward: lines.to_owned(),
        ..Settings::default()
    }
}

/// Whether somebody may give; what a refusal would say is looked at elsewhere.
async fn may_give(stage: &mut Stage, person: &str) -> bool {
    let said = stage.says(person, "/reward @小红 1");
    gave(stage, said).await
}

async fn gave(stage: &mut Stage, said: Said) -> bool {
    let before = stage.paid().len();
    let answer = stage.hears_until(said, |text| !text.contains('⏳')).await;
    let paid = stage.paid().len() - before;
    match answer.starts_with('✅') {
        true => assert_eq!(paid, 1, "{answer}"),
        false => {
            assert!(answer.starts_with("你没有使用这个指令的权限"), "{answer}");
            assert_eq!(paid, 0, "{answer}");
        }
    }
    answer.starts_with('✅')
}

async fn may_check(stage: &mut Stage, person: &str) -> bool {
    let said = stage.says(person, "/check");
    stage.hears(said).await.starts_with("🔎")
}

/// Sets the mask of a seeded role, silently; answers its id.
fn set_mask(stage: &Stage, name: &str, mask: u64) -> RoleId {
    let mut id = None;
    stage.sandbox.change_guild(stage.guild, |guild| {
        let role = guild.roles.iter_mut().find(|role| role.name == name);
        let role = role.expect("the role is seeded");
        role.permissions = mask;
        id = Some(role.id);
    });
    id.expect("the role was found")
}

#[tokio::test]
async fn owner_bit_role_and_list_make_an_administrator_and_nothing_else_does() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    for (person, gives, checks) in [
        ("星海", true, true),
        ("夜雨", true, true),
        ("阿杰", true, false),
        ("小明", false, false),
        ("小白", false, false),
    ] {
        assert_eq!(may_give(&mut stage, person).await, gives, "{person}");
        assert_eq!(may_check(&mut stage, person).await, checks, "{person}");
    }
    stage.finish().await;
}

#[tokio::test]
async fn a_mask_counts_only_by_its_administrator_bit() {
    let settings = json!({"everyone_role": true});
    for (mask, means_admin, may) in [
        (ADMINISTRATOR, false, true),
        (!ADMINISTRATOR, false, false),
        (MANAGE_GUILD, false, false),
        (MANAGE_GUILD, true, true),
    ] {
        let mut stage = Stage::without_bot(Settings {
            guild: format!("manage_guild_is_admin = {means_admin}\n"),
            ..Settings::default()
        })
        .await;
        stage.sandbox.set_settings(&settings);
        set_mask(&stage, "老玩家", mask);
        // What everybody may do here makes nobody an administrator.
        stage
            .sandbox
            .change_guild(stage.guild, |guild| guild.permissions |= mask);
        stage.start().await;
        assert_eq!(may_check(&mut stage, "小明").await, may, "{mask:#x}");
        assert_eq!(may_give(&mut stage, "小明").await, may, "{mask:#x}");
        assert!(!may_check(&mut stage, "小白").await, "{mask:#x}");
        stage.finish().await;
    }
}

#[tokio::test]
async fn the_operators_list_of_administrators_needs_no_roles() {
    let mut stage = Stage::without_bot(Settings::default()).await;
    stage.settings.guild = format!("admins = [\"{}\"]\n", stage.user("小白"));
    stage.start().await;
    for method in ["getGuildRoles", "guild", "getChatMember"] {
        let rule = FaultRule::always(method, FaultKind::Status500Before);
        stage.sandbox.faults().set(rule);
    }
    assert!(may_check(&mut stage, "小白").await);
    let said = stage.says("小白", "/reward @小红 1");
    assert!(gave(&mut stage, said).await);
    stage.finish().await;
}

#[tokio::test]
async fn roles_count_as_they_are_when_somebody_speaks() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    let moderators = stage.sandbox.moderator_roles();
    let (ming, jie) = (stage.user("小明"), stage.user("阿杰"));
    let guild = stage.guild;
    for _ in 0..3 {
        assert!(!may_give(&mut stage, "小明").await);
        stage.sandbox.set_roles(guild, ming, moderators.clone());
        assert!(may_give(&mut stage, "小明").await);
        stage.sandbox.set_roles(guild, ming, vec![]);
    }
    // Looked up a moment ago as a receiver, with the role he has lost since.
    let said = stage.says("夜雨", "/reward @阿杰 1");
    stage.hears_of(said, "✅").await;
    stage.sandbox.set_roles(guild, jie, vec![]);
    assert!(!may_give(&mut stage, "阿杰").await);
    // A frame may show too little: the platform's own record decides, as it is now.
    let without = |shape| SayOptions {
        member: shape,
        ..SayOptions::default()
    };
    for (roles, may) in [(stage.sandbox.admin_roles(), true), (vec![], false)] {
        stage.sandbox.set_roles(guild, stage.user("夜雨"), roles);
        for shape in [MemberShape::Absent, MemberShape::Null] {
            let said = stage.says_with("夜雨", "/reward @小红 1", without(shape));
            assert_eq!(gave(&mut stage, said).await, may, "{shape:?}");
        }
    }
    stage.finish().await;
}

#[tokio::test]
async fn a_role_made_or_changed_during_the_run_is_learnt() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    // The cache is filled before the role exists.
    assert!(!may_check(&mut stage, "小明").await);
    let ming = stage.user("小明");
    let new = RoleId::new(868_822_861_471_551_488);
    stage.sandbox.change_guild(stage.guild, |guild| {
        let mut role = guild.roles[0].clone();
        role.id = new;
        role.name = "新管理".to_owned();
        role.permissions = ADMINISTRATOR;
        guild.roles.push(role);
    });
    stage.sandbox.set_roles(stage.guild, ming, vec![new]);
    assert!(may_check(&mut stage, "小明").await);
    // A role everybody knows gets the bit.
    assert!(!may_check(&mut stage, "小红").await);
    let veterans = set_mask(&stage, "老玩家", ADMINISTRATOR);
    stage
        .sandbox
        .set_roles(stage.guild, stage.user("小红"), vec![veterans]);
    assert!(may_check(&mut stage, "小红").await);
    stage.finish().await;
}

#[tokio::test]
async fn roles_that_cannot_be_read_mean_no_but_balances_are_answered() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    for method in ["getGuildRoles", "guild", "getChatMember"] {
        let rule = FaultRule::always(method, FaultKind::Status500Before);
        stage.sandbox.faults().set(rule);
    }
    let asked = stage.says("小明", "/points");
    stage.hears_of(asked, "2,474").await;
    let asked = stage.says("小明", "/help");
    stage.hears_of(asked, "/积分").await;
    for person in ["小明", "星海"] {
        // The owner holds no role that says so, and who owns the guild is not known.
        let said = stage.says(person, "/reward @小红 1");
        assert_eq!(
            stage.hears(said).await,
            "暂时查不到你的身份组，为安全起见没有执行。请稍后再试。",
            "{person}"
        );
    }
    // A configured role in the frame needs no look at the guild.
    let said = stage.says("阿杰", "/reward @小红 1");
    stage.hears_of(said, "✅").await;
    // Nor does it help to show no roles.
    let options = SayOptions {
        member: MemberShape::Absent,
        ..SayOptions::default()
    };
    let said = stage.says_with("阿杰", "/reward @小红 1", options);
    stage.hears_of(said, "暂时查不到你的身份组").await;
    assert_eq!(stage.paid().len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn who_may_be_the_owner_is_not_told_that_they_may_not() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    let rule = FaultRule::always("guild", FaultKind::Status500Before);
    stage.sandbox.faults().set(rule);
    for person in ["星海", "小明"] {
        let said = stage.says(person, "/reward @小红 1");
        stage.hears_of(said, "暂时查不到你的身份组").await;
    }
    assert_eq!(stage.paid(), []);
    stage.finish().await;
}

#[tokio::test]
async fn a_guild_that_is_not_set_up_gets_one_polite_answer_and_nothing_is_asked() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    let elsewhere = stage.sandbox.guilds()[1];
    let (hall, _) = stage.sandbox.channels(elsewhere)[0].clone();
    let polite =
        "本服务器还没有接入这个积分机器人。请服务器管理员联系机器人的运营者，把本服务器加入配置。";
    let (owner, ming) = (stage.user("云长"), stage.user("小明"));
    for (person, text) in [
        (ming, "/points"),
        (owner, "/reward @小明 5"),
        (owner, "/check"),
        (ming, "/help"),
        (ming, "/receipt R7K2QF"),
    ] {
        let text = stage.wire(text);
        let said = Said(stage.sandbox.says(person, hall, &text));
        assert_eq!(stage.hears(said).await, polite);
        assert_eq!(stage.answers(said).len(), 1);
    }
    stage.sandbox.says(ming, hall, "/unknown");
    stage.sandbox.says(ming, hall, "早上好");
    let said = Said(stage.sandbox.says(ming, hall, "/points"));
    stage.hears(said).await;
    let number = elsewhere.to_string();
    let requests = stage.sandbox.mall().requests();
    assert!(!requests.iter().any(|asked| asked.request.contains(&number)));
    for method in [
        "guild",
        "getGuildRoles",
        "getChatMember",
        "searchGuildMember",
    ] {
        assert_eq!(stage.sandbox.calls(method), 0, "{method}");
    }
    stage.finish().await;
}

#[tokio::test]
async fn a_private_question_needs_one_guild_it_can_be_about() {
    let mut stage = Stage::without_bot(Settings::default()).await;
    let other = stage.sandbox.guilds()[1];
    stage.settings.further = format!("[[guild]]\nid = {other}\npoints = \"mall\"\n");
    stage.start().await;
    let asked = stage.whispers("小明", "/points");
    assert_eq!(
        stage.hears(asked).await,
        "你和机器人同在这些服务器里：天梯、云端。私聊里分不清问的是哪一个，请到其中一个服务器的频道里发送：\n/积分"
    );
    let asked = stage.says("小明", "/points");
    stage.hears_of(asked, "2,474").await;
    stage.finish().await;
}

#[tokio::test]
async fn limits_bind_moderators_and_not_administrators() {
    let limits = "per_award = 60\nper_day = 100\napprove_over = 50\n";
    let mut stage = Stage::unhurried(with_reward(limits)).await;
    for (text, told) in [
        ("/reward @小明 61", "单次最多可以变动 60 积分"),
        ("/deduct @小明 61 刷屏", "单次最多可以变动 60 积分"),
        ("/reward @小明 50", "✅"),
        // Taking counts like giving.
        ("/deduct @小明 30 刷屏", "✅"),
        (
            "/reward @小明 21",
            "今天的额度不够：这次 21，今天已用 80 / 100，还剩 20。",
        ),
        // Refused by the mall: given back.
        ("/deduct @小白 20 刷屏", ""),
    ] {
        if text.contains("小白") {
            stage.sandbox.mall().switch(stage.guild.number(), false);
            let said = stage.says("阿杰", text);
            stage.hears_of(said, "已拒绝").await;
            stage.sandbox.mall().switch(stage.guild.number(), true);
            continue;
        }
        let said = stage.says("阿杰", text);
        stage.hears_of(said, told).await;
    }
    let said = stage.says("阿杰", "/reward @小明 20");
    stage.hears_of(said, "✅").await;
    let said = stage.says("阿杰", "/reward @小明 1");
    stage.hears_of(said, "今天已用 100 / 100，还剩 0").await;
    // Each moderator has a quota of their own, an administrator none.
    for person in ["夜雨", "星海"] {
        for amount in [5_000, 9_999] {
            let said = stage.says(person, &format!("/reward @小明 {amount}"));
            stage.hears_of(said, "✅").await;
        }
    }
    let paid: Vec<i64> = stage.paid().into_iter().map(|(points, _)| points).collect();
    assert_eq!(paid, [50, -30, 20, 5_000, 9_999, 5_000, 9_999]);
    stage.finish().await;
}

#[tokio::test]
async fn two_at_once_cannot_share_what_is_left_of_a_quota() {
    let mut stage = Stage::unhurried(with_reward("per_day = 100\n")).await;
    let mut all = Vec::new();
    for _ in 0..4 {
        all.push(stage.says("阿杰", "/reward @小明 40"));
    }
    let mut done = 0;
    for said in all {
        let answer = stage.hears_until(said, |text| !text.contains('⏳')).await;
        done += usize::from(answer.starts_with('✅'));
    }
    assert_eq!(done, 2);
    assert_eq!(stage.paid().len(), 2);
    stage.finish().await;
}

#[tokio::test]
async fn a_quota_begins_anew_at_midnight_of_the_guilds_own_zone() {
    let mut stage = Stage::without_bot(with_reward("per_day = 100\n")).await;
    let hour = 3_600_000;
    let now = stage.sandbox.now_ms();
    // A zone where it is about noon, so that this test meets no midnight; not the bot's own.
    let ahead = match 12 - now / hour % 24 {
        usual @ (0 | 8) => usual + 1,
        ahead => ahead,
    };
    let midnight = (now + ahead * hour) / (24 * hour) * (24 * hour) - ahead * hour;
    stage.settings.guild = format!("timezone = \"Etc/GMT{:+}\"\n", -ahead);
    stage.start().await;
    let said = stage.says("阿杰", "/reward @小明 90");
    stage.hears_of(said, "✅").await;
    for (written, told) in [(midnight, "今天已用 90 / 100"), (midnight - 1, "✅")] {
        stage.stop().await;
        stage
            .change_store(&format!(
                "update entries set written_ms = {written} where amount = 90"
            ))
            .await;
        stage.start().await;
        let said = stage.says("阿杰", "/reward @小明 20");
        stage.hears_of(said, told).await;
    }
    stage.finish().await;
}

#[tokio::test]
async fn who_rewards_themselves_must_be_allowed_to() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    let said = stage.says("阿杰", "/reward @阿杰 5");
    assert_eq!(stage.hears(said).await, "不能给自己发放积分。");
    let own = stage.says("阿杰", "看我");
    let options = SayOptions {
        reply_to: Some(own.0),
        ..SayOptions::default()
    };
    let said = stage.says_with("阿杰", "/reward 5", options);
    assert_eq!(stage.hears(said).await, "不能给自己发放积分。");
    let said = stage.says("阿杰", "/reward #2345671 5");
    assert_eq!(stage.hears(said).await, "不能给自己发放积分。");
    assert_eq!(stage.paid(), []);
    // To take from oneself is nobody's harm.
    let said = stage.says("阿杰", "/deduct @阿杰 5 认罚");
    stage.hears_of(said, "✅").await;
    for person in ["夜雨", "星海"] {
        let said = stage.says(person, &format!("/reward @{person} 5"));
        stage.hears_of(said, "✅").await;
    }
    stage.finish().await;
    let mut stage = Stage::unhurried(with_reward("self_reward = true\n")).await;
    let said = stage.says("阿杰", "/reward @阿杰 5");
    stage.hears_of(said, "✅ 阿杰 +5").await;
    stage.finish().await;
}

#[tokio::test]
async fn who_left_gets_nothing_and_who_joined_does() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    let said = stage.says("阿杰", "/reward @小红 5");
    stage.hears_of(said, "✅").await;
    let hong = stage.user("小红");
    let text = stage.wire("/reward @小红 6");
    assert!(stage.sandbox.leaves(stage.guild, hong));
    let said = stage.says("阿杰", &text);
    assert_eq!(
        stage.hears(said).await,
        "小红 不在本服务器（或已经离开），没有改动任何积分。"
    );
    let said = stage.says("阿杰", "/reward #2801357 6");
    stage.hears_of(said, "没有找到成员“2801357”").await;
    let said = stage.says("阿杰", &format!("/reward {hong} 6"));
    stage.hears_of(said, "不在本服务器").await;
    assert_eq!(stage.paid().len(), 1);
    let fresh = stage.sandbox.joins(stage.guild, "新人");
    let number = stage.guild.number();
    stage.sandbox.mall().set_balance(number, fresh.number(), 0);
    let said = stage.says("阿杰", "/reward @新人 7");
    stage.hears_of(said, "✅ 新人 +7 → 7").await;
    stage.finish().await;
}

/// Nothing here may hang on what others do.
#[tokio::test]
async fn a_platform_that_answers_nothing_about_roles_delays_nobody_else() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    let said = stage.says("阿杰", "/reward @小红 1");
    stage.hears_of(said, "✅").await;
    let slow = FaultKind::DelayBefore {
        ms: u64::try_from(Duration::from_secs(5).as_millis()).unwrap(),
    };
    stage
        .sandbox
        .faults()
        .set(FaultRule::once("getChatMember", slow));
    let slow = stage.says("小明", "/reward @小红 1");
    let quick = stage.says("阿杰", "/points");
    stage.hears(quick).await;
    assert!(
        stage.answers(slow).is_empty(),
        "the slow one is still waiting"
    );
    stage.hears_of(slow, "你没有使用这个指令的权限").await;
    stage.finish().await;
}
