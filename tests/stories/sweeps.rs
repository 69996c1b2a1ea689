//! Sweeps of MantaGO in trouble: what was told stands, what was not is not made up, and the board says
//! how old its oldest balance is.

use futures_util::StreamExt;
use futures_util::stream;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use guildpoints::sandbox::fault::Malformed;
use guildpoints::sandbox::fault::Moment;
use guildpoints::sandbox::manta::MantaClient;
use guildpoints::sandbox::manta::MantaShapes;
use guildpoints::sandbox::manta::PointOrder;
use guildpoints::sandbox::manta::UnknownIds;
use jiff::ToSpan;
use jiff::civil::DateTime;

use crate::balances::SWEPT;
use crate::balances::quiet;
use crate::balances::rows;
use crate::balances::sweeping;
use crate::boards::named;
use crate::boards::seen;
use crate::faults::AT_ONCE;
use crate::stage::Settings;
use crate::stage::Stage;

/// Members beside the seeded ones: with them there are three lists.
const MEMBERS: i64 = 230;
/// The seeded ones with points.
const SEEDED: [(&str, i64); 2] = [("阿杰", 2_060), ("小明", 150)];
/// Longer than the pause between two passes.
const A_PASS_MS: i64 = 1_900_000;

fn name(number: i64) -> String {
    format!("选手{number}")
}

fn client(number: i64) -> String {
    format!("Cl{number:07}")
}

fn points(number: i64) -> i64 {
    3_000 + number * 7
}

/// A guild of MantaGO that has swept once, when nobody was linked; now the seeded members are, and the bot
/// does not run.
async fn shop() -> Stage {
    let mut stage = quiet(Settings {
        points: Some("manta.shop"),
        ..sweeping()
    })
    .await;
    stage.settings.further = Stage::manta_section(&stage.sandbox) + "timeout = \"1s\"\n";
    stage.start().await;
    stage.logged(SWEPT, 1).await;
    assert!(stage.stop().await.success());
    stage.tie_accounts("manta.shop").await;
    time_for_another(&stage).await;
    stage
}

/// The same with many more.
async fn crowd() -> Stage {
    let stage = shop().await;
    let mut links = Vec::new();
    for number in 1..=MEMBERS {
        let member = stage.sandbox.joins(stage.guild, &name(number));
        stage.sandbox.manta().put_client(MantaClient {
            id: client(number),
            platform: "line".to_owned(),
            platform_client_id: format!("U{number:016}"),
            customer_id: None,
            points: points(number),
        });
        links.push(format!(
            "('manta.shop', {member}, 'encoded', '{}', 'import', 1)",
            client(number)
        ));
    }
    let links = links.join(", ");
    stage
        .change_store(&format!(
            "insert into links (system, member, kind, external_id, proof, verified_ms) values {links}"
        ))
        .await;
    stage
}

/// Lets the last pass be long ago; the bot does not run.
async fn time_for_another(stage: &Stage) {
    for statement in [
        format!("update sweeps set begun_ms = begun_ms - {A_PASS_MS}"),
        format!("update swept set tried_ms = tried_ms - {A_PASS_MS} where tried_ms > 0"),
    ] {
        stage.change_store(&statement).await;
    }
}

/// All rows of the board, page after page, without places.
async fn all_rows(stage: &mut Stage) -> Vec<String> {
    let mut all = Vec::new();
    for page in 1.. {
        let board = seen(stage, "小明", &format!("/top balance page {page}")).await;
        let board = named(stage, &board);
        let shown = rows(&board).into_iter();
        all.extend(shown.filter_map(|row| Some(row.split_once(' ')?.1.to_owned())));
        let last = format!("第 {page} / {page} 页");
        if board.contains(&last) {
            return all;
        }
    }
    unreachable!("pages end")
}

/// The rows there are where these of the crowd are known.
fn right(known: impl Fn(i64) -> bool) -> Vec<String> {
    let crowd = (1..=MEMBERS).rev().filter(|number| known(*number));
    let crowd = crowd.map(|number| (name(number), points(number)));
    let seeded = SEEDED.map(|(name, points)| (name.to_owned(), points));
    let rows = crowd.chain(seeded);
    rows.map(|(name, points)| format!("{name} · {},{:03}", points / 1_000, points % 1_000))
        .map(|row| row.replace("· 0,", "· "))
        .collect()
}

#[tokio::test]
async fn one_trouble_of_a_list_costs_nobody_their_balance() {
    let faults = [
        FaultKind::DropAfter,
        FaultKind::Status500Before,
        FaultKind::AnswerCode {
            code: 1004,
            when: Moment::Before,
        },
        FaultKind::Html200 {
            when: Moment::After,
        },
        FaultKind::MalformedJson {
            when: Moment::After,
            form: Malformed::Cut,
        },
        FaultKind::DelayAfter { ms: 3_000 },
    ];
    let stories = faults.map(|fault| async move {
        let mut stage = crowd().await;
        stage.sandbox.faults().set(FaultRule {
            endpoint: "manta.points".to_owned(),
            skip: 1,
            count: Some(2),
            kind: fault.clone(),
        });
        stage.start().await;
        stage.logged(SWEPT, 2).await;
        let hits = stage.sandbox.faults().hits().len();
        assert!(hits > 0, "{fault:?}");
        assert_eq!(all_rows(&mut stage).await, right(|_| true), "{fault:?}");
        stage.finish().await;
    });
    stream::iter(stories)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<()>>()
        .await;
}

#[tokio::test]
async fn an_answer_without_some_of_those_asked_for_has_the_others() {
    let left_out = MantaShapes {
        point_order: PointOrder::Shuffled,
        ..MantaShapes::default()
    };
    // One of a list refuses it whole, so it is asked for in parts.
    let refused = MantaShapes {
        unknown_ids: UnknownIds::Refused,
        ..MantaShapes::default()
    };
    let stories = [(left_out, 5), (refused, 60)].map(|(shapes, each)| async move {
        let is_gone = |number: i64| number % each == 0;
        let mut stage = crowd().await;
        stage.sandbox.manta().set_shapes(shapes.clone());
        for number in (1..=MEMBERS).filter(|number| is_gone(*number)) {
            stage.sandbox.manta().remove_client(&client(number));
        }
        stage.start().await;
        stage.logged(SWEPT, 2).await;
        let wanted = right(|number| !is_gone(number));
        assert_eq!(all_rows(&mut stage).await, wanted, "{shapes:?}");
        stage.finish().await;
    });
    stream::iter(stories)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<()>>()
        .await;
}

/// When the oldest balance of a board was read, to the minute, in the guild's zone.
fn oldest(board: &str) -> DateTime {
    let mut after = board.split("最早的余额读于 ").skip(1);
    let after = after.next().unwrap_or_else(|| panic!("{board}"));
    let text: String = after.chars().take("2026-03-01 09:00".len()).collect();
    text.replace(' ', "T").parse().expect("a moment")
}

#[tokio::test]
async fn while_nobody_answers_the_board_shows_what_it_knew_and_since_when() {
    let mut stage = shop().await;
    stage.start().await;
    stage.logged(SWEPT, 2).await;
    let shown = ["🥇 阿杰 · 2,060", "🥈 小明 · 150"];
    let first = seen(&mut stage, "小明", "/top balance").await;
    assert_eq!(rows(&first), shown);
    // Two hours later the service is down, and says nothing of what has changed there.
    stage.stop().await;
    time_for_another(&stage).await;
    let earlier = "update known_balances set read_ms = read_ms - 7200000";
    stage.change_store(earlier).await;
    let down = FaultRule::always("manta.points", FaultKind::Status500Before);
    stage.sandbox.faults().set(down);
    stage.sandbox.manta().set_balance("Qw3eRt7Yu", 9_999);
    stage.start().await;
    stage.logged(SWEPT, 3).await;
    let then = seen(&mut stage, "小明", "/top balance").await;
    assert_eq!(rows(&then), shown, "nothing is made up, nothing is lost");
    assert_eq!(oldest(&then), oldest(&first).saturating_sub(2.hours()));
    // It answers again, and one of them has no account there any more.
    stage.stop().await;
    time_for_another(&stage).await;
    stage.sandbox.faults().clear();
    stage.sandbox.manta().remove_client("Zx8cVb2Nm");
    stage.start().await;
    stage.logged(SWEPT, 4).await;
    let now = seen(&mut stage, "小明", "/top balance").await;
    assert_eq!(rows(&now), ["🥇 小明 · 9,999"]);
    assert!(oldest(&now) >= oldest(&first), "{now}");
    stage.finish().await;
}
