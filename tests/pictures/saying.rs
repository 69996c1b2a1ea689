//! Every form of a board says the same.

use guildpoints::boards::Form;
use guildpoints::boards::Placed;
use guildpoints::boards::Sheet;
use guildpoints::boards::Surface;
use guildpoints::boards::Way;
use guildpoints::boards::Who;
use guildpoints::boards::board_reply;
use guildpoints::boards::card;
use guildpoints::boards::forms;
use guildpoints::boards::pictured;
use guildpoints::model::Language;
use guildpoints::words::Reply;
use serde_json::Value;

use crate::stage::Draft;
use crate::stage::member;
use crate::stage::painter;
use crate::stage::ten;
use crate::stage::thirty;
use crate::stage::words;
use crate::stage::zone;

/// The board as text.
fn text(draft: &Draft, language: Language) -> String {
    let reply = board_reply(&draft.board, &draft.names, Reply::default());
    words().render(&reply, language, &zone()).text
}

/// The card's widgets.
fn widgets(sheet: &Sheet) -> Value {
    let content: Value = serde_json::from_str(&card(sheet).json).unwrap();
    assert_eq!(content["type"], "messageCard");
    assert_eq!(content["notification"], sheet.title);
    serde_json::from_str(content["data"].as_str().unwrap()).unwrap()
}

/// What the widgets below this one say, in reading order.
fn said(widget: &Value) -> Vec<String> {
    let own = match widget["tag"].as_str().unwrap() {
        "text" => vec![widget["data"].as_str().unwrap().to_owned()],
        "userName" => vec![format!("${{@!{}}}", widget["id"].as_str().unwrap())],
        _ => Vec::new(),
    };
    let children = widget["children"].as_array().into_iter().flatten();
    let inner = children.chain(widget.get("child"));
    own.into_iter().chain(inner.flat_map(said)).collect()
}

#[test]
fn card_and_text_say_the_same() {
    for language in Language::ALL {
        for draft in [ten(), ten().late().unnamed(3), thirty(), Draft::of(&[])] {
            let sheet = draft.sheet(language);
            let text = text(&draft, language);
            let mut rest = said(&widgets(&sheet)).into_iter();
            let mut lines = text.lines();
            let mut next = || rest.next().unwrap();
            // The days stand in the last line of the text too.
            assert_eq!(lines.next(), Some(format!("🏆 {}", next()).as_str()));
            assert_eq!(next(), sheet.dates);
            if sheet.late.is_some() {
                assert_eq!(lines.next().unwrap(), next());
            }
            if sheet.without_rows.is_some() {
                assert_eq!(lines.next().unwrap(), next());
            }
            for row in &sheet.rows {
                let (place, name, mut after) = (next(), next(), next());
                let mut line = format!("{place} {name} · ");
                match row.moved.as_ref().filter(|moved| moved.way != Way::Same) {
                    None => line.push_str(&after),
                    Some(moved) => {
                        assert_eq!(after, moved.shown);
                        after = format!("{} · {after}", next());
                        line.push_str(&after);
                    }
                }
                assert_eq!(lines.next().unwrap(), line);
            }
            for line in lines {
                assert_eq!(line, next());
            }
            assert_eq!(rest.next(), None);
        }
    }
}

#[test]
fn picture_and_card_say_the_same() {
    let Some(painter) = painter() else { return };
    let draft = ten().late().unnamed(3);
    for language in Language::ALL {
        let sheet = draft.sheet(language);
        let svg = painter.paint_here(&sheet).unwrap().svg;
        let drawn = lines(&svg);
        let has = |text: &str| drawn.iter().any(|line| line == text);
        for text in [&sheet.title, &sheet.dates, sheet.late.as_ref().unwrap()] {
            assert!(has(text), "{text} in {drawn:?}");
        }
        for row in &sheet.rows {
            assert!(has(&row.points), "{}", row.points);
        }
        for name in [
            "小明",
            "天梯第一名·星星点灯",
            "Alice 🌸",
            "王者荣耀👑",
            "Zoë & <b>Amélie</b>",
        ] {
            assert!(has(name), "{name}");
        }
        assert!(has(sheet.rows[3].who.shown()), "{drawn:?}");
        // What is counted goes on over lines; they end between words.
        let foot: String = drawn.concat();
        let plain = |text: &str| text.replace(' ', "");
        for text in [&sheet.counts, sheet.since.as_ref().unwrap()] {
            assert!(plain(&foot).contains(&plain(text)), "{foot}");
        }
    }
}

/// The lines of text of a drawing.
fn lines(svg: &str) -> Vec<String> {
    let document = resvg::usvg::roxmltree::Document::parse(svg).unwrap();
    let texts = document
        .descendants()
        .filter(|node| node.has_tag_name("text"));
    let said = texts.map(|text| {
        let parts = text.descendants().filter(|node| node.is_text());
        parts.filter_map(|node| node.text()).collect::<String>()
    });
    said.collect()
}

#[test]
fn a_row_without_a_name_is_filled_in_by_the_chat_or_shows_the_end_of_the_id() {
    let sheet = ten()
        .unnamed(0)
        .named(1, "\u{200b}\u{202e} ")
        .sheet(Language::Chinese);
    for row in &sheet.rows[..2] {
        let Who::Unnamed { member, stand_in } = &row.who else {
            panic!("{:?}", row.who);
        };
        let id = member.to_string();
        assert_eq!(*stand_in, format!("成员 …{}", &id[id.len() - 6..]));
    }
    let card = widgets(&sheet).to_string();
    assert!(card.contains(&format!(r#""id":"{}""#, member(0))), "{card}");
}

#[test]
fn cards_have_only_widgets_and_attributes_that_are_documented() {
    fn check(widget: &Value) {
        let tag = widget["tag"].as_str().unwrap();
        let allowed: &[&str] = match tag {
            "column" => &[
                "tag",
                "children",
                "crossAxisAlignment",
                "width",
                "padding",
                "flex",
            ],
            "row" => &[
                "tag",
                "children",
                "crossAxisAlignment",
                "height",
                "padding",
                "flex",
            ],
            "container" => &[
                "tag",
                "child",
                "padding",
                "margin",
                "backgroundColor",
                "width",
                "flex",
            ],
            "text" => &["tag", "data", "style", "textAlign", "padding", "flex"],
            "userName" => &["tag", "id", "style", "padding", "flex"],
            _ => panic!("no widget `{tag}` is documented"),
        };
        for (key, value) in widget.as_object().unwrap() {
            assert!(allowed.contains(&key.as_str()), "`{tag}` has no `{key}`");
            match key.as_str() {
                "style" => {
                    for key in value.as_object().unwrap().keys() {
                        assert!(["color", "fontSize", "fontWeight"].contains(&key.as_str()));
                    }
                }
                "flex" => assert_eq!(value, "tight"),
                "crossAxisAlignment" => {
                    assert!(["start", "stretch"].contains(&value.as_str().unwrap()))
                }
                "width" => assert!(value.as_u64().unwrap() <= 283),
                _ => {}
            }
        }
        let children = widget["children"].as_array().into_iter().flatten();
        children.chain(widget.get("child")).for_each(check);
    }
    check(&widgets(&ten().late().unnamed(2).sheet(Language::English)));
    check(&widgets(&Draft::of(&[]).sheet(Language::Chinese)));
}

#[test]
fn names_can_write_no_markup_anywhere() {
    let evil = r#"${@&412345678901234563} "}]} <img src="file:///etc/passwd"/> ]]> &amp; **x**"#;
    let draft = ten().named(0, evil).named(1, "{\"type\":\"text\"}");
    let sheet = draft.sheet(Language::Chinese);
    let card = card(&sheet);
    assert!(!card.json.contains("${@&"), "{}", card.json);
    // A name is one string of one widget.
    let said = said(&widgets(&sheet));
    assert!(
        said.contains(&sheet.rows[0].who.shown().to_owned()),
        "{said:?}"
    );
    let Some(painter) = painter() else { return };
    let svg = painter.paint_here(&sheet).unwrap().svg;
    let document = resvg::usvg::roxmltree::Document::parse(&svg).unwrap();
    let tags: Vec<&str> = document
        .descendants()
        .map(|node| node.tag_name().name())
        .collect();
    assert!(
        !tags.contains(&"img") && !tags.contains(&"image") && !svg.contains("<img"),
        "{svg}"
    );
}

#[test]
fn the_picture_comes_first_and_text_always() {
    let sheet = ten().sheet(Language::Chinese);
    let placed = Placed {
        url: "https://points.example.org/boards/abc.png".to_owned(),
        width: 1_080,
        height: 1_400,
    };
    let names = |picture: Option<&Placed>, surface| {
        let forms = forms(&sheet, picture.cloned(), surface, "text".to_owned());
        forms.iter().map(Form::name).collect::<Vec<_>>()
    };
    assert_eq!(
        names(Some(&placed), Surface::Photo),
        ["photo", "card", "text"]
    );
    assert_eq!(
        names(Some(&placed), Surface::RichText),
        ["rich text", "card", "text"]
    );
    assert_eq!(names(None, Surface::Photo), ["card", "text"]);
    assert_eq!(names(None, Surface::RichText), ["card", "text"]);

    let content: Value = serde_json::from_str(&pictured(&sheet, &placed).json).unwrap();
    assert_eq!(
        (&content["type"], &content["v"]),
        (&"richText".into(), &2.into())
    );
    assert_eq!(content["title"], sheet.title);
    let delta: Value = serde_json::from_str(content["v2"].as_str().unwrap()).unwrap();
    assert_eq!(delta[0]["insert"]["source"], placed.url);
    assert_eq!(delta[0]["insert"]["_type"], "image");
    assert_eq!(delta.as_array().unwrap().last().unwrap()["insert"], "\n");
}
