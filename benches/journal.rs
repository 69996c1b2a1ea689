//! Durable intents against bare fdatasync on the same disk. Source: performance, budget 5; the load
//! program prints the ratios.

#[path = "parts/intents.rs"]
mod intents;

use std::path::Path;

use criterion::Criterion;
use criterion::Throughput;
use criterion::criterion_group;
use criterion::criterion_main;
use tokio::runtime::Runtime;

use crate::intents::Desk;
use crate::intents::Disk;
use crate::intents::WAITING;

fn journal(criterion: &mut Criterion) {
    let folder = tempfile::tempdir_in(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let folder = folder.expect("a folder can be made on the disk of the build");
    let runtime = Runtime::new().expect("a runtime can be made");
    let mut disk = Disk::new(folder.path()).expect("a file can be preallocated");
    let desk = runtime.block_on(Desk::new(folder.path()));
    let mut group = criterion.benchmark_group("journal");
    group.throughput(Throughput::Elements(1));
    group.bench_function("bare fdatasync", |bench| {
        bench.iter(|| disk.commit().expect("the file can be written"));
    });
    group.bench_function("one by one", |bench| {
        bench.to_async(&runtime).iter(|| desk.one());
    });
    group.throughput(Throughput::Elements(WAITING));
    group.bench_function("with 64 waiting", |bench| {
        bench.to_async(&runtime).iter(|| desk.many());
    });
    group.finish();
    runtime.block_on(desk.close());
}

criterion_group!(benches, journal);
criterion_main!(benches);
