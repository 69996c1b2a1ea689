//! The journal's store.

use jiff::Timestamp;

use super::report::Mark;
use super::report::Report;
use super::texts::Texts;
use crate::app;
use crate::boards::FailingBoard;
use crate::boards::failing_why;
use crate::cli::catalogue::fill;
use crate::commands::Registry;
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
    boards(config, &journal, texts, report).await;
    owner(&journal, texts, report).await;
    journal.close().await;
}

/// Says how many boards post themselves, and which do not come through.
async fn boards(config: &Config, journal: &Journal, texts: &Texts, report: &mut Report) {
    let words = app::texts(&Registry::new(), config.commands_dir.as_deref()).ok();
    for guild in &config.guilds {
        let policy = &guild.policy;
        let what = fill(&texts.boards, &[("guild", &policy.guild.to_string())]);
        let all = match journal.schedules(Some(policy.guild)).await {
            Ok(all) => all,
            Err(error) => {
                let seen = format!("{:#}", anyhow::Error::new(error));
                report.bad(&what, seen, &texts.store_fix);
                return;
            }
        };
        let failing = all
            .iter()
            .filter_map(|one| Some((one, one.failing.as_ref()?)));
        let mut any = false;
        for (one, failing) in failing {
            any = true;
            let why = failing_why(FailingBoard {
                name: &one.fields.name,
                channel: one.fields.channel,
                since_ms: failing.since_ms,
                why: failing.why,
                detail: &failing.detail,
            });
            // Texts that cannot be used have a row of their own.
            let why = words
                .as_ref()
                .map(|words| words.render(&why, config.language, &policy.zone).text);
            let since = Timestamp::from_millisecond(failing.since_ms).unwrap_or(Timestamp::MIN);
            let holes = [
                ("name", one.fields.name.as_str()),
                ("since", &*format!("{since:.0}")),
            ];
            let seen = fill(&texts.boards_failing, &holes);
            report.add(Mark::Odd, &what, seen, why.unwrap_or_default());
        }
        if !any && !all.is_empty() {
            let count = all.len().to_string();
            report.good(&what, fill(&texts.boards_seen, &[("count", &count)]));
        }
    }
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
