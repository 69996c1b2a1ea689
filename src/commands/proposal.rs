//! A change that waits for its caller's button, and what the buttons carry.

use serde::Deserialize;
use serde::Serialize;

use crate::commands::Asked;
use crate::commands::Member;
use crate::commands::MemberKind;
use crate::commands::Who;
use crate::model::Amount;
use crate::model::MessageId;
use crate::model::UserId;

/// A change that waits for its caller's button, as kept in the journal (JSON; never rename a field).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The command's file name.
    pub command: String,
    /// Whose points, each once.
    pub people: Vec<Named>,
    /// The amount as typed, positive; the same for each.
    pub amount: i32,
    /// The reason. Untrusted text.
    pub reason: Option<String>,
}

/// Somebody a proposal is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The long id.
    pub member: u64,
    /// The name when asked. Untrusted text.
    pub name: String,
}

impl Proposal {
    /// What was read, as if typed again with long ids.
    pub fn asked(&self) -> Option<Asked> {
        let ids = self
            .people
            .iter()
            .map(|named| Who::Id(UserId::new(named.member)));
        Some(Asked {
            who: ids.collect(),
            amount: Some(Amount::new(i64::from(self.amount)).ok()?),
            text: self.reason.clone(),
        })
    }

    /// The people as they were found when asked; bots were refused or left out then.
    pub fn members(&self) -> Vec<Member> {
        let member = |named: &Named| Member {
            id: UserId::new(named.member),
            name: named.name.clone(),
            kind: MemberKind::Person,
        };
        self.people.iter().map(member).collect()
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
