//! A guild without any points service: everything is in the bot's own books, and no `[mall]` is set up.
//!
//! The end of each: the books are what was told, halves and entries included, and nothing is open.

use std::process::Output;
use std::time::Duration;

use guildpoints::journal::BookFault;
use guildpoints::journal::Counts;
use guildpoints::journal::Receipt;
use guildpoints::journal::Way;
use guildpoints::model::UserId;
use tokio::process::Command;

use crate::books::handled;
use crate::books::journal;
use crate::books::left_to_do;
use crate::books::receipt;
use crate::desk::complained;
use crate::desk::printed;
use crate::stage::Said;
use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::receipt_in;

/// Nothing tells when a store changes.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// How long a story waits for what stands in a store.
const PATIENCE: Duration = Duration::from_secs(30);

async fn stage(reward: &str) -> Stage {
    let stage = Stage::unhurried(Settings {
        reward: reward.to_owned(),
        points: Some("ledger"),
        ..Settings::default()
    })
    .await;
    let member = stage.sandbox.joins(stage.guild, "阿珍");
    let roles = stage.sandbox.moderator_roles();
    stage.sandbox.set_roles(stage.guild, member, roles);
    stage
}

async fn answer(stage: &mut Stage, nickname: &str, text: &str) -> String {
    let said = stage.says(nickname, text);
    stage.hears(said).await
}

/// A change that is done, and its code.
async fn done(stage: &mut Stage, text: &str) -> (Said, String) {
    let said = stage.says("阿杰", text);
    let answer = stage.hears_of(said, "✅").await;
    (said, receipt_in(&answer))
}

/// Runs the program's `check` on the stage's settings.
async fn check(stage: &Stage) -> Output {
    let program = Command::new(env!("CARGO_BIN_EXE_guildpoints"))
        .arg("check")
        .arg("--config")
        .arg(stage.config())
        .current_dir(stage.folder())
        .output();
    program.await.expect("the program starts")
}

/// What the books have of a member, oldest first.
async fn booked(stage: &Stage, member: UserId) -> Vec<i64> {
    let journal = journal(stage).await;
    let bookings = journal
        .bookings(stage.guild, member, Way::Both, 0, 1_000)
        .await;
    journal.close().await;
    let bookings = bookings.expect("the store is read").into_iter().rev();
    bookings.map(|booked| booked.points).collect()
}

/// Ends a story: the books have exactly this of each, and everything else agrees with them.
async fn squared(mut stage: Stage, wanted: &[(&str, &[i64])]) {
    if stage.runs() {
        let status = stage.stop().await;
        assert!(status.success(), "{status}\n{}", stage.log());
    }
    for (nickname, points) in wanted {
        let found = booked(&stage, stage.user(nickname)).await;
        assert_eq!(found, *points, "{nickname}\n{}", stage.conversation());
    }
    let journal = journal(&stage).await;
    let books = journal.audit_books(100).await.expect("the store is read");
    journal.close().await;
    assert_eq!(books.faults, []);
    let changes: usize = wanted.iter().map(|(_, points)| points.len()).sum();
    assert_eq!(books.changes, changes as u64);
    assert_eq!(left_to_do(&stage).await, Counts::default());
    assert!(stage.paid().is_empty(), "the mall is nobody's business");
    stage.finish().await;
}

#[tokio::test]
async fn a_guild_without_a_mall_has_everything_and_keeps_it_through_restarts() {
    let mut stage = stage("").await;
    let told = answer(&mut stage, "小明", "/积分").await;
    assert!(told.contains("小明") && told.contains(" 0 "), "{told}");
    stage.restart().await;
    let (_, code) = done(&mut stage, "/奖励 @小明 666 天梯第一名").await;
    stage.restart().await;
    let told = receipt(&mut stage, "阿杰", &code).await;
    assert!(told.contains("已到账") && told.contains("666"), "{told}");
    let told = answer(&mut stage, "小明", "/积分").await;
    assert!(told.contains(" 666 "), "{told}");

    let asked = stage.says("阿杰", "/奖励 @小明 @小红 100 周赛");
    stage.hears_of(asked, "确认吗").await;
    stage.restart().await;
    stage.presses("阿杰", asked, "确认").await;
    stage.hears_of(asked, "已到账 2").await;
    stage.restart().await;

    let deducted = stage.says("阿杰", "/扣分 @小明 66 刷屏");
    let told = stage.hears_of(deducted, "✅").await;
    assert!(told.starts_with("✅ 已扣除 小明 -66 → 700"), "{told}");
    stage.restart().await;
    let told = answer(&mut stage, "阿杰", "/扣分 @小红 101 刷屏").await;
    assert!(
        told.starts_with("❌ 小红 现有 100 积分，要扣 101，没有扣除"),
        "{told}"
    );
    stage.restart().await;
    let told = answer(&mut stage, "小红", "/积分").await;
    assert!(told.contains(" 100 "), "{told}");
    squared(stage, &[("小明", &[666, 100, -66]), ("小红", &[100])]).await;
}

#[tokio::test]
async fn nothing_speaks_of_a_mall_where_there_is_none() {
    let mut stage = stage("").await;
    done(&mut stage, "/奖励 @小明 5 早到").await;
    let told = answer(&mut stage, "夜雨", "/自检").await;
    assert!(told.contains("✅ 账本"), "{told}");
    assert!(!told.contains("商城") && !told.contains('❌'), "{told}");
    let verified = printed(&stage, &["verify", "--records", "all"]).await;
    assert!(
        verified.contains("✅ 内置积分账：1 个账户、1 笔变动") && verified.contains("一切相符"),
        "{verified}"
    );
    assert!(!verified.contains("商城"), "{verified}");
    stage.stop().await;
    let checked = check(&stage).await;
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(checked.status.success(), "{said}");
    assert!(!said.contains("商城") && !said.contains('❌'), "{said}");
    squared(stage, &[("小明", &[5])]).await;
}

#[tokio::test]
async fn what_was_given_is_undone_whole_and_as_far_as_it_is_there() {
    let mut stage = stage("").await;
    let (_, whole) = done(&mut stage, "/奖励 @小明 666 天梯第一名").await;
    stage.restart().await;
    let told = answer(&mut stage, "阿杰", &format!("/撤销 {whole}")).await;
    assert!(told.starts_with("↩️ 已撤销 小明 -666 → 0"), "{told}");
    stage.restart().await;
    let told = answer(&mut stage, "阿杰", &format!("/撤销 {whole}")).await;
    assert!(told.starts_with(&format!("{whole} 已经撤销过了")), "{told}");

    let (_, partly) = done(&mut stage, "/奖励 @小红 500 周赛").await;
    done(&mut stage, "/扣分 @小红 360 刷屏").await;
    stage.restart().await;
    let undo = stage.says("阿杰", &format!("/撤销 {partly}"));
    let told = stage.hears(undo).await;
    assert!(
        told.starts_with("❌ 小红 现有 140 积分，撤销需要 500"),
        "{told}"
    );
    let told = answer(&mut stage, "阿杰", &format!("/撤销 {partly} 部分")).await;
    assert!(told.starts_with("↩️ 部分撤销 小红 -140 → 0"), "{told}");
    stage.restart().await;
    let told = receipt(&mut stage, "阿杰", &partly).await;
    assert!(told.contains("部分撤销"), "{told}");
    squared(
        stage,
        &[("小明", &[666, -666]), ("小红", &[500, -360, -140])],
    )
    .await;
}

#[tokio::test]
async fn approval_and_a_stop_of_giving_hold_here_too() {
    let mut stage = stage("approve_over = 500\n").await;
    let waits = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    let code = receipt_in(&stage.hears_of(waits, "待审批").await);
    stage.restart().await;
    assert_eq!(booked(&stage, stage.user("小明")).await, [0_i64; 0]);
    let told = answer(&mut stage, "夜雨", "/暂停发放 查账").await;
    assert!(told.starts_with("⏸️ 已暂停发放积分"), "{told}");
    stage.restart().await;
    let told = answer(&mut stage, "阿杰", "/奖励 @小红 5 早到").await;
    assert!(told.starts_with("本服务器已暂停发放积分"), "{told}");
    let told = answer(&mut stage, "夜雨", "/恢复发放").await;
    assert!(told.starts_with("▶️ 已恢复发放积分"), "{told}");
    stage.restart().await;
    let approved = stage.says("阿珍", &format!("/待审 批准 {code}"));
    stage.hears(approved).await;
    stage.hears_of(waits, "✅").await;
    stage.restart().await;
    let told = answer(&mut stage, "小明", "/积分").await;
    assert!(told.contains(" 666 "), "{told}");
    squared(stage, &[("小明", &[666])]).await;
}

/// How far a change has come when the process dies.
#[derive(Clone, Copy, Debug)]
enum Killed {
    /// It is written and nothing is posted.
    BeforePosting,
    /// It is posted and the journal does not know.
    BeforeSettling,
}

/// Puts the stopped bot's store back to where a process that died left it.
async fn put_back(stage: &Stage, entry: &Receipt, killed: Killed) {
    let op = &entry.op;
    stage
        .change_store(&format!(
            "update entries set state = 'unconfirmed', settled_ms = null, balance = null, \
             balance_read_ms = null, told = 'nothing', said = null, next_look_ms = 0 where op = '{op}'"
        ))
        .await;
    if let Killed::BeforePosting = killed {
        stage
            .change_store(&format!(
                "update book_accounts set points = points - (select points from book_postings \
                 where op = '{op}' and book_postings.account = book_accounts.account) \
                 where account in (select account from book_postings where op = '{op}')"
            ))
            .await;
        stage
            .change_store(&format!("delete from book_postings where op = '{op}'"))
            .await;
    }
}

/// Waits until the bot has nothing left to do; the chat shows what was said before.
async fn everything_settled(stage: &Stage, killed: Killed, order: &str) {
    let journal = journal(stage).await;
    let look = async {
        while journal.counts().await.expect("the store is read") != Counts::default() {
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    };
    let settled = tokio::time::timeout(PATIENCE, look).await;
    assert!(settled.is_ok(), "{killed:?} {order}\n{}", stage.log());
    journal.close().await;
}

#[tokio::test]
async fn a_process_that_died_around_the_posting_is_made_good_once() {
    for (killed, order, points) in [
        (Killed::BeforePosting, "/奖励 @小明 66 周赛", 66),
        (Killed::BeforeSettling, "/奖励 @小明 66 周赛", 66),
        (Killed::BeforePosting, "/扣分 @小明 7 刷屏", -7),
        (Killed::BeforeSettling, "/扣分 @小明 7 刷屏", -7),
    ] {
        let mut stage = stage("").await;
        done(&mut stage, "/奖励 @小明 10 早到").await;
        let (said, code) = done(&mut stage, order).await;
        stage.stop().await;
        let journal = journal(&stage).await;
        let entries = journal.of_message(said.0).await.expect("the store is read");
        journal.close().await;
        put_back(&stage, &entries[0], killed).await;
        stage.start().await;
        everything_settled(&stage, killed, order).await;
        let told = stage.hears_of(said, "✅").await;
        assert_eq!(receipt_in(&told), code);
        squared(stage, &[("小明", &[10, points])]).await;
    }
}

#[tokio::test]
async fn what_does_not_fit_any_more_after_a_crash_is_refused_at_once() {
    let mut stage = stage("").await;
    done(&mut stage, "/奖励 @小明 10 早到").await;
    let (said, code) = done(&mut stage, "/扣分 @小明 7 刷屏").await;
    stage.stop().await;
    let journal = journal(&stage).await;
    let entries = journal.of_message(said.0).await.expect("the store is read");
    journal.close().await;
    let (entry, killed) = (&entries[0], Killed::BeforePosting);
    put_back(&stage, entry, killed).await;
    let look_at = |ms: i64| {
        let op = &entry.op;
        format!("update entries set next_look_ms = {ms} where op = '{op}'")
    };
    stage.change_store(&look_at(i64::MAX - 1)).await;
    stage.start().await;
    // Meanwhile somebody takes all there is.
    done(&mut stage, "/扣分 @小明 10 刷屏").await;
    stage.stop().await;
    stage.change_store(&look_at(0)).await;
    stage.start().await;
    // Nothing that was sent can still land, so nobody waits for it.
    everything_settled(&stage, killed, "/扣分").await;
    let told = stage.hears_of(said, "没有扣除").await;
    assert_eq!(receipt_in(&told), code);
    squared(stage, &[("小明", &[10, -10])]).await;
}

#[tokio::test]
async fn killed_at_any_moment_nothing_is_lost_and_nothing_happens_twice() {
    let mut stage = stage("").await;
    done(&mut stage, "/奖励 @小明 1000 开始").await;
    // From here on what is missed in this channel is read up.
    let asked = stage.says("小明", "/积分");
    stage.hears(asked).await;
    handled(&stage, asked).await;
    let mut wanted = vec![1_000];
    // From a little after the message to about its answer; what comes first differs from run to run.
    for (number, pause) in [0_u64, 3, 6, 10, 18, 35].into_iter().enumerate() {
        let points = 10 + number as i64;
        let order = match number % 2 {
            0 => format!("/奖励 @小明 {points} 周赛"),
            _ => format!("/扣分 @小明 {points} 刷屏"),
        };
        let said = stage.says("阿杰", &order);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        stage.kill().await;
        stage.start().await;
        stage.hears_of(said, "✅").await;
        wanted.push(if number % 2 == 0 { points } else { -points });
    }
    squared(stage, &[("小明", &wanted)]).await;
}

#[tokio::test]
async fn books_that_were_tampered_with_are_told() {
    let mut stage = stage("").await;
    done(&mut stage, "/奖励 @小明 66 周赛").await;
    stage.stop().await;
    let member = stage.user("小明");
    let guild = stage.guild;
    stage
        .change_store(&format!(
            "update book_accounts set points = 67 where account = {member}"
        ))
        .await;
    let told = complained(&stage, &["verify"]).await;
    for part in [
        "❌ 内置积分账：1 个账户、1 笔变动".to_owned(),
        format!("❌ 服务器 {guild} 的内置积分账不平：各账户合计 +1"),
        format!("❌ 服务器 {guild} 的账户 {member} 有 67 积分，而它的各笔变动合计 66"),
        "有 2 处不符".to_owned(),
    ] {
        assert!(told.contains(&part), "no `{part}` in\n{told}");
    }
    let journal = journal(&stage).await;
    let books = journal.audit_books(1).await.expect("the store is read");
    journal.close().await;
    assert!(matches!(
        books.faults[0],
        BookFault::Unbalanced { sum: 1, .. }
    ));
    stage
        .change_store(&format!(
            "update book_accounts set points = 66 where account = {member}"
        ))
        .await;
    squared(stage, &[("小明", &[66])]).await;
}
