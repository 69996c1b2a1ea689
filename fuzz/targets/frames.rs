//! Frames of the gateway: what `decode` makes of any bytes.
//!
//! Holds: no panic; nothing of the bot's own comes out; every id of a message stands in the frame digit
//! for digit, so none went through a float; a frame taken for idle says nothing to the bot.

use guildpoints::fanbook::Event;
use guildpoints::fanbook::text::Heard;
use guildpoints::fanbook::text::hear;
use guildpoints::fanbook::wire::decode;
use guildpoints::fanbook::wire::is_idle;
use guildpoints::model::UserId;
use guildpoints::model::incoming::Incoming;

/// The bot of every frame of the corpus.
pub const BOT: UserId = UserId::new(612_345_678_901_234_561);

/// Decodes `input` as heard by [`BOT`].
pub fn check(input: &[u8]) {
    let decoded = decode(input, BOT);
    assert_eq!(decoded, decode(input, BOT), "decoding has a memory");
    if is_idle(input) {
        let idle = match &decoded {
            Ok(Event::Message(incoming)) => hear(&incoming.text, BOT) == Heard::Nothing,
            Ok(Event::Other(_)) | Err(_) => true,
            Ok(_) => false,
        };
        assert!(idle, "taken for idle: {decoded:?}");
    }
    match decoded {
        Ok(Event::Message(incoming)) => message(input, &incoming),
        Ok(Event::Press(press)) => {
            assert_ne!(press.presser, BOT);
            assert!(press.presser.number() != 0 && press.message.number() != 0);
            assert!(!press.callback.is_empty(), "nothing to answer the press by");
            assert!(stands_in(input, press.channel.number()));
        }
        Ok(Event::Joined { guild, user } | Event::Left { guild, user }) => {
            assert!(stands_in(input, guild.number()));
            assert!(stands_in(input, user.number()));
        }
        Ok(Event::Disconnected) => panic!("no frame can say that the connection is gone"),
        Ok(Event::Connected | Event::Other(_)) | Err(_) => {}
    }
}

fn message(frame: &[u8], incoming: &Incoming) {
    assert_ne!(incoming.author.id, BOT);
    let author = &incoming.author;
    let roles = author.roles.iter().flatten().map(|role| role.number());
    let mentions = incoming.mentions.iter().map(|(user, _)| user.number());
    let ids = [
        incoming.message.number(),
        incoming.channel.number(),
        author.id.number(),
    ];
    let all = ids
        .into_iter()
        .chain(incoming.guild.map(|guild| guild.number()))
        .chain(incoming.replying_to.map(|message| message.number()))
        .chain(roles)
        .chain(mentions);
    for id in all {
        assert!(stands_in(frame, id), "{id} is not in the frame");
    }
    if incoming.guild.is_none() {
        assert_eq!(author.roles, None, "roles without a guild");
    }
    if let Some(short) = &author.short_id {
        assert!(short.bytes().all(|byte| byte.is_ascii_digit()), "{short}");
    }
    // What is said is read by the next in line, whatever it is.
    let _ = hear(&incoming.text, BOT);
}

/// Whether the digits of `id` stand in the frame; zero is no id.
fn stands_in(frame: &[u8], id: u64) -> bool {
    let digits = id.to_string();
    id != 0
        && frame
            .windows(digits.len())
            .any(|window| window == digits.as_bytes())
}
