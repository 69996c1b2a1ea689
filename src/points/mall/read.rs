//! One answer of the mall, read into what it means, with nothing sent.
//!
//! For whoever has an answer and no mall: a recorded one, an invented one, one that a fuzzer made. It
//! goes the way of every answer that was asked for, and leaves no trace: no pulse, no metric, nothing
//! learnt of look-ups or switches.

use super::answer::Answer;
use super::answer::LARGEST_BODY;
use super::answer::Reply;
use super::date;
use super::meaning;
use crate::journal::Refused;
use crate::model::OpId;
use crate::model::UserId;
use crate::points::LookupError;
use crate::points::Record;
use crate::points::Verdict;

/// An answer as HTTP brought it.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// The HTTP status.
    pub status: u16,
    /// Its headers; `Date` and `Retry-After` count, by whatever case, the first of each.
    pub headers: &'a [(&'a str, &'a str)],
    /// The whole body.
    pub body: &'a [u8],
    /// When it came, in milliseconds since 1970; a `Date` goes before it.
    pub now_ms: i64,
    /// What no text of the meaning may repeat.
    pub secrets: &'a [&'a str],
}

impl Received<'_> {
    /// As the answer to `getUserPoint`: the balance in points.
    pub fn balance(&self) -> Result<i64, Refused> {
        meaning::balance(self.answer())
    }

    /// As the answer to `modifyUserPoint`.
    pub fn change(&self) -> Verdict {
        meaning::change(self.answer())
    }

    /// As the answer to `batchModifyUserPoint`: a verdict for each of `members`, which all differ.
    pub fn changes(&self, members: &[UserId]) -> Vec<Verdict> {
        meaning::changes(self.answer(), members)
    }

    /// As the answer to `findPointRecord` for `op`.
    pub fn record(&self, op: &OpId) -> Result<Record, LookupError> {
        meaning::record(self.answer(), op)
    }

    fn answer(&self) -> Answer {
        let now_ms = self
            .header("date")
            .and_then(date::http_date)
            .unwrap_or(self.now_ms);
        let body = if self.body.len() > LARGEST_BODY {
            Err("an answer larger than 1 MiB".to_owned())
        } else {
            Ok(self.body.to_vec())
        };
        let reply = Reply {
            status: self.status,
            retry_after: self
                .header("retry-after")
                .and_then(|value| date::retry_after(value, now_ms)),
            body,
        };
        Answer::of(reply, self.secrets)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::points::DoubtKind;

    #[test]
    fn headers_count_by_any_case_and_a_date_goes_before_the_own_clock() {
        let headers = [
            ("RETRY-AFTER", "Sun, 06 Nov 1994 08:50:07 GMT"),
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ];
        let received = Received {
            status: 429,
            headers: &headers,
            body: b"",
            now_ms: 0,
            secrets: &[],
        };
        let Verdict::Unknown(doubt) = received.change() else {
            panic!("{received:?}");
        };
        let retry_after = Some(Duration::from_secs(30));
        assert_eq!(doubt.kind, DoubtKind::TooFast { retry_after });
    }

    #[test]
    fn what_is_too_large_is_not_looked_at() {
        let mut body = br#"{"code":0,"data":{"point":1}}"#.to_vec();
        body.resize(LARGEST_BODY + 1, b' ');
        let mut received = Received {
            status: 200,
            headers: &[],
            body: &body,
            now_ms: 0,
            secrets: &[],
        };
        assert!(received.balance().is_err());
        received.body = &body[..LARGEST_BODY];
        assert_eq!(received.balance(), Ok(1));
    }
}
