//! The stream of events that keeps pages up to date.
//!
//! A user's stream carries only what that user may see. A page that falls behind is told that the
//! world changed, which makes it load everything again.

use std::convert::Infallible;

use axum::extract::Query;
use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::Event;
use axum::response::sse::KeepAlive;
use futures_util::Stream;
use futures_util::stream;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::control::Desk;
use super::platform::Platform;
use super::state::Note;
use super::state_view;
use crate::model::ids::MessageId;
use crate::model::ids::UserId;

/// Whose eyes a page looks through.
#[derive(Deserialize)]
pub struct Viewer {
    #[serde(rename = "as")]
    user: Option<UserId>,
}

/// `GET /sandbox/events`: events until the page leaves or the sandbox ends.
pub async fn stream(
    State(desk): State<Desk>,
    Query(viewer): Query<Viewer>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let notes = desk.platform.state().notes();
    let feed = Feed {
        notes,
        mall: desk.mall.changes(),
        swan: desk.swan.changes(),
        manta: desk.manta.changes(),
        platform: desk.platform,
        user: viewer.user,
    };
    let events = stream::unfold(feed, |mut feed| async move {
        let event = feed.next().await?;
        Some((Ok(event), feed))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

struct Feed {
    platform: Platform,
    notes: broadcast::Receiver<Note>,
    mall: broadcast::Receiver<()>,
    swan: broadcast::Receiver<()>,
    manta: broadcast::Receiver<()>,
    user: Option<UserId>,
}

impl Feed {
    /// The next event for this user; none when the sandbox ends.
    ///
    /// Losing a future of the `select!` is safe: a broadcast receiver takes nothing out unless it
    /// finishes.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let event = tokio::select! {
                () = self.platform.stopping().cancelled() => return None,
                note = self.notes.recv() => match note {
                    Ok(note) => self.event(note),
                    Err(RecvError::Lagged(_)) => Some(empty("state")),
                    Err(RecvError::Closed) => return None,
                },
                change = self.mall.recv() => Some(rung(change, "mall")?),
                change = self.swan.recv() => Some(rung(change, "swan")?),
                change = self.manta.recv() => Some(rung(change, "manta")?),
            };
            if event.is_some() {
                return event;
            }
        }
    }

    fn event(&self, note: Note) -> Option<Event> {
        match note {
            Note::Message(id) => self.message("message", id),
            Note::Edit(id) => self.message("edit", id),
            Note::Delete(id) => self.message("delete", id),
            Note::Callback {
                user,
                callback,
                text,
            } => (self.user == Some(user)).then(|| {
                let answer = json!({"callback_id": callback, "text": text});
                Event::default().event("callback").data(answer.to_string())
            }),
            Note::World => Some(empty("state")),
            Note::Clock => {
                let clock = state_view::clock(&self.platform).to_string();
                Some(Event::default().event("clock").data(clock))
            }
        }
    }

    fn message(&self, kind: &str, id: MessageId) -> Option<Event> {
        let user = self.user?;
        let state = self.platform.state();
        let message = state.message(id)?;
        if !state.sees_message(user, message) {
            return None;
        }
        let view =
            serde_json::to_string(&state.view(message)).expect("plain fields always serialise");
        Some(Event::default().event(kind).data(view))
    }
}

/// The event of a points system that has changed; none when it has ended.
fn rung(change: Result<(), RecvError>, system: &str) -> Option<Event> {
    match change {
        Ok(()) | Err(RecvError::Lagged(_)) => Some(empty(system)),
        Err(RecvError::Closed) => None,
    }
}

fn empty(kind: &str) -> Event {
    Event::default().event(kind).data("{}")
}
