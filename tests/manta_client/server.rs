//! A service that says what the script says, or else what its books say, and complains of every request
//! that is not as documented.
//!
//! It reads and writes HTTP/1.1 by hand, so that it can also break it.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;

use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::sync::watch;

pub const BOT_ID: &str = "b0t/Id+=&x";
pub const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJib3QiOjF9.tok3nsignature";
pub const SECRET: &str = "s3cr3t-k3y-value";
const PLATFORMS: [&str; 5] = ["line", "facebook", "instagram", "liveChat", "whatsapp"];

/// One answer of the script.
#[derive(Clone, Debug)]
pub enum Says {
    /// A whole answer.
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    },
    /// What the books say.
    TheBooks,
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

    /// A refusal in the documented form.
    pub fn refusal(status: u16, code: i64, message: &str) -> Self {
        let told = json!({"message": message, "code": code, "botId": "b"});
        Self::status(status, json!({"success": false, "errResponse": told}))
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

    pub fn at_the_gate(self) -> Self {
        Self::AtTheGate(Box::new(self))
    }
}

/// A request as it arrived. Header names are in small letters.
#[derive(Clone, Debug)]
pub struct Heard {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: BTreeMap<String, String>,
    pub body: Value,
}

impl Heard {
    /// The ids of one list, in its order.
    pub fn ids(&self, name: &str) -> Vec<String> {
        let ids = self.body.get(name).and_then(Value::as_array);
        let ids = ids.into_iter().flatten().filter_map(Value::as_str);
        ids.map(str::to_owned).collect()
    }

    /// How many accounts are asked for.
    pub fn asks_for(&self) -> usize {
        self.ids("clientIds").len() + self.ids("platformClientIds").len()
    }
}

#[derive(Default)]
struct State {
    script: VecDeque<Says>,
    heard: Vec<Heard>,
    complaints: Vec<String>,
    /// Points by platform (empty: encoded) and id.
    books: HashMap<(String, String), i64>,
    pair: Option<(String, String)>,
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
            address: format!("http://{}/some/api", listener.local_addr().unwrap()),
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

    /// Writes points into the books; `kind` as in links.
    pub fn has(&self, kind: &str, id: &str, points: i64) {
        let platform = if kind == "encoded" { "" } else { kind };
        let key = (platform.to_owned(), id.to_owned());
        self.state.lock().unwrap().books.insert(key, points);
    }

    /// Lets in this pair only; refuses others as renewed.
    pub fn lets_in(&self, token: &str, secret: &str) {
        let pair = (token.to_owned(), secret.to_owned());
        self.state.lock().unwrap().pair = Some(pair);
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
        while let Some(heard) = read(&mut stream).await {
            let (says, books) = self.take(heard);
            let going_on = say(&mut stream, says, books, &self.gate).await;
            self.state.lock().unwrap().present -= 1;
            if !going_on {
                return;
            }
        }
    }

    fn take(&self, heard: Heard) -> (Says, Says) {
        let mut state = self.state.lock().unwrap();
        let found = complaints(&heard);
        state.complaints.extend(found);
        let books = match &state.pair {
            Some((token, secret))
                if heard.headers["authorization"] != format!("Bearer {token}")
                    || heard.body["secret"] != **secret =>
            {
                Says::refusal(401, 120_000, "token has been refreshed")
            }
            _ => Says::json(from_books(&state.books, &heard)),
        };
        state.heard.push(heard);
        state.present += 1;
        state.most_present = state.most_present.max(state.present);
        let count = state.heard.len();
        let says = state.script.pop_front().unwrap_or(Says::TheBooks);
        drop(state);
        self.arrived.send_replace(count);
        (says, books)
    }
}

/// In no order of the question, as nothing promises one.
fn from_books(books: &HashMap<(String, String), i64>, heard: &Heard) -> Value {
    let platform = heard.body["platform"].as_str().unwrap_or("line");
    let mut points = Vec::new();
    for id in heard.ids("platformClientIds").into_iter().rev() {
        if let Some(known) = books.get(&(platform.to_owned(), id.clone())) {
            points.push(json!({"platform": platform, "platformClientId": id, "points": known}));
        }
    }
    for id in heard.ids("clientIds").into_iter().rev() {
        if let Some(known) = books.get(&(String::new(), id.clone())) {
            points.push(json!({"platform": "line", "clientId": id, "points": known}));
        }
    }
    json!({"success": true, "message": "Get client points successfully", "points": points})
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
        path: path.strip_prefix("/some/api").unwrap_or(path).to_owned(),
        query: query.to_owned(),
        headers,
        body: serde_json::from_slice(&raw[head_end + 4..]).unwrap_or_default(),
    })
}

/// Says it, and tells whether the connection goes on.
async fn say(stream: &mut TcpStream, says: Says, books: Says, gate: &Semaphore) -> bool {
    let says = match says {
        Says::AtTheGate(inner) => {
            gate.acquire().await.unwrap().forget();
            *inner
        }
        says => says,
    };
    let says = match says {
        Says::TheBooks => books,
        says => says,
    };
    let text = match says {
        Says::Answer {
            status,
            headers,
            body,
        } => {
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
        Says::HangsUp => String::new(),
        Says::Breaks(body) => format!("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{body}"),
        Says::Dawdles => "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{".to_owned(),
        Says::Nothing | Says::AtTheGate(_) | Says::TheBooks => return hold(stream).await,
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
    expect(heard.method == "POST", "method");
    expect(header("content-type") == "application/json", "content type");
    expect(header("authorization").starts_with("Bearer "), "no token");
    for absent in ["cookie", "proxy-authorization", "referer"] {
        expect(!heard.headers.contains_key(absent), absent);
    }
    let (bot, further) = heard.query.split_once('&').unwrap_or((&heard.query, ""));
    expect(bot == "botId=b0t%2FId%2B%3D%26x", "the bot's id");
    expect(
        further.is_empty() || heard.path == "/openapi/clients",
        "a query",
    );
    expect(heard.body["secret"].is_string(), "no secret");
    let field = |name: &str| heard.body.get(name);
    match heard.path.as_str() {
        "/openapi/client/point" => {
            for name in ["clientIds", "platformClientIds"] {
                let ids = heard.ids(name);
                let different: HashSet<&String> = ids.iter().collect();
                expect(different.len() == ids.len(), "an id stands in a list twice");
                expect(ids.len() <= 100, "too many ids");
                expect(field(name).is_none() || !ids.is_empty(), "an empty list");
            }
            expect(heard.asks_for() > 0, "nobody is asked for");
            let platform = field("platform").and_then(Value::as_str);
            expect(
                platform.is_some() == field("platformClientIds").is_some(),
                "a platform and its ids belong together",
            );
            expect(
                platform.is_none_or(|name| PLATFORMS.contains(&name)),
                "no such platform",
            );
        }
        "/openapi/clients" | "/openapi/token" => {
            let fields = heard.body.as_object().map_or(0, serde_json::Map::len);
            expect(fields == 1, "more than the secret");
        }
        _ => expect(false, "path"),
    }
    complaints
}
