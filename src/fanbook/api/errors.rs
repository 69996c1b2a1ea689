//! What can become of a call, named by what the caller may do next.
//!
//! Invariant: no error holds an address, a token or a member's words; what the platform said is
//! cut, cleaned and has the token blotted out.

use std::fmt;

/// A call that brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Connecting failed, so nothing was sent: safe to repeat.
    #[error("could not connect to the Bot API")]
    NotSent(#[source] reqwest::Error),
    /// There is no answer to go by; a send may have taken effect.
    #[error("the Bot API gave no usable answer")]
    Unknown(#[source] NoAnswer),
    /// Too many requests: nothing was done, try again later. Codes 10002 and 429.
    #[error("too many requests ({0})")]
    TooFast(Pace),
    /// There is no such account or member. Codes 1004 and 1007.
    #[error("no such member")]
    NoSuchMember,
    /// The guild or channel does not exist, or the bot is not in it: stop using it. Codes 1008,
    /// 1011 and 1021.
    #[error("the guild or channel is gone, or the bot is not in it")]
    Gone,
    /// The bot may not do this here: somebody must give it the right. Code 1012, HTTP 401 and 403.
    #[error("the bot lacks a permission for this")]
    Forbidden,
    /// The member takes no private messages from the bot. Codes 1037 and 1038.
    #[error("the member takes no private messages from the bot")]
    Closed,
    /// The text is too long: say less. Code 5104.
    #[error("the text is too long for the platform")]
    TooLong,
    /// Refused for another reason; the same request will be refused again.
    #[error("the Bot API refused the request: {0}")]
    Rejected(Rejection),
    /// Another process owns the bot now, so nothing was sent; whatever is due is due there.
    #[error("this process does not own the bot any more; nothing was sent")]
    NotOwner,
}

impl ApiError {
    /// Whether the next time may be different without anybody doing anything.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::NotSent(_) | Self::TooFast(_) => true,
            Self::Unknown(answer) => !matches!(answer, NoAnswer::Unreadable(_)),
            _ => false,
        }
    }
}

/// A message that was not (or perhaps not) sent.
#[derive(Debug, thiserror::Error)]
pub enum SayError {
    /// Connecting failed, so nothing was sent: safe to repeat.
    #[error("could not connect to the Bot API")]
    NotSent(#[source] reqwest::Error),
    /// A time-out, a reset or a server's failure: the message may stand there already.
    #[error("the Bot API gave no usable answer, the message may have been sent")]
    Unknown(#[source] NoAnswer),
    /// Too many requests; nothing was sent, say it again later.
    #[error("too many requests ({0})")]
    TooFast(Pace),
    /// Code 10002 to the end: the bot is most likely not on the platform's send whitelist.
    #[error("the bot is probably not on Fanbook's send whitelist (code 10002)")]
    NotWhitelisted,
    /// The channel or guild does not exist, or the bot is not in it: stop posting there.
    #[error("the channel or guild is gone, or the bot is not in it")]
    Gone,
    /// The bot may not write there.
    #[error("the bot lacks the permission to write there")]
    Forbidden,
    /// The member takes no private messages from the bot.
    #[error("the member takes no private messages from the bot")]
    Closed,
    /// The text is too long for the platform.
    #[error("the text is too long for the platform")]
    TooLong,
    /// Refused for another reason; the same message will be refused again.
    #[error("the Bot API refused the message: {0}")]
    Rejected(Rejection),
    /// Another process owns the bot now, so nothing was sent; whatever is due is due there.
    #[error("this process does not own the bot any more; nothing was sent")]
    NotOwner,
}

/// Why there is no answer to go by.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// The connection broke or the time ran out after the request may have left.
    #[error("the connection broke or the time ran out")]
    Broken(#[source] reqwest::Error),
    /// A failure of the server: an HTTP status or error code from 500.
    #[error("the server failed with {0}")]
    Server(u16),
    /// The tenure ended while the request was under way.
    #[error("this process stopped being the bot's owner before the answer came")]
    Abandoned,
    /// The answer is not in any known shape.
    #[error("the answer's {0} cannot be read")]
    Unreadable(
        /// The part that cannot be read.
        &'static str,
    ),
}

/// Whose limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// No permit within the time allowed: nothing left this process.
    Ours,
    /// The platform said so.
    Platform,
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Pace::Ours => "no permit in time",
            Pace::Platform => "the platform's limit",
        })
    }
}

/// A refusal in the platform's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The platform's code, where it gave one.
    pub code: Option<i64>,
    /// The HTTP status.
    pub status: u16,
    /// What the platform said, in one line of at most 200 characters. For operators.
    pub said: String,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "code {code}")?,
            None => write!(f, "HTTP {}", self.status)?,
        }
        if !self.said.is_empty() {
            write!(f, ", {}", self.said)?;
        }
        Ok(())
    }
}

impl ApiError {
    /// The name under which the outcome is counted.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            ApiError::NotSent(_) => "not_sent",
            ApiError::Unknown(_) => "unknown",
            ApiError::TooFast(_) => "too_fast",
            ApiError::NoSuchMember => "no_such_member",
            ApiError::Gone => "gone",
            ApiError::Forbidden => "forbidden",
            ApiError::Closed => "closed",
            ApiError::TooLong => "too_long",
            ApiError::Rejected(_) => "rejected",
            ApiError::NotOwner => "not_owner",
        }
    }

    /// Whether the platform has answered, however unkindly.
    pub(super) fn is_answer(&self) -> bool {
        !matches!(self, ApiError::NotSent(_) | ApiError::Unknown(_))
    }
}

impl From<ApiError> for SayError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::NotSent(source) => SayError::NotSent(source),
            ApiError::Unknown(source) => SayError::Unknown(source),
            ApiError::TooFast(pace) => SayError::TooFast(pace),
            ApiError::Gone => SayError::Gone,
            ApiError::Forbidden => SayError::Forbidden,
            ApiError::Closed => SayError::Closed,
            ApiError::TooLong => SayError::TooLong,
            ApiError::NoSuchMember => SayError::Rejected(Rejection {
                code: None,
                status: 200,
                said: "no such member".to_owned(),
            }),
            ApiError::Rejected(rejection) => SayError::Rejected(rejection),
            ApiError::NotOwner => SayError::NotOwner,
        }
    }
}
