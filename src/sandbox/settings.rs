//! Switches of the imitated platform: what the documents leave open, and what can go wrong.
//!
//! Every default is the behaviour with the better evidence; a test of the bot runs under the other
//! value too. Source: fanbook-platform, 7 and 8.

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use super::id_text;
use crate::model::ids::UserId;

/// How the imitated platform behaves; changed as a whole or key by key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlatformSettings {
    /// Whether the bot is on the send whitelist; if not, every send fails with 10002.
    pub whitelisted: bool,
    /// The HTTP status of that failure, 400 or 200.
    pub not_whitelisted_status: u16,
    /// Sends allowed within any one second of the sandbox's clock before 10002; none is no limit.
    pub send_per_second: Option<u32>,
    /// The HTTP status of every other refusal; bodies are the same.
    pub refusal_status: u16,
    /// The name of the field that carries a refusal's code.
    pub error_key: ErrorKey,
    /// Whether gateway frames are text instead of binary.
    pub text_frames: bool,
    /// Whether Bot API answers are labelled as JSON instead of plain text.
    pub json_content_type: bool,
    /// What an edit answers.
    pub edit_answer: EditAnswer,
    /// Whether ids must have exactly the documented JSON type in every method, not only in those
    /// known to insist.
    pub strict_ids: bool,
    /// Whether a message card is refused (5103) unless it is made of the widgets, attributes and values
    /// that have been seen in use; what else there is no document says.
    pub strict_cards: bool,
    /// Whether a fresh `user_token` makes the earlier ones useless for new connections.
    pub new_token_revokes_old: bool,
    /// Whether `desc` of guild messages holds the plain text, as newer frames do.
    pub desc_in_guilds: bool,
    /// Whether pushes carry a top-level `"status":true`.
    pub push_status: bool,
    /// Whether pushes state their time in seconds.
    pub time_in_seconds: bool,
    /// Whether items of the message history carry `member` and `mentions`.
    pub history_with_member: bool,
    /// The key of the message history's list.
    pub history_key: HistoryKey,
    /// Whether `message/getList` works for this bot at all.
    pub history_open: bool,
    /// Whether `User` and `Group` of the member list are written in lower case.
    pub lower_case_member_keys: bool,
    /// Whether the guild's roles include one keyed by the guild's id.
    pub everyone_role: bool,
    /// How often each push is delivered, 1 to 10.
    pub deliveries: u32,
    /// Users who have closed private messages (1037).
    #[serde(serialize_with = "id_text::many")]
    pub private_closed: Vec<UserId>,
    /// Users who have blocked the bot (1038).
    #[serde(serialize_with = "id_text::many")]
    pub bot_blocked: Vec<UserId>,
}

/// The field that carries a refusal's code. Source: fanbook-platform, 7 row 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKey {
    /// As nearly all clients read it.
    ErrorCode,
    /// As one SDK reads it.
    ErrCode,
    /// As status-style envelopes have it.
    Code,
}

/// What an edit answers. Source: fanbook-platform, 7 row 18.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EditAnswer {
    /// The edited message.
    Message,
    /// Just `true`.
    True,
}

/// The key of the message history's list. Source: fanbook-platform, 7 row 11.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryKey {
    /// As seen in use.
    Data,
    /// As other methods have it.
    Result,
}

impl Default for PlatformSettings {
    fn default() -> Self {
        Self {
            whitelisted: true,
            not_whitelisted_status: 400,
            send_per_second: None,
            refusal_status: 200,
            error_key: ErrorKey::ErrorCode,
            text_frames: false,
            json_content_type: false,
            edit_answer: EditAnswer::Message,
            strict_ids: false,
            strict_cards: false,
            new_token_revokes_old: false,
            desc_in_guilds: false,
            push_status: false,
            time_in_seconds: false,
            history_with_member: false,
            history_key: HistoryKey::Data,
            history_open: true,
            lower_case_member_keys: false,
            everyone_role: false,
            deliveries: 1,
            private_closed: Vec::new(),
            bot_blocked: Vec::new(),
        }
    }
}

impl PlatformSettings {
    /// These settings with the given keys replaced; the sentence says which key or value is wrong.
    pub fn changed(&self, keys: &Value) -> Result<Self, String> {
        let mut all = serde_json::to_value(self).expect("plain fields always serialise");
        let (Value::Object(all_keys), Value::Object(new)) = (&mut all, keys) else {
            return Err("the settings to change must be a JSON object".to_owned());
        };
        all_keys.extend(new.iter().map(|(key, value)| (key.clone(), value.clone())));
        let changed: Self = serde_json::from_value(all).map_err(|error| error.to_string())?;
        if !matches!(changed.not_whitelisted_status, 200 | 400) {
            return Err("`not_whitelisted_status` must be 200 or 400".to_owned());
        }
        if !matches!(changed.refusal_status, 200 | 400..=499) {
            return Err("`refusal_status` must be 200 or from 400 to 499".to_owned());
        }
        if !(1..=10).contains(&changed.deliveries) {
            return Err("`deliveries` must be from 1 to 10".to_owned());
        }
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_change_one_by_one_and_unknown_ones_are_named() {
        let settings = PlatformSettings::default();
        let changed = settings
            .changed(&json!({"whitelisted": false, "private_closed": ["223456789012345677"]}))
            .unwrap();
        assert!(!changed.whitelisted);
        assert_eq!(
            changed.private_closed,
            [UserId::new(223_456_789_012_345_677)]
        );
        assert_eq!(changed.not_whitelisted_status, 400);
        let error = settings
            .changed(&json!({"white_listed": true}))
            .unwrap_err();
        assert!(error.contains("white_listed"), "{error}");
        assert!(settings.changed(&json!({"deliveries": 0})).is_err());
    }
}
