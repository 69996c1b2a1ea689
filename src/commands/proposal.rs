//! A change that waits for its caller's button, and what the buttons carry.

use serde::Deserialize;
use serde::Serialize;

use crate::commands::Asked;
use crate::commands::LinkWords;
use crate::commands::Member;
use crate::commands::MemberKind;
use crate::commands::Verb;
use crate::commands::Who;
use crate::model::Amount;
use crate::model::MessageId;
use crate::model::ReceiptCode;
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
    /// The system whose account is meant; then no points move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
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
        if let Some(system) = &self.system {
            return Some(Asked {
                who: ids.collect(),
                link: LinkWords {
                    typed: vec![system.clone()],
                    plain: vec![system.clone()],
                    claim: None,
                },
                ..Asked::default()
            });
        }
        Some(Asked {
            who: ids.collect(),
            amount: Some(Amount::new(i64::from(self.amount)).ok()?),
            text: self.reason.clone(),
            ..Asked::default()
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

/// What buttons carry back.
pub mod button {
    /// Carried by the confirm button.
    pub fn confirm(message: super::MessageId) -> String {
        format!("gp:ok:{message}")
    }

    /// Carried by the cancel button.
    pub fn cancel(message: super::MessageId) -> String {
        format!("gp:no:{message}")
    }

    /// Carried by the button that undoes a change.
    pub fn undo(code: &super::ReceiptCode) -> String {
        format!("gp:undo:{code}")
    }

    /// Carried by the button that takes back what is there of a change.
    pub fn take_rest(code: &super::ReceiptCode) -> String {
        format!("gp:rest:{code}")
    }

    /// Carried by the button that approves a change.
    pub fn approve(code: &super::ReceiptCode) -> String {
        format!("gp:yes:{code}")
    }

    /// Carried by the button that approves a claim of an account.
    pub fn approve_claim(message: super::MessageId) -> String {
        format!("gp:tie:{message}")
    }

    /// Carried by the button that refuses one.
    pub fn refuse_claim(message: super::MessageId) -> String {
        format!("gp:nix:{message}")
    }

    /// Carried by the button that shows one to staff.
    pub fn show_claim(message: super::MessageId) -> String {
        format!("gp:who:{message}")
    }

    /// Carried by the button that refuses a change.
    pub fn refuse(code: &super::ReceiptCode) -> String {
        format!("gp:nay:{code}")
    }
}

/// What a press carries. It comes from the client: whoever presses may have made it up.
pub fn read_press(carried: &str) -> Option<Carried> {
    let (what, of) = carried.strip_prefix("gp:")?.split_once(':')?;
    let (command, verb) = match what {
        "ok" => return Some(Carried::Question(Pressed::Confirm, of.parse().ok()?)),
        "no" => return Some(Carried::Question(Pressed::Cancel, of.parse().ok()?)),
        "tie" => return claim(of, Some(Verb::Approve)),
        "nix" => return claim(of, Some(Verb::Refuse)),
        "who" => return claim(of, None),
        "undo" => ("undo", None),
        "rest" => ("undo", Some(Verb::TakeWhatIsThere)),
        "yes" => ("pending", Some(Verb::Approve)),
        "nay" => ("pending", Some(Verb::Refuse)),
        _ => return None,
    };
    let code = ReceiptCode::read(of)?;
    let asked = Asked {
        receipt: Some(code.clone()),
        verb,
        ..Asked::default()
    };
    Some(Carried::Order {
        command,
        code,
        asked,
    })
}

fn claim(message: &str, verb: Option<Verb>) -> Option<Carried> {
    let message = message.parse().ok()?;
    Some(Carried::Claim { message, verb })
}

/// What a press carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// The answer to the question that was asked about a message.
    Question(Pressed, MessageId),
    /// What is to be done with the claim of an account; without a verb it is to be shown.
    Claim {
        /// The message that claims it.
        message: MessageId,
        /// What.
        verb: Option<Verb>,
    },
    /// A command about a change, as if typed with its receipt code.
    Order {
        /// The command's file name.
        command: &'static str,
        /// The change.
        code: ReceiptCode,
        /// What was read.
        asked: Asked,
    },
}

/// Which button was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// Go on.
    Confirm,
    /// Call it off.
    Cancel,
}
