//! What came and went: newest first, in pages that fit together, one's own only.

use std::collections::HashSet;

use guildpoints::model::refusal::PointsRefusal;
use guildpoints::points::Direction;
use guildpoints::points::History;
use guildpoints::points::HistoryPage;
use guildpoints::points::HistoryWanted;
use guildpoints::points::Taking;

use super::rig::ANN;
use super::rig::BEN;
use super::rig::NOBODY;
use super::rig::Pages;
use super::rig::Rig;
use super::rig::Unknown;

on_each_system! {
    pages_fit_together_newest_first,
    each_way_is_shown_by_itself,
    nobody_sees_anybody_elses,
    what_cannot_be_read_is_never_an_empty_page,
}

fn wanted(page: u32, size: usize, direction: Direction) -> HistoryWanted {
    HistoryWanted {
        page,
        size,
        direction,
    }
}

async fn page(history: &dyn History, wanted: HistoryWanted) -> HistoryPage {
    history.page(ANN, &wanted).await.unwrap()
}

/// The history, where there is one that can be read.
fn readable(rig: &Rig) -> Option<&dyn History> {
    let history = rig.backend.history()?;
    (rig.claims.history == Pages::Read).then_some(history)
}

async fn what_cannot_be_read_is_never_an_empty_page(rig: Rig) {
    if rig.claims.history != Pages::Unreadable {
        return;
    }
    rig.has(ANN, 7).await;
    let history = rig.backend.history().unwrap();
    let page = history.page(ANN, &wanted(0, 20, Direction::Both)).await;
    let meaning = page.unwrap_err().refused.meaning;
    assert_eq!(meaning, PointsRefusal::Unavailable);
}

async fn pages_fit_together_newest_first(rig: Rig) {
    let Some(history) = readable(&rig) else {
        return;
    };
    rig.has(ANN, 0).await;
    let mut made = Vec::new();
    for points in 1..=5 {
        made.insert(0, rig.applied(ANN, points).await);
    }
    let mut shown = Vec::new();
    for (number, more) in [(0, true), (1, true), (2, false)] {
        let page = page(history, wanted(number, 2, Direction::Both)).await;
        assert_eq!(page.more, more, "page {number}");
        shown.extend(page.rows);
    }
    let points: Vec<i64> = shown.iter().map(|row| row.points).collect();
    assert_eq!(points, [5, 4, 3, 2, 1]);
    for (row, entry) in shown.iter().zip(&made) {
        assert_eq!(row.op.as_ref(), Some(&entry.op));
        assert!(row.what.contains(&entry.remark), "{row:?}");
        assert!(row.at_ms.is_some());
    }
    let ids: HashSet<_> = shown.iter().map(|row| &row.op).collect();
    assert_eq!(ids.len(), 5, "no row stands on two pages");
    assert_eq!(
        page(history, wanted(3, 2, Direction::Both)).await,
        HistoryPage::default()
    );
    // A page of just what there is.
    let all = page(history, wanted(0, 5, Direction::Both)).await;
    assert_eq!((all.rows, all.more), (shown, false));
}

async fn each_way_is_shown_by_itself(rig: Rig) {
    let Some(history) = readable(&rig) else {
        return;
    };
    rig.has(ANN, 0).await;
    if rig
        .claims
        .change
        .is_none_or(|(_, taking)| taking == Taking::NotEnabled)
    {
        return;
    }
    for points in [10, -3, 20, -4] {
        rig.applied(ANN, points).await;
    }
    for (direction, points) in [
        (Direction::Both, &[-4, 20, -3, 10][..]),
        (Direction::In, &[20, 10]),
        (Direction::Out, &[-4, -3]),
    ] {
        let page = page(history, wanted(0, 20, direction)).await;
        let shown: Vec<i64> = page.rows.iter().map(|row| row.points).collect();
        assert_eq!((&*shown, page.more), (points, false), "{direction:?}");
    }
    let first = page(history, wanted(0, 1, Direction::Out)).await;
    assert_eq!((first.rows[0].points, first.more), (-4, true));
    let second = page(history, wanted(1, 1, Direction::Out)).await;
    assert_eq!((second.rows[0].points, second.more), (-3, false));
}

async fn nobody_sees_anybody_elses(rig: Rig) {
    let Some(history) = readable(&rig) else {
        return;
    };
    rig.has(ANN, 0).await;
    rig.has(BEN, 0).await;
    rig.introduced(NOBODY).await;
    rig.applied(BEN, 7).await;
    rig.applied(ANN, 5).await;
    let page = page(history, wanted(0, 20, Direction::Both)).await;
    let shown: Vec<i64> = page.rows.iter().map(|row| row.points).collect();
    assert_eq!(shown, [5]);
    let nobody = wanted(0, 20, Direction::Both);
    let nobody = history.page(NOBODY, &nobody).await;
    match rig.claims.unknown {
        Unknown::HasNothing => assert_eq!(nobody.unwrap(), HistoryPage::default()),
        Unknown::Refused(meaning) => {
            assert_eq!(nobody.unwrap_err().refused.meaning, meaning);
        }
    }
}
