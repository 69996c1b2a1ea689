//! The token and the secret of one bot over there, and the files they are kept in.
//!
//! Invariants: the two belong together, so both are read anew or neither; what cannot be read leaves
//! the pair in use as it is. A pair whose files changed is used from the next request on, so a running
//! bot needs no restart after a renewal. While one file of the two is new and the other old, requests
//! are refused, which reads both again.

use std::fmt;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::SystemTime;

use reqwest::header::HeaderValue;

use super::token;
use super::token::TokenState;
use crate::support::secret::Secret;

/// A secret that may be kept in a file of its own, which may be written anew while the bot runs.
#[derive(Clone, Debug)]
pub struct KeptSecret {
    /// As it was at the start.
    pub value: Secret,
    /// The file it is kept in, if it is.
    pub file: Option<PathBuf>,
}

/// A token and the secret that goes with it.
#[derive(Clone)]
pub struct Pair {
    token: Secret,
    secret: Secret,
    bearer: HeaderValue,
    expiry_ms: Option<i64>,
}

impl Pair {
    /// Puts the two together; the error says what cannot be sent.
    pub fn new(token: Secret, secret: Secret) -> Result<Self, &'static str> {
        let sendable = |secret: &Secret| {
            let value = secret.expose();
            !value.is_empty() && value.bytes().all(|b| b.is_ascii_graphic())
        };
        // The header would lose blanks, and `HeaderValue` refuses the rest.
        if !sendable(&token) {
            return Err("token");
        }
        if secret.expose().trim().is_empty() || secret.expose().chars().any(char::is_control) {
            return Err("secret");
        }
        let mut bearer =
            HeaderValue::from_str(&format!("Bearer {}", token.expose())).map_err(|_| "token")?;
        bearer.set_sensitive(true);
        let expiry_ms = token::expiry_ms(token.expose());
        Ok(Self {
            token,
            secret,
            bearer,
            expiry_ms,
        })
    }

    /// The token.
    pub fn token(&self) -> &Secret {
        &self.token
    }

    /// The secret of every body.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// How the token stands at `now_ms`.
    pub fn stands(&self, now_ms: i64) -> TokenState {
        TokenState::at(self.expiry_ms, now_ms)
    }

    /// When the token expires, in milliseconds since 1970, where it says so.
    pub(super) fn expiry_ms(&self) -> Option<i64> {
        self.expiry_ms
    }

    /// As the header has it.
    pub(super) fn bearer(&self) -> HeaderValue {
        self.bearer.clone()
    }

    /// Whether it is the same pair.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.token.expose() == other.token.expose() && self.secret.expose() == other.secret.expose()
    }
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair").finish_non_exhaustive()
    }
}

/// The pair in use, and where it comes from.
pub(super) struct Keys {
    token_file: Option<PathBuf>,
    secret_file: Option<PathBuf>,
    held: Mutex<Held>,
}

struct Held {
    pair: Arc<Pair>,
    /// How the files were when they were last read; nothing is known of them at the start.
    seen: Option<[Option<Stamp>; 2]>,
}

/// Enough of a file to notice that it was written anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
}

impl Keys {
    /// The pair as it was at the start.
    pub(super) fn new(token: &KeptSecret, secret: &KeptSecret) -> Result<Self, &'static str> {
        let pair = Pair::new(token.value.clone(), secret.value.clone())?;
        Ok(Self {
            token_file: token.file.clone(),
            secret_file: secret.file.clone(),
            held: Mutex::new(Held {
                pair: Arc::new(pair),
                seen: None,
            }),
        })
    }

    /// The pair to use now: read anew if its files changed.
    pub(super) async fn current(&self) -> Arc<Pair> {
        if self.are_given() {
            return self.held().pair.clone();
        }
        let stamps = self.stamps().await;
        let known = {
            let held = self.held();
            (held.seen == Some(stamps)).then(|| held.pair.clone())
        };
        match known {
            Some(pair) => pair,
            None => self.read(stamps).await,
        }
    }

    /// The pair as its files have it now, whatever they look like from outside.
    pub(super) async fn anew(&self) -> Arc<Pair> {
        if self.are_given() {
            return self.held().pair.clone();
        }
        let stamps = self.stamps().await;
        self.read(stamps).await
    }

    /// Whether neither is kept in a file, so that nothing can change while the process runs.
    fn are_given(&self) -> bool {
        self.token_file.is_none() && self.secret_file.is_none()
    }

    /// `stamps` were taken before, so a write in between is noticed the next time.
    async fn read(&self, stamps: [Option<Stamp>; 2]) -> Arc<Pair> {
        let old = self.held().pair.clone();
        let token = value(self.token_file.as_deref(), old.token()).await;
        let secret = value(self.secret_file.as_deref(), old.secret()).await;
        let read = match (token, secret) {
            (Ok(token), Ok(secret)) => {
                Pair::new(token, secret).map_err(|what| format!("the {what} cannot be sent"))
            }
            (Err(why), _) | (_, Err(why)) => Err(why),
        };
        let mut held = self.held();
        held.seen = Some(stamps);
        match read {
            Ok(read) if read.is(&held.pair) => {}
            Ok(read) => {
                tracing::info!(
                    "a new MantaGO token or secret is in its file; it is used from now on"
                );
                held.pair = Arc::new(read);
            }
            Err(why) => {
                tracing::warn!(
                    why,
                    "the MantaGO pair cannot be read anew; the old one stays in use"
                );
            }
        }
        held.pair.clone()
    }

    async fn stamps(&self) -> [Option<Stamp>; 2] {
        [
            stamp(self.token_file.as_deref()).await,
            stamp(self.secret_file.as_deref()).await,
        ]
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // Both fields are replaced whole, so a panic elsewhere leaves them fit for use.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn stamp(file: Option<&Path>) -> Option<Stamp> {
    let seen = tokio::fs::metadata(file?).await.ok()?;
    Some(Stamp {
        modified: seen.modified().ok(),
        length: seen.len(),
    })
}

/// What the file holds, or what was given where there is none. The rules are those of the settings.
async fn value(file: Option<&Path>, given: &Secret) -> Result<Secret, String> {
    let Some(file) = file else {
        return Ok(given.clone());
    };
    let told = |error: io::Error| format!("file `{}`: {error}", file.display());
    let text = tokio::fs::read_to_string(file).await.map_err(told)?;
    let text = text.trim_end_matches(['\n', '\r']);
    if text.trim().is_empty() {
        return Err(format!("file `{}` is empty", file.display()));
    }
    Ok(Secret::new(text))
}
