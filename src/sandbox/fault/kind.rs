//! The kinds of trouble, by the names they have in control requests.

use serde::Deserialize;
use serde::Serialize;

/// What happens to a spoiled request. Source: points-backends, 5.4.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// The connection closes and nothing has been applied.
    DropBefore,
    /// The request is applied, then the connection closes without an answer.
    DropAfter,
    /// The request waits before it is checked and applied, also when its sender has left.
    DelayBefore {
        /// Milliseconds.
        ms: u64,
    },
    /// The request is applied and its answer waits.
    DelayAfter {
        /// Milliseconds.
        ms: u64,
    },
    /// Status 500 without effect.
    #[serde(rename = "status_500_before")]
    Status500Before,
    /// Status 500 with effect.
    #[serde(rename = "status_500_after")]
    Status500After,
    /// An answer that is no JSON.
    MalformedJson {
        /// Whether the request has been applied.
        #[serde(default = "Moment::after")]
        when: Moment,
        /// In which way it is broken.
        #[serde(default)]
        form: Malformed,
    },
    /// Status 200 with a web page.
    #[serde(rename = "html_200")]
    Html200 {
        /// Whether the request has been applied.
        #[serde(default = "Moment::before")]
        when: Moment,
    },
    /// Status 429 without effect.
    #[serde(rename = "rate_429")]
    Rate429 {
        /// The header of that name.
        #[serde(default)]
        retry_after: RetryAfter,
    },
    /// The outer result code in an unusual form.
    OddCode {
        /// Which.
        form: OddCode,
    },
    /// An outer result code instead of the right answer; documented or not, with or without effect.
    AnswerCode {
        /// The code.
        code: i64,
        /// Whether the request has been applied.
        #[serde(default = "Moment::before")]
        when: Moment,
    },
    /// Ids as floating-point numbers, their last digits lost.
    IdsAsFloat,
    /// Balances and amounts as strings.
    PointsAsString,
    /// Fields nobody asked for, and the others the wrong way round.
    ExtraAndReorderedFields,
    /// The request is delivered twice.
    DuplicateRequest {
        /// Which of the two answers the sender gets.
        #[serde(default)]
        sees: Delivery,
    },
    /// The server's clock is wrong.
    ClockSkew {
        /// Milliseconds ahead; negative is behind.
        ms: i64,
    },
    /// Fewer results than entries.
    BatchTruncate {
        /// How many are missing.
        n: usize,
    },
    /// More results than entries.
    BatchExtra {
        /// How many too many.
        n: usize,
    },
    /// A redirect to another host, without effect.
    #[serde(rename = "redirect_302")]
    Redirect302 {
        /// Where to; a name that cannot exist if absent.
        #[serde(default)]
        location: Option<String>,
    },
    /// The request is applied and the answer's body comes at one byte a second.
    SlowBody,
    /// A message card is refused as a kind that is not supported (5105); everything else passes and is
    /// not counted.
    CardsRefused,
}

/// Whether a spoiled request has its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// The trouble comes before anything is applied.
    Before,
    /// The trouble comes after the effect.
    After,
}

impl Moment {
    fn before() -> Self {
        Self::Before
    }

    fn after() -> Self {
        Self::After
    }
}

/// The ways in which an answer is no JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Malformed {
    /// It ends in the middle.
    #[default]
    Cut,
    /// It holds a byte that no UTF-8 text has.
    NotUtf8,
}

/// The header `Retry-After` of a 429.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// No such header.
    #[default]
    Absent,
    /// A number of seconds.
    Seconds(u32),
    /// A date so many seconds ahead.
    Date(u32),
    /// 999999 seconds, which nobody waits for.
    Absurd,
}

/// Unusual forms of the outer result code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OddCode {
    /// The right number as a string.
    String,
    /// No such field.
    Missing,
    /// `null`.
    Null,
}

/// One of the two deliveries of a doubled request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// The one that arrived first.
    #[default]
    First,
    /// The one that arrived second.
    Second,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_named_as_documented() {
        for (text, kind) in [
            (r#"{"kind":"drop_after"}"#, FaultKind::DropAfter),
            (
                r#"{"kind":"status_500_before"}"#,
                FaultKind::Status500Before,
            ),
            (
                r#"{"kind":"html_200"}"#,
                FaultKind::Html200 {
                    when: Moment::Before,
                },
            ),
            (
                r#"{"kind":"malformed_json"}"#,
                FaultKind::MalformedJson {
                    when: Moment::After,
                    form: Malformed::Cut,
                },
            ),
            (
                r#"{"kind":"rate_429","retry_after":{"seconds":3}}"#,
                FaultKind::Rate429 {
                    retry_after: RetryAfter::Seconds(3),
                },
            ),
            (
                r#"{"kind":"duplicate_request","sees":"second"}"#,
                FaultKind::DuplicateRequest {
                    sees: Delivery::Second,
                },
            ),
            (
                r#"{"kind":"redirect_302"}"#,
                FaultKind::Redirect302 { location: None },
            ),
            (r#"{"kind":"cards_refused"}"#, FaultKind::CardsRefused),
            (
                r#"{"kind":"delay_before","ms":50}"#,
                FaultKind::DelayBefore { ms: 50 },
            ),
        ] {
            assert_eq!(serde_json::from_str::<FaultKind>(text).unwrap(), kind);
            let back = serde_json::to_string(&kind).unwrap();
            assert_eq!(serde_json::from_str::<FaultKind>(&back).unwrap(), kind);
        }
        assert!(serde_json::from_str::<FaultKind>(r#"{"kind":"drop"}"#).is_err());
    }
}
