//! A board of ten rows as a picture: the drawing with its fonts, and the PNG.

use std::collections::HashMap;
use std::hint::black_box;

use criterion::Criterion;
use criterion::criterion_group;
use criterion::criterion_main;
use guildpoints::app;
use guildpoints::boards::FONT_PACKAGE;
use guildpoints::boards::Known;
use guildpoints::boards::Painter;
use guildpoints::boards::Sheet;
use guildpoints::commands::Registry;
use guildpoints::journal::BoardSize;
use guildpoints::model::Language;
use guildpoints::model::UserId;
use guildpoints::model::period::Counted;
use guildpoints::model::period::Period;
use guildpoints::points::BoardPage;
use guildpoints::points::Edition;
use guildpoints::points::Ranked;
use jiff::tz::TimeZone;

/// 2026-03-09 01:00 UTC, a Monday.
const NOW_MS: i64 = 1_773_018_000_000;
const FIRST_MEMBER: u64 = 737_262_643_970_064_384;

fn board_of_ten_rows(criterion: &mut Criterion) {
    let Some(painter) = Painter::new(&[]) else {
        println!("no picture is drawn: no font here can write Chinese, install {FONT_PACKAGE}");
        return;
    };
    let sheet = sheet();
    criterion.bench_function("picture of ten rows", |bencher| {
        bencher.iter(|| {
            painter
                .paint_here(black_box(&sheet))
                .expect("it can be drawn")
        });
    });
    let picture = painter.paint_here(&sheet).expect("it can be drawn");
    let (width, height) = (picture.width, picture.height);
    println!("{width} x {height} pixels, {} bytes", picture.png.len());
}

fn sheet() -> Sheet {
    let people = [
        "小明",
        "天梯第一名",
        "Alice 🌸",
        "Борис",
        "مرحبا",
        "星星点灯",
        "Zoë",
        "一只很长很长的名字的猫",
        "四",
        "👍",
    ];
    let members = people.iter().zip(FIRST_MEMBER..);
    let names: HashMap<UserId, Known> = members
        .map(|(name, id)| (UserId::new(id), Known::Person((*name).to_owned())))
        .collect();
    let rows = (1..=10_u32).zip(FIRST_MEMBER..).map(|(place, id)| Ranked {
        member: UserId::new(id),
        points: 12_345 / i64::from(place),
        place: u64::from(place),
    });
    let zone = TimeZone::get("Asia/Shanghai").expect("the zone data has this zone");
    let board = BoardPage {
        counted: Counted::Earned(Period::Week),
        days: Period::Week.ended(NOW_MS, &zone),
        edition: Edition::Running,
        page: 0,
        pages: 1,
        rows: rows.collect::<Vec<Ranked>>(),
        size: BoardSize {
            shown: 10,
            hidden: 2,
        },
        read_ms: NOW_MS,
        oldest_ms: None,
        balances: None,
        before: None,
    };
    let words = app::texts(&Registry::new(), None).expect("the embedded texts are right");
    Sheet::of(&board, &names, &words, Language::Chinese, &zone)
}

criterion_group!(benches, board_of_ten_rows);
criterion_main!(benches);
