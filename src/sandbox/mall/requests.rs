//! What has come over the wire, for the page and for tests, with secrets and signatures left out.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::MutexGuard;

use serde::Serialize;

use crate::sandbox::fault::FaultKind;

/// Requests that are remembered.
const KEPT: usize = 1000;

/// One request and how it was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MallRequest {
    /// When it was answered, in milliseconds since 1970 by the sandbox's clock.
    pub time_ms: i64,
    /// The HTTP method.
    pub method: String,
    /// The name of the endpoint, or the path where there is none.
    pub endpoint: String,
    /// The query, or the body, cut after 300 characters; headers are left out altogether.
    pub request: String,
    /// The HTTP status; `None` if the connection was closed instead.
    pub status: Option<u16>,
    /// The outer result code as the mall meant it, before a fault could spoil it.
    pub code: Option<i64>,
    /// The mall's words with it.
    pub words: String,
    /// Operations that took effect.
    pub applied: usize,
    /// The fault it met.
    pub fault: Option<FaultKind>,
}

/// The last requests.
#[derive(Default)]
pub struct RequestLog {
    kept: Mutex<VecDeque<MallRequest>>,
}

impl RequestLog {
    /// Adds one and forgets the oldest if there are too many.
    pub fn note(&self, request: MallRequest) {
        let mut kept = self.kept();
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(request);
    }

    /// All of them, oldest first.
    pub fn list(&self) -> Vec<MallRequest> {
        self.kept().iter().cloned().collect()
    }

    /// The last few, oldest first.
    pub fn last(&self, count: usize) -> Vec<MallRequest> {
        let kept = self.kept();
        let skipped = kept.len().saturating_sub(count);
        kept.iter().skip(skipped).cloned().collect()
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<MallRequest>> {
        self.kept
            .lock()
            .expect("nothing that holds the list can panic")
    }
}
