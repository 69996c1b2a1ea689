//! How a board is read, named and put into its forms when it is due, and when it is made anew.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::boards::Known;
use crate::boards::Names;
use crate::boards::Painter;
use crate::boards::Placed;
use crate::boards::Sheet;
use crate::boards::Surface;
use crate::boards::board_reply;
use crate::boards::forms;
use crate::guilds::BoardSchedule;
use crate::guilds::PostMode;
use crate::journal::BoardForm;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::journal::KeptPicture;
use crate::journal::OwedBoard;
use crate::journal::ShownBoard;
use crate::journal::ShownKind;
use crate::model::MessageId;
use crate::model::Policy;
use crate::model::UserId;
use crate::model::period::Counted;
use crate::points::BoardPage;
use crate::points::Due;
use crate::points::Hidden;
use crate::points::OnBoards;
use crate::points::Points;
use crate::points::Stands;
use crate::schedule::form::Forms;
use crate::schedule::form::Post;
use crate::schedule::form::Posts;
use crate::schedule::form::Remade;
use crate::words::Reply;
use crate::words::Words;

/// How often names are asked for: each time waits for a moment, and nobody waits for this post.
const NAMES_ASKED: usize = 6;

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
    ) -> BoxFuture<'a, Result<Posts, JournalError>> {
        Box::pin(async move {
            let surface = match board.mode {
                PostMode::Edit => Surface::RichText,
                PostMode::Post | PostMode::Replace => Surface::Photo,
            };
            let seen = self.seen(policy, board.counted, due, (&board.name, board.rows));
            let (page, names) = seen.await?;
            Ok(self.posts(policy, &page, &names, Some(surface)).await)
        })
    }

    fn stands<'a>(
        &'a self,
        policy: &'a Policy,
        board: &'a BoardSchedule,
        due: Due,
        stands: Stands,
    ) -> BoxFuture<'a, Result<(), JournalError>> {
        Box::pin(async move {
            let page = self
                .points
                .board_due(policy, board.counted, due, board.rows);
            self.points.note_shown(&page.await?, None, stands).await
        })
    }

    fn anew<'a>(
        &'a self,
        policy: &'a Policy,
        shown: &'a ShownBoard,
    ) -> BoxFuture<'a, Result<Option<Remade>, JournalError>> {
        Box::pin(async move {
            let ShownKind::Post {
                schedule,
                rows,
                late,
                ..
            } = &shown.kind
            else {
                return Ok(None);
            };
            let due = Due {
                slot_ms: shown.at_ms,
                late: *late,
            };
            let seen = self.seen(policy, shown.counted, due, (schedule, *rows));
            let (board, names) = seen.await?;
            let surface = match shown.form {
                BoardForm::Text | BoardForm::Card => None,
                BoardForm::Rich => Some(Surface::RichText),
                BoardForm::Photo => Some(Surface::Photo),
            };
            let mut posts = self.posts(policy, &board, &names, surface).await;
            let post = match shown.form {
                BoardForm::Text => posts.pop(),
                _ => (!posts.is_empty()).then(|| posts.swap_remove(0)),
            };
            Ok(post.map(|post| Remade { post, board }))
        })
    }

    fn stands_anew<'a>(
        &'a self,
        owed: &'a OwedBoard,
        remade: &'a Remade,
        message: MessageId,
    ) -> BoxFuture<'a, Result<(), JournalError>> {
        Box::pin(async move {
            let shown = &owed.shown;
            let stands = Stands {
                guild: shown.guild,
                channel: shown.channel,
                message,
                form: remade.post.board_form(),
                picture: remade.post.picture(),
                kind: shown.kind.clone(),
                made_ms: None,
            };
            let board = &remade.board;
            match message == shown.message {
                true => {
                    self.points
                        .note_shown_anew(owed, board, None, stands)
                        .await?
                }
                false => self.points.note_shown_moved(owed, board, stands).await?,
            }
            let old = shown.picture.as_deref();
            let old = old.filter(|old| remade.post.picture().as_deref() != Some(*old));
            if let (Some(pictures), Some(token)) =
                (&self.pictures, old.and_then(|old| old.parse().ok()))
            {
                pictures.journal.drop_picture(&token).await?;
            }
            Ok(())
        })
    }
}

impl BoardForms {
    /// A board as it is now, with names, and without those who turn out not to belong there.
    async fn seen(
        &self,
        policy: &Policy,
        counted: Counted,
        due: Due,
        (schedule, rows): (&str, u8),
    ) -> Result<(BoardPage, HashMap<UserId, Known>), JournalError> {
        let mut again = true;
        loop {
            let page = self.points.board_due(policy, counted, due, rows).await?;
            let names = self.names_of(policy, &page).await;
            // Twice only where the first look at the names showed somebody who does not belong there.
            if again && self.leave_out(policy, &names).await {
                again = false;
                continue;
            }
            let page = self.points.compared(policy.guild, schedule, page).await?;
            return Ok((page, names));
        }
    }

    /// The one place that decides on the form; without a surface there is no picture.
    async fn posts(
        &self,
        policy: &Policy,
        page: &BoardPage,
        names: &HashMap<UserId, Known>,
        surface: Option<Surface>,
    ) -> Posts {
        let (language, zone) = (policy.language, &policy.zone);
        let text = board_reply(page, names, Reply::default());
        let text = self.words.render(&text, language, zone).text;
        let sheet = Sheet::of(page, names, &self.words, language, zone);
        let picture = match (&self.pictures, surface) {
            (Some(pictures), Some(_)) => pictures.of(&sheet).await,
            _ => None,
        };
        let surface = surface.unwrap_or(Surface::RichText);
        let forms = forms(&sheet, picture, surface, text).into_iter();
        forms.map(|form| Post { form }).collect()
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

    /// Takes off the boards whoever turned out not to belong there; whether there was anybody.
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
