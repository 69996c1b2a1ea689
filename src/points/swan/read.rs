//! One answer of Swan, read into what it means, with nothing sent.
//!
//! For whoever has an answer and no installation: a recorded one, an invented one, one that a fuzzer
//! made. It goes the way of every answer that was asked for, and leaves no trace: no pulse, no metric.

use super::account::Blots;
use super::answer::Answer;
use super::answer::LARGEST_BODY;
use super::answer::Reply;
use super::ledger::LedgerPage;
use super::ledger::Statement;
use super::meaning;
use crate::model::Account;
use crate::points::ReadError;
use crate::points::Verdict;

/// An answer as HTTP brought it.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The whole body.
    pub body: &'a [u8],
}

impl Received<'_> {
    /// As the balance of `asked`, in points.
    pub fn balance(&self, asked: &Account) -> Result<i64, ReadError> {
        meaning::balance(self.answer(asked), asked)
    }

    /// As the balance and ledger of `asked`.
    pub fn statement(&self, asked: &Account) -> Result<Statement, ReadError> {
        meaning::statement(self.answer(asked), asked)
    }

    /// As a page of the ledger of `asked`.
    pub fn page(&self, asked: &Account) -> Result<LedgerPage, ReadError> {
        meaning::page(self.answer(asked))
    }

    /// As the answer to a change or a report for `asked`.
    pub fn change(&self, asked: &Account) -> Verdict {
        meaning::change(self.answer(asked))
    }

    fn answer(&self, asked: &Account) -> Answer {
        let body = match self.body.len() > LARGEST_BODY {
            true => Err("an answer larger than 1 MiB".to_owned()),
            false => Ok(self.body.to_vec()),
        };
        let reply = Reply {
            status: self.status,
            retry_after: None,
            body,
        };
        Answer::of(reply, &Blots::new(&[], &[asked.id()]))
    }
}
