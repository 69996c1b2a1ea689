//! The platform's Bot API and the mall in one tiny HTTP server, as fast as this machine can.

use std::sync::Arc;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio_util::task::AbortOnDropHandle;

use crate::frames::GUILD;
use crate::world::BOT;
use crate::world::MODERATOR;
use crate::world::World;

/// A server that ends when it is dropped.
pub struct Server {
    /// `127.0.0.1:PORT`.
    pub address: String,
    _accepting: AbortOnDropHandle<()>,
}

impl Server {
    /// Serves `world`.
    pub async fn start(world: Arc<World>) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let world = Arc::clone(&world);
                tokio::spawn(async move {
                    // A client that goes away ends its connection and nothing else.
                    let _gone = serve(stream, &world).await;
                });
            }
        });
        Ok(Self {
            address,
            _accepting: AbortOnDropHandle::new(accepting),
        })
    }
}

async fn serve(mut stream: TcpStream, world: &World) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut read = Vec::with_capacity(4_096);
    loop {
        let Some((head, length)) = whole(&read) else {
            if stream.read_buf(&mut read).await? == 0 {
                return Ok(());
            }
            continue;
        };
        let request = String::from_utf8_lossy(&read[..length]);
        let (head, body) = request.split_at(head);
        let said = answer(head, body, world);
        read.drain(..length);
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{said}",
            said.len()
        );
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// The lengths of the head and of the whole request, once both are there.
pub fn whole(read: &[u8]) -> Option<(usize, usize)> {
    let head = read.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&read[..head]).ok()?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse::<usize>().ok())?
    });
    let whole = head + length.unwrap_or(0);
    (read.len() >= whole).then_some((head, whole))
}

fn answer(head: &str, body: &str, world: &World) -> String {
    let target = head.split(' ').nth(1).unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    match path.rsplit('/').next().unwrap_or_default() {
        "getMe" => format!(
            r#"{{"ok":true,"result":{{"id":{BOT},"first_name":"bot","user_token":"token"}}}}"#
        ),
        "sendMessage" => {
            world.hears(number(body, "reply_to_message_id"), body);
            r#"{"ok":true,"result":{"message_id":968822861471551488}}"#.to_owned()
        }
        "getList" => world.history.page(number(body, "message_id")),
        "guild" => format!(
            r#"{{"ok":true,"result":{{"guild_id":"{GUILD}","name":"guild","owner_id":"1"}}}}"#
        ),
        "getGuildRoles" => format!(
            r#"{{"ok":true,"result":[{{"id":{MODERATOR},"name":"moderators","permissions":0,"position":1}},{{"id":712345678901234999,"name":"guests","permissions":0,"position":0}}]}}"#
        ),
        "getChatMember" => format!(
            r#"{{"ok":true,"result":{{"user":{{"id":{},"first_name":"member","is_bot":false}},"status":"member","roles":[]}}}}"#,
            number(body, "user_id")
        ),
        "getUserPoint" => {
            let member = query.rsplit_once("userId=").map(|(_, id)| id);
            let member = member.and_then(|id| id.parse().ok()).unwrap_or(0);
            format!(
                r#"{{"code":0,"msg":"SUCCESS","data":{{"point":{}}}}}"#,
                world.balance(member)
            )
        }
        "modifyUserPoint" => {
            let op = body.split_once(r#""bizId":""#).map_or("", |(_, rest)| rest);
            let op = op.split('"').next().unwrap_or_default();
            let points = i64::try_from(number(body, "point")).unwrap_or(0);
            match world.changes(op, number(body, "fbLongId"), points) {
                true => r#"{"code":0,"msg":"SUCCESS","data":{"code":0,"msg":"SUCCESS"}}"#,
                false => r#"{"code":60006,"msg":"used before","data":null}"#,
            }
            .to_owned()
        }
        "findPointRecord" => r#"{"code":0,"msg":"SUCCESS","data":null}"#.to_owned(),
        _ => r#"{"ok":true,"result":true}"#.to_owned(),
    }
}

/// The number under `name` in a JSON text; 0 without one.
fn number(text: &str, name: &str) -> u64 {
    let key = format!("\"{name}\":");
    let rest = text.split_once(&key).map_or("", |(_, rest)| rest);
    let digits = rest.trim_start_matches('"');
    let end = digits.find(|c: char| !c.is_ascii_digit());
    digits[..end.unwrap_or(digits.len())].parse().unwrap_or(0)
}
