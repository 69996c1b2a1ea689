//! Who is about to tell what came of a command: the lane that waits for it or the teller, never
//! both at once.

use std::sync::Arc;

use dashmap::DashMap;
use dashmap::DashSet;
use tokio::sync::Notify;

use crate::fanbook::api::SayError;
use crate::journal::State;
use crate::model::Cause;
use crate::model::MessageId;

/// Commands whose outcome somebody is about to tell.
#[derive(Clone, Default)]
pub(super) struct Telling {
    messages: Arc<DashSet<MessageId>>,
    /// A turn is over: somebody who waits for it may look again.
    over: Arc<Notify>,
    /// How the changes of a message stood when progress was last told; over with the process.
    progress: Arc<DashMap<MessageId, Vec<State>>>,
    /// Commands and undos whose answer may stand there and is not noted: nobody answered its sending, or
    /// the store did not take the note.
    doubtful: Arc<DashSet<(MessageId, Option<Cause>)>>,
}

/// The turn to tell; over when dropped.
pub(super) struct Turn {
    telling: Telling,
    message: MessageId,
}

impl Telling {
    /// Takes the turn, unless somebody has it.
    pub(super) fn begin(&self, message: MessageId) -> Option<Turn> {
        self.messages.insert(message).then(|| Turn {
            telling: self.clone(),
            message,
        })
    }

    /// Waits for the turn.
    pub(super) async fn take(&self, message: MessageId) -> Turn {
        loop {
            let over = self.over.notified();
            tokio::pin!(over);
            // Listening begins before looking, so that a turn that ends in between is not missed.
            over.as_mut().enable();
            if let Some(turn) = self.begin(message) {
                return turn;
            }
            over.await;
        }
    }

    /// How things stood when progress was last told.
    pub(super) fn progress(&self, message: MessageId) -> Option<Vec<State>> {
        self.progress.get(&message).map(|states| states.clone())
    }

    /// Progress was told.
    pub(super) fn note_progress(&self, message: MessageId, states: Vec<State>) {
        self.progress.insert(message, states);
    }

    /// Notes an answer that may stand in the chat although nobody can say under which id.
    pub(super) fn note_unknown(&self, cause: &Cause, error: &SayError) {
        if matches!(error, SayError::Unknown(_)) {
            self.doubt(cause);
        }
    }

    /// Notes that an answer about `cause` stands, or may, and that the journal does not say so.
    pub(super) fn doubt(&self, cause: &Cause) {
        self.doubtful.insert(answered(cause));
    }

    /// Whether an answer about `cause` may stand in the chat unnoted.
    pub(super) fn is_doubtful(&self, cause: &Cause) -> bool {
        self.doubtful.contains(&answered(cause))
    }

    /// It was said, and under which id is in the journal.
    pub(super) fn no_doubt(&self, cause: &Cause) {
        self.doubtful.remove(&answered(cause));
    }

    /// The last word was said.
    pub(super) fn forget_progress(&self, message: MessageId) {
        self.progress.remove(&message);
    }
}

/// What is answered in one message: all changes of a command, or one undo.
fn answered(cause: &Cause) -> (MessageId, Option<Cause>) {
    (cause.parts().0, cause.undoes().map(|_| *cause))
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.telling.messages.remove(&self.message);
        self.telling.over.notify_waiters();
    }
}
