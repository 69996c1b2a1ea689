//! What one signature costs: performance names MD5 of 300 bytes at 0.6 us.

use criterion::Criterion;
use criterion::criterion_group;
use criterion::criterion_main;
use guildpoints::points::sign::Parts;
use guildpoints::support::secret::Secret;
use md5::Digest;
use md5::Md5;

fn signing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("signing");
    let bytes = [b'x'; 300];
    group.bench_function("bare MD5 of 300 bytes", |bench| {
        bench.iter(|| Md5::digest(std::hint::black_box(bytes)));
    });
    let secret = Secret::new("di4uep1ed5i5m48zhrcm");
    let change = Parts {
        app_key: "esdx8ol13uelo6enblwh",
        nonce: "4f6fae2c-26c1-4a33-8b3c-d6e5b7f3f4a1",
        timestamp: "1664250286491",
        authorization: None,
        query: &[],
        body: Some(
            r#"{"bizId":"gp1-zw0chebvktzw0chebvktzw0ch","fbLongId":173022860380475392,"point":666,"remark":"天梯第一名, 奖励666分","guildId":357042844231282688}"#,
        ),
    };
    group.bench_function("a change", |bench| {
        bench.iter(|| std::hint::black_box(change).signature(&secret));
    });
    let query = [
        ("guildId".to_owned(), "357042844231282688".to_owned()),
        ("userId".to_owned(), "173022860380475392".to_owned()),
    ];
    let question = Parts {
        body: None,
        query: &query,
        ..change
    };
    group.bench_function("a question", |bench| {
        bench.iter(|| std::hint::black_box(question).signature(&secret));
    });
    group.finish();
}

criterion_group!(benches, signing);
criterion_main!(benches);
