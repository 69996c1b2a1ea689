//! The form a board is posted in, and how a post is known again.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::boards::Known;
use crate::boards::Names;
use crate::boards::board_reply;
use crate::fanbook::api::OwnContent;
use crate::guilds::BoardSchedule;
use crate::journal::JournalError;
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
    /// Its text, kept with the slot to know it by.
    pub text: String,
}

impl Post {
    /// What is kept of it, enough to send it once more and to know it by.
    pub fn kept(&self) -> String {
        self.text.clone()
    }

    /// The post that was kept so.
    pub fn of_kept(kept: &str) -> Self {
        Self {
            text: kept.to_owned(),
        }
    }

    /// Whether that is this post, as it stands in the channel. The time of reading in it tells it from
    /// any other of its kind.
    pub fn is(&self, own: &OwnContent) -> bool {
        let text = own.text.as_deref().map(str::trim);
        text == Some(self.text.trim())
    }
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
                return Ok(Some(self.posts(policy, &page, &names)));
            }
            let page = self.read(policy, board, due).await?;
            let Some(page) = page else { return Ok(None) };
            let names = self.names_of(policy, &page).await;
            Ok(Some(self.posts(policy, &page, &names)))
        })
    }
}

impl BoardForms {
    /// The one place that decides on the form.
    fn posts(&self, policy: &Policy, page: &BoardPage, names: &HashMap<UserId, Known>) -> Posts {
        let reply = board_reply(page, names, Reply::default());
        let rendered = self.words.render(&reply, policy.language, &policy.zone);
        vec![Post {
            text: rendered.text,
        }]
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

    /// Takes off the boards whoever turned out to be a bot, to have left or to have a role that is left
    /// out; whether there was anybody.
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
                    tracing::warn!(%member, %error, "who left, or is a bot, could not be taken off the boards");
                }
            }
        }
        any
    }
}
