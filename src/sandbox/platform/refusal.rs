//! Refusals of the Bot API, by the platform's codes. Source: fanbook-platform, 6.

/// A refusal: its code and sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The platform's code.
    pub code: i64,
    /// The sentence beside it.
    pub description: String,
    /// The HTTP status, where it differs from the selected one.
    pub status: Option<u16>,
}

impl Refusal {
    fn new(code: i64, description: impl Into<String>) -> Self {
        Self {
            code,
            description: description.into(),
            status: None,
        }
    }

    /// 1001: a parameter is missing or wrong.
    pub fn parameter(name: &str) -> Self {
        Self::new(1001, format!("parameter error: {name}"))
    }

    /// The body has the wrong JSON types; its code is not known, this one is the imitation's.
    pub fn body() -> Self {
        Self::new(1001, "Body contents error")
    }

    /// 1001: there is no such message here.
    pub fn message() -> Self {
        Self::new(1001, "message does not exist")
    }

    /// 1004: no such account.
    pub fn account() -> Self {
        Self::new(1004, "user does not exist")
    }

    /// 1007: no such member of the guild.
    pub fn member() -> Self {
        Self::new(1007, "user is not a member of the guild")
    }

    /// 1008: the bot is not in that guild.
    pub fn stranger() -> Self {
        Self::new(1008, "bot is not in the guild")
    }

    /// 1011: no such guild.
    pub fn guild() -> Self {
        Self::new(1011, "guild does not exist")
    }

    /// 1012: the bot may not.
    pub fn permission() -> Self {
        Self::new(1012, "no permission")
    }

    /// 1021: no such channel.
    pub fn channel() -> Self {
        Self::new(1021, "channel does not exist")
    }

    /// 1037: the user has closed private messages.
    pub fn private_closed() -> Self {
        Self::new(1037, "user has closed private messages")
    }

    /// 1038: the user has blocked the bot.
    pub fn bot_blocked() -> Self {
        Self::new(1038, "bot is blocked by the user")
    }

    /// 2010: no room for another card.
    pub fn slots_full() -> Self {
        Self::new(2010, "credit slots are full")
    }

    /// 5103: the content is not valid JSON for its kind.
    pub fn content() -> Self {
        Self::new(5103, "message content is not valid JSON")
    }

    /// 5104: too long.
    pub fn too_long() -> Self {
        Self::new(5104, "message is too long")
    }

    /// 5105: the kind of message is not supported.
    pub fn kind() -> Self {
        Self::new(5105, "message type is not supported")
    }

    /// A refusal by any code, documented or not.
    pub fn other(code: i64) -> Self {
        Self::new(code, "refused")
    }

    /// 10002: too fast, or not on the send whitelist; the sentence is the same for both.
    pub fn too_fast() -> Self {
        Self::new(10002, "limit for bot send per 1 second")
    }

    /// The token in the path is nobody's; no sample of it exists.
    pub fn token() -> Self {
        Self {
            status: Some(401),
            ..Self::new(401, "Unauthorized")
        }
    }

    /// The path names no method.
    pub fn method() -> Self {
        Self {
            status: Some(404),
            ..Self::new(404, "method not found")
        }
    }

    /// The same with another HTTP status.
    pub fn with_status(self, status: u16) -> Self {
        Self {
            status: Some(status),
            ..self
        }
    }
}
