//! What stays from one shift to the next, and what each shift takes out of it.
//!
//! Invariants: a guild reaches the points systems of its own settings and no other; what a
//! handle begins outside ends with the term it was built for. Deliberately absent: work, which is a `Shift`'s.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::boards::Painter;
use crate::commands::Registry;
use crate::fanbook::api::BotApi;
use crate::fanbook::gateway::GatewaySettings;
use crate::guilds::GuildSettings;
use crate::journal::Journal;
use crate::journal::ScheduleFields;
use crate::journal::Term;
use crate::model::GuildId;
use crate::model::Language;
use crate::model::System;
use crate::model::SystemKind;
use crate::model::UserId;
use crate::model::account_form::AccountTemplate;
use crate::points::GuildSystems;
use crate::points::Links;
use crate::points::PointsBackend;
use crate::points::PointsTimes;
use crate::points::ledger::GuildLedger;
use crate::points::mall::Mall;
use crate::points::manta::Manta;
use crate::points::swan::Swan;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;
use crate::support::tenure::Tenure;
use crate::words::Words;

/// What every shift is built from.
pub(super) struct House {
    pub bot: UserId,
    pub gateway: GatewaySettings,
    pub api: BotApi,
    pub mall: Option<Mall>,
    pub swans: HashMap<System, Swan>,
    pub mantas: HashMap<System, Manta>,
    pub templates: HashMap<System, AccountTemplate>,
    /// Requests the mall takes at once, 0 without a mall.
    pub mall_in_flight: usize,
    pub guilds: Vec<GuildSettings>,
    pub times: PointsTimes,
    pub words: Arc<Words>,
    pub registry: Arc<Registry>,
    pub pulses: Pulses,
    pub language: Language,
    /// How old a missed command may be.
    pub catch_up: Duration,
    pub clock: Clock,
    /// `None`: boards are posted without pictures.
    pub drawing: Option<Drawing>,
}

/// What pictures of boards need beyond a shift.
pub(super) struct Drawing {
    pub painter: Painter,
    /// Under which address they are fetched, by their names.
    pub address: Arc<str>,
}

impl House {
    /// Asks for a gateway token that has not grown old; the gateway asks by itself where this fails.
    pub(super) async fn refresh_token(&self, term: &Term) {
        let api = self.api.under(term.tenure().clone());
        if let Err(error) = api.me().await {
            tracing::warn!(%error, "no fresh gateway token; the old one is tried");
        }
    }

    /// The boards that the operator has set up, of every guild: of one without any those it had go.
    pub(super) fn of_file(&self) -> Vec<(GuildId, Vec<ScheduleFields>)> {
        let of = |settings: &GuildSettings| {
            let guild = settings.policy.guild;
            let boards = settings.boards.iter().map(|board| board.fields(guild));
            (guild, boards.collect())
        };
        self.guilds.iter().map(of).collect()
    }

    /// Handles to their points systems for each guild of the settings, and for no other.
    pub(super) fn systems(
        &self,
        tenure: &Tenure,
        links: &Links,
        mall: Option<&Mall>,
        journal: &Journal,
    ) -> HashMap<GuildId, GuildSystems> {
        let uses_mall = |guild: &&GuildSettings| {
            let mut all = std::iter::once(&guild.points).chain(&guild.also);
            all.any(|system| system.kind() == SystemKind::Mall)
        };
        let with_mall = self.guilds.iter().filter(uses_mall);
        let ids = with_mall.map(|guild| guild.policy.guild);
        let malls = mall.map(|mall| mall.handles(ids)).unwrap_or_default();
        // One handle for all guilds, so that what they ask at the same moment is asked together.
        let mut shared: HashMap<&System, Arc<dyn PointsBackend>> = HashMap::new();
        for (system, swan) in &self.swans {
            let handle = swan.under(tenure.clone()).linked(links.clone());
            shared.insert(system, Arc::new(handle));
        }
        for (system, manta) in &self.mantas {
            let handle = manta.under(tenure.clone()).linked(links.clone());
            shared.insert(system, Arc::new(handle));
        }
        let handle = |guild: GuildId, system: &System| -> Option<Arc<dyn PointsBackend>> {
            match system.kind() {
                SystemKind::Mall => malls.get(&guild).map(|handle| handle.clone() as _),
                SystemKind::Ledger => Some(Arc::new(GuildLedger::new(
                    guild,
                    journal.clone(),
                    self.clock.clone(),
                ))),
                SystemKind::Swan | SystemKind::Manta => shared.get(system).cloned(),
            }
        };
        let mut systems = HashMap::with_capacity(self.guilds.len());
        for settings in &self.guilds {
            let guild = settings.policy.guild;
            if let Some(rewards) = handle(guild, &settings.points) {
                let also = settings.also.iter();
                let further = also.filter_map(|system| handle(guild, system)).collect();
                systems.insert(guild, GuildSystems { rewards, further });
            }
        }
        systems
    }
}
