use proptest::prelude::*;

use super::*;

const BOT: UserId = UserId::new(775_011_379_970_068_480);
const USER: UserId = UserId::new(737_262_643_970_064_384);

/// `B` and `U` in braces stand for the mentions of the bot and of a member.
fn hear_marked(text: &str) -> Heard {
    let text = text
        .replace("<B>", &member_mention(BOT))
        .replace("<U>", &member_mention(USER));
    hear(&text, BOT)
}

fn called(text: &str) -> Invocation {
    match hear_marked(text) {
        Heard::Command(invocation) => invocation,
        other => panic!("{text:?} was heard as {other:?}"),
    }
}

fn shown(invocation: &Invocation) -> String {
    let mut out = invocation.word.clone();
    for token in &invocation.arguments {
        out.push('|');
        match token {
            Token::Member(user) if *user == USER => out.push('U'),
            Token::Member(user) if *user == BOT => out.push('B'),
            Token::Word { text, .. } => out.push_str(text),
            other => out.push_str(&format!("{other:?}")),
        }
    }
    out
}

#[test]
fn every_observed_shape_reads_as_the_same_command() {
    for text in [
        "<B>${/reward <U> 666}",
        "<B>${/reward} <U> 666",
        "<B>${/reward}<U>666",
        "<B>${/reward <U>} 666",
        "<B>${/ reward  <U>\u{3000}６６６ }",
        "${/reward <U> 666}",
        "<B>/reward <U> 666",
        "<B> /reward <U> 666",
        "<B><B>\u{3000}／ＲＥＷＡＲＤ\u{a0}<U>　６６６",
        "/reward <U> 666",
        " \n\u{feff}/Reward<U>666",
        "/re\u{200b}ward <U>6\u{200d}66\u{202e}",
        "<B> / reward <U>\r\n\r\n666",
        "<B>${/reward <U> 666",
    ] {
        assert_eq!(shown(&called(text)), "reward|U|666", "{text:?}");
    }
}

#[test]
fn names_may_be_chinese_and_end_without_a_blank() {
    assert_eq!(shown(&called("<B>${/签到}")), "签到");
    assert_eq!(shown(&called("／积分")), "积分");
    assert_eq!(shown(&called("<B>${/AI绘图 一只猫}")), "ai绘图|一只猫");
    assert_eq!(shown(&called("/积分@小明")), "积分|@小明");
    assert_eq!(shown(&called("/积分＃123")), "积分|#123");
    assert_eq!(shown(&called("/home/user")), "home/user");
}

#[test]
fn a_reason_keeps_its_spelling_and_its_lines() {
    let call = called("<B>\n/reward<U>+６６６ 天梯Ｓ１ 第一名\n  谢谢 ");
    assert_eq!(
        call.raw,
        format!("{}+６６６ 天梯Ｓ１ 第一名\n  谢谢", member_mention(USER))
    );
    let words: Vec<_> = call
        .arguments
        .iter()
        .filter_map(|token| match token {
            Token::Word {
                text,
                original,
                line,
            } => Some((text.as_str(), original.as_str(), *line)),
            _ => None,
        })
        .collect();
    assert_eq!(
        words,
        [
            ("+666", "+６６６", 1),
            ("天梯S1", "天梯Ｓ１", 1),
            ("第一名", "第一名", 1),
            ("谢谢", "谢谢", 2)
        ]
    );
}

#[test]
fn inside_and_after_the_braces_are_one_list() {
    let call = called("<B>${/batch a\nb}\nc");
    assert_eq!(call.raw, "a\nb c");
    let lines: Vec<_> = call
        .arguments
        .iter()
        .map(|token| match token {
            Token::Word { line, .. } => *line,
            _ => u32::MAX,
        })
        .collect();
    assert_eq!(lines, [0, 1, 2]);
}

#[test]
fn only_whole_markups_are_markups() {
    assert_eq!(
        shown(&called(
            "/x ${@!} ${@!0} ${@!1a} ${@!99999999999999999999} ${＠!1} $"
        )),
        "x|${@!}|${@!0}|${@!1a}|${@!99999999999999999999}|${@!1}|$"
    );
    let call = called("/x ${@&5}${#6}${@!7");
    assert_eq!(call.arguments[0], Token::Role(RoleId::new(5)));
    assert_eq!(call.arguments[1], Token::Channel(ChannelId::new(6)));
    assert!(matches!(&call.arguments[2], Token::Word { text, .. } if text == "${@!7"));
}

#[test]
fn braces_that_do_not_balance_tear_no_mention() {
    assert_eq!(shown(&called("${/reward 看${ <U>} 5")), "reward|看${|U|5");
    assert_eq!(shown(&called("${/reward <U> ${ 5} 6")), "reward|U|${|5|6");
    assert_eq!(shown(&called("${/a ${/b} c} d")), "a|${/b}|c|d");
}

#[test]
fn talk_is_left_alone() {
    for text in [
        "",
        " ",
        "你好",
        "1/2",
        "看 /points",
        "/",
        "/ points",
        "{\"type\":\"text\"}",
        "{/points}",
        "${",
        "${/",
        "${/}",
        "${@!1}/points",
        "<U> /points",
        "<B>",
        "<B> <U>",
        "你好 <B>",
    ] {
        assert_eq!(hear_marked(text), Heard::Nothing, "{text:?}");
    }
}

#[test]
fn a_word_after_a_mention_is_near() {
    for text in ["<B>Ｐionts", "<B> pionts 5", "<B><U> pionts"] {
        let word = "pionts".to_owned();
        assert_eq!(hear_marked(text), Heard::Near { word }, "{text:?}");
    }
}

#[test]
fn the_mention_is_remembered() {
    assert!(called("<B>/x").bot_mentioned);
    assert!(called("/x <B>").bot_mentioned);
    assert!(!called("/x <U>").bot_mentioned);
    assert_eq!(shown(&called("/reward <B> 5")), "reward|B|5");
}

#[test]
fn hostile_nesting_and_size_are_survived() {
    for unit in [
        "${", "${/", "${@!", "${/a ${", "}", "$", "${@!1}", "\u{200b}", "${@!1",
    ] {
        for head in ["", "/x ", "${/x "] {
            let text = format!("{head}{}", unit.repeat(LONGEST_TEXT / unit.len() - 4));
            hear(&text, BOT);
            neutral(&text);
            plain(&text);
        }
    }
    assert_eq!(
        hear(&format!("/x {}", "${".repeat(2_500_000)), BOT),
        Heard::Nothing
    );
}

#[test]
fn untrusted_text_opens_nothing() {
    assert_eq!(neutral("${@&1}"), "$｛@&1}");
    assert_eq!(neutral("$\u{200b}\u{200d}{@&1}"), "$\u{200d}｛@&1}");
    assert_eq!(neutral(" \u{feff}{\"type\":1}"), " ｛\"type\":1}");
    assert_eq!(neutral("a\r\nb\tc\u{7}\u{202e}d"), "a  b cd");
    assert_eq!(
        neutral("５ {x} 👨\u{200d}👩 [赞]"),
        "５ {x} 👨\u{200d}👩 [赞]"
    );
    assert_eq!(neutral("a\u{2028}b\u{ffff}"), "a b");
}

#[test]
fn a_preview_shows_words_only() {
    let text = format!("✅ {} +666\n→ 3,140", member_mention(USER));
    assert_eq!(markup::preview(&text, 100), "✅ +666 → 3,140");
    assert_eq!(markup::preview(&text, 3), "✅ +");
}

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("${".to_owned()),
        Just("}".to_owned()),
        Just("${/".to_owned()),
        Just("/".to_owned()),
        Just("／".to_owned()),
        Just("$".to_owned()),
        Just("{".to_owned()),
        Just("\u{200d}".to_owned()),
        Just("\u{feff}".to_owned()),
        Just("\n".to_owned()),
        Just("\u{3000}".to_owned()),
        Just(member_mention(BOT)),
        Just(member_mention(USER)),
        Just("${@&7}".to_owned()),
        "[0-9Ａ-Ｚa-z签]{1,3}",
        any::<String>(),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn hearing_never_panics_and_keeps_its_promises(text in pieces()) {
        match hear(&text, BOT) {
            Heard::Command(call) => {
                prop_assert!(!call.word.is_empty());
                prop_assert_eq!(&plain(&call.word), &call.word);
                for token in &call.arguments {
                    if let Token::Word { text: word, original, line } = token {
                        prop_assert!(text.contains(original.as_str()));
                        prop_assert_eq!(&plain(original), word);
                        prop_assert!(!word.is_empty() && !word.contains(' '));
                        prop_assert!((*line as usize) <= text.chars().count());
                    }
                }
            }
            Heard::Near { word } => prop_assert!(!word.is_empty()),
            Heard::Nothing => {}
        }
    }

    #[test]
    fn what_cannot_begin_a_call_is_no_call(text in pieces()) {
        if text.chars().next().is_some_and(|first| !may_begin(first)) {
            prop_assert_eq!(hear(&text, BOT), Heard::Nothing);
        }
    }

    #[test]
    fn plain_of_plain_is_plain(text in pieces()) {
        let once = plain(&text);
        prop_assert_eq!(plain(&once), once);
    }

    #[test]
    fn neutral_text_stays_harmless_side_by_side(one in pieces(), other in pieces()) {
        let text = format!("{}{}", neutral(&one), neutral(&other));
        let seen: String = text.chars().filter(|c| !matches!(c, '\u{200c}' | '\u{200d}')).collect();
        prop_assert!(!seen.contains("${"), "{}", text);
        prop_assert!(!plain(&text).contains("${"), "{}", text);
        prop_assert!(!text.trim_start().starts_with('{'), "{}", text);
        prop_assert!(!text.contains('\n'));
        prop_assert!(!text.chars().any(char::is_control));
        prop_assert_eq!(neutral(&text), text);
    }
}
