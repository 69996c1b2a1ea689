//! An installation that says what the script says, and complains of every request that is not as
//! documented.
//!
//! It reads and writes HTTP/1.1 by hand, so that it can also break it.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;

use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::watch;

pub const BASE_PATH: &str = "/gate/7";
pub const ROOT: &str = "/api/v1/open/swan/integral";
pub const GATE_HEADER: &str = "x-gate-key";
pub const GATE_KEY: &str = "p8r2v6y0b4e9h3j7m1qs";

/// One answer of the script.
#[derive(Clone, Debug)]
pub enum Says {
    /// A whole answer.
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    },
    /// Reads the request and hangs up.
    HangsUp,
    /// Promises more than it sends, then hangs up.
    Breaks(&'static str),
    /// Sends a byte of what it promised and then nothing more.
    Dawdles,
    /// Never answers.
    Nothing,
}

impl Says {
    pub fn json(body: Value) -> Self {
        Self::status(200, body)
    }

    pub fn status(status: u16, body: Value) -> Self {
        Self::raw(status, body.to_string())
    }

    pub fn raw(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::Answer {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name, value.into()));
        }
        self
    }
}

/// A request as it arrived. Header names are in small letters.
#[derive(Clone, Debug)]
pub struct Heard {
    pub method: String,
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Heard {
    /// Whoever asks.
    pub fn consumer(&self) -> &str {
        self.headers
            .get("x-consumer-custom-id")
            .map_or("", String::as_str)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

#[derive(Default)]
struct State {
    script: VecDeque<Says>,
    heard: Vec<Heard>,
    complaints: Vec<String>,
}

pub struct Server {
    pub address: String,
    state: Mutex<State>,
    arrived: watch::Sender<usize>,
}

impl Server {
    pub async fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Arc::new(Self {
            address: format!("http://{}{BASE_PATH}", listener.local_addr().unwrap()),
            state: Mutex::default(),
            arrived: watch::Sender::new(0),
        });
        let serving = Arc::clone(&server);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&serving).serve(stream));
            }
        });
        server
    }

    pub fn says(&self, next: Says) {
        self.state.lock().unwrap().script.push_back(next);
    }

    pub fn heard(&self) -> Vec<Heard> {
        self.state.lock().unwrap().heard.clone()
    }

    pub async fn arrivals(&self, count: usize) {
        let mut arrived = self.arrived.subscribe();
        arrived.wait_for(|seen| *seen >= count).await.unwrap();
    }

    /// Fails the test if any request was not as documented, or if the script has lines left.
    pub fn is_content(&self) {
        let state = self.state.lock().unwrap();
        assert!(state.complaints.is_empty(), "{:#?}", state.complaints);
        assert!(state.script.is_empty(), "not asked for: {:?}", state.script);
    }

    async fn serve(self: Arc<Self>, mut stream: TcpStream) {
        while let Some(heard) = read(&mut stream).await {
            let says = self.take(heard);
            if !say(&mut stream, says).await {
                return;
            }
        }
    }

    fn take(&self, heard: Heard) -> Says {
        let mut state = self.state.lock().unwrap();
        state.complaints.extend(complaints(&heard));
        state.heard.push(heard);
        let count = state.heard.len();
        let says = state.script.pop_front();
        drop(state);
        self.arrived.send_replace(count);
        says.unwrap_or_else(|| Says::raw(500, "nothing in the script"))
    }
}

async fn read(stream: &mut TcpStream) -> Option<Heard> {
    let mut raw = Vec::new();
    let head_end = loop {
        if let Some(at) = raw.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut raw).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(raw[..head_end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let mut start = lines.next()?.split(' ');
    let (method, target) = (start.next()?.to_owned(), start.next()?.to_owned());
    let mut headers = BTreeMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        let before = headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        assert_eq!(before, None, "{name} came twice");
    }
    let length = headers
        .get("content-length")
        .map_or(0, |text| text.parse().unwrap());
    while raw.len() < head_end + 4 + length {
        if stream.read_buf(&mut raw).await.ok()? == 0 {
            return None;
        }
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    Some(Heard {
        method,
        path: path
            .strip_prefix(BASE_PATH)
            .and_then(|path| path.strip_prefix(ROOT))
            .unwrap_or(path)
            .to_owned(),
        query: query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        headers,
        body: String::from_utf8(raw[head_end + 4..].to_vec()).unwrap(),
    })
}

/// Says it, and tells whether the connection goes on.
async fn say(stream: &mut TcpStream, says: Says) -> bool {
    let text = match says {
        Says::Answer {
            status,
            headers,
            body,
        } => {
            let length = body.len();
            let mut text =
                format!("HTTP/1.1 {status} Said\r\nContent-Length: {length}\r\n").into_bytes();
            for (name, value) in headers {
                text.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
            }
            text.extend_from_slice(b"\r\n");
            text.extend_from_slice(&body);
            // The client may have hung up meanwhile, which is its right.
            return stream.write_all(&text).await.is_ok();
        }
        Says::HangsUp => String::new(),
        Says::Breaks(body) => format!("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{body}"),
        Says::Dawdles => "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{".to_owned(),
        Says::Nothing => return hold(stream).await,
    };
    let dawdles = text.ends_with("\r\n\r\n{");
    let _ = stream.write_all(text.as_bytes()).await;
    if dawdles {
        return hold(stream).await;
    }
    let _ = stream.shutdown().await;
    false
}

/// Keeps the connection until the client hangs up.
async fn hold(stream: &mut TcpStream) -> bool {
    let _ = stream.read(&mut [0; 1]).await;
    false
}

fn complaints(heard: &Heard) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut expect = |holds: bool, what: &str| {
        if !holds {
            complaints.push(format!("{what}: {heard:?}"));
        }
    };
    let header = |name: &str| heard.headers.get(name).map_or("", String::as_str);
    expect(header("content-type") == "application/json", "content type");
    expect(header(GATE_HEADER) == GATE_KEY, "the gate's key");
    let who = heard.consumer();
    expect(who.starts_with('@') && !who.contains('"'), "who asks");
    for absent in ["authorization", "cookie", "proxy-authorization", "referer"] {
        expect(!heard.headers.contains_key(absent), absent);
    }
    let digits = |value: &String| !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    let documented =
        |name: &String| ["startTime", "endTime", "page", "size"].contains(&name.as_str());
    match (heard.method.as_str(), heard.path.as_str()) {
        ("GET", "/points") => {
            expect(heard.body.is_empty(), "a body");
            expect(heard.query.is_empty(), "a query");
        }
        ("GET", "/points/transaction" | "/points/transaction/mine") => {
            expect(heard.body.is_empty(), "a body");
            expect(heard.query.keys().all(documented), "an undocumented query");
            expect(
                heard.query.values().all(digits),
                "a query that is no number",
            );
        }
        ("POST", path @ ("/points" | "/points/report")) => {
            expect(heard.query.is_empty(), "a query");
            let body: Value = serde_json::from_str(&heard.body).unwrap_or_default();
            let fields: Vec<&String> = body
                .as_object()
                .into_iter()
                .flat_map(|it| it.keys())
                .collect();
            let wanted: &[&str] = match path {
                "/points" => &["info", "point", "transactionId", "type", "userId"],
                _ => &["operationId", "staffId", "type", "userId"],
            };
            let mut sorted: Vec<&str> = fields.iter().map(|name| name.as_str()).collect();
            sorted.sort_unstable();
            expect(sorted == wanted, "the fields of the body");
        }
        _ => expect(false, "method or path"),
    }
    complaints
}
