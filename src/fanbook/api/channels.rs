//! The channels of a guild, as far as the bot sees them.

use serde::Deserialize;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::fanbook::api::BotApi;
use crate::fanbook::api::call::Body;
use crate::fanbook::api::errors::ApiError;
use crate::fanbook::api::errors::NoAnswer;
use crate::fanbook::wire::lenient;
use crate::fanbook::wire::lenient::Raw;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::Postable;
use crate::model::UserId;

/// A channel of a guild.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuildChannel {
    /// The channel.
    pub id: ChannelId,
    /// Its name. Untrusted text.
    pub name: String,
    /// What it is for.
    pub kind: ChannelKind,
}

/// What a channel is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelKind {
    /// Messages.
    Text,
    /// Something else: voice, a heading of others, a circle, a link and so on.
    Other,
    /// Nobody has told us, or something that was not there when this was written.
    Unknown,
}

/// Whether messages can be posted in `channel`, going by the list of its guild.
///
/// No guild is without channels, so an empty list tells nothing.
pub fn postable(channel: ChannelId, list: &[GuildChannel]) -> Postable {
    match list.iter().find(|listed| listed.id == channel) {
        None if list.is_empty() => Postable::Untold,
        None => Postable::NotThere,
        Some(listed) if listed.kind == ChannelKind::Other => Postable::NoText(listed.name.clone()),
        Some(_) => Postable::Yes,
    }
}

/// Ids as strings: one of the path-like methods.
#[derive(Serialize)]
struct ChannelsOf {
    guild_id: String,
    user_id: String,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    channel_id: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    name: Raw<'a>,
    #[serde(rename = "type", borrow, default)]
    #[serde(deserialize_with = "lenient::present")]
    kind: Raw<'a>,
}

impl BotApi {
    /// The channels of a guild that the bot sees. `asker` is a formality of the method; the bot's own
    /// id will do.
    ///
    /// Source: fanbook-platform, 4.11.
    pub async fn channels(
        &self,
        guild: GuildId,
        asker: UserId,
    ) -> Result<Vec<GuildChannel>, ApiError> {
        let body = ChannelsOf {
            guild_id: guild.to_string(),
            user_id: asker.to_string(),
        };
        let payload = self.read("channel/list", Body::Json(&body)).await?;
        channels(&payload).ok_or(ApiError::Unknown(NoAnswer::Unreadable("channels")))
    }
}

/// The channels of a list, which is not to be had where one of them has no id: it might be the one
/// that is looked for.
fn channels(payload: &RawValue) -> Option<Vec<GuildChannel>> {
    let entries = lenient::list(Some(payload))?;
    entries.into_iter().map(channel).collect()
}

fn channel(raw: &RawValue) -> Option<GuildChannel> {
    let entry: Entry<'_> = lenient::object(Some(raw))?;
    Some(GuildChannel {
        id: ChannelId::new(lenient::id(entry.channel_id).some()?),
        name: lenient::string(entry.name).unwrap_or_default(),
        // Source: fanbook-platform, 4.11. Other values may appear and are no reason to fail.
        kind: match lenient::integer(entry.kind) {
            Some(0) => ChannelKind::Text,
            Some(1..=10) => ChannelKind::Other,
            _ => ChannelKind::Unknown,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Vec<GuildChannel>> {
        channels(serde_json::from_str(text).expect("it is JSON"))
    }

    #[test]
    fn whatever_a_channel_is_it_is_read() {
        let list = read(
            r#"[{"channel_id":"7","name":"综合","type":0},{"channel_id":8,"name":"语音","type":"1"},
                {"channel_id":"9","name":null,"type":77},{"channel_id":"10"}]"#,
        )
        .expect("a list");
        let kinds: Vec<_> = list.iter().map(|it| (it.id.number(), it.kind)).collect();
        assert_eq!(
            kinds,
            [
                (7, ChannelKind::Text),
                (8, ChannelKind::Other),
                (9, ChannelKind::Unknown),
                (10, ChannelKind::Unknown),
            ]
        );
        for (channel, wanted) in [
            (7, Postable::Yes),
            (8, Postable::NoText("语音".to_owned())),
            (9, Postable::Yes),
            (10, Postable::Yes),
            (11, Postable::NotThere),
        ] {
            assert_eq!(postable(ChannelId::new(channel), &list), wanted);
        }
        assert_eq!(postable(ChannelId::new(7), &[]), Postable::Untold);
    }

    #[test]
    fn a_list_that_cannot_be_read_whole_tells_nothing() {
        assert_eq!(read("[]"), Some(Vec::new()));
        for broken in ["null", "{}", r#"[{"channel_id":"7"},{"name":"?"}]"#, "[7]"] {
            assert_eq!(read(broken), None, "{broken}");
        }
    }
}
