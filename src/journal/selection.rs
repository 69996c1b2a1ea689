//! Which entries somebody wants to see, and what a person decided about one.

use crate::journal::entry::Receipt;
use crate::journal::entry::State;
use crate::model::Cause;
use crate::model::GuildId;
use crate::model::UserId;

/// Which entries are wanted; what is absent does not narrow it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Of this guild.
    pub guild: Option<GuildId>,
    /// Of this member's points.
    pub member: Option<UserId>,
    /// By this giver.
    pub giver: Option<UserId>,
    /// In one of these states; empty is any.
    pub states: Vec<State>,
    /// Settled or not.
    pub standing: Standing,
    /// Written at this time or later, in milliseconds since 1970.
    pub since_ms: Option<i64>,
    /// Written before this time, in milliseconds since 1970.
    pub until_ms: Option<i64>,
}

/// Whether something may still happen to the entries that are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// It does not matter.
    #[default]
    Any,
    /// Only those that are not settled.
    Open,
}

/// In which order entries are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// What was written last comes first.
    NewestFirst,
    /// What was written first comes first.
    OldestFirst,
    /// By the journal's own key, those behind this one: for reading everything in pages, which the
    /// rows that are written meanwhile do not shift.
    ByKey(Option<Cause>),
}

/// What a person found out about an entry that looking things up did not settle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByHand {
    /// What is true of it.
    pub finding: Finding,
    /// Who says so, as operators name themselves. Untrusted text.
    pub by: String,
    /// What it was found out from. Untrusted text.
    pub why: String,
}

/// What is true of a change, by somebody's own look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The points have moved.
    Applied,
    /// They have not, and will not.
    Refused,
}

/// Who decided an entry, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledBy {
    /// Who, as they named themselves. Untrusted text.
    pub by: String,
    /// Why. Untrusted text.
    pub why: String,
}

/// Whether somebody who decides knows that the bot has not given up yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insistence {
    /// They decide what was left to them.
    None,
    /// They decide although the bot is still looking.
    WhileLookedAfter,
}

/// Why nobody may decide an entry now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotByHand {
    /// It is settled; a settled entry never changes its verdict.
    Settled(State),
    /// It waits for something else than a verdict: it was not carried out yet, and will be.
    Waiting(State),
    /// It was not sent yet; whoever may approve it decides that, in the chat.
    ForApproval,
    /// The bot is still looking and will settle it or hand it over.
    LookedAfter(State),
    /// Something that was sent may still take effect until then, in milliseconds since 1970, so
    /// nobody can know that it was refused.
    MayStillLand(i64),
}

/// Whether a person may decide `entry` now.
///
/// `quiet_ms` is how long after a sending something of it may still take effect.
pub fn settleable_by_hand(
    entry: &Receipt,
    finding: Finding,
    insistence: Insistence,
    now_ms: i64,
    quiet_ms: i64,
) -> Result<(), NotByHand> {
    match (entry.state, insistence) {
        (state, _) if entry.settled_ms.is_some() => return Err(NotByHand::Settled(state)),
        (state @ (State::Done | State::Refused | State::Undone | State::PartlyUndone), _) => {
            return Err(NotByHand::Settled(state));
        }
        (State::Unresolved, _)
        | (State::Unconfirmed | State::Held, Insistence::WhileLookedAfter) => {}
        (state @ (State::Unconfirmed | State::Held), Insistence::None) => {
            return Err(NotByHand::LookedAfter(state));
        }
        (State::Waiting, _) => return Err(NotByHand::ForApproval),
        (state @ State::Queued, _) => return Err(NotByHand::Waiting(state)),
    }
    let alive_until = entry.progress.last_sent_ms.saturating_add(quiet_ms);
    if finding == Finding::Refused && now_ms < alive_until {
        return Err(NotByHand::MayStillLand(alive_until));
    }
    Ok(())
}
