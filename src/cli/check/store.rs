//! The journal's store.

use jiff::Timestamp;

use super::report::Mark;
use super::report::Report;
use super::texts::Texts;
use crate::cli::catalogue::fill;
use crate::config::Config;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::model::BotId;
use crate::model::UserId;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;

/// Opens the store as `run` would, counts what waits in it, and closes it again.
pub(super) async fn probe(
    config: &Config,
    bot: UserId,
    clock: &Clock,
    texts: &Texts,
    report: &mut Report,
) {
    let pulses = Pulses::new(clock.clone());
    let opened = Journal::open_store(&config.store, BotId(bot), clock.clone(), pulses).await;
    let journal = match opened {
        Ok(journal) => journal,
        Err(JournalError::InUse { .. }) => {
            report.add(
                Mark::Odd,
                &texts.store,
                &texts.store_running,
                &texts.store_running_fix,
            );
            return;
        }
        Err(error) => {
            let seen = format!("{:#}", anyhow::Error::new(error));
            report.bad(&texts.store, seen, &texts.store_fix);
            return;
        }
    };
    match journal.counts().await {
        Ok(counts) => {
            let open = counts.queued + counts.unconfirmed + counts.held + counts.unresolved;
            let holes = [
                ("open", &*open.to_string()),
                ("untold", &*counts.untold.to_string()),
            ];
            report.good(&texts.store, fill(&texts.store_seen, &holes));
            if counts.unresolved > 0 {
                let count = counts.unresolved.to_string();
                let seen = fill(&texts.store_unresolved, &[("count", &count)]);
                report.add(Mark::Odd, &texts.store, seen, &texts.store_unresolved_fix);
            }
        }
        Err(error) => {
            let seen = format!("{:#}", anyhow::Error::new(error));
            report.bad(&texts.store, seen, &texts.store_fix);
        }
    }
    owner(&journal, texts, report).await;
    journal.close().await;
}

/// Says who works for the bot. Where a lock file decides, nobody does: we could open the store.
async fn owner(journal: &Journal, texts: &Texts, report: &mut Report) {
    match journal.owner().await {
        Ok(Some(owner)) => {
            let since = Timestamp::from_millisecond(owner.since_ms).unwrap_or(Timestamp::MIN);
            let holes = [
                ("label", &*owner.label),
                ("since", &*format!("{since:.0}")),
                ("fence", &*owner.fence.to_string()),
            ];
            let text = match owner.left.is_zero() {
                true => &texts.owner_gone,
                false => &texts.owner_seen,
            };
            report.good(&texts.owner, fill(text, &holes));
        }
        Ok(None) => {}
        Err(error) => {
            let seen = format!("{:#}", anyhow::Error::new(error));
            report.bad(&texts.owner, seen, &texts.store_fix);
        }
    }
}
