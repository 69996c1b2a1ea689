//! What is looked after at intervals for as long as a shift lasts: the memory, the store, the mall's look-up.
//!
//! Invariant: nothing here changes points or says anything in the chat.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::dispatch::Dispatcher;
use crate::journal::Journal;
use crate::points::mall::Mall;
use crate::support::pulse::Pulses;
use crate::support::pulse::edge;

/// Pause between probes of the mall's look-up until one succeeds.
const PROBE_EVERY: Duration = Duration::from_secs(60);
/// Pause between proofs that a store in trouble can be written again.
const PROVE_EVERY: Duration = Duration::from_secs(5);
/// How often what is remembered without use is forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(60);

/// Forgets what has no use any more, now and then.
pub(super) async fn forget(dispatcher: Arc<Dispatcher>, stop: CancellationToken) {
    while stop
        .run_until_cancelled(tokio::time::sleep(FORGET_EVERY))
        .await
        .is_some()
    {
        dispatcher.forget();
    }
}

/// Proves at the start that the store can be written, and again while it is in trouble: nobody should
/// have to try a change to learn it.
pub(super) async fn prove(journal: Journal, pulses: Pulses, stop: CancellationToken) {
    let mut worked = true;
    loop {
        match stop.run_until_cancelled(journal.writable()).await {
            None => return,
            Some(Ok(())) if worked => {}
            Some(Ok(())) => tracing::info!("the store can be written again"),
            Some(Err(error)) if worked => tracing::error!(
                error = format!("{:#}", anyhow::Error::new(error)),
                "the store cannot be written; until it can, no points are changed"
            ),
            Some(Err(_)) => {}
        }
        worked = pulses.of(edge::STORE).beats();
        loop {
            let pause = tokio::time::sleep(PROVE_EVERY);
            if stop.run_until_cancelled(pause).await.is_none() {
                return;
            }
            if !pulses.of(edge::STORE).beats() {
                break;
            }
        }
    }
}

/// Asks the mall whether its look-up works, until it has said so: before that nothing is sent twice.
pub(super) async fn probe(mall: Mall, stop: CancellationToken) {
    loop {
        match stop.run_until_cancelled(mall.probe()).await {
            None | Some(Ok(())) => return,
            Some(Err(error)) => tracing::warn!(
                ?error,
                "the mall's look-up could not be proved; what is in doubt is not sent again until it is"
            ),
        }
        if stop
            .run_until_cancelled(tokio::time::sleep(PROBE_EVERY))
            .await
            .is_none()
        {
            return;
        }
    }
}
