//! The form a board is posted in, and how a post is known again.

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use crate::boards::Content;
use crate::boards::Form;
use crate::boards::Placed;
use crate::fanbook::api::OwnContent;
use crate::guilds::BoardSchedule;
use crate::journal::BoardForm;
use crate::journal::JournalError;
use crate::journal::OwedBoard;
use crate::journal::ShownBoard;
use crate::model::MessageId;
use crate::model::Policy;
use crate::points::BoardPage;
use crate::points::Due;
use crate::points::Stands;

/// A board as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// What is sent.
    pub form: Form,
}

/// A form that is no text, as it is kept with its slot.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Kept {
    Photo {
        url: String,
        width: u32,
        height: u32,
    },
    Pictured {
        json: String,
        desc: String,
    },
    Card {
        json: String,
        desc: String,
    },
}

impl Post {
    /// A plain text.
    pub fn text(text: String) -> Self {
        Self {
            form: Form::Text(text),
        }
    }

    /// What is kept of it, enough to send it once more and to know it by.
    pub fn kept(&self) -> String {
        let kept = match self.form.clone() {
            Form::Text(text) => return text,
            Form::Photo(Placed { url, width, height }) => Kept::Photo { url, width, height },
            Form::Pictured(Content { json, desc }) => Kept::Pictured { json, desc },
            Form::Card(Content { json, desc }) => Kept::Card { json, desc },
        };
        serde_json::to_string(&kept).expect("strings and numbers are always JSON")
    }

    /// The post that was kept so.
    pub fn of_kept(kept: &str) -> Self {
        let form = match serde_json::from_str(kept) {
            Ok(Kept::Photo { url, width, height }) => Form::Photo(Placed { url, width, height }),
            Ok(Kept::Pictured { json, desc }) => Form::Pictured(Content { json, desc }),
            Ok(Kept::Card { json, desc }) => Form::Card(Content { json, desc }),
            Err(_) => return Self::text(kept.to_owned()),
        };
        Self { form }
    }

    /// Its form, as boards that stand in the chat are kept.
    pub fn board_form(&self) -> BoardForm {
        match self.form {
            Form::Text(_) => BoardForm::Text,
            Form::Card(_) => BoardForm::Card,
            Form::Pictured(_) => BoardForm::Rich,
            Form::Photo(_) => BoardForm::Photo,
        }
    }

    /// The name of the picture it shows.
    pub fn picture(&self) -> Option<String> {
        let shown = match &self.form {
            Form::Photo(picture) => &picture.url,
            Form::Pictured(content) => &content.json,
            Form::Card(_) | Form::Text(_) => return None,
        };
        let before = shown.split(".png").next()?;
        let name = before.rsplit('/').next()?;
        (before.len() < shown.len()).then(|| name.to_owned())
    }

    /// Whether that is this post, as it stands in the channel. The time of reading in it tells it from
    /// any other of its kind, and the name of a picture from any other picture.
    pub fn is(&self, own: &OwnContent) -> bool {
        match &self.form {
            Form::Text(text) => own.text.as_deref().map(str::trim) == Some(text.trim()),
            Form::Photo(picture) => {
                let content: Option<Value> = serde_json::from_str(&own.content).ok();
                content.is_some_and(|content| content["url"] == picture.url.as_str())
            }
            Form::Pictured(content) => same(&content.json, &own.content, "v2"),
            Form::Card(content) => same(&content.json, &own.content, "data"),
        }
    }
}

/// Whether two content objects are of one kind and have the same inside, however that is written.
fn same(ours: &str, theirs: &str, inside: &str) -> bool {
    let read = |content: &str| {
        let content: Value = serde_json::from_str(content).ok()?;
        let inner: Value = serde_json::from_str(content[inside].as_str()?).ok()?;
        Some((content["type"].clone(), inner))
    };
    let ours = read(ours);
    ours.is_some() && ours == read(theirs)
}

/// A board in every form it may have, the best first: the next is for where the platform refuses the one
/// before for what it is.
pub type Posts = Vec<Post>;

/// What a board looks like when it is due.
pub trait Forms: Send + Sync {
    /// The board in its forms.
    fn of<'a>(
        &'a self,
        policy: &'a Policy,
        board: &'a BoardSchedule,
        due: Due,
    ) -> BoxFuture<'a, Result<Posts, JournalError>>;

    /// Notes that one stands in the channel.
    fn stands<'a>(
        &'a self,
        policy: &'a Policy,
        board: &'a BoardSchedule,
        due: Due,
        stands: Stands,
    ) -> BoxFuture<'a, Result<(), JournalError>>;

    /// A post that stands in the channel, as it is now: in the form it has, as far as it can have that.
    /// `None` where it is no post of a schedule.
    fn anew<'a>(
        &'a self,
        policy: &'a Policy,
        shown: &'a ShownBoard,
    ) -> BoxFuture<'a, Result<Option<Remade>, JournalError>>;

    /// Notes that it stands there so: in the same message, or in another where it could not be edited.
    fn stands_anew<'a>(
        &'a self,
        owed: &'a OwedBoard,
        remade: &'a Remade,
        message: MessageId,
    ) -> BoxFuture<'a, Result<(), JournalError>>;
}

/// A post that was made anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remade {
    /// The post.
    pub post: Post,
    /// What it shows.
    pub board: BoardPage,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(content: &str, text: Option<&str>) -> OwnContent {
        OwnContent {
            message: MessageId::new(1),
            text: text.map(str::to_owned),
            content: content.to_owned(),
        }
    }

    fn card(data: &str) -> Post {
        let json = serde_json::json!({"type": "messageCard", "data": data, "notification": "n"});
        let json = json.to_string();
        Post {
            form: Form::Card(Content {
                json,
                desc: "d".to_owned(),
            }),
        }
    }

    #[test]
    fn every_form_is_kept_and_known_again() {
        let placed = |name: &str| Placed {
            url: format!("https://points.example.org/boards/{name}.png"),
            width: 1_080,
            height: 1_400,
        };
        let photo = |name: &str| Post {
            form: Form::Photo(placed(name)),
        };
        let text = |text: &str| Post::text(text.to_owned());
        let rich = |inside: &str| Post {
            form: Form::Pictured(Content {
                json: serde_json::json!({"type": "richText", "v": 2, "v2": inside}).to_string(),
                desc: String::new(),
            }),
        };
        for post in [
            photo("a"),
            text("🏆 {x}"),
            text("{"),
            card("{}"),
            rich("[]"),
        ] {
            assert_eq!(Post::of_kept(&post.kept()), post);
        }
        assert!(text("a").is(&own(r#"{"type":"text","text":"a "}"#, Some("a "))));
        assert!(!text("a").is(&own("", Some("b"))) && !text("a").is(&own("", None)));
        let image = |name: &str| {
            format!(
                r#"{{"type":"image","url":"{}","width":1}}"#,
                placed(name).url
            )
        };
        assert!(photo("a").is(&own(&image("a"), None)));
        assert!(!photo("a").is(&own(&image("b"), None)) && !photo("a").is(&own("", None)));
        // The platform may write the same in another way.
        let theirs = r#"{ "data": "{\"b\": 2, \"a\":1}", "type":"messageCard", "more":0 }"#;
        assert!(card(r#"{"a":1,"b":2}"#).is(&own(theirs, None)));
        assert!(!card(r#"{"a":1,"b":3}"#).is(&own(theirs, None)));
        assert!(!rich("[1]").is(&own(r#"{"type":"richText","v2":"[2]"}"#, None)));
        assert!(rich("[1]").is(&own(r#"{"type":"richText","v2":"[1]"}"#, None)));
        assert!(!card("broken").is(&own(r#"{"type":"messageCard","data":"also"}"#, None)));
    }
}
