//! The points mall: its access, its look-ups, its clock, and its switch in each guild.

use super::platform;
use super::report::Mark;
use super::report::Report;
use super::texts::Texts;
use crate::cli::catalogue::fill;
use crate::config::Config;
use crate::model::Policy;
use crate::model::UserId;
use crate::model::refusal::PointsRefusal;
use crate::points::LookupError;
use crate::points::PointsBackend;
use crate::points::mall::GuildMall;
use crate::points::mall::Mall;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;

/// A clock further away than this is worth mending, in seconds; signatures bear some minutes.
const CLOCK_ODD: i64 = 60;
/// A clock further away than this makes signatures fail, in seconds.
const CLOCK_BAD: i64 = 300;

/// The client, where the settings make one.
pub(super) fn client(
    config: &Config,
    clock: Clock,
    pulses: Pulses,
    texts: &Texts,
    report: &mut Report,
) -> Option<Mall> {
    match Mall::new(config.mall.clone()?, clock, pulses) {
        Ok(mall) => Some(mall),
        Err(error) => {
            report.bad(&texts.mall, error.to_string(), &texts.mall_fix);
            None
        }
    }
}

/// Looks up an id nobody has, and compares the clocks.
pub(super) async fn service(mall: &Mall, texts: &Texts, report: &mut Report) {
    match mall.probe().await {
        Ok(()) => report.good(&texts.lookup, &texts.lookup_seen),
        Err(LookupError::Missing) => report.add(
            Mark::Odd,
            &texts.lookup,
            &texts.lookup_missing,
            &texts.lookup_missing_fix,
        ),
        Err(LookupError::AccessRefused { code, text }) => {
            report.bad(&texts.lookup, coded(code, &text), &texts.access_fix);
        }
        Err(LookupError::NoInformation { text }) => {
            report.add(Mark::Odd, &texts.lookup, text, &texts.lookup_unclear_fix);
        }
    }
    let Some(difference) = mall.clock_difference() else {
        return;
    };
    let seconds = difference.as_secs();
    let seen = fill(&texts.clock_seen, &[("seconds", &format!("{seconds:+}"))]);
    let apart = seconds.saturating_abs();
    if apart > CLOCK_BAD {
        report.bad(&texts.clock, seen, &texts.clock_fix);
    } else if apart > CLOCK_ODD {
        report.add(Mark::Odd, &texts.clock, seen, &texts.clock_fix);
    } else {
        report.good(&texts.clock, seen);
    }
}

/// Reads a balance, which shows whether the bot is switched on in the guild.
pub(super) async fn switch(
    handle: &GuildMall,
    asked: UserId,
    policy: &Policy,
    texts: &Texts,
    report: &mut Report,
) {
    let what = fill(&texts.switch, &[("guild", &platform::shown(policy))]);
    let refused = match handle.balance(asked).await {
        Ok(_) => {
            report.good(what, &texts.switch_seen);
            return;
        }
        Err(error) => error.refused,
    };
    let fix = match refused.meaning {
        // Only where the bot is switched on can somebody be told to have no account.
        PointsRefusal::NoAccount => {
            report.good(what, &texts.switch_seen);
            return;
        }
        PointsRefusal::NotEnabledHere => &texts.switch_off_fix,
        PointsRefusal::NoAccess => &texts.access_fix,
        PointsRefusal::Connection => &texts.signature_fix,
        PointsRefusal::TooFast
        | PointsRefusal::Unavailable
        | PointsRefusal::Insufficient
        | PointsRefusal::NotLinked
        | PointsRefusal::Declined
        // People say these, not the mall.
        | PointsRefusal::ByHand
        | PointsRefusal::NotApproved
        | PointsRefusal::ApprovalExpired => &texts.unavailable_fix,
    };
    report.bad(what, coded(refused.code, &refused.text), fix);
}

fn coded(code: Option<i64>, text: &str) -> String {
    match code {
        Some(code) => format!("{code} {text}"),
        None => text.to_owned(),
    }
}
