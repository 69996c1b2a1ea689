//! Which entries are meant, as arguments.

use clap::Args;

use super::Desk;
use super::names;
use super::when;
use super::when::When;
use crate::journal::Selection;
use crate::journal::Standing;
use crate::journal::State;
use crate::model::GuildId;
use crate::model::UserId;

/// What narrows a selection.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Filters {
    /// Only of this guild
    #[arg(long, value_name = "ID")]
    guild: Option<GuildId>,
    /// Only this member's points (long id)
    #[arg(long, value_name = "ID")]
    member: Option<UserId>,
    /// Only by this giver (long id)
    #[arg(long, value_name = "ID")]
    giver: Option<UserId>,
    /// Only in this state; may be given several times
    #[arg(long, value_name = "STATE", value_parser = names::read_state)]
    state: Vec<State>,
    /// Only written then or later: 2026-11-23, 2026-11-23T08:00, or how long ago: 7d
    #[arg(long, value_name = "WHEN", value_parser = when::read)]
    since: Option<When>,
    /// Only written before then
    #[arg(long, value_name = "WHEN", value_parser = when::read)]
    until: Option<When>,
}

impl Filters {
    /// The selection; dates count in the zone of the guild that is meant.
    pub(super) fn selection(&self, desk: &Desk) -> Selection {
        let zone = desk.zone(self.guild);
        let now_ms = desk.clock.now_ms();
        let ms = |when: &Option<When>| when.as_ref().map(|when| when.ms(&zone, now_ms));
        Selection {
            guild: self.guild,
            member: self.member,
            giver: self.giver,
            states: self.state.clone(),
            standing: Standing::Any,
            since_ms: ms(&self.since),
            until_ms: ms(&self.until),
        }
    }
}
