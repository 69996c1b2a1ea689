//! The chat platform: token, gateway, guilds.

use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::report::Report;
use super::texts::Texts;
use crate::cli::catalogue::fill;
use crate::config::Config;
use crate::fanbook::Event;
use crate::fanbook::api::ApiError;
use crate::fanbook::api::BotApi;
use crate::fanbook::api::GuildFacts;
use crate::fanbook::api::Me;
use crate::fanbook::gateway::Gateway;
use crate::model::Policy;
use crate::model::RoleId;
use crate::support::pulse::Pulses;
use crate::support::pulse::edge;

/// How long the gateway may take to greet.
const GREETING: Duration = Duration::from_secs(15);
/// How long saying goodbye to it may take.
const GOODBYE: Duration = Duration::from_secs(3);

/// Asks who the bot is.
pub(super) async fn token(api: &BotApi, texts: &Texts, report: &mut Report) -> Option<Me> {
    match api.me().await {
        Ok(me) => {
            let holes = [("name", &*me.name), ("id", &*me.id.to_string())];
            report.good(&texts.token, fill(&texts.token_seen, &holes));
            Some(me)
        }
        Err(error) => {
            let fix = match &error {
                ApiError::NotSent(_) | ApiError::Unknown(_) | ApiError::TooFast(_) => {
                    &texts.network_fix
                }
                _ => &texts.token_fix,
            };
            report.bad(&texts.token, chain(error), fix);
            None
        }
    }
}

/// Connects to the gateway, waits for its greeting, and leaves.
pub(super) async fn gateway(
    config: &Config,
    api: &BotApi,
    pulses: &Pulses,
    texts: &Texts,
    report: &mut Report,
) {
    let stop = CancellationToken::new();
    let mut gateway = Gateway::new(
        config.gateway.clone(),
        api.clone(),
        pulses.clone(),
        stop.clone(),
    );
    let greeted = timeout(GREETING, async {
        while let Some(event) = gateway.next().await {
            if matches!(event, Event::Connected) {
                return;
            }
        }
    });
    match greeted.await {
        Ok(()) => report.good(&texts.gateway, &texts.gateway_seen),
        Err(_) => {
            let seen = match pulses.of(edge::GATEWAY).trouble {
                Some(trouble) => trouble.what,
                None => {
                    let seconds = GREETING.as_secs().to_string();
                    fill(&texts.gateway_silent, &[("seconds", &seconds)])
                }
            };
            report.bad(&texts.gateway, seen, &texts.gateway_fix);
        }
    }
    stop.cancel();
    // What comes now is nobody's: the goodbye is all that matters, and it may as well not arrive.
    let _left = timeout(GOODBYE, async { while gateway.next().await.is_some() {} }).await;
}

/// Whether the bot is in the guild and the roles of the settings exist there.
pub(super) async fn guild(
    api: &BotApi,
    me: &Me,
    policy: &Policy,
    texts: &Texts,
    report: &mut Report,
) -> Option<GuildFacts> {
    let shown = shown(policy);
    let what = fill(&texts.guild, &[("guild", &shown)]);
    let facts = match api.guild(policy.guild, me.id).await {
        Ok(facts) => facts,
        Err(error) => {
            let fix = fix(&error, texts);
            report.bad(what, chain(error), fix);
            return None;
        }
    };
    report.good(what, fill(&texts.guild_seen, &[("name", &facts.name)]));
    let what = fill(&texts.roles, &[("guild", &shown)]);
    match api.roles(policy.guild).await {
        Ok(roles) => {
            let named = || policy.admin_roles.iter().chain(&policy.moderator_roles);
            let missing: Vec<&RoleId> = named()
                .filter(|named| roles.iter().all(|role| role.id != **named))
                .collect();
            if missing.is_empty() {
                let count = named().count().to_string();
                report.good(what, fill(&texts.roles_seen, &[("count", &count)]));
            } else {
                let ids: Vec<String> = missing.iter().map(ToString::to_string).collect();
                let seen = fill(&texts.roles_missing, &[("ids", &ids.join(", "))]);
                report.bad(what, seen, &texts.roles_missing_fix);
            }
        }
        Err(error) => {
            let fix = fix(&error, texts);
            report.bad(what, chain(error), fix);
        }
    }
    Some(facts)
}

/// A guild as an operator knows it: the name they gave it, else its id.
pub(super) fn shown(policy: &Policy) -> String {
    match &policy.name {
        Some(name) => format!("{name} ({})", policy.guild),
        None => policy.guild.to_string(),
    }
}

/// What to do about an answer that did not come.
pub(super) fn fix<'a>(error: &ApiError, texts: &'a Texts) -> &'a str {
    match error {
        ApiError::Forbidden => &texts.guild_rights_fix,
        ApiError::NotSent(_) | ApiError::Unknown(_) | ApiError::TooFast(_) => &texts.network_fix,
        _ => &texts.guild_gone_fix,
    }
}

/// An error with what caused it.
pub(super) fn chain(error: ApiError) -> String {
    format!("{:#}", anyhow::Error::new(error))
}
