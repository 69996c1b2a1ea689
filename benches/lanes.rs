//! What handing a command to its lane costs, against a bare spawned task.

#[path = "parts/spent.rs"]
mod spent;

use std::time::Instant;

use criterion::Criterion;
use criterion::Throughput;
use criterion::criterion_group;
use criterion::criterion_main;
use guildpoints::dispatch::lane::Lanes;
use guildpoints::model::GuildId;
use guildpoints::model::UserId;
use tokio::runtime::Runtime;
use tokio_util::task::TaskTracker;

use crate::spent::Spent;

/// Commands of one round: as many members, as in a guild where everybody asks at once.
const ROUND: u64 = 1_000;

fn lanes(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime can be made");
    let mut group = criterion.benchmark_group("lanes");
    group.throughput(Throughput::Elements(ROUND));
    let [bare, one, eight] = [const { Spent::new() }; 3];
    group.bench_function("bare tasks", |bench| {
        bench.iter_custom(|rounds| {
            let began = Instant::now();
            runtime.block_on(async {
                for _ in 0..rounds {
                    let tracker = TaskTracker::new();
                    for _ in 0..ROUND {
                        tracker.spawn(async {});
                    }
                    tracker.close();
                    tracker.wait().await;
                }
            });
            bare.note(rounds, began.elapsed())
        });
    });
    for (name, spent, each) in [
        ("one command a member", &one, 1),
        ("eight commands a member", &eight, 8),
    ] {
        let lanes = Lanes::new(8);
        group.bench_function(name, |bench| {
            bench.iter_custom(|rounds| {
                let began = Instant::now();
                runtime.block_on(async {
                    for _ in 0..rounds {
                        for command in 0..ROUND {
                            send(&lanes, 1 + command / each);
                        }
                        lanes.settled().await;
                    }
                });
                spent.note(rounds, began.elapsed())
            });
        });
    }
    group.finish();
    one.print_ratio("one command a member", &bare, "(bare tasks)");
    eight.print_ratio("eight commands a member", &bare, "(bare tasks)");
}

fn send(lanes: &Lanes, member: u64) {
    let key = (Some(GuildId::new(1)), UserId::new(member));
    let taken = lanes.send(key, || async {});
    taken.expect("a lane has room for eight");
}

criterion_group!(benches, lanes);
criterion_main!(benches);
