//! A change that waits for its caller's button, and what the buttons carry.

use serde::Deserialize;
use serde::Serialize;

use crate::commands::Asked;
use crate::commands::Who;
use crate::model::Amount;
use crate::model::MessageId;
use crate::model::UserId;

/// A change that waits for its caller's button, as kept in the journal (JSON; never rename a field).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The command's file name.
    pub command: String,
    /// The member's long id.
    pub member: u64,
    /// Their name when asked. Untrusted text.
    pub name: String,
    /// The amount as typed, positive.
    pub amount: i32,
    /// The reason. Untrusted text.
    pub reason: Option<String>,
}

impl Proposal {
    /// What was read, as if typed again with the member's long id.
    pub fn asked(&self) -> Option<Asked> {
        Some(Asked {
            who: vec![Who::Id(UserId::new(self.member))],
            amount: Some(Amount::new(i64::from(self.amount)).ok()?),
            text: self.reason.clone(),
        })
    }
}

/// What a button of a proposal carries back.
pub mod button {
    /// Carried by the confirm button.
    pub fn confirm(message: super::MessageId) -> String {
        format!("gp:ok:{message}")
    }

    /// Carried by the cancel button.
    pub fn cancel(message: super::MessageId) -> String {
        format!("gp:no:{message}")
    }
}

/// What a press carries: which proposal, and whether to go on.
pub fn read_press(carried: &str) -> Option<(Pressed, MessageId)> {
    let (pressed, message) = match carried.strip_prefix("gp:")?.split_once(':')? {
        ("ok", message) => (Pressed::Confirm, message),
        ("no", message) => (Pressed::Cancel, message),
        _ => return None,
    };
    Some((pressed, message.parse().ok()?))
}

/// Which button was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// Go on.
    Confirm,
    /// Call it off.
    Cancel,
}
