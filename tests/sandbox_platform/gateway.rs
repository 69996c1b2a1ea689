//! The gateway: handshakes, frames, silence, and what can go wrong with deliveries.

use futures_util::StreamExt;
use guildpoints::sandbox::GatewayAct;
use guildpoints::sandbox::MemberShape;
use guildpoints::sandbox::SayOptions;
use guildpoints::sandbox::Shape;
use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::Message;

use crate::stage::PATIENCE;
use crate::stage::Stage;
use crate::stage::content;

async fn handshake_status(address: &str) -> u16 {
    match connect_async(address).await {
        Ok((_, response)) => response.status().as_u16(),
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}

/// The status line of a handshake whose request target is sent exactly as given.
async fn raw_handshake(stage: &Stage, target: &str) -> String {
    let address = stage.base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_bad_token_is_a_502_and_a_good_one_is_good_on_both_paths() {
    let stage = Stage::new().await;
    let gateway = stage.sandbox.addresses().gateway_url.clone();
    assert_eq!(
        handshake_status(&format!("{gateway}?id=nonsense")).await,
        502
    );
    assert_eq!(handshake_status(&gateway).await, 502);
    let first = stage.user_token().await;
    let second = stage.user_token().await;
    assert_ne!(first, second);
    assert_eq!(first.len(), 192);
    // An older token still opens a connection, unless selected otherwise.
    assert_eq!(
        handshake_status(&format!("{gateway}?id={first}")).await,
        101
    );
    let root = gateway.replace("/websocket", "/");
    assert_eq!(handshake_status(&format!("{root}?id={second}")).await, 101);
    stage
        .sandbox
        .set_settings(&json!({"new_token_revokes_old": true}));
    let third = stage.user_token().await;
    assert_eq!(
        handshake_status(&format!("{gateway}?id={second}")).await,
        502
    );
    assert_eq!(
        handshake_status(&format!("{gateway}?id={third}")).await,
        101
    );
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn broken_super_properties_do_not_matter() {
    let stage = Stage::new().await;
    let token = stage.user_token().await;
    for (path, rest) in [
        (
            "/websocket",
            r#"&v=1.6.86&x-super-properties={"platform":"bot","a":"<b>"}"#,
        ),
        ("/", r#"&dId=&x-super-properties=eyJ9/+=="#),
        ("/websocket", ""),
    ] {
        let status = raw_handshake(&stage, &format!("{path}?id={token}{rest}")).await;
        assert_eq!(status, "HTTP/1.1 101", "{rest}");
    }
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn a_member_s_message_arrives_as_documented() {
    let stage = Stage::new().await;
    let mut bot = stage.bot().await;
    let bot_id = stage.sandbox.bot();
    let text = format!("${{@!{bot_id}}} /积分");
    let id = stage.sandbox.says(stage.ming, stage.channel, &text);
    let frame = bot.frame().await.unwrap();
    assert!(frame.is_binary());
    let raw = String::from_utf8(frame.into_data().to_vec()).unwrap();
    assert!(
        raw.starts_with(r#"{"action":"push","data":{"content":"{\"type\":\"text\",\"text\":"#),
        "{raw}"
    );
    let push: Value = serde_json::from_str(&raw).unwrap();
    let data = &push["data"];
    assert_eq!(data["message_id"], id.to_string());
    assert_eq!(data["user_id"], stage.ming.to_string());
    assert_eq!(data["channel_id"], stage.channel.to_string());
    assert_eq!(data["guild_id"], stage.sandbox.guild_id().to_string());
    assert_eq!(data["member"]["roles"].as_array().unwrap().len(), 1);
    assert_eq!(
        data["mentions"],
        json!([{"nickname": "积分小助手", "user_id": bot_id.to_string()}])
    );
    assert_eq!(data["author"]["username"], "2791234");
    assert_eq!(data["author"]["bot"], false);
    assert_eq!(data["ctype"], 1);
    assert_eq!(
        (push["ack"].as_i64(), &push["seq"]),
        (Some(-1), &Value::Null)
    );
    assert_eq!(data["time"].as_i64(), Some(id.minted_ms()));
    assert_eq!(content(&push)["text"], text);

    stage.sandbox.dm(stage.ming, "/积分");
    let private = bot.hears().await;
    assert_eq!(private["data"].get("member"), None);
    assert_eq!(private["data"]["guild_id"], Value::Null);
    assert_eq!(private["data"]["channel_type"], 3);
    assert_eq!(private["data"]["desc"], "/积分");

    stage
        .sandbox
        .set_settings(&json!({"text_frames": true, "push_status": true}));
    stage.sandbox.says_with(
        stage.ming,
        stage.channel,
        "${/积分}",
        SayOptions {
            shape: Shape::Registered,
            member: MemberShape::Null,
            reply_to: Some(id),
            ..SayOptions::default()
        },
    );
    let frame = bot.frame().await.unwrap();
    assert!(frame.is_text());
    let push: Value = serde_json::from_slice(&frame.into_data()).unwrap();
    assert_eq!(push["status"], true);
    assert_eq!(push["data"]["ctype"], 67);
    assert_eq!(push["data"]["member"], Value::Null);
    assert_eq!(push["data"]["quote_l1"], id.to_string());
    assert_eq!(push["data"]["quote_l2"], Value::Null);
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn every_connection_hears_everything_in_the_order_of_ids() {
    let stage = Stage::new().await;
    let (mut one, mut two) = (stage.bot().await, stage.bot().await);
    assert_eq!(stage.sandbox.bots_connected(), 2);
    for number in 0..50 {
        stage
            .sandbox
            .says(stage.ming, stage.channel, &number.to_string());
    }
    let sent = stage
        .result(
            "sendMessage",
            json!({"chat_id": stage.channel.number(), "text": "hi"}),
        )
        .await;
    for bot in [&mut one, &mut two] {
        let mut last = 0;
        for number in 0..50 {
            let push = bot.hears().await;
            assert_eq!(content(&push)["text"], number.to_string());
            let id: u64 = push["data"]["message_id"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap();
            assert!(id > last);
            last = id;
        }
        let echo = bot.hears().await;
        assert_eq!(echo["data"]["message_id"], sent["message_id"].to_string());
        assert_eq!(echo["data"]["author"]["bot"], true);
        assert_eq!(echo["data"]["user_id"], stage.sandbox.bot().to_string());
    }
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn silence_of_70_seconds_cuts_a_line_and_pings_keep_it_and_its_token() {
    let stage = Stage::new().await;
    let token = stage.user_token().await;
    let mut silent = stage.bot_with(&token).await;
    let mut lively = stage.bot_with(&token).await;
    for _ in 0..2 {
        stage.sandbox.advance(69_000);
        let pong = lively.ping().await;
        assert_eq!(pong["action"], "pong");
        let seconds = pong["data"]["time"].as_i64().unwrap();
        assert!(
            (stage.sandbox.now_ms() / 1_000 - seconds).abs() <= 60,
            "{pong}"
        );
    }
    assert!(silent.frame().await.is_none());
    stage
        .sandbox
        .until(PATIENCE, |s| (s.bots_connected() == 1).then_some(()))
        .await
        .unwrap();
    let unused = stage.user_token().await;
    // A day passes in steps, pinged all along.
    for _ in 0..24 {
        for _ in 0..60 {
            stage.sandbox.advance(60_000);
            lively.ping().await;
        }
    }
    let gateway = &stage.sandbox.addresses().gateway_url;
    assert_eq!(
        handshake_status(&format!("{gateway}?id={unused}")).await,
        502
    );
    assert_eq!(
        handshake_status(&format!("{gateway}?id={token}")).await,
        101
    );
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn deliveries_can_double_wait_turn_round_and_fail() {
    let stage = Stage::new().await;
    let mut bot = stage.bot().await;
    let says = |text: &str, deliveries| {
        let options = SayOptions {
            deliveries,
            ..SayOptions::default()
        };
        stage
            .sandbox
            .says_with(stage.ming, stage.channel, text, options)
    };
    let twice = says("twice", 2);
    let missed = says("missed", 0);
    for _ in 0..2 {
        assert_eq!(bot.hears().await["data"]["message_id"], twice.to_string());
    }
    stage.sandbox.gateway(GatewayAct::Hold);
    says("first", 1);
    says("second", 1);
    stage.sandbox.gateway(GatewayAct::Release);
    assert_eq!(content(&bot.hears().await)["text"], "second");
    assert_eq!(content(&bot.hears().await)["text"], "first");

    assert_eq!(stage.sandbox.inject("not json at all"), 1);
    assert_eq!(
        bot.frame().await.unwrap().into_data().as_ref(),
        b"not json at all"
    );

    stage.sandbox.gateway(GatewayAct::Mute);
    says("lost", 1);
    stage.sandbox.gateway(GatewayAct::Accept);
    says("heard", 1);
    assert_eq!(content(&bot.hears().await)["text"], "heard");

    stage.sandbox.gateway(GatewayAct::Refuse);
    stage.sandbox.gateway(GatewayAct::Drop);
    assert!(bot.frame().await.is_none());
    let token = stage.user_token().await;
    let gateway = &stage.sandbox.addresses().gateway_url;
    assert_eq!(
        handshake_status(&format!("{gateway}?id={token}")).await,
        502
    );
    stage.sandbox.gateway(GatewayAct::Accept);
    stage.bot_with(&token).await;

    let list = stage
        .call(
            "message/getList",
            json!({"channel_id": stage.channel.to_string()}),
        )
        .await;
    let ids: Vec<&str> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["message_id"].as_str().unwrap())
        .collect();
    assert!(ids.contains(&missed.to_string().as_str()));
    assert_eq!(ids.len(), 6);
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn joins_leaves_and_presses_are_told_and_role_changes_are_not() {
    let stage = Stage::new().await;
    let mut bot = stage.bot().await;
    let guild = stage.sandbox.guild_id();
    let new = stage.sandbox.joins(guild, "新来的");
    let notice = bot.hears().await;
    assert_eq!(notice["action"], "guildNotice");
    assert_eq!(notice["data"]["method"], "userJoin");
    assert_eq!(notice["data"]["user_id"], new.to_string());
    assert_eq!(content(&bot.hears().await)["type"], "newJoin");

    let admins = stage.sandbox.admin_roles();
    stage.sandbox.set_roles(guild, new, admins.clone());
    stage.sandbox.says(new, stage.channel, "hello");
    let push = bot.hears().await;
    assert_eq!(
        push["data"]["member"]["roles"],
        json!([admins[0].to_string()])
    );

    let keyboard = json!({"inline_keyboard": [[{"text": "下一页", "callback_data": "p=2"}]]});
    let sent = stage
        .result(
            "sendMessage",
            json!({"chat_id": stage.channel.number(), "text": "1/2", "reply_markup": keyboard}),
        )
        .await;
    bot.hears().await;
    let message = sent["message_id"].to_string();
    let callback = stage
        .sandbox
        .press(stage.ming, message.parse().unwrap(), "p=2");
    let press = bot.hears().await;
    assert_eq!(press["action"], "miniPush");
    let query = &content(&press)["callback_query"];
    assert_eq!(query["from"]["id"].as_u64(), Some(stage.ming.number()));
    assert_eq!(query["inline_message_id"], message);
    assert_ne!(press["data"]["message_id"], message);
    assert_eq!(query["data"], "p=2");
    assert_eq!(query["id"], callback);
    let answer = json!({
        "callback_id": callback, "text": "已更新",
        "user_id": stage.ming.to_string(), "channel_id": stage.channel.to_string(),
    });
    stage.result("v2/answerCallback", answer).await;
    assert_eq!(stage.sandbox.callbacks()[0].answers, ["已更新"]);

    assert!(stage.sandbox.leaves(guild, new));
    assert_eq!(bot.hears().await["data"]["method"], "userQuit");
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn a_farewell_is_answered() {
    let stage = Stage::new().await;
    let token = stage.user_token().await;
    let address = format!("{}?id={token}", stage.sandbox.addresses().gateway_url);
    let (mut socket, _) = connect_async(address).await.unwrap();
    socket.close(None).await.unwrap();
    let rest = timeout(PATIENCE, socket.collect::<Vec<_>>()).await.unwrap();
    // Without an answer the last of it would be an error.
    assert!(matches!(rest.last(), Some(Ok(Message::Close(None)))));
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn stopping_ends_every_connection() {
    let stage = Stage::new().await;
    let mut bot = stage.bot().await;
    let mut events = stage
        .http
        .get(format!("{}/sandbox/events?as={}", stage.base, stage.ming))
        .send()
        .await
        .unwrap();
    let port = stage.base.clone();
    stage.sandbox.stop().await;
    assert!(bot.frame().await.is_none());
    assert_eq!(events.chunk().await.unwrap(), None);
    assert!(stage.http.get(port).send().await.is_err());
}
