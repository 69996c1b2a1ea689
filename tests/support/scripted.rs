//! A points system that says what the script says, and complains of every request that is not as
//! documented.
//!
//! It reads and writes HTTP/1.1 by hand, so that it can also break it. Which system it is, and so what it
//! complains of, is its `Role`, a matter of each test program.

// Every test program that takes this module in uses another part of it.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;

use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::sync::watch;

/// Which system it is.
pub trait Role: Default + Send + 'static {
    /// What the operator's address ends with.
    const BASE: &'static str;
    /// What stands between the address and the paths that the documents name.
    const ROOT: &'static str;
    /// What it calls its JSON; `None`: it does not say.
    const JSON: Option<&'static str>;

    /// What is not as documented.
    fn complaints(&mut self, heard: &Heard) -> Vec<String>;

    /// What it says where the script leaves it to it, or has no more lines.
    fn answer(&self, _heard: &Heard) -> Says {
        Says::typed(500, "text/plain", "nothing in the script")
    }
}

/// One answer of the script.
#[derive(Clone, Debug)]
pub enum Says {
    /// A whole answer.
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    },
    /// What its role answers to a request like that, as things stood when it arrived.
    ByItself,
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
        Self::raw(status, body.to_string())
    }

    /// Anything, as what the role calls its JSON.
    pub fn raw(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::Answer {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// Anything, of that content type.
    pub fn typed(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::raw(status, body).with(CONTENT_TYPE, content_type)
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name, value.into()));
        }
        self
    }

    pub fn at_the_gate(self) -> Self {
        Self::AtTheGate(Box::new(self))
    }
}

/// A request as it arrived. Header names are in small letters.
#[derive(Clone, Debug)]
pub struct Heard {
    pub method: String,
    /// As the documents name it; whole where it lies elsewhere.
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub raw_query: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Heard {
    /// The body, null where it is no JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// A header, empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

#[derive(Default)]
struct State<R> {
    role: R,
    script: VecDeque<Says>,
    heard: Vec<Heard>,
    complaints: Vec<String>,
    present: usize,
    most_present: usize,
}

pub struct Server<R> {
    pub address: String,
    pub gate: Semaphore,
    state: Mutex<State<R>>,
    arrived: watch::Sender<usize>,
}

const CONTENT_TYPE: &str = "Content-Type";

impl<R: Role> Server<R> {
    pub async fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Arc::new(Self {
            address: format!("http://{}{}", listener.local_addr().unwrap(), R::BASE),
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

    /// Changes what it is or knows.
    pub fn role(&self, change: impl FnOnce(&mut R)) {
        change(&mut self.state.lock().unwrap().role);
    }

    pub fn heard(&self) -> Vec<Heard> {
        self.state.lock().unwrap().heard.clone()
    }

    /// The most requests that were waiting for an answer at once.
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
        while let Some(heard) = read::<R>(&mut stream).await {
            let (says, answer) = self.take(heard);
            let going_on = self.say(&mut stream, says, answer).await;
            self.state.lock().unwrap().present -= 1;
            if !going_on {
                return;
            }
        }
    }

    /// Notes a request; the line of the script, and what the role says by itself.
    fn take(&self, heard: Heard) -> (Says, Says) {
        let mut state = self.state.lock().unwrap();
        let complaints = state.role.complaints(&heard);
        state.complaints.extend(complaints);
        let answer = state.role.answer(&heard);
        state.heard.push(heard);
        state.present += 1;
        state.most_present = state.most_present.max(state.present);
        let count = state.heard.len();
        let says = state.script.pop_front().unwrap_or(Says::ByItself);
        drop(state);
        self.arrived.send_replace(count);
        (says, answer)
    }

    /// Says it, and tells whether the connection goes on.
    async fn say(&self, stream: &mut TcpStream, says: Says, answer: Says) -> bool {
        let says = match says {
            Says::AtTheGate(inner) => {
                self.gate.acquire().await.unwrap().forget();
                *inner
            }
            says => says,
        };
        let says = match says {
            Says::ByItself => answer,
            says => says,
        };
        let (text, then) = match says {
            Says::Answer {
                status,
                mut headers,
                body,
            } => {
                if let (Some(json), false) = (R::JSON, is_typed(&headers)) {
                    headers.push((CONTENT_TYPE, json.to_owned()));
                }
                let length = body.len();
                let head = format!("HTTP/1.1 {status} Said\r\nContent-Length: {length}\r\n");
                let mut text = head.into_bytes();
                for (name, value) in headers {
                    text.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
                }
                text.extend_from_slice(b"\r\n");
                text.extend_from_slice(&body);
                // The client may have hung up meanwhile, which is its right.
                return stream.write_all(&text).await.is_ok();
            }
            Says::HangsUp => (String::new(), Then::HangsUp),
            Says::Breaks(body) => (format!("{PROMISE}{body}"), Then::HangsUp),
            Says::Dawdles => (format!("{PROMISE}{{"), Then::Holds),
            Says::Nothing | Says::AtTheGate(_) | Says::ByItself => (String::new(), Then::Holds),
        };
        let _ = stream.write_all(text.as_bytes()).await;
        match then {
            Then::HangsUp => drop(stream.shutdown().await),
            // Until the client hangs up.
            Then::Holds => drop(stream.read(&mut [0; 1]).await),
        }
        false
    }
}

/// What follows an answer that is none.
enum Then {
    HangsUp,
    Holds,
}

/// More than ever comes.
const PROMISE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n";

fn is_typed(headers: &[(&'static str, String)]) -> bool {
    headers.iter().any(|(name, _)| *name == CONTENT_TYPE)
}

async fn read<R: Role>(stream: &mut TcpStream) -> Option<Heard> {
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
    let documented = path
        .strip_prefix(R::BASE)
        .and_then(|path| path.strip_prefix(R::ROOT));
    Some(Heard {
        method,
        path: documented.unwrap_or(path).to_owned(),
        query: query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        raw_query: query.to_owned(),
        headers,
        body: String::from_utf8(raw[head_end + 4..].to_vec()).unwrap(),
    })
}

/// What does not hold of a request, each with the request.
pub struct Complaints<'a> {
    heard: &'a Heard,
    found: Vec<String>,
}

impl<'a> Complaints<'a> {
    pub fn of(heard: &'a Heard) -> Self {
        let found = Vec::new();
        Self { heard, found }
    }

    pub fn expect(&mut self, holds: bool, what: &str) {
        if !holds {
            self.found.push(format!("{what}: {:?}", self.heard));
        }
    }

    /// That none of these headers was sent.
    pub fn expect_absent(&mut self, names: &[&str]) {
        for name in names {
            self.expect(!self.heard.headers.contains_key(*name), name);
        }
    }

    pub fn found(self) -> Vec<String> {
        self.found
    }
}
