//! The form a board is posted in, and how a post is known again.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use crate::boards::Content;
use crate::boards::Form;
use crate::boards::Known;
use crate::boards::Names;
use crate::boards::Painter;
use crate::boards::Placed;
use crate::boards::Sheet;
use crate::boards::Surface;
use crate::boards::board_reply;
use crate::boards::forms;
use crate::fanbook::api::OwnContent;
use crate::guilds::BoardSchedule;
use crate::guilds::PostMode;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::journal::KeptPicture;
use crate::model::Policy;
use crate::model::UserId;
use crate::points::BoardPage;
use crate::points::Due;
use crate::points::Hidden;
use crate::points::OnBoards;
use crate::points::Points;
use crate::words::Reply;
use crate::words::Words;

/// How often names are asked for: each time waits for a moment, and nobody waits for this post.
const NAMES_ASKED: usize = 6;

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
    /// The board in its forms; `None` where what it counts is not kept in this guild.
    fn of<'a>(
        &'a self,
        policy: &'a Policy,
        board: &'a BoardSchedule,
        due: Due,
    ) -> BoxFuture<'a, Result<Option<Posts>, JournalError>>;
}

/// Boards as they are read.
pub(crate) struct BoardForms {
    pub points: Points,
    pub names: Arc<dyn Names>,
    pub words: Arc<Words>,
    /// Where boards are drawn and pictures kept; `None` where they cannot be, or nobody could fetch
    /// them.
    pub pictures: Option<Pictures>,
}

/// What makes pictures of boards, and keeps them to be fetched. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pictures {
    pub painter: Painter,
    pub journal: Journal,
    /// Under which address they are fetched, by their names; without a final slash.
    pub address: Arc<str>,
}

impl Forms for BoardForms {
    fn of<'a>(
        &'a self,
        policy: &'a Policy,
        board: &'a BoardSchedule,
        due: Due,
    ) -> BoxFuture<'a, Result<Option<Posts>, JournalError>> {
        Box::pin(async move {
            let Some(page) = self.read(policy, board, due).await? else {
                return Ok(None);
            };
            let names = self.names_of(policy, &page).await;
            // Twice only where the first look at the names showed somebody who does not belong there.
            if !self.leave_out(policy, &names).await {
                return Ok(Some(self.posts(policy, (board, &page), &names).await));
            }
            let page = self.read(policy, board, due).await?;
            let Some(page) = page else { return Ok(None) };
            let names = self.names_of(policy, &page).await;
            Ok(Some(self.posts(policy, (board, &page), &names).await))
        })
    }
}

impl BoardForms {
    /// The one place that decides on the form.
    async fn posts(
        &self,
        policy: &Policy,
        (board, page): (&BoardSchedule, &BoardPage),
        names: &HashMap<UserId, Known>,
    ) -> Posts {
        let (language, zone) = (policy.language, &policy.zone);
        let text = board_reply(page, names, Reply::default());
        let text = self.words.render(&text, language, zone).text;
        let sheet = Sheet::of(page, names, &self.words, language, zone);
        let picture = match &self.pictures {
            Some(pictures) => pictures.of(&sheet).await,
            None => None,
        };
        let surface = match board.mode {
            PostMode::Edit => Surface::RichText,
            PostMode::Post | PostMode::Replace => Surface::Photo,
        };
        let forms = forms(&sheet, picture, surface, text).into_iter();
        forms.map(|form| Post { form }).collect()
    }

    async fn read(
        &self,
        policy: &Policy,
        board: &BoardSchedule,
        due: Due,
    ) -> Result<Option<BoardPage>, JournalError> {
        let page = self
            .points
            .board_due(policy, board.counted, due, board.rows);
        page.await
    }

    async fn names_of(&self, policy: &Policy, page: &BoardPage) -> HashMap<UserId, Known> {
        let mut names = HashMap::new();
        for _ in 0..NAMES_ASKED {
            let members = page.rows.iter().map(|ranked| ranked.member);
            let missing = members.filter(|member| !names.contains_key(member));
            let missing: Vec<UserId> = missing.collect();
            if missing.is_empty() {
                break;
            }
            names.extend(self.names.of(policy.guild, missing).await);
        }
        names
    }

    /// Takes off the boards whoever turned out to be a bot or to have left; whether there was anybody.
    async fn leave_out(&self, policy: &Policy, names: &HashMap<UserId, Known>) -> bool {
        let mut any = false;
        for (member, known) in names {
            let why = match known {
                Known::Bot => Hidden::Bot,
                Known::Gone => Hidden::Left,
                Known::Unranked(_) => Hidden::Role,
                Known::Person(_) => continue,
            };
            let hidden = self
                .points
                .hide(policy.guild, *member, why, OnBoards::Hidden);
            match hidden.await {
                Ok(changed) => any |= changed,
                Err(error) => {
                    tracing::warn!(%member, %error, "who does not belong on boards could not be taken off them");
                }
            }
        }
        any
    }
}

impl Pictures {
    /// The picture of a board, drawn and kept. Without it the board goes out in another form.
    async fn of(&self, sheet: &Sheet) -> Option<Placed> {
        let picture = match self.painter.paint(sheet.clone()).await {
            Ok(picture) => picture,
            Err(error) => {
                let error = anyhow::Error::new(error);
                tracing::error!(
                    error = format!("{error:#}"),
                    "a board cannot be drawn; it goes out without a picture"
                );
                return None;
            }
        };
        let (width, height) = (picture.width, picture.height);
        let kept = KeptPicture {
            png: picture.png,
            svg: picture.svg,
        };
        match self.journal.keep_picture(kept).await {
            Ok(token) => Some(Placed {
                url: format!("{}/{token}.png", self.address),
                width,
                height,
            }),
            Err(error) => {
                tracing::warn!(%error, "the picture of a board cannot be kept; it goes out without one");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MessageId;

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
