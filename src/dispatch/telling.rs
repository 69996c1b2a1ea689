//! Whose turn it is to tell what came of a command.
//!
//! Invariant: of a lane, a pressed button and the teller only one speaks about a command at a time,
//! so that nobody edits what another is about to say. Kept in memory: a new process begins with
//! nobody speaking.

use std::sync::Arc;

use dashmap::DashSet;
use tokio::sync::Notify;

use crate::model::MessageId;

/// Commands whose outcome somebody is about to tell.
#[derive(Clone, Default)]
pub(super) struct Telling {
    messages: Arc<DashSet<MessageId>>,
    /// Somebody's turn is over.
    over: Arc<Notify>,
}

/// The turn to tell; over when dropped.
pub(super) struct Turn {
    telling: Telling,
    message: MessageId,
}

impl Telling {
    /// The turn to tell about a command, unless somebody has it.
    pub(super) fn begin(&self, message: MessageId) -> Option<Turn> {
        self.messages.insert(message).then(|| Turn {
            telling: self.clone(),
            message,
        })
    }

    /// The same, after whoever has it: a lane or the teller, for no longer than their work takes.
    pub(super) async fn wait(&self, message: MessageId) -> Turn {
        loop {
            let mut over = std::pin::pin!(self.over.notified());
            // From here on no end of a turn is missed.
            over.as_mut().enable();
            if let Some(turn) = self.begin(message) {
                return turn;
            }
            over.await;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.telling.messages.remove(&self.message);
        self.telling.over.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_turn_is_had_by_one_and_waited_for_by_the_others() {
        let telling = Telling::default();
        let message = MessageId::new(1);
        let first = telling.begin(message).expect("nobody has it");
        assert!(telling.begin(message).is_none());
        assert!(telling.begin(MessageId::new(2)).is_some());
        let (mut second, mut third) = (
            Box::pin(telling.wait(message)),
            Box::pin(telling.wait(message)),
        );
        assert!(futures_util::poll!(&mut second).is_pending());
        assert!(futures_util::poll!(&mut third).is_pending());
        drop(first);
        let second = second.await;
        assert!(futures_util::poll!(&mut third).is_pending());
        drop(second);
        third.await;
    }
}
