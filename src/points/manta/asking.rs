//! Asking for a list until there is an answer that counts, or no time is left.
//!
//! Invariants: a question is asked three times at most, and not at all while the service has asked for
//! a wait. No wait goes past the deadline of the question: where it would, the answer is given at once.
//! A pair that is refused is read anew once, and tried once more where it is another one by then.
//!
//! Source: points-backends, 3.4. Reads are safe to repeat after a time-out, a 429 and a 5xx.

use std::time::Duration;

use tokio::time::Instant;
use tokio::time::sleep_until;

use super::answer::Answer;
use super::answer::Refusal;
use super::client::Manta;
use super::list::List;
use super::meaning;
use super::meaning::Found;
use super::meaning::code;
use super::request;
use super::request::Endpoint;
use crate::journal::BalanceRead;
use crate::journal::Refused;
use crate::model::Account;
use crate::model::refusal::PointsRefusal;
use crate::points::ReadError;
use crate::support::retry::Backoff;

/// How often one list is asked for.
const TRIES: usize = 3;

/// Waits between tries that failed without a stated wait.
const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(250),
    most: Duration::from_secs(2),
    times: None,
};

/// How often the halves of a list are asked for after a refusal that concerns some member of it.
///
/// Enough to find two or three in a full list.
const SPLITS: usize = 32;

/// What became of each account of a list.
pub(super) type Answers = Vec<(Account, Result<BalanceRead, ReadError>)>;

impl Manta {
    /// The balances of a list, each account once, as far as they can be learnt until `until`.
    pub(super) async fn look_up(&self, list: List, until: Instant) -> Answers {
        let mut answers = Answers::with_capacity(list.len());
        let mut open = vec![list];
        let mut splits = SPLITS;
        while let Some(list) = open.pop() {
            self.inner.watch.asks(list.len());
            let answer = self.ask(&list, until).await;
            let read_ms = self.inner.clock.now_ms();
            if let Answer::Well(fields) = &answer {
                let found = meaning::found(fields, &list);
                let accounts = list.accounts().map(|(_, account)| account.clone());
                answers.extend(accounts.zip(found.into_iter().map(|f| told(f, read_ms))));
                continue;
            }
            // Somebody of the list is not known, and the answer does not say who.
            let of_one = answer.refusal().and_then(|refusal| refusal.code) == Some(code::NO_CLIENT);
            if of_one && list.len() > 1 && splits > 0 {
                splits -= 1;
                open.extend(list.halves());
                continue;
            }
            let mut refused = meaning::refused(&answer).expect("it is no success");
            if of_one && list.len() > 1 {
                refused.meaning = PointsRefusal::Unavailable;
            }
            let all = list.accounts().map(|(_, account)| account.clone());
            answers.extend(all.map(|account| {
                let refused = refused.clone();
                (account, Err(ReadError { refused }))
            }));
        }
        answers
    }

    /// Asks until an answer counts.
    async fn ask(&self, list: &List, until: Instant) -> Answer {
        let inner = &self.inner;
        let mut pair = inner.keys.current().await;
        let mut read_anew = false;
        let mut delays = BACKOFF.delays();
        let mut tries = 0;
        loop {
            if let Some(paused) = inner.pause.until() {
                if paused >= until {
                    return waiting();
                }
                sleep_until(paused).await;
                // Somebody else may have been asked to wait longer.
                continue;
            }
            let sent = Instant::now();
            let left = until.saturating_duration_since(sent).min(inner.timeout);
            if left.is_zero() {
                let seen = "MantaGO was too slow to be asked in time".to_owned();
                return Answer::Unclear { status: None, seen };
            }
            let body = request::points(pair.secret(), list);
            let answer = self.send(Endpoint::Points, &pair, body, left).await;
            inner.watch.lasts(&pair, inner.clock.now_ms());
            tries += 1;
            let wait = match &answer {
                Answer::Well(_) => {
                    inner.pause.over();
                    return answer;
                }
                Answer::Refused(refusal) if refusal.status == 429 && refusal.code.is_none() => {
                    inner.pause.ask(sent, refusal.retry_after);
                    Duration::ZERO
                }
                Answer::Refused(refusal) if meaning::concerns_pair(refusal) && !read_anew => {
                    read_anew = true;
                    let fresh = inner.keys.anew().await;
                    if fresh.is(&pair) {
                        return answer;
                    }
                    pair = fresh;
                    // The service is well: this is no try of the same question.
                    tries -= 1;
                    Duration::ZERO
                }
                Answer::Refused(refusal)
                    if (500..=599).contains(&refusal.status) && refusal.code.is_none() =>
                {
                    delays.next().unwrap_or_default()
                }
                Answer::Refused(_) => return answer,
                Answer::Unclear { status, .. } => match status {
                    // What came back whole and cannot be read will be no better.
                    Some(200..=499) => return answer,
                    _ => delays.next().unwrap_or_default(),
                },
                Answer::NotSent { .. } => delays.next().unwrap_or_default(),
            };
            let next = Instant::now() + wait;
            if tries >= TRIES || next >= until {
                return answer;
            }
            sleep_until(next).await;
        }
    }
}

/// What is said while the service has asked for a wait: it is not asked.
fn waiting() -> Answer {
    Answer::Refused(Refusal {
        status: 429,
        code: None,
        text: "MantaGO has asked for a wait, which is not over".to_owned(),
        retry_after: None,
    })
}

fn told(found: Found, read_ms: i64) -> Result<BalanceRead, ReadError> {
    let refused = |meaning, text: &str| {
        Err(ReadError {
            refused: Refused {
                meaning,
                code: None,
                text: text.to_owned(),
            },
        })
    };
    match found {
        Found::Points(points) => Ok(BalanceRead { points, read_ms }),
        Found::Missing => refused(PointsRefusal::NoAccount, "the account was not found"),
        Found::Unreadable => refused(
            PointsRefusal::Unavailable,
            "an answer without readable points for this account",
        ),
    }
}
