//! The row of the built-in ledger: everything it has is in the journal's own store.

use std::sync::Arc;

use guildpoints::model::UserId;
use guildpoints::points::FoundBy;
use guildpoints::points::Repeats;
use guildpoints::points::Taking;
use guildpoints::points::ledger::GuildLedger;

use super::rig::Batches;
use super::rig::Claims;
use super::rig::Doing;
use super::rig::Find;
use super::rig::Pages;
use super::rig::Place;
use super::rig::Rig;
use super::rig::Unknown;
use crate::store::stage::GUILD;
use crate::store::stage::Home;

struct Here;

impl Place for Here {
    fn has<'a>(&'a self, rig: &'a Rig, member: UserId, points: i64) -> Doing<'a> {
        Box::pin(async move {
            let there = rig.balance(member).await;
            if points != there {
                rig.applied(member, points - there).await;
            }
        })
    }
}

pub async fn rig(home: Home) -> Rig {
    let journal = home.journal().await;
    let ledger = GuildLedger::new(GUILD, journal.clone(), home.clock.clone());
    let claims = Claims {
        change: Some((Repeats::Dropped, Taking::Enabled)),
        find: Find::By(FoundBy::Id),
        history: Pages::Read,
        batch: Batches::EachForItself,
        many: true,
        unknown: Unknown::HasNothing,
        linked: false,
        insufficient: true,
    };
    let place = Box::new(Here);
    Rig::new("", home, journal, GUILD, Arc::new(ledger), claims, place)
}
