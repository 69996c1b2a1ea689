use proptest::prelude::*;

use super::*;
use crate::fanbook::text::Heard;
use crate::fanbook::text::hear;

const BOT: UserId = UserId::new(775_011_379_970_068_480);

fn frame_with(content: &str, before: &str) -> String {
    format!(
        concat!(
            r#"{{"action":"push","data":{{{before}"content":{content},"time":1772366400123,"#,
            r#""user_id":"737262643970064384","channel_id":"779205684095913986","#,
            r#""message_id":"868822861471551488","guild_id":"779205683970084864","#,
            r#""member":{{"nick":null,"roles":[]}},"author":{{"nickname":"小明","bot":false}}}}}}"#
        ),
        before = before,
        content = content,
    )
}

fn text_frame(text: &str, before: &str) -> String {
    let text = serde_json::to_string(text).unwrap();
    let content = format!(r#"{{"type":"text","text":{text},"contentType":1}}"#);
    frame_with(&serde_json::to_string(&content).unwrap(), before)
}

/// What a frame comes to for the bot when it is decoded in full.
fn heard(frame: &[u8]) -> Heard {
    match decode(frame, BOT) {
        Ok(Event::Message(incoming)) => hear(&incoming.text, BOT),
        _ => Heard::Nothing,
    }
}

#[test]
fn talk_is_idle_and_everything_else_is_decoded() {
    for text in ["你好", "hello", "6", "😀", "{", "é"] {
        assert!(is_idle(text_frame(text, "").as_bytes()), "{text}");
        let keys = r#""time":1,"user_id":"2","x":null,"#;
        assert!(is_idle(text_frame(text, keys).as_bytes()), "{text}");
    }
    for text in [
        "/x", "／x", "$", "", " a", "\n", "\"", "\u{3000}", "\u{feff}", "\u{200b}", "\u{a0}",
    ] {
        assert!(!is_idle(text_frame(text, "").as_bytes()), "{text:?}");
    }
}

#[test]
fn an_unusual_head_is_decoded() {
    let hidden = [
        // The call stands in a second spelling of the key, or the first text is not the message's.
        frame_with(r#""{\"type\":\"text\",\"\\u0074ext\":\"/x\"}""#, ""),
        frame_with(r#""{\"type\":\"text\",\"text\": \"/x\"}""#, ""),
        frame_with(r#""{\"type\":\"text\",\"text\":\"\/x\"}""#, ""),
        frame_with(r#""{\"type\":\"text\",\"text\":\"\u002fx\"}""#, ""),
        frame_with(
            r#""{\"type\":\"text\",\"text\":\"/x\"}""#,
            r#""q":{"content":"{\"type\":\"text\",\"text\":\"a\"}"},"#,
        ),
        text_frame("/x", r#""desc":"a\"content\":\"{","#),
    ];
    for frame in hidden {
        assert!(
            matches!(heard(frame.as_bytes()), Heard::Command(_)),
            "{frame}"
        );
        assert!(!is_idle(frame.as_bytes()), "{frame}");
    }
}

#[test]
fn depth_costs_no_stack() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep_object = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    for deep in [deep, deep_object, "[".repeat(2_000_000)] {
        for key in [
            "content", "time", "guild_id", "member", "mentions", "author", "x",
        ] {
            let frame = format!(r#"{{"action":"push","data":{{"{key}":{deep}}}}}"#);
            assert!(!matches!(
                decode(frame.as_bytes(), BOT),
                Ok(Event::Message(_))
            ));
        }
        let content = serde_json::to_string(&format!(r#"{{"type":"text","text":{deep}}}"#));
        let frame = frame_with(&content.unwrap(), "");
        assert!(!matches!(
            decode(frame.as_bytes(), BOT),
            Ok(Event::Message(_))
        ));
        assert!(decode(deep.as_bytes(), BOT).is_err());
        let member = text_frame("/x", &format!(r#""desc":{deep},"#));
        // Unclosed nesting breaks the frame; closed nesting in a field of no interest does not.
        assert_eq!(
            decode(member.as_bytes(), BOT).is_ok(),
            deep.len() != 2_000_000
        );
    }
}

#[test]
fn an_unreadable_guild_is_not_a_private_chat() {
    let frame = text_frame("/x", "").replace(r#""779205683970084864""#, "7.79e17");
    assert_eq!(decode(frame.as_bytes(), BOT), Err(Unreadable("guild")));
}

fn bits() -> impl Strategy<Value = String> {
    let bit = prop_oneof![
        Just(r#"\"type\":\"text\","#.to_owned()),
        Just(r#"\"text\":\""#.to_owned()),
        Just(r#"\"text\" : \""#.to_owned()),
        Just(r#"\"contentType\":1,"#.to_owned()),
        Just(r#"/x"#.to_owned()),
        Just(r#"\/x"#.to_owned()),
        Just(r#"\\/x"#.to_owned()),
        Just(r#"\u002fx"#.to_owned()),
        Just("／x".to_owned()),
        Just(format!("${{@!{BOT}}}x")),
        Just(r#"\""#.to_owned()),
        Just(r#"\\"#.to_owned()),
        Just(r#"{"#.to_owned()),
        Just(r#"}"#.to_owned()),
        Just(r#"","content":"{\"type\":\"text\",\"text\":\""#.to_owned()),
        Just(r#"},"content":"{\"type\":\"text\",\"text\":\""#.to_owned()),
        "[a-z你 ]{0,3}",
    ];
    prop::collection::vec(bit, 0..6).prop_map(|bits| bits.concat())
}

proptest! {
    #[test]
    fn nothing_idle_is_a_call(text in ".{0,6}", call in any::<bool>(), bits in bits(), whole in any::<bool>()) {
        let text = if call { format!("{text}/x 1") } else { text };
        let frame = if whole {
            text_frame(&text, "")
        } else {
            frame_with(&format!("\"{{{bits}\\\"}}\""), "")
        };
        if is_idle(frame.as_bytes()) {
            prop_assert_eq!(heard(frame.as_bytes()), Heard::Nothing, "{}", frame);
        }
        let shifted = frame_with(r#""{\"type\":\"text\",\"text\":\"/x\"}""#, &format!("\"d\":\"{bits}\","));
        if is_idle(shifted.as_bytes()) {
            prop_assert_eq!(heard(shifted.as_bytes()), Heard::Nothing, "{}", shifted);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0_usize..400) {
        let _ = decode(&bytes, BOT);
        let _ = is_idle(&bytes);
        let frame = text_frame("/积分 ${@!1}", "");
        let cut = &frame.as_bytes()[..cut.min(frame.len())];
        let _ = decode(cut, BOT);
        let _ = is_idle(cut);
    }
}
