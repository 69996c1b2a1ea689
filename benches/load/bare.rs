//! What the bot is measured against, in processes of their own: a read loop without duties, and the
//! same HTTP calls and disk writes without a bot around them.
//!
//! The calls go through reqwest, as the bot's do, on a runtime with as many threads, to a server of
//! the same code, signed and said with the same number of bytes; so a ratio tells what the bot adds
//! and not what the library costs, which is about twice a raw socket (source: performance, the
//! limits). They are the barer for having no deadline, no limit on what they read, no pace, and no
//! understanding of what comes back.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use futures_util::StreamExt;
use guildpoints::points::sign::Parts;
use guildpoints::support::secret::Secret;
use reqwest::Client;
use tokio::io::AsyncBufReadExt;
use tokio::io::AsyncWriteExt;
use tokio::io::BufReader;
use tokio::io::Lines;
use tokio::process::Child;
use tokio::process::ChildStdin;
use tokio::process::ChildStdout;
use tokio::process::Command;
use tokio_tungstenite::connect_async_with_config;

use crate::frames::CHANNEL;
use crate::frames::GUILD;
use crate::intents::Disk;

/// The other process.
pub struct Bare {
    child: Child,
    tell: ChildStdin,
    told: Lines<BufReader<ChildStdout>>,
}

impl Bare {
    /// This program again, in another part.
    pub fn start(part: &[&str]) -> io::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(part)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let tell = child
            .stdin
            .take()
            .ok_or_else(|| io::Error::other("no way in"))?;
        let told = child
            .stdout
            .take()
            .ok_or_else(|| io::Error::other("no way out"))?;
        Ok(Self {
            child,
            tell,
            told: BufReader::new(told).lines(),
        })
    }

    /// The process.
    pub fn id(&self) -> io::Result<u32> {
        self.child
            .id()
            .ok_or_else(|| io::Error::other("it has ended"))
    }

    /// Tells it to do something; `answer` brings what came of it.
    pub async fn tell(&mut self, what: &str) -> io::Result<()> {
        self.tell.write_all(format!("{what}\n").as_bytes()).await
    }

    /// The next number it answers.
    pub async fn answer(&mut self) -> io::Result<f64> {
        let line = self.told.next_line().await?.unwrap_or_default();
        line.parse()
            .map_err(|_| io::Error::other(format!("it said `{line}`")))
    }
}

/// The part of the read loop: reads frames until the end.
pub async fn read(address: &str) -> io::Result<()> {
    let url = format!("ws://{address}/websocket");
    let opened = connect_async_with_config(url, None, true).await;
    let (mut socket, _) = opened.map_err(io::Error::other)?;
    while let Some(Ok(frame)) = socket.next().await {
        std::hint::black_box(frame);
    }
    Ok(())
}

/// The part of the calls: does what each line says and answers how long it took.
///
/// `balance` and `reward` in microseconds, `many OPEN COUNT` balances and `pages COUNT` of the
/// channel's history in seconds.
pub async fn calls(address: &str, folder: &str) -> io::Result<()> {
    let calls = Calls {
        http: Client::builder()
            .no_proxy()
            .build()
            .map_err(io::Error::other)?,
        address: address.to_owned(),
        secret: Secret::new("secret"),
    };
    let mut disk = Disk::new(Path::new(folder))?;
    // Blocks this thread, which carries no connection.
    for line in std::io::stdin().lines() {
        let line = line?;
        let began = Instant::now();
        let words: Vec<&str> = line.split(' ').collect();
        let took = match words.as_slice() {
            ["balance"] => {
                calls.balance().await?;
                began.elapsed().as_secs_f64() * 1e6
            }
            ["reward"] => {
                disk.commit()?;
                calls.change().await?;
                calls.balance().await?;
                began.elapsed().as_secs_f64() * 1e6
            }
            ["pages", count] => {
                calls.pages(whole(count)?).await?;
                began.elapsed().as_secs_f64()
            }
            ["many", open, count] => {
                let (open, count) = (whole(open)?, whole(count)?);
                calls.many(open, count).await?;
                began.elapsed().as_secs_f64()
            }
            _ => return Err(io::Error::other("no such part")),
        };
        println!("{took}");
    }
    Ok(())
}

#[derive(Clone)]
struct Calls {
    http: Client,
    address: String,
    secret: Secret,
}

impl Calls {
    async fn many(&self, open: usize, count: usize) -> io::Result<()> {
        let workers = (0..open).map(|_| {
            let calls = self.clone();
            tokio::spawn(async move {
                for _ in 0..count / open {
                    calls.balance().await?;
                }
                Ok::<(), io::Error>(())
            })
        });
        for worker in workers.collect::<Vec<_>>() {
            worker.await??;
        }
        Ok(())
    }

    /// Asks the mall, then says it.
    async fn balance(&self) -> io::Result<()> {
        let query = [
            ("guildId".to_owned(), GUILD.to_string()),
            ("userId".to_owned(), "1".to_owned()),
        ];
        let address = format!(
            "http://{}/mall/api/core/open/getUserPoint?guildId={GUILD}&userId=1",
            self.address
        );
        self.signed(self.http.get(address), &query, None).await?;
        let address = format!("http://{}/api/bot/token/sendMessage", self.address);
        let said = format!(
            r#"{{"chat_id":{CHANNEL},"text":"💰 小明，你现在有 100 积分（2026-03-01 12:00 +08）","desc":"💰 小明，你现在有 100 积分","mention_roles":[]}}"#
        );
        let request = self.http.post(address).body(said);
        self.sent(request.header("content-type", "application/json"))
            .await
    }

    /// Pages backwards through the channel's history.
    async fn pages(&self, count: usize) -> io::Result<()> {
        let address = format!("http://{}/api/bot/token/message/getList", self.address);
        let mut before = String::new();
        for _ in 0..count {
            let body = format!(r#"{{"channel_id":"{CHANNEL}","size":50{before}}}"#);
            let request = self.http.post(&address).body(body);
            let request = request.header("content-type", "application/json");
            let page = request.send().await.map_err(io::Error::other)?;
            let page = page.bytes().await.map_err(io::Error::other)?;
            let page = std::str::from_utf8(&page).map_err(io::Error::other)?;
            // The oldest stands last; a page is looked through for nothing else.
            let oldest = page.rsplit_once(r#""message_id":""#);
            let Some((_, oldest)) = oldest else { break };
            let oldest = oldest.split('"').next().unwrap_or_default();
            before = format!(r#","message_id":"{oldest}","behavior":"before""#);
        }
        Ok(())
    }

    /// Changes points.
    async fn change(&self) -> io::Result<()> {
        let address = format!("http://{}/mall/api/core/open/modifyUserPoint", self.address);
        let body = format!(
            r#"{{"bizId":"{}","fbLongId":1,"point":6,"remark":"奖励","guildId":{GUILD}}}"#,
            uuid::Uuid::new_v4().simple()
        );
        let request = self.http.post(address).body(body.clone());
        self.signed(request, &[], Some(&body)).await
    }

    async fn signed(
        &self,
        request: reqwest::RequestBuilder,
        query: &[(String, String)],
        body: Option<&str>,
    ) -> io::Result<()> {
        let nonce = uuid::Uuid::new_v4().to_string();
        let timestamp = now_ms().to_string();
        let signature = Parts {
            app_key: "key",
            nonce: &nonce,
            timestamp: &timestamp,
            authorization: None,
            query,
            body,
        }
        .signature(&self.secret);
        let request = request
            .header("content-type", "application/json")
            .header("appkey", "key")
            .header("nonce", nonce)
            .header("timestamp", timestamp)
            .header("signature", signature);
        self.sent(request).await
    }

    async fn sent(&self, request: reqwest::RequestBuilder) -> io::Result<()> {
        let response = request.send().await.map_err(io::Error::other)?;
        let body = response.bytes().await.map_err(io::Error::other)?;
        std::hint::black_box(body);
        Ok(())
    }
}

/// Only a header of the imitated mall, which does not look at it.
fn now_ms() -> u128 {
    #[expect(
        clippy::disallowed_methods,
        reason = "a request without the bot has no clock of the bot"
    )]
    let now = SystemTime::now();
    now.duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO)
        .as_millis()
}

fn whole(text: &str) -> io::Result<usize> {
    text.parse().map_err(io::Error::other)
}
