//! Frames as the gateway sends them, 1.07 KB each, as websocket frames of the server's side.
//! Source: fanbook-platform, 2.2.

/// The guild of every frame.
pub const GUILD: u64 = 412_345_678_901_234_563;

/// The channel of every frame.
pub const CHANNEL: u64 = 612_345_678_901_234_561;

/// What people write all day.
const TALK: &str = "大家晚上好，今天的活动什么时候开始？我记得公告里写的是八点，";

/// What a message of one frame is.
pub struct Message<'a> {
    /// Its id.
    pub id: u64,
    /// Who wrote it.
    pub author: u64,
    /// The author's role.
    pub role: u64,
    /// The text; quotes and backslashes must not be in it.
    pub text: &'a str,
    /// A member it mentions.
    pub mention: Option<u64>,
}

/// Appends the frame of `message` to `wire`.
pub fn push(wire: &mut Vec<u8>, message: &Message<'_>) {
    let mention = message.mention.map_or(String::new(), |member| {
        format!(r#"{{"nickname":"阿树","user_id":"{member}"}}"#)
    });
    let text = format!(
        concat!(
            r#"{{"action":"push","data":{{"content":"{{\"type\":\"text\",\"text\":\"{text}\",\"contentType\":1}}","#,
            r#""time":1772366400123,"user_id":"{author}","channel_id":"{channel}","message_id":"{id}","#,
            r#""quote_l1":null,"quote_l2":null,"guild_id":"{guild}","channel_type":0,"status":0,"#,
            r#""nonce":"{id}","ctype":1,"mentions":[{mention}],"#,
            r#""member":{{"nick":null,"roles":["{role}"],"guild_card":[],"assist_level":0}},"#,
            r#""resource_type":"user","platform":"ios","author":{{"nickname":"小明","username":"2791234","#,
            r#""avatar":"https://fb-cdn.fanbook.mobi/{pad}.jpg","avatar_nft":null,"bot":false}},"desc":""}},"#,
            r#""ack":-1,"seq":null}}"#,
        ),
        text = message.text,
        author = message.author,
        channel = CHANNEL,
        id = message.id,
        guild = GUILD,
        mention = mention,
        role = message.role,
        pad = "a".repeat(120),
    );
    binary(wire, text.as_bytes());
}

/// Appends `count` frames of talk.
pub fn talk(wire: &mut Vec<u8>, count: usize) {
    let text = TALK.repeat(3);
    for number in 0..count as u64 {
        let id = 868_822_861_471_551_488 + number;
        let message = Message {
            id,
            author: 737_262_643_970_064_384 + number % 1_000,
            role: 783_399_987_970_084_864,
            text: &text,
            mention: None,
        };
        push(wire, &message);
    }
}

/// Appends a binary frame, unmasked as servers send them.
pub fn binary(wire: &mut Vec<u8>, payload: &[u8]) {
    wire.push(0x82);
    match u16::try_from(payload.len()) {
        Ok(length) if length < 126 => wire.push(length as u8),
        Ok(length) => {
            wire.push(126);
            wire.extend_from_slice(&length.to_be_bytes());
        }
        Err(_) => {
            wire.push(127);
            wire.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    wire.extend_from_slice(payload);
}
