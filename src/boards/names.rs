//! What members are called, as far as that can be learnt while somebody waits for an answer.

use std::collections::HashMap;

use futures_util::future::BoxFuture;

use crate::model::GuildId;
use crate::model::UserId;

/// What the platform says of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// A member, and their name. Untrusted text.
    Person(String),
    /// A member with a role that is left out of boards, and their name. Untrusted text.
    Unranked(String),
    /// A bot.
    Bot,
    /// Not a member.
    Gone,
}

/// Names of members.
pub trait Names: Send + Sync {
    /// What is known of them, or can be found out in a moment; those who are missing could not be
    /// looked up in time.
    fn of(&self, guild: GuildId, members: Vec<UserId>) -> BoxFuture<'_, HashMap<UserId, Known>>;
}
