//! What people are owed when something cannot be done: what was read, what is wrong, what to write
//! instead; in both languages, word for word, and with nothing paid.

use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use guildpoints::sandbox::fault::RetryAfter;
use guildpoints::sandbox::mall::Shapes;
use guildpoints::sandbox::mall::UnknownUserCode;

use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::receipt_in;

/// A guild that speaks English.
const ENGLISH: &str = "language = \"en-US\"\n";

async fn guild(language: &str, reward: &str) -> Stage {
    Stage::unhurried(Settings {
        guild: language.to_owned(),
        reward: reward.to_owned(),
        ..Settings::default()
    })
    .await
}

/// Says each, by that person, and compares the one answer; nothing is paid.
async fn answers(stage: &mut Stage, rows: &[(&str, &str, &str)]) {
    for (person, text, told) in rows {
        let said = stage.says(person, text);
        assert_eq!(stage.hears(said).await, *told, "{text:?}");
        assert_eq!(stage.answers(said).len(), 1, "{text:?}");
    }
    assert_eq!(stage.paid(), []);
}

#[tokio::test]
async fn an_amount_that_cannot_be_read_is_repeated_with_a_line_to_copy() {
    let mut stage = guild("", "").await;
    let copy = |guess: &str| format!("/奖励 @小明 {guess} 原因");
    let unread = |read: &str, guess: &str| format!("没看懂数量“{read}”。试试：\n{}", copy(guess));
    let large = |read: &str| {
        format!("“{read}”太大了，单次最多 9,999 积分。更大的数额请分几次，每次一条新消息。")
    };
    let zero = format!(
        "数量不能是 0。请写 1 到 9,999 之间的整数：\n{}",
        copy("100")
    );
    let none = format!("没有看到数量。试试：\n{}", copy("100"));
    let negative = |read: &str, size: &str| {
        format!(
            "数量“{read}”是负数。请写正数，用 /奖励 表示增加，用 /扣分 表示扣除：\n{}",
            copy(size)
        )
    };
    let two = |read: &str| format!("读到了不止一个数量：{read}。请只写一个：\n{}", copy("100"));
    for (typed, told) in [
        ("0", zero.clone()),
        ("+0", zero.clone()),
        ("-0", zero.clone()),
        ("００", zero),
        ("-5", negative("-5", "5")),
        ("－５", negative("-5", "5")),
        ("-1,000", negative("-1,000", "1000")),
        ("1e3", unread("1e3", "1000")),
        ("66o", unread("66o", "660")),
        ("6６o", unread("6６o", "660")),
        ("66.6", unread("66.6", "66")),
        ("1,00", unread("1,00", "100")),
        ("5分", unread("5分", "5")),
        ("5points", unread("5points", "5")),
        ("1.000.000", unread("1.000.000", "1")),
        ("0x10", unread("0x10", "100")),
        ("10000", large("10000")),
        ("10,000", large("10,000")),
        ("99999999999999999999", large("99999999999999999999")),
        ("", none.clone()),
        ("谢谢", none.clone()),
        ("六百", none),
        ("100 200", two("100、200")),
        ("谢谢 100 第 200 名", two("100、200")),
    ] {
        let text = format!("/奖励 @小明 {typed}");
        answers(&mut stage, &[("阿杰", text.as_str(), told.as_str())]).await;
    }
    // The first word is the amount; a number further on stands in the reason.
    let said = stage.says("阿杰", "/奖励 @小明 100 第 200 名");
    stage.hears_of(said, "✅ 小明 +100").await;
    assert_eq!(stage.paid(), [(100, "第 200 名".to_owned())]);
    stage.finish().await;
}

#[tokio::test]
async fn an_amount_that_cannot_be_read_is_told_in_english() {
    let mut stage = guild(ENGLISH, "").await;
    let rows = [
        (
            "阿杰",
            "/reward @小明 0",
            "The amount cannot be 0. Write a whole number from 1 to 9,999:\n/reward @小明 100 reason",
        ),
        (
            "阿杰",
            "/reward @小明 -5",
            "The amount “-5” is negative. Write a positive number; /reward adds and /deduct takes:\n/reward @小明 5 reason",
        ),
        (
            "阿杰",
            "/reward @小明 1e3",
            "“1e3” is not an amount. Try:\n/reward @小明 1000 reason",
        ),
        (
            "阿杰",
            "/reward @小明 66o",
            "“66o” is not an amount. Try:\n/reward @小明 660 reason",
        ),
        (
            "阿杰",
            "/deduct @小明 66o",
            "“66o” is not an amount. Try:\n/deduct @小明 660 reason",
        ),
        (
            "阿杰",
            "/reward @小明 10000",
            "“10000” is too large; one change moves at most 9,999 points. Send larger sums in several new messages.",
        ),
        (
            "阿杰",
            "/reward @小明 99999999999999999999",
            "“99999999999999999999” is too large; one change moves at most 9,999 points. Send larger sums in several new messages.",
        ),
        (
            "阿杰",
            "/reward @小明",
            "There is no amount. Try:\n/reward @小明 100 reason",
        ),
        (
            "阿杰",
            "/reward @小明 100 200",
            "More than one amount was read: 100, 200. Write one:\n/reward @小明 100 reason",
        ),
    ];
    answers(&mut stage, &rows).await;
    stage.finish().await;
}

#[tokio::test]
async fn who_is_meant_must_be_clear() {
    let mut stage = guild("", "").await;
    let veterans = role_named(&stage, "老玩家");
    let role = format!("/积分 {veterans}");
    let everyone = format!("/积分 ${{@&{}}}", stage.guild);
    let rows = [
        (
            "阿杰",
            "/奖励 5",
            "没有看到要给谁。请 @ 一位成员，或回复对方的消息：\n/奖励 @小明 100 原因",
        ),
        (
            "阿杰",
            "/奖励",
            "没有看到要给谁。请 @ 一位成员，或回复对方的消息：\n/奖励 @小明 100 原因",
        ),
        (
            "阿杰",
            "/积分 @小明 @小红",
            "读到了 2 位成员，这里只能写一位。",
        ),
        ("阿杰", "/奖励 @阿杰 5", "不能给自己发放积分。"),
        ("阿杰", "/奖励 @点歌机 5", "点歌机 是机器人，没有积分。"),
        (
            "阿杰",
            "/奖励 @积分小助手 5",
            "积分小助手 是机器人，没有积分。",
        ),
        ("阿杰", "/积分 @点歌机", "点歌机 是机器人，没有积分。"),
        (
            "阿杰",
            "/奖励 868822861471551488 5",
            "868822861471551488 不在本服务器（或已经离开），没有改动任何积分。",
        ),
        (
            "阿杰",
            role.as_str(),
            "这里需要成员，不能用身份组。请 @ 一位成员：\n/积分 @小明",
        ),
        (
            "阿杰",
            everyone.as_str(),
            "这里需要成员，不能用身份组。请 @ 一位成员：\n/积分 @小明",
        ),
        (
            "小明",
            "/奖励 @小红 5",
            "你没有使用这个指令的权限。可以使用的有：管理员、版主、服务器管理员。",
        ),
        (
            "小明",
            "/积分 @小红",
            "你没有使用这个指令的权限。可以使用的有：管理员、版主、服务器管理员。",
        ),
        ("小明", "/积分 小红", "没看懂“小红”。用法：\n/积分 [@成员]"),
    ];
    answers(&mut stage, &rows).await;
    stage.finish().await;

    let mut stage = guild(ENGLISH, "").await;
    let rows = [
        (
            "阿杰",
            "/reward 5",
            "Nobody is named. Mention a member, or reply to a message of theirs:\n/reward @小明 100 reason",
        ),
        (
            "阿杰",
            "/points @小明 @小红",
            "2 members were read; only one fits here.",
        ),
        ("阿杰", "/reward @阿杰 5", "You cannot reward yourself."),
        (
            "阿杰",
            "/reward @点歌机 5",
            "点歌机 is a bot and has no points.",
        ),
        (
            "阿杰",
            "/reward 868822861471551488 5",
            "868822861471551488 is not in this server (or has left); no points were changed.",
        ),
        (
            "阿杰",
            role.as_str(),
            "A member is needed here, not a role. Mention a member:\n/points @小明",
        ),
        (
            "阿杰",
            "/reward ＠小明 5",
            "“小明” fits several members; use a short id: 小明 (#2791234)",
        ),
        (
            "阿杰",
            "/reward ＠没有 5",
            "No member “@没有” was found. Mention them instead.",
        ),
        (
            "小明",
            "/reward @小红 5",
            "You may not use this command. Those who may: 管理员, 版主, server administrators.",
        ),
        (
            "小明",
            "/points 小红",
            "“小红” was not understood. Usage:\n/points [@member]",
        ),
        (
            "小明",
            "/receipt 你好",
            "“你好” is not a receipt code. A code has 6 to 8 letters and digits, for example:\n/receipt R7K2QF",
        ),
        (
            "小明",
            "/receipt",
            "Add the receipt code, for example:\n/receipt R7K2QF",
        ),
        (
            "小明",
            "/receipt R7K2QF",
            "There is no receipt R7K2QF that you may see. Check the code.",
        ),
        (
            "小明",
            "/help 你好",
            "There is no command “你好”. Send /help to see the ones you can use.",
        ),
        (
            "小明",
            "@积分小助手 /pionts",
            "There is no command `pionts`. Did you mean /points?\n/points [@member]",
        ),
    ];
    answers(&mut stage, &rows).await;
    let said = stage.whispers("阿杰", "/reward @小明 5");
    assert_eq!(
        stage.hears(said).await,
        "Points can only be changed in a channel of the server. Send this command there."
    );
    stage.finish().await;
}

#[tokio::test]
async fn limits_are_told_with_their_figures() {
    let limits = "per_award = 500\nper_day = 800\napprove_over = 400\nreason_required = true\n";
    let mut stage = guild("", limits).await;
    let rows = [
        (
            "阿杰",
            "/奖励 @小明 5",
            "这里必须写原因：\n/奖励 @小明 100 原因",
        ),
        (
            "阿杰",
            "/扣分 @小明 5",
            "这里必须写原因：\n/扣分 @小明 100 原因",
        ),
        (
            "阿杰",
            "/奖励 @小明 501 a",
            "你单次最多可以变动 500 积分，这次是 501。更大的数额请管理员来发。",
        ),
    ];
    answers(&mut stage, &rows).await;
    for _ in 0..2 {
        let said = stage.says("阿杰", "/奖励 @小明 390 a");
        stage.hears_of(said, "✅").await;
    }
    let said = stage.says("阿杰", "/奖励 @小明 21 a");
    assert_eq!(
        stage.hears(said).await,
        "今天的额度不够：这次 21，今天已用 780 / 800，还剩 20。零点后恢复，也可以请管理员来发。"
    );
    assert_eq!(stage.paid().len(), 2);
    stage.finish().await;

    let mut stage = guild(ENGLISH, limits).await;
    let rows = [
        (
            "阿杰",
            "/reward @小明 5",
            "A reason is required here:\n/reward @小明 100 reason",
        ),
        (
            "阿杰",
            "/deduct @小明 5",
            "A reason is required here:\n/deduct @小明 100 reason",
        ),
        (
            "阿杰",
            "/reward @小明 501 a",
            "You may change at most 500 points at once; this is 501. An administrator can give more.",
        ),
    ];
    answers(&mut stage, &rows).await;
    for _ in 0..2 {
        let said = stage.says("阿杰", "/reward @小明 390 a");
        stage.hears_of(said, "✅").await;
    }
    let said = stage.says("阿杰", "/reward @小明 21 a");
    assert_eq!(
        stage.hears(said).await,
        "Today's quota does not suffice: this is 21, used today 780 / 800, left 20. It starts anew at midnight; an administrator can give it now."
    );
    stage.finish().await;
}

#[tokio::test]
async fn a_reason_is_counted_as_the_mall_counts_it() {
    let mut stage = guild("", "").await;
    let mut fits = Vec::new();
    for (reason, remark) in [
        ("分".repeat(99), "分".repeat(99)),
        ("🎉".repeat(49), "□".repeat(49)),
        (
            format!("{}a", "🎉".repeat(49)),
            format!("{}a", "□".repeat(49)),
        ),
        (
            "“引号” 'and' \"quotes\" \\ / <b> & {x} ${x} $".to_owned(),
            "“引号” 'and' \"quotes\" \\ / <b> & {x} ${x} $".to_owned(),
        ),
        (
            "第一行\n第二行\r\n\t第三行".to_owned(),
            "第一行 第二行 第三行".to_owned(),
        ),
        // Blanks around it do not count.
        (format!("  \n{}\n  ", "分".repeat(99)), "分".repeat(99)),
    ] {
        let said = stage.says("阿杰", &format!("/奖励 @小明 5 {reason}"));
        stage.hears_of(said, "✅").await;
        fits.push((5, remark));
    }
    assert_eq!(stage.paid(), fits);
    for (reason, length) in [
        ("分".repeat(100), 100),
        ("🎉".repeat(50), 100),
        (format!("{} {}", "分".repeat(50), "分".repeat(50)), 101),
        ("分".repeat(5_000), 5_000),
    ] {
        let said = stage.says("阿杰", &format!("/奖励 @小明 5 {reason}"));
        let length = if length == 5_000 {
            "5,000".to_owned()
        } else {
            length.to_string()
        };
        assert_eq!(
            stage.hears(said).await,
            format!("原因最长 99 个字符，现在是 {length} 个。请写短一些再发。")
        );
    }
    assert_eq!(stage.paid().len(), fits.len());
    stage.finish().await;
    let mut stage = guild(ENGLISH, "").await;
    let long = format!("/reward @小明 5 {}", "x".repeat(100));
    let told = "A reason has at most 99 characters; this one has 100. Shorten it and send again.";
    answers(&mut stage, &[("阿杰", long.as_str(), told)]).await;
    stage.finish().await;
}

#[tokio::test]
async fn no_account_is_never_shown_as_no_points() {
    for language in ["", ENGLISH] {
        let mut stage = guild(language, "").await;
        let (own, other) = match language {
            "" => (
                "未找到你的积分账户。请先在 Fanbook 里打开一次本服务器的积分商城，再来查询。",
                "未找到这位成员的积分账户，对方需要先在 Fanbook 里打开一次本服务器的积分商城。",
            ),
            _ => (
                "You have no points account yet. Open this server's points mall in Fanbook once, then ask again.",
                "This member has no points account; they have to open this server's points mall in Fanbook once.",
            ),
        };
        stage.sandbox.mall().set_shapes(Shapes {
            unknown_user_code: UnknownUserCode::NoSuchUser,
            ..Shapes::default()
        });
        answers(&mut stage, &[("小白", "/points", own)]).await;
        let asked = stage.says("阿杰", "/points @小白");
        stage.hears_of(asked, other).await;
        let said = stage.says("阿杰", "/reward @小白 5");
        let answer = stage.hears_of(said, "❌").await;
        assert!(
            answer.contains(other) && answer.contains("50000"),
            "{answer}"
        );
        assert_eq!(stage.paid(), []);
        stage.finish().await;
    }
}

#[tokio::test]
async fn each_no_of_the_mall_has_its_own_words_and_staff_see_the_code() {
    for language in ["", ENGLISH] {
        let english = !language.is_empty();
        let says =
            |chinese: &'static str, other: &'static str| if english { other } else { chinese };
        let mut stage = guild(language, "").await;
        let number = stage.guild.number();

        stage.sandbox.mall().switch(number, false);
        let off = says(
            "请服务器管理员打开积分商城后台的「第三方机器人」，把本机器人的「是否开启」打开",
            "A server administrator can open the mall's admin page, section 「第三方机器人」 (third-party bots), and switch 「是否开启」 (enabled) on for this bot",
        );
        refused(&mut stage, off, "60001").await;
        stage.sandbox.mall().switch(number, true);

        stage.sandbox.mall().set_banned(true);
        let away = says(
            "积分服务暂不可用，已通知维护者。",
            "The points service is not available; the maintainers have been told.",
        );
        refused(&mut stage, away, "60000").await;
        stage.sandbox.mall().set_banned(false);

        let said = stage.says("阿杰", "/deduct @小红 121 刷屏");
        let answer = stage.hears_of(said, "❌").await;
        let figures = says(
            "小红 现有 120 积分，要扣 121，没有扣除",
            "小红 had 120 points, asked 121, nothing taken",
        );
        assert!(answer.contains(figures), "{answer}");
        let receipt = receipt_in(&answer);
        let said = stage.says("阿杰", &format!("/receipt {receipt}"));
        stage.hears_of(said, "30001").await;

        // A question: is not repeated for ever, and says what to do.
        stage.sandbox.faults().set(FaultRule::always(
            "getUserPoint",
            FaultKind::Status500Before,
        ));
        let asked = stage.says("小明", "/points");
        let later = says(
            "积分服务暂不可用，请稍后再试。",
            "The points service is not available; try again later.",
        );
        assert_eq!(stage.hears(asked).await, later);
        stage.sandbox.faults().clear();

        let kind = FaultKind::Rate429 {
            retry_after: RetryAfter::Absent,
        };
        stage
            .sandbox
            .faults()
            .set(FaultRule::always("getUserPoint", kind.clone()));
        let asked = stage.says("小明", "/points");
        let busy = says(
            "积分服务现在太忙，请稍后再试。",
            "The points service is too busy; try again later.",
        );
        assert_eq!(stage.hears(asked).await, busy);
        stage.sandbox.faults().clear();

        let kind_of_clock = FaultKind::ClockSkew { ms: 3_600_000 };
        stage
            .sandbox
            .faults()
            .set(FaultRule::always("getUserPoint", kind_of_clock));
        let asked = stage.says("小明", "/points");
        let connection = says(
            "积分服务连接出了问题，已通知维护者。",
            "There is a problem with the connection to the points service; the maintainers have been told.",
        );
        assert_eq!(stage.hears(asked).await, connection);
        stage.sandbox.faults().clear();
        assert_eq!(stage.paid(), []);

        // A change: queued, and done by itself.
        stage.fault("modifyUserPoint", kind);
        let said = stage.says("阿杰", "/reward @小明 5");
        let queued = says("排队中", "It completes by itself; no need to send it again");
        stage.hears_of(said, queued).await;
        stage.hears_of(said, "✅ 小明 +5 → ").await;
        assert_eq!(stage.paid().len(), 1);
        stage.finish().await;
    }
}

/// A question and a change meet that no; the member sees the words, staff the code as well.
async fn refused(stage: &mut Stage, words: &str, code: &str) {
    let asked = stage.says("小明", "/points");
    let answer = stage.hears(asked).await;
    assert!(answer.contains(words) && !answer.contains(code), "{answer}");
    let asked = stage.says("阿杰", "/points @小明");
    let answer = stage.hears(asked).await;
    assert!(answer.contains(words) && answer.contains(code), "{answer}");
    let said = stage.says("阿杰", "/reward @小明 5");
    let answer = stage.hears_of(said, "❌").await;
    assert!(answer.contains(words) && answer.contains(code), "{answer}");
    assert_eq!(stage.paid(), []);
}

/// The markup of a role of the guild.
fn role_named(stage: &Stage, name: &str) -> String {
    let mut markup = String::new();
    stage.sandbox.change_guild(stage.guild, |guild| {
        let role = guild.roles.iter().find(|role| role.name == name);
        markup = format!("${{@&{}}}", role.expect("the role is seeded").id);
    });
    markup
}
