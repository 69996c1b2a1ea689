//! Whose account an account of another system is.
//!
//! Invariants: an account comes from a proof kept in the journal, or follows from the member's own id
//! where the operator says that accounts were made so; never from what a member says. What follows
//! from an id gives way to a proof, also to another member's proof of that very account.

use std::collections::HashMap;
use std::sync::Arc;

use crate::journal::Journal;
use crate::journal::JournalError;
use crate::journal::Link;
use crate::journal::Refused;
use crate::model::Account;
use crate::model::System;
use crate::model::UserId;
use crate::model::account_form::AccountTemplate;
use crate::model::refusal::PointsRefusal;
use crate::points::ReadError;

/// The accounts that were proved to be members'. Cheap to clone.
#[derive(Clone)]
pub struct Links {
    pub(super) journal: Journal,
    templates: Arc<HashMap<System, AccountTemplate>>,
}

/// What ties a member to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Linked {
    /// A proof.
    Proved(Link),
    /// Their own id, as the operator declared.
    Declared(Account),
    /// Nothing.
    Not,
}

impl Links {
    /// Those kept in `journal`; they are read anew for each call, so one tied a moment ago counts.
    pub fn new(journal: Journal) -> Self {
        Self {
            journal,
            templates: Arc::default(),
        }
    }

    /// The same, with accounts that follow from members' ids where nothing is proved.
    pub fn declared(self, templates: HashMap<System, AccountTemplate>) -> Self {
        Self {
            templates: Arc::new(templates),
            ..self
        }
    }

    /// The member's account in `system`; the error is `NotLinked` where there is none.
    pub async fn account(&self, system: &System, member: UserId) -> Result<Account, ReadError> {
        match self.linked(system, member).await {
            Ok(Linked::Proved(link)) => Ok(link.account),
            Ok(Linked::Declared(account)) => Ok(account),
            Ok(Linked::Not) => Err(not_linked()),
            Err(error) => Err(unreadable(&error)),
        }
    }

    /// What ties a member to an account of `system`.
    pub async fn linked(&self, system: &System, member: UserId) -> Result<Linked, JournalError> {
        if let Some(link) = self.journal.link(system.name(), member).await? {
            return Ok(Linked::Proved(link));
        }
        let Some(template) = self.templates.get(system) else {
            return Ok(Linked::Not);
        };
        let account = template.account(member);
        match self.journal.holder(system.name(), &account).await? {
            None => Ok(Linked::Declared(account)),
            // Proved to be another's, so it is not theirs, whatever the template says.
            Some(_) => Ok(Linked::Not),
        }
    }
}

pub(super) fn not_linked() -> ReadError {
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
