//! The bots at MantaGO: their access, and how long their tokens last.

use jiff::Timestamp;

use super::report::Mark;
use super::report::Report;
use super::texts::Texts;
use crate::cli::catalogue::fill;
use crate::config::Config;
use crate::model::refusal::PointsRefusal;
use crate::points::manta::Manta;
use crate::points::manta::MantaSettings;
use crate::points::manta::TokenState;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;

/// Asks each of them for an account that nobody has: one line a bot.
pub(super) async fn probe(config: &Config, clock: &Clock, texts: &Texts, report: &mut Report) {
    for (name, settings) in &config.mantas {
        one(name, settings, clock, texts, report).await;
    }
}

async fn one(
    name: &str,
    settings: &MantaSettings,
    clock: &Clock,
    texts: &Texts,
    report: &mut Report,
) {
    let what = fill(&texts.manta, &[("name", name)]);
    let pulses = Pulses::new(clock.clone());
    let manta = match Manta::new(name, settings.clone(), clock.clone(), pulses) {
        Ok(manta) => manta,
        Err(error) => {
            let fix = fill(&texts.manta_settings_fix, &[("name", name)]);
            report.bad(what, error.to_string(), fix);
            return;
        }
    };
    let access = manta.probe().await;
    let date = |ms| {
        let date = Timestamp::from_millisecond(ms);
        date.map(|date| format!("{date:.0}")).unwrap_or_default()
    };
    let state = manta.token_state().await;
    let token = match state {
        TokenState::Unreadable => texts.manta_token_unknown.clone(),
        TokenState::Good { until_ms } | TokenState::Ending { until_ms } => {
            fill(&texts.manta_token_until, &[("until", &date(until_ms))])
        }
        TokenState::Over { since_ms } => {
            fill(&texts.manta_token_over, &[("since", &date(since_ms))])
        }
    };
    match access {
        Ok(()) => {
            let seen = fill(&texts.manta_seen, &[("token", &token)]);
            match state {
                TokenState::Good { .. } | TokenState::Unreadable => report.good(what, seen),
                TokenState::Ending { .. } | TokenState::Over { .. } => {
                    let fix = fill(&texts.manta_renew_fix, &[("name", name)]);
                    report.add(Mark::Odd, what, seen, fix);
                }
            }
        }
        Err(refused) => {
            let code = refused.code.map(|code| format!("{code} "));
            let code = code.unwrap_or_default();
            let seen = format!("{code}{} · {token}", refused.text);
            let fix = match (refused.meaning, state) {
                (_, TokenState::Over { .. }) => &texts.manta_renew_fix,
                (PointsRefusal::NoAccess, _) => &texts.manta_access_fix,
                _ => &texts.manta_unavailable_fix,
            };
            report.bad(what, seen, fill(fix, &[("name", name)]));
        }
    }
}
