//! What handing a command to its lane costs, against a bare spawned task.

use criterion::Criterion;
use criterion::Throughput;
use criterion::criterion_group;
use criterion::criterion_main;
use guildpoints::dispatch::lane::Lanes;
use guildpoints::model::GuildId;
use guildpoints::model::UserId;
use tokio::runtime::Runtime;
use tokio_util::task::TaskTracker;

/// Commands of one round: as many members, as in a guild where everybody asks at once.
const ROUND: u64 = 1_000;

fn lanes(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime can be made");
    let mut group = criterion.benchmark_group("lanes");
    group.throughput(Throughput::Elements(ROUND));
    group.bench_function("bare tasks", |bench| {
        bench.to_async(&runtime).iter(|| async {
            let tracker = TaskTracker::new();
            for _ in 0..ROUND {
                tracker.spawn(async {});
            }
            tracker.close();
            tracker.wait().await;
        });
    });
    let everybody = Lanes::new();
    group.bench_function("one command a member", |bench| {
        bench.to_async(&runtime).iter(|| async {
            for member in 1..=ROUND {
                send(&everybody, member);
            }
            everybody.settled().await;
        });
    });
    let few = Lanes::new();
    group.bench_function("eight commands a member", |bench| {
        bench.to_async(&runtime).iter(|| async {
            for command in 0..ROUND {
                send(&few, 1 + command / 8);
            }
            few.settled().await;
        });
    });
    group.finish();
}

fn send(lanes: &Lanes, member: u64) {
    let key = (Some(GuildId::new(1)), UserId::new(member));
    let taken = lanes.send(key, || async {});
    taken.expect("a lane has room for eight");
}

criterion_group!(benches, lanes);
criterion_main!(benches);
