//! A board as a message card, and as rich text around its picture.
//!
//! Invariants: only widgets and attributes that a source documents are generated (fanbook-platform, 4.4
//! and 4.5), the card is no wider than one that was seen working, and names stand in widgets that read
//! no markup.

use serde_json::Value;
use serde_json::json;

use crate::boards::form::Placed;
use crate::boards::sheet::Sheet;
use crate::boards::sheet::SheetRow;
use crate::boards::sheet::Way;
use crate::boards::sheet::Who;

/// How wide the card is. Source: fanbook-platform, 4.5, the one that was seen.
const WIDTH: u32 = 283;

/// Colours, as hex RGB.
const HEAD: &str = "4263EB";
const ON_HEAD: &str = "FFFFFF";
const DATES: &str = "DBE4FF";
const LATE: &str = "8F5100";
const BEHIND_LATE: &str = "FFE8A3";
const NAME: &str = "212529";
const POINTS: &str = "343A40";
const QUIET: &str = "7B858F";
const UP: &str = "2F9E44";
const DOWN: &str = "E03131";
const NEW: &str = "1971C2";
const BEST: &str = "FFF9DB";

/// A message with structured content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The content object, as JSON.
    pub json: String,
    /// What stands for it in lists of chats.
    pub desc: String,
}

/// The board as a message card.
pub fn card(sheet: &Sheet) -> Content {
    let mut children = vec![head(sheet)];
    children.extend(sheet.late.as_deref().map(|late| {
        let mut strip = boxed("12,5", text(late, LATE, 12));
        strip["backgroundColor"] = json!(BEHIND_LATE);
        strip
    }));
    if let Some(why) = &sheet.without_rows {
        children.push(boxed("12,16", text(why, QUIET, 14)));
    }
    children.extend(sheet.rows.iter().map(row));
    let since = sheet.since.as_deref();
    children.extend(since.map(|since| boxed("12,10,12,0", text(since, QUIET, 11))));
    children.push(boxed("12,10", text(&sheet.counts, QUIET, 11)));
    let data = json!({
        "tag": "column",
        "crossAxisAlignment": "stretch",
        "width": WIDTH,
        "children": children,
    });
    let content = json!({
        "type": "messageCard",
        "data": data.to_string(),
        "notification": sheet.title,
    });
    Content {
        json: content.to_string(),
        desc: sheet.title.clone(),
    }
}

/// The board as rich text with its picture, which unlike a photo can be edited.
pub fn pictured(sheet: &Sheet, picture: &Placed) -> Content {
    let delta = json!([
        { "insert": {
            "_type": "image",
            "source": picture.url,
            "name": "board.png",
            "width": picture.width,
            "height": picture.height,
            "_inline": false,
        } },
        { "insert": "\n" },
    ]);
    let content = json!({
        "type": "richText",
        "title": sheet.title,
        "v": 2,
        "v2": delta.to_string(),
    });
    Content {
        json: content.to_string(),
        desc: sheet.title.clone(),
    }
}

fn head(sheet: &Sheet) -> Value {
    let title = json!({
        "tag": "text",
        "data": sheet.title,
        "style": { "color": ON_HEAD, "fontSize": 16, "fontWeight": "medium" },
    });
    let lines = [title, text(&sheet.dates, DATES, 12)];
    let mut head = boxed(
        "12,10",
        json!({ "tag": "column", "crossAxisAlignment": "start", "children": lines }),
    );
    head["backgroundColor"] = json!(HEAD);
    head
}

fn row(row: &SheetRow) -> Value {
    let place = match row.place {
        1 => "🥇".to_owned(),
        2 => "🥈".to_owned(),
        3 => "🥉".to_owned(),
        place => format!("{place}."),
    };
    let who = match &row.who {
        Who::Named(name) => text(name, NAME, 14),
        // The chat knows the name.
        Who::Unnamed { member, .. } => json!({
            "tag": "userName",
            "id": member.to_string(),
            "style": { "color": NAME, "fontSize": 14 },
        }),
    };
    let mut who = boxed("6,0", who);
    who["flex"] = json!("tight");
    let mut children = vec![text(&place, QUIET, 14), who];
    let moved = row.moved.as_ref().filter(|moved| moved.way != Way::Same);
    children.extend(moved.map(|moved| {
        let colour = match moved.way {
            Way::Up(_) => UP,
            Way::Down(_) => DOWN,
            Way::New => NEW,
            Way::Same => QUIET,
        };
        boxed("0,0,8,0", text(&moved.shown, colour, 12))
    }));
    children.push(json!({
        "tag": "text",
        "data": row.points,
        "style": { "color": POINTS, "fontSize": 14, "fontWeight": "medium" },
    }));
    let mut row_box = boxed("12,5", json!({ "tag": "row", "children": children }));
    if row.place <= 3 {
        row_box["backgroundColor"] = json!(BEST);
    }
    row_box
}

fn text(data: &str, colour: &str, size: u32) -> Value {
    json!({ "tag": "text", "data": data, "style": { "color": colour, "fontSize": size } })
}

fn boxed(padding: &str, child: Value) -> Value {
    json!({ "tag": "container", "padding": padding, "child": child })
}
