//! What has come over the wire, for the page and for tests, with secrets and signatures left out.
//!
//! A request is under way from its arrival, body and all, until its answer is on its way out. So a
//! caller never sees fewer under way than stand here: it still has to read that answer.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::MutexGuard;

use serde::Serialize;

use crate::sandbox::fault::FaultKind;

/// Requests that are remembered.
const KEPT: usize = 1000;

/// One request and how it was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Request {
    /// When it was answered, in milliseconds since 1970 by the sandbox's clock.
    pub time_ms: i64,
    /// The HTTP method.
    pub method: String,
    /// The name of the endpoint, or the path where there is none.
    pub endpoint: String,
    /// The query, or the body, cut after 300 characters; headers are left out.
    pub request: String,
    /// Whom the request says it speaks for, where a system has such a word: Swan's user of the
    /// header, Manta's bot id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    /// The HTTP status; `None` if the connection was closed instead.
    pub status: Option<u16>,
    /// The result code as the system meant it, before a fault could spoil it.
    pub code: Option<i64>,
    /// The same of a system that has words for codes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errcode: Option<&'static str>,
    /// The system's words with it.
    pub words: String,
    /// Operations that took effect.
    pub applied: usize,
    /// The fault it met.
    pub fault: Option<FaultKind>,
    /// The how manieth request it was to arrive, from 1; answers may come in another order.
    pub arrival: u64,
    /// The most requests that were under way at one moment of its stay, itself among them.
    pub most_under_way: usize,
}

/// What is remembered of a request besides its answer.
pub struct Noted {
    /// The query, or the body, without secrets.
    pub request: String,
    /// Whom it says it speaks for.
    pub caller: Option<String>,
}

/// How many requests there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// Requests that have arrived so far.
    pub arrived: u64,
    /// Requests under way right now.
    pub under_way: usize,
    /// The most that were under way at one moment.
    pub peak: usize,
}

/// The last requests, and those under way.
#[derive(Default)]
pub struct RequestLog {
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    kept: VecDeque<Request>,
    traffic: Traffic,
    /// The most that were under way during the stay of each that is, by its arrival.
    stays: HashMap<u64, usize>,
}

/// One request under way; over when dropped, however it ends.
pub struct Stay<'a> {
    log: &'a RequestLog,
    arrival: u64,
}

impl RequestLog {
    /// A request has arrived.
    pub fn arrives(&self) -> Stay<'_> {
        let mut book = self.book();
        book.traffic.arrived += 1;
        book.traffic.under_way += 1;
        let under_way = book.traffic.under_way;
        book.traffic.peak = book.traffic.peak.max(under_way);
        let arrival = book.traffic.arrived;
        book.stays.insert(arrival, under_way);
        for most in book.stays.values_mut() {
            *most = under_way.max(*most);
        }
        Stay { log: self, arrival }
    }

    /// Adds one and forgets the oldest if there are too many.
    pub fn note(&self, request: Request) {
        let mut book = self.book();
        if book.kept.len() == KEPT {
            book.kept.pop_front();
        }
        book.kept.push_back(request);
    }

    /// All of them, in the order of their answers, oldest first.
    pub fn list(&self) -> Vec<Request> {
        self.book().kept.iter().cloned().collect()
    }

    /// The last few, oldest first.
    pub fn last(&self, count: usize) -> Vec<Request> {
        let book = self.book();
        let skipped = book.kept.len().saturating_sub(count);
        book.kept.iter().skip(skipped).cloned().collect()
    }

    /// How many there are.
    pub fn traffic(&self) -> Traffic {
        self.book().traffic
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book
            .lock()
            .expect("nothing that holds the list can panic")
    }
}

impl Stay<'_> {
    /// The how manieth request it was to arrive.
    pub fn arrival(&self) -> u64 {
        self.arrival
    }

    /// The most that were under way at one moment since it came.
    pub fn most(&self) -> usize {
        self.log
            .book()
            .stays
            .get(&self.arrival)
            .copied()
            .unwrap_or_default()
    }
}

impl Drop for Stay<'_> {
    fn drop(&mut self) {
        let mut book = self.log.book();
        book.stays.remove(&self.arrival);
        book.traffic.under_way -= 1;
    }
}
