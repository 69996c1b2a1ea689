//! Posts that cannot be edited, made anew: deleted and posted once more.
//!
//! Invariants: what is sent is on disk before its first byte, so that it is found again where nobody
//! heard of it, whoever goes on; it is sent again only after a complete reading of the channel, later
//! than anything can be on its way, that does not show it. Where the channel cannot be read so, nothing
//! is sent, and the picture of what may stand there goes: nobody could take it off later.

use crate::fanbook::api::ApiError;
use crate::fanbook::api::NoAnswer;
use crate::fanbook::api::SayError;
use crate::journal::JournalError;
use crate::journal::Moving;
use crate::journal::OwedBoard;
use crate::journal::ShownBoard;
use crate::model::ChannelId;
use crate::model::MessageId;
use crate::model::Policy;
use crate::schedule::Scheduler;
use crate::schedule::form::Post;
use crate::schedule::looking::BACK_MS;
use crate::schedule::looking::first_at;
use crate::schedule::millis;
use crate::schedule::shown::NOT_KEPT;
use crate::schedule::shown::Rewritten;

/// What became of the post that stood there.
enum Way {
    /// The next may be posted.
    Free,
    /// Somebody has deleted it.
    Gone,
}

/// What a look at the channel shows of a post of which nobody heard.
enum Seen {
    /// It stands there.
    There(MessageId),
    /// It has not arrived and will not.
    Absent,
    /// That cannot be said yet.
    NotYet(String),
    /// That can never be said.
    Never(String),
}

impl Scheduler {
    /// Deletes a post and posts it once more as it is now. Where it may not be deleted, as after three
    /// minutes without the right to, it stays, and its picture cannot be fetched from here any more.
    pub(super) async fn post_anew(
        &self,
        owed: &OwedBoard,
        policy: &Policy,
    ) -> Result<Rewritten, JournalError> {
        let (parts, shown) = (&self.parts, &owed.shown);
        if let Some(moving) = &owed.moving
            && let Some(begun_ms) = moving.begun_ms
        {
            match self.look_for(shown.channel, moving, begun_ms).await {
                Seen::There(message) => {
                    let there = ShownBoard {
                        message,
                        form: Post::of_kept(&moving.sent).board_form(),
                        ..shown.clone()
                    };
                    parts.journal.shown_moved(owed, there, None).await?;
                    return Ok(Rewritten::Written);
                }
                Seen::Absent => {}
                Seen::NotYet(why) => return Ok(Rewritten::NotNow(why)),
                Seen::Never(why) => {
                    self.drop_picture(shown.picture.as_deref()).await?;
                    return Ok(Rewritten::Gone(why));
                }
            }
        }
        let Some(remade) = parts.forms.anew(policy, shown).await? else {
            return Ok(Rewritten::Gone(NOT_KEPT.to_owned()));
        };
        let picture = remade.post.picture();
        // Sending tells what is wrong with the channel.
        let newest = parts.chat.newest(shown.channel).await.ok();
        let moving = Moving {
            sent: remade.post.kept(),
            begun_ms: Some(parts.clock.now_ms()),
            after: newest.map(|newest| newest.unwrap_or(MessageId::new(0))),
        };
        let will_be = ShownBoard {
            picture: picture.clone(),
            ..shown.clone()
        };
        let named = remade.board.rows.iter().map(|ranked| ranked.member);
        let moves = parts.journal.shown_moves(will_be, named.collect(), moving);
        moves.await?;
        let sent = match self.make_way(owed).await {
            Ok(Way::Free) => parts.chat.post(shown.channel, &remade.post).await,
            Ok(Way::Gone) => {
                self.drop_picture(picture.as_deref()).await?;
                return Ok(Rewritten::Gone("somebody has deleted it".to_owned()));
            }
            // Deleting may be done twice, and nothing was posted.
            Err(SayError::Unknown(why)) => {
                parts.journal.shown_stays(owed).await?;
                self.drop_picture(picture.as_deref()).await?;
                return Ok(Rewritten::NotNow(why.to_string()));
            }
            Err(error) => Err(error),
        };
        match sent {
            Ok(message) => {
                parts.forms.stands_anew(owed, &remade, message).await?;
                Ok(Rewritten::Written)
            }
            Err(SayError::Unknown(_)) => {
                let why = "whether it was posted once more is not known; it is looked for";
                Ok(Rewritten::NotNow(why.to_owned()))
            }
            Err(error) => {
                parts.journal.shown_stays(owed).await?;
                self.drop_picture(picture.as_deref()).await?;
                Ok(Rewritten::Failed(error))
            }
        }
    }

    /// Deletes the post that is made anew.
    async fn make_way(&self, owed: &OwedBoard) -> Result<Way, SayError> {
        let (chat, shown) = (&self.parts.chat, &owed.shown);
        let (channel, message) = (shown.channel, shown.message);
        match chat.delete(channel, message).await {
            Ok(()) => Ok(Way::Free),
            // So is one that is not there refused.
            Err(error @ SayError::Forbidden) => match chat.stands(channel, message).await {
                Ok(true) => {
                    tracing::warn!(guild = %shown.guild, %message, "a picture with somebody who left the boards may not be deleted; it stays without its file");
                    Ok(Way::Free)
                }
                // An earlier try may have deleted it.
                Ok(false) if owed.moving.is_some() => Ok(Way::Free),
                Ok(false) => Ok(Way::Gone),
                Err(_) => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    async fn look_for(&self, channel: ChannelId, moving: &Moving, begun_ms: i64) -> Seen {
        let parts = &self.parts;
        let passed_ms = parts.clock.now_ms() - begun_ms;
        if (0..millis(parts.times.look_after)).contains(&passed_ms) {
            return Seen::NotYet("it may be on its way".to_owned());
        }
        let after = moving.after.unwrap_or_else(|| first_at(begun_ms - BACK_MS));
        let own = match parts.chat.own_since(channel, after).await {
            Ok(Some(own)) => own,
            Ok(None) => {
                let why = "the channel's history cannot be read back to before it was sent";
                return Seen::Never(why.to_owned());
            }
            Err(error @ (ApiError::NotOwner | ApiError::Unknown(NoAnswer::Abandoned))) => {
                return Seen::NotYet(error.to_string());
            }
            Err(error) if error.is_passing() => return Seen::NotYet(error.to_string()),
            Err(error) => return Seen::Never(error.to_string()),
        };
        let post = Post::of_kept(&moving.sent);
        if let Some(seen) = own.iter().find(|seen| post.is(seen)) {
            return Seen::There(seen.message);
        }
        if moving.after.is_none() {
            // How far back to read was a guess of clocks: it may stand before that.
            let why = "what stood in the channel before it was sent is not known";
            return Seen::Never(why.to_owned());
        }
        let arrived = parts.times.look_after + parts.times.look_again;
        match (0..millis(arrived)).contains(&passed_ms) {
            true => Seen::NotYet("it may arrive yet".to_owned()),
            false => Seen::Absent,
        }
    }

    /// Takes away a picture that nobody is to see.
    pub(super) async fn drop_picture(&self, name: Option<&str>) -> Result<(), JournalError> {
        let token = name.and_then(|name| name.parse().ok());
        match token {
            Some(token) => self.parts.journal.drop_picture(&token).await,
            None => Ok(()),
        }
    }
}
