//! Pictures of boards, kept for 90 days.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;

use guildpoints::journal::KeptPicture;
use guildpoints::journal::PICTURE_LIFE_MS;
use guildpoints::journal::PictureToken;
use guildpoints::support::clock::Clock;

use super::stage::*;

const A_MINUTE_MS: i64 = 60_000;

on_each_store![
    a_picture_is_found_by_its_name_and_by_nothing_else,
    a_picture_is_there_for_ninety_days_and_then_gone,
    a_picture_can_be_taken_away_before_its_time,
];

fn picture(mark: u8) -> KeptPicture {
    KeptPicture {
        // Any bytes: neither engine may read them as text.
        png: (0..=255).chain([mark, 0, 0xff, b'\'']).collect(),
        svg: format!("<svg>{mark} 小明 ' \" \\ &amp;</svg>"),
    }
}

async fn a_picture_is_found_by_its_name_and_by_nothing_else(home: Home) {
    let journal = home.journal().await;
    let one = journal.keep_picture(picture(1)).await.unwrap();
    let two = journal.keep_picture(picture(2)).await.unwrap();
    assert_ne!(one, two);
    assert_eq!(journal.picture(&one).await.unwrap(), Some(picture(1)));
    assert_eq!(journal.picture(&two).await.unwrap(), Some(picture(2)));
    let other: PictureToken = "0".repeat(64).parse().unwrap();
    assert_eq!(journal.picture(&other).await.unwrap(), None);
    // Also after a restart.
    journal.close().await;
    let journal = home.journal().await;
    assert_eq!(journal.picture(&one).await.unwrap(), Some(picture(1)));
}

async fn a_picture_is_there_for_ninety_days_and_then_gone(mut home: Home) {
    let shift_ms = Arc::new(AtomicI64::new(0));
    home.clock = Clock::shifted_by(shift_ms.clone());
    let days_are = |ms: i64| shift_ms.store(ms, Ordering::Relaxed);
    let journal = home.journal().await;
    let token = journal.keep_picture(picture(1)).await.unwrap();
    days_are(PICTURE_LIFE_MS - A_MINUTE_MS);
    let newer = journal.keep_picture(picture(2)).await.unwrap();
    journal.forget_pictures().await.unwrap();
    assert!(journal.picture(&token).await.unwrap().is_some());
    // Over by the clock: not seen, whether the sweep has come round or not.
    days_are(PICTURE_LIFE_MS + A_MINUTE_MS);
    assert_eq!(journal.picture(&token).await.unwrap(), None);
    days_are(0);
    assert!(journal.picture(&token).await.unwrap().is_some());
    days_are(PICTURE_LIFE_MS + A_MINUTE_MS);
    journal.forget_pictures().await.unwrap();
    days_are(0);
    assert_eq!(journal.picture(&token).await.unwrap(), None);
    assert!(journal.picture(&newer).await.unwrap().is_some());
}

async fn a_picture_can_be_taken_away_before_its_time(home: Home) {
    let journal = home.journal().await;
    let one = journal.keep_picture(picture(1)).await.unwrap();
    let two = journal.keep_picture(picture(2)).await.unwrap();
    for _ in 0..2 {
        journal.drop_picture(&one).await.unwrap();
        assert_eq!(journal.picture(&one).await.unwrap(), None);
    }
    assert!(journal.picture(&two).await.unwrap().is_some());
}
