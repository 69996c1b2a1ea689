//! What a frame of talk costs: the gateway against a bare tokio-tungstenite read loop, and decoding
//! alone. Source: performance, budget 1; the load program prints the ratio for the whole bot.

#[path = "parts/frames.rs"]
mod frames;
#[path = "parts/spent.rs"]
mod spent;
#[path = "parts/upgrade.rs"]
mod upgrade;

use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use criterion::Criterion;
use criterion::Throughput;
use criterion::criterion_group;
use criterion::criterion_main;
use futures_util::StreamExt;
use guildpoints::fanbook::Event;
use guildpoints::fanbook::api::ApiSettings;
use guildpoints::fanbook::api::BotApi;
use guildpoints::fanbook::gateway::Gateway;
use guildpoints::fanbook::gateway::GatewaySettings;
use guildpoints::fanbook::wire;
use guildpoints::model::UserId;
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulses;
use guildpoints::support::secret::Secret;
use tokio::runtime::Runtime;
use tokio_tungstenite::connect_async_with_config;
use tokio_util::sync::CancellationToken;

use crate::frames::Message;
use crate::spent::Spent;

/// Frames of one round.
const ROUND: usize = 1_000;

/// A gateway that floods as many rounds as it is told, then sends one command.
struct Flood {
    address: String,
    rounds: mpsc::Sender<u64>,
}

impl Flood {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener
            .local_addr()
            .expect("it has an address")
            .to_string();
        let (rounds, told) = mpsc::channel();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("somebody connects");
            let mut request = Vec::new();
            while !upgrade::is_whole(&request) {
                let mut byte = [0];
                stream.read_exact(&mut byte).expect("a request is sent");
                request.push(byte[0]);
            }
            let answer = upgrade::answer(&request).expect("it asks for a websocket");
            stream
                .write_all(answer.as_bytes())
                .expect("it can be answered");
            serve(stream, &told);
        });
        Self { address, rounds }
    }

    /// Where `getMe` and the websocket are asked for.
    fn websocket(&self) -> String {
        format!("ws://{}/websocket", self.address)
    }
}

fn serve(mut stream: TcpStream, told: &mpsc::Receiver<u64>) {
    let mut wire = Vec::new();
    frames::binary(&mut wire, upgrade::GREETING);
    stream.write_all(&wire).expect("the greeting can be sent");
    let mut round = Vec::new();
    frames::talk(&mut round, ROUND);
    let mut id = 1;
    while let Ok(rounds) = told.recv() {
        for _ in 0..rounds {
            stream.write_all(&round).expect("a round can be sent");
        }
        let mut last = Vec::new();
        id += 1;
        let command = Message {
            id,
            author: 2,
            role: 3,
            text: "/points",
            mention: None,
        };
        frames::push(&mut last, &command);
        stream.write_all(&last).expect("the end can be sent");
    }
}

/// `getMe` and nothing else.
fn platform() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener.local_addr().expect("it has an address");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("it can be accepted");
            let mut request = Vec::new();
            while !upgrade::is_whole(&request) {
                let mut byte = [0];
                stream.read_exact(&mut byte).expect("a request is sent");
                request.push(byte[0]);
            }
            let body = r#"{"ok":true,"result":{"id":9,"first_name":"bot","user_token":"t"}}"#;
            let length = body.len();
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
            stream
                .write_all(answer.as_bytes())
                .expect("it can be answered");
        }
    });
    format!("http://{address}")
}

async fn gateway(flood: &Flood) -> Gateway {
    let pulses = Pulses::new(Clock::system());
    let settings = ApiSettings {
        api_url: platform(),
        token: Secret::new("token"),
        send_per_channel_per_second: 1e12,
        api_per_second: 1e12,
    };
    let api = BotApi::new(settings, pulses.clone()).expect("the client can be made");
    let settings = GatewaySettings {
        gateway_url: flood.websocket(),
    };
    let mut gateway = Gateway::new(settings, api, pulses, CancellationToken::new());
    assert_eq!(gateway.next().await, Some(Event::Connected));
    gateway
}

fn reading(criterion: &mut Criterion) {
    let installed = rustls::crypto::ring::default_provider().install_default();
    installed.expect("nobody else installs one");
    let runtime = Runtime::new().expect("a runtime can be made");
    let mut group = criterion.benchmark_group("a thousand frames of talk");
    group.throughput(Throughput::Elements(ROUND as u64));
    group.measurement_time(Duration::from_secs(8));

    let [bound, measured] = [const { Spent::new() }; 2];
    let flood = Flood::new();
    let socket = runtime.block_on(connect_async_with_config(flood.websocket(), None, true));
    let (mut socket, _) = socket.expect("the gateway lets everybody in");
    let greeting = runtime.block_on(socket.next());
    greeting.expect("it greets").expect("it greets whole");
    group.bench_function("bare read loop", |bench| {
        bench.iter_custom(|rounds| {
            let began = Instant::now();
            flood.rounds.send(rounds).expect("the gateway listens");
            runtime.block_on(async {
                for _ in 0..=rounds * ROUND as u64 {
                    let frame = socket.next().await.expect("it goes on");
                    std::hint::black_box(frame.expect("a frame is whole"));
                }
            });
            bound.note(rounds, began.elapsed())
        });
    });

    let flood = Flood::new();
    let mut gateway = runtime.block_on(gateway(&flood));
    group.bench_function("gateway", |bench| {
        bench.iter_custom(|rounds| {
            let began = Instant::now();
            flood.rounds.send(rounds).expect("the gateway listens");
            let event = runtime.block_on(gateway.next());
            assert!(matches!(event, Some(Event::Message(_))), "{event:?}");
            measured.note(rounds, began.elapsed())
        });
    });
    group.finish();
    measured.print_ratio("gateway", &bound, "(budget 1: at least 0.80)");
}

fn decoding(criterion: &mut Criterion) {
    let mut frame = Vec::new();
    frames::talk(&mut frame, 1);
    let frame = &frame[4..];
    let bot = UserId::new(9);
    assert!(matches!(wire::decode(frame, bot), Ok(Event::Message(_))));
    let mut group = criterion.benchmark_group("one frame");
    group.throughput(Throughput::Bytes(frame.len() as u64));
    group.bench_function("decoded in full", |bench| {
        bench.iter(|| wire::decode(std::hint::black_box(frame), bot));
    });
    group.finish();
}

criterion_group!(benches, reading, decoding);
criterion_main!(benches);
