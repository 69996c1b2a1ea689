//! The widgets of message cards that have been seen in use, and nothing else of them.
//!
//! A card made of these alone is shown by the platform's clients as far as anybody knows; what they
//! make of others no document says. Source: fanbook-platform, 4.5.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// What stands before the address of a picture.
const SOURCE: &str = "1::00::0::";
/// Widgets within widgets, at most.
const DEEPEST: usize = 24;

/// What a value may be.
enum Form {
    /// Any text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A number above 0.
    Size,
    /// `"all"`, `"h,v"` or `"l,t,r,b"`.
    Space,
    /// Six or eight hex digits, `#` before them or not.
    Colour,
    /// Yes or no.
    Flag,
    /// An id as text.
    Id,
    /// An address that begins with `https://`.
    Link,
    /// The address of a picture, in its wrapping.
    Picture,
    /// `{color, fontSize, fontWeight}`.
    Style,
    /// `{colors, begin, end}`.
    Gradient,
    /// One widget.
    Child,
    /// A list of widgets.
    Children,
}

/// Whether a tree is made of seen widgets with seen attributes and values alone.
pub fn is_seen(widget: &Value) -> bool {
    seen(widget, 0)
}

fn seen(widget: &Value, depth: usize) -> bool {
    let Some(attributes) = widget.as_object() else {
        return false;
    };
    let tag = widget["tag"].as_str().unwrap_or_default();
    let Some(needed) = needed(tag) else {
        return false;
    };
    depth < DEEPEST
        && attributes.contains_key(needed)
        && attributes.iter().all(|(name, value)| {
            name == "tag" || form(tag, name).is_some_and(|form| form.fits(value, depth))
        })
}

/// The attribute without which a widget shows nothing; none for a tag that was never seen.
fn needed(tag: &str) -> Option<&'static str> {
    Some(match tag {
        "column" | "row" => "children",
        "container" => "child",
        "text" | "markdown" => "data",
        "image" => "src",
        "userName" | "userAvatar" => "id",
        "button" => "label",
        _ => return None,
    })
}

fn form(tag: &str, name: &str) -> Option<Form> {
    Some(match (tag, name) {
        (_, "flex") => Form::Word(&["tight"]),
        (_, "padding") | ("container", "margin") => Form::Space,
        ("column" | "row", "children") => Form::Children,
        ("column" | "row", "crossAxisAlignment") => Form::Word(&["start", "stretch"]),
        ("column" | "container", "width") | ("row" | "image", "height") => Form::Size,
        ("column", "textStyle") => Form::Style,
        ("container", "child") => Form::Child,
        ("container", "backgroundColor") | ("button", "color") => Form::Colour,
        ("container", "gradient") => Form::Gradient,
        ("container", "alignment" | "aligment") => Form::Text,
        ("text" | "markdown", "data") | ("button", "label") => Form::Text,
        ("text" | "markdown" | "userName", "style") => Form::Style,
        ("text", "textAlign") => Form::Word(&["center"]),
        ("markdown", "textAlign") => Form::Word(&["left"]),
        ("markdown", "overflow") => Form::Word(&["clip"]),
        ("image", "src") => Form::Picture,
        ("userName" | "userAvatar", "id") => Form::Id,
        ("userAvatar", "size") => Form::Size,
        ("button", "category") => Form::Word(&["outlined"]),
        ("button", "size") => Form::Word(&["medium"]),
        ("button", "widthUnlimited") => Form::Flag,
        ("button", "href") => Form::Link,
        _ => return None,
    })
}

impl Form {
    fn fits(&self, value: &Value, depth: usize) -> bool {
        let text = value.as_str();
        match self {
            Self::Text => text.is_some(),
            Self::Word(words) => text.is_some_and(|text| words.contains(&text)),
            Self::Size => value.as_f64().is_some_and(|size| size > 0.0),
            Self::Space => text.is_some_and(is_space),
            Self::Colour => text.is_some_and(is_colour),
            Self::Flag => value.is_boolean(),
            Self::Id => text.is_some_and(|text| text.parse::<u64>().is_ok()),
            Self::Link => text.is_some_and(|text| text.starts_with("https://")),
            Self::Picture => text.is_some_and(is_picture),
            Self::Style => each(value, |name, value| match name {
                "color" => Self::Colour.fits(value, depth),
                "fontSize" => Self::Size.fits(value, depth),
                "fontWeight" => Self::Word(&["medium"]).fits(value, depth),
                _ => false,
            }),
            Self::Gradient => each(value, |name, value| match name {
                "colors" => value.as_array().is_some_and(|colours| {
                    colours
                        .iter()
                        .all(|colour| Self::Colour.fits(colour, depth))
                }),
                "begin" | "end" => value.is_string(),
                _ => false,
            }),
            Self::Child => seen(value, depth + 1),
            Self::Children => value
                .as_array()
                .is_some_and(|list| list.iter().all(|child| seen(child, depth + 1))),
        }
    }
}

fn each(object: &Value, fits: impl Fn(&str, &Value) -> bool) -> bool {
    let object = object.as_object();
    object.is_some_and(|object| object.iter().all(|(name, value)| fits(name, value)))
}

fn is_space(text: &str) -> bool {
    let sizes: Vec<&str> = text.split(',').collect();
    matches!(sizes.len(), 1 | 2 | 4) && sizes.iter().all(|size| size.trim().parse::<u16>().is_ok())
}

fn is_colour(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or(text);
    matches!(digits.len(), 6 | 8) && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn is_picture(source: &str) -> bool {
    let address = source
        .strip_prefix(SOURCE)
        .and_then(|wrapped| STANDARD.decode(wrapped).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    address.is_some_and(|address| address.starts_with("http"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_documented_card_is_seen() {
        let card = json!({
            "tag": "column", "crossAxisAlignment": "stretch", "width": 283,
            "textStyle": {"color": "#FF8F959E", "fontSize": 14},
            "children": [
                {"tag": "container", "padding": "12,8", "backgroundColor": "198CFE",
                 "gradient": {"colors": ["198CFE", "#ff00ff"], "begin": "centerLeft", "end": "centerRight"},
                 "child": {"tag": "text", "data": "本周积分榜", "style": {"fontWeight": "medium"}, "textAlign": "center"}},
                {"tag": "markdown", "padding": "12", "data": "1. 小明 120", "overflow": "clip", "textAlign": "left"},
                {"tag": "row", "height": 20, "children": [
                    {"tag": "userAvatar", "id": "737262643970064384", "size": 20},
                    {"tag": "userName", "id": "737262643970064384", "flex": "tight"},
                ]},
                {"tag": "image", "src": format!("{SOURCE}{}", STANDARD.encode("https://example.org/a.png")), "height": 90},
                {"tag": "button", "label": "查看榜单", "category": "outlined", "size": "medium", "color": "198CFE",
                 "widthUnlimited": true, "href": "https://example.org/board", "padding": "1,2,3,4"},
            ],
        });
        assert!(is_seen(&card));
    }

    #[test]
    fn each_step_aside_is_found() {
        let text = |name: &str, value: Value| json!({"tag": "text", "data": "x", name: value});
        assert!(is_seen(&text("padding", json!("12"))));
        for (name, value) in [
            ("data", json!(5)),
            ("padding", json!("1,2,3")),
            ("padding", json!(12)),
            ("margin", json!("1")),
            ("flex", json!(1)),
            ("textAlign", json!("right")),
            ("style", json!({"fontWeight": "bold"})),
            ("style", json!({"color": "red"})),
            ("onTap", json!("x")),
            ("tag", json!("heading")),
        ] {
            let widget = text(name, value);
            assert!(!is_seen(&widget), "{widget}");
        }
        for widget in [
            json!({"tag": "column"}),
            json!({"tag": "column", "children": [5]}),
            json!({"tag": "container", "child": {"tag": "video", "src": "x"}}),
            json!({"tag": "image", "src": "https://example.org/a.png"}),
            json!({"tag": "button", "label": "x", "href": "http://example.org"}),
            json!({"tag": "userName", "id": 7}),
            json!("text"),
        ] {
            assert!(!is_seen(&widget), "{widget}");
        }
        let deep = (0..30).fold(
            text("padding", json!("1")),
            |child, _| json!({"tag": "container", "child": child}),
        );
        assert!(!is_seen(&deep));
    }
}
