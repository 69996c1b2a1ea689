//! A mall that says what the script says, and complains of every request that is not as documented.
//!
//! It reads and writes HTTP/1.1 by hand, so that it can also break it.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;

use md5::Digest;
use md5::Md5;
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::sync::watch;

pub const APP_KEY: &str = "ga5nd1wk9tc3xf7zl2ub";
pub const SECRET: &str = "p8r2v6y0b4e9h3j7m1qs";
pub const BASE_PATH: &str = "/mp/77/88/shop-manage-pc";

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
    /// Answers as the inner one when the gate lets it.
    AtTheGate(Box<Says>),
}

impl Says {
    pub fn json(body: Value) -> Self {
        Self::status(200, body)
    }

    pub fn status(status: u16, body: Value) -> Self {
        Self::raw(status, "application/json", body.to_string())
    }

    pub fn raw(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::Answer {
            status,
            headers: vec![("Content-Type", content_type.to_owned())],
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
    pub endpoint: String,
    pub query: BTreeMap<String, String>,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

#[derive(Default)]
struct State {
    script: VecDeque<Says>,
    heard: Vec<Heard>,
    nonces: HashSet<String>,
    complaints: Vec<String>,
    present: usize,
    most_present: usize,
}

pub struct Server {
    pub address: String,
    pub gate: Semaphore,
    state: Mutex<State>,
    arrived: watch::Sender<usize>,
}

impl Server {
    pub async fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Arc::new(Self {
            address: format!("http://{}{BASE_PATH}", listener.local_addr().unwrap()),
            gate: Semaphore::new(0),
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

    pub fn most_present(&self) -> usize {
        self.state.lock().unwrap().most_present
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
        while let Some((heard, raw_query)) = read(&mut stream).await {
            let says = self.take(heard, &raw_query);
            let going_on = say(&mut stream, says, &self.gate).await;
            self.state.lock().unwrap().present -= 1;
            if !going_on {
                return;
            }
        }
    }

    fn take(&self, heard: Heard, raw_query: &str) -> Says {
        let mut state = self.state.lock().unwrap();
        let fresh = state
            .nonces
            .insert(heard.headers.get("nonce").cloned().unwrap_or_default());
        let mut complaints = complaints(&heard, raw_query);
        if !fresh {
            complaints.push("a nonce came twice".to_owned());
        }
        state.complaints.extend(complaints);
        state.heard.push(heard);
        state.present += 1;
        state.most_present = state.most_present.max(state.present);
        let count = state.heard.len();
        let says = state.script.pop_front();
        drop(state);
        self.arrived.send_replace(count);
        says.unwrap_or_else(|| Says::raw(500, "text/plain", "nothing in the script"))
    }
}

async fn read(stream: &mut TcpStream) -> Option<(Heard, String)> {
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
    let heard = Heard {
        method,
        endpoint: path
            .strip_prefix(BASE_PATH)
            .and_then(|path| path.strip_prefix("/api/core/open/"))
            .unwrap_or(path)
            .to_owned(),
        query: query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        headers,
        body: String::from_utf8(raw[head_end + 4..].to_vec()).unwrap(),
    };
    Some((heard, query.to_owned()))
}

/// Says it, and tells whether the connection goes on.
async fn say(stream: &mut TcpStream, says: Says, gate: &Semaphore) -> bool {
    let says = match says {
        Says::AtTheGate(inner) => {
            gate.acquire().await.unwrap().forget();
            *inner
        }
        says => says,
    };
    let text = match says {
        Says::Answer {
            status,
            headers,
            body,
        } => {
            let mut text = format!(
                "HTTP/1.1 {status} Said\r\nContent-Length: {}\r\n",
                body.len()
            )
            .into_bytes();
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
        Says::Nothing | Says::AtTheGate(_) => return hold(stream).await,
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

fn complaints(heard: &Heard, raw_query: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut expect = |holds: bool, what: &str| {
        if !holds {
            complaints.push(format!("{what}: {heard:?}"));
        }
    };
    let header = |name: &str| heard.headers.get(name).map_or("", String::as_str);
    expect(header("content-type") == "application/json", "content type");
    expect(header("accept-language") == "zh_CN", "language");
    expect(header("appkey") == APP_KEY, "app key");
    expect(header("timestamp").len() == 13, "timestamp");
    expect(header("nonce").len() == 36, "nonce");
    for absent in ["authorization", "cookie", "proxy-authorization", "referer"] {
        expect(!heard.headers.contains_key(absent), absent);
    }
    let unreserved = |c: char| c.is_ascii_alphanumeric() || "-._~=&".contains(c);
    expect(raw_query.chars().all(unreserved), "reserved characters");
    match (heard.method.as_str(), heard.endpoint.as_str()) {
        ("GET", "getUserPoint" | "findPointRecord") => {
            expect(heard.body.is_empty(), "a body");
            expect(!raw_query.is_empty(), "no query");
        }
        ("POST", "modifyUserPoint" | "batchModifyUserPoint") => {
            expect(!heard.body.is_empty(), "no body");
            expect(raw_query.is_empty(), "a query");
        }
        _ => expect(false, "method or path"),
    }

    let mut pairs = heard.query.clone();
    for (name, header_name) in [
        ("AppKey", "appkey"),
        ("Nonce", "nonce"),
        ("Timestamp", "timestamp"),
    ] {
        pairs.insert(name.to_owned(), header(header_name).to_owned());
    }
    if !heard.body.is_empty() {
        pairs.insert("requestBody".to_owned(), heard.body.clone());
    }
    let mut chain = vec![SECRET.to_owned()];
    chain.extend(pairs.iter().map(|(name, value)| format!("{name}={value}")));
    chain.push(SECRET.to_owned());
    let sum: String = Md5::digest(chain.join("&"))
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    expect(header("signature") == sum, "signature");
    complaints
}
