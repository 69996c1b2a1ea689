//! Being asked to stop: the first signal ends the work in order, the second at once.

use std::time::Duration;

use tokio::time::Instant;
use tokio::time::timeout_at;
use tokio_util::sync::CancellationToken;

/// How long further signals count as the same one; a person takes longer to press twice.
const ECHO: Duration = Duration::from_millis(250);

/// Cancels the token it answers at the first signal; ends the process at the second.
pub(super) fn on_signals() -> std::io::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let mut signals = Signals::new()?;
    let token = stop.clone();
    // Ends with the process: there is nobody to stop listening for.
    tokio::spawn(async move {
        let name = signals.next().await.name;
        tracing::info!("{name}: stopping; once more stops at once");
        token.cancel();
        // Whoever signals a process and its group, as `timeout` does, means one signal, not two.
        let echo_until = Instant::now() + ECHO;
        while timeout_at(echo_until, signals.next()).await.is_ok() {}
        let again = signals.next().await;
        tracing::warn!("{}: stopped at once", again.name);
        std::process::exit(again.code);
    });
    Ok(stop)
}

/// A signal, and the code a process ends with that it has ended.
struct Seen {
    name: &'static str,
    code: i32,
}

const INTERRUPTED: Seen = Seen {
    name: "SIGINT",
    code: 130,
};

#[cfg(unix)]
const TERMINATED: Seen = Seen {
    name: "SIGTERM",
    code: 143,
};

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::SignalKind;
        use tokio::signal::unix::signal;

        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Seen {
        tokio::select! {
            // Losing either loses no signal: the stream keeps it for the next call.
            _ = self.interrupt.recv() => INTERRUPTED,
            _ = self.terminate.recv() => TERMINATED,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Seen {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "the console cannot be listened to");
            std::future::pending::<()>().await;
        }
        INTERRUPTED
    }
}
