//! A sandbox on a free port, and clients that know nothing of the project.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::SinkExt;
use futures_util::StreamExt;
use guildpoints::model::ids::ChannelId;
use guildpoints::model::ids::UserId;
use guildpoints::sandbox::Running;
use guildpoints::sandbox::Sandbox;
use guildpoints::sandbox::SandboxOptions;
use reqwest::Client;
use reqwest::Method;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::MaybeTlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

/// Longer than anything takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A sandbox and a plain HTTP client.
pub struct Stage {
    pub sandbox: Running,
    pub http: Client,
    pub base: String,
    pub token: String,
    pub channel: ChannelId,
    pub ming: UserId,
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(SandboxOptions::in_memory()).await
    }

    pub async fn kept_in(file: PathBuf) -> Self {
        Self::with(SandboxOptions {
            file: Some(file),
            ..SandboxOptions::in_memory()
        })
        .await
    }

    async fn with(options: SandboxOptions) -> Self {
        // Already installed by another test of this binary is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sandbox = Sandbox::start(options, listener).await.unwrap();
        let http = Client::builder()
            .no_proxy()
            .timeout(PATIENCE)
            .build()
            .unwrap();
        Self {
            http,
            base: sandbox.addresses().api_url.clone(),
            token: sandbox.bot_token(),
            channel: sandbox.channel_id(),
            ming: sandbox.user("小明"),
            sandbox,
        }
    }

    pub fn address(&self, method: &str) -> String {
        format!("{}/api/bot/{}/{method}", self.base, self.token)
    }

    /// Posts a JSON body and reads the body whatever the status.
    pub async fn call(&self, method: &str, body: Value) -> Value {
        self.call_as(Method::POST, method, body).await
    }

    pub async fn call_as(&self, http: Method, method: &str, body: Value) -> Value {
        let request = self.http.request(http, self.address(method)).json(&body);
        let response = request.send().await.unwrap();
        let text = response.text().await.unwrap();
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{method}: {text}"))
    }

    /// Posts a body labelled as a form.
    pub async fn form(&self, method: &str, body: &str) -> Value {
        let label = "application/x-www-form-urlencoded";
        let request = self
            .http
            .post(self.address(method))
            .header("content-type", label)
            .body(body.to_owned());
        let text = request.send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// The result of a call that must succeed.
    pub async fn result(&self, method: &str, body: Value) -> Value {
        let answer = self.call(method, body).await;
        assert_eq!(answer["ok"], true, "{method}: {answer}");
        answer["result"].clone()
    }

    /// The code of a call that must be refused.
    pub async fn code(&self, method: &str, body: Value) -> i64 {
        let answer = self.call(method, body).await;
        assert_eq!(answer["ok"], false, "{method}: {answer}");
        answer["error_code"].as_i64().unwrap()
    }

    pub async fn user_token(&self) -> String {
        let me = self.result("getMe", Value::Null).await;
        me["user_token"].as_str().unwrap().to_owned()
    }

    /// A connected bot that has already heard `connect`.
    pub async fn bot(&self) -> Bot {
        let token = self.user_token().await;
        self.bot_with(&token).await
    }

    pub async fn bot_with(&self, token: &str) -> Bot {
        let address = format!(
            "{}?id={token}&dId=bot1&v=1.6.60",
            self.sandbox.addresses().gateway_url
        );
        let mut bot = Bot::connect(&address).await;
        assert_eq!(bot.hears().await["action"], "connect");
        bot
    }

    pub async fn control(&self, path: &str, body: Value) -> Value {
        let response = self
            .http
            .post(format!("{}{path}", self.base))
            .json(&body)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }
}

/// One gateway connection.
pub struct Bot {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Bot {
    pub async fn connect(address: &str) -> Self {
        let (socket, _) = connect_async(address).await.unwrap();
        Self { socket }
    }

    /// The next data frame as JSON.
    pub async fn hears(&mut self) -> Value {
        let frame = self.frame().await.expect("the connection ended");
        serde_json::from_slice(&frame.into_data()).unwrap()
    }

    /// The next data frame; none when the connection has ended in whatever way.
    pub async fn frame(&mut self) -> Option<Message> {
        loop {
            let frame = timeout(PATIENCE, self.socket.next())
                .await
                .expect("a frame in time");
            match frame {
                Some(Ok(frame)) if frame.is_text() || frame.is_binary() => return Some(frame),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    pub async fn says(&mut self, text: &str) {
        self.socket
            .send(Message::text(text.to_owned()))
            .await
            .unwrap();
    }

    /// Pings and waits for the pong; everything said before has arrived by then.
    pub async fn ping(&mut self) -> Value {
        self.says(r#"{"type":"ping"}"#).await;
        self.hears().await
    }
}

/// The content object of a push.
pub fn content(frame: &Value) -> Value {
    serde_json::from_str(frame["data"]["content"].as_str().unwrap()).unwrap()
}
