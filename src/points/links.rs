//! Whose account an account of another system is.
//!
//! Invariant: an account comes from a proof kept in the journal, never from what a member says.

use crate::journal::Journal;
use crate::journal::JournalError;
use crate::journal::Refused;
use crate::model::Account;
use crate::model::System;
use crate::model::UserId;
use crate::model::refusal::PointsRefusal;
use crate::points::ReadError;

/// The accounts that were proved to be members'. Cheap to clone.
#[derive(Clone)]
pub struct Links {
    journal: Journal,
}

impl Links {
    /// Those kept in `journal`; they are read anew for each call, so one tied a moment ago counts.
    pub fn new(journal: Journal) -> Self {
        Self { journal }
    }

    /// The member's account in `system`; the error is `NotLinked` where there is none.
    pub async fn account(&self, system: &System, member: UserId) -> Result<Account, ReadError> {
        match self.journal.link(system.name(), member).await {
            Ok(Some(link)) => Ok(link.account),
            Ok(None) => Err(not_linked()),
            Err(error) => Err(unreadable(&error)),
        }
    }
}

fn not_linked() -> ReadError {
    ReadError {
        refused: Refused {
            meaning: PointsRefusal::NotLinked,
            code: None,
            text: "no account there is linked to this member".to_owned(),
        },
    }
}

fn unreadable(error: &JournalError) -> ReadError {
    tracing::error!(%error, "whose account is meant cannot be read from the journal");
    ReadError {
        refused: Refused {
            meaning: PointsRefusal::Unavailable,
            code: None,
            text: "the links could not be read from the store".to_owned(),
        },
    }
}
