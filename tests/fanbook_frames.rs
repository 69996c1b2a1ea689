//! Every documented shape of a frame, read from `tests/vectors/frames`.

use std::fs;
use std::path::Path;

use guildpoints::fanbook::Event;
use guildpoints::fanbook::text::Heard;
use guildpoints::fanbook::text::Token;
use guildpoints::fanbook::text::hear;
use guildpoints::fanbook::wire::Unreadable;
use guildpoints::fanbook::wire::decode;
use guildpoints::model::UserId;
use serde_json::Value;
use serde_json::json;

fn event_json(decoded: &Result<Event, Unreadable>) -> Value {
    match decoded {
        Ok(Event::Message(message)) => json!({
            "event": "message",
            "message": message.message.to_string(),
            "guild": message.guild.map(|id| id.to_string()),
            "channel": message.channel.to_string(),
            "author": message.author.id.to_string(),
            "name": message.author.name,
            "short_id": message.author.short_id,
            "roles": message.author.roles.as_ref().map(|roles| {
                roles.iter().map(ToString::to_string).collect::<Vec<_>>()
            }),
            "text": message.text,
            "mentions": message.mentions.iter()
                .map(|(id, name)| json!([id.to_string(), name]))
                .collect::<Vec<_>>(),
            "replying_to": message.replying_to.map(|id| id.to_string()),
            "sent_ms": message.sent_ms,
        }),
        Ok(Event::Press(press)) => json!({
            "event": "press",
            "callback": press.callback,
            "channel": press.channel.to_string(),
            "message": press.message.to_string(),
            "presser": press.presser.to_string(),
            "name": press.name,
            "data": press.data,
        }),
        Ok(Event::Joined { guild, user }) => json!({
            "event": "joined", "guild": guild.to_string(), "user": user.to_string(),
        }),
        Ok(Event::Left { guild, user }) => json!({
            "event": "left", "guild": guild.to_string(), "user": user.to_string(),
        }),
        Ok(Event::Other(action)) => json!({ "event": "other", "action": action }),
        Ok(Event::Connected) => json!({ "event": "connected" }),
        Ok(Event::Disconnected) => json!({ "event": "disconnected" }),
        Err(unreadable) => json!({ "event": "unreadable", "part": unreadable.0 }),
    }
}

fn heard_json(heard: Heard) -> Value {
    match heard {
        Heard::Command(call) => json!({
            "command": call.word,
            "arguments": call.arguments.into_iter().map(|token| match token {
                Token::Member(id) => format!("@{id}"),
                Token::Role(id) => format!("&{id}"),
                Token::Channel(id) => format!("#{id}"),
                Token::Word { text, .. } => text,
            }).collect::<Vec<_>>(),
            "bot_mentioned": call.bot_mentioned,
        }),
        Heard::Near { word } => json!({ "near": word }),
        Heard::Nothing => json!("nothing"),
    }
}

#[test]
fn every_documented_frame_is_read_as_its_vector_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/frames");
    let mut read = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let vector: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let bot: UserId = vector["bot"].as_str().unwrap().parse().unwrap();
        let decoded = decode(vector["frame"].to_string().as_bytes(), bot);
        assert_eq!(event_json(&decoded), vector["expect"], "{}", path.display());
        if let (Some(wanted), Ok(Event::Message(message))) = (vector.get("heard"), &decoded) {
            let heard = heard_json(hear(&message.text, bot));
            assert_eq!(&heard, wanted, "{}", path.display());
        }
        read += 1;
    }
    assert!(read >= 50, "only {read} vectors were found");
}

#[test]
fn bytes_that_are_no_frame_are_refused() {
    let bot = UserId::new(1);
    for bytes in [
        &b""[..],
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe",
        b"{\"action\":\"push\"}{",
        b"\xef\xbb\xbf{\"action\":\"connect\"}",
        b"{\"action\":\"push\",\"data\":{\"content\":\"\xff\"}}",
    ] {
        assert!(decode(bytes, bot).is_err(), "{bytes:?}");
    }
}
