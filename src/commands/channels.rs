//! What a command may learn of the channels of a guild while somebody waits for the answer.

use futures_util::future::BoxFuture;

use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::Postable;

/// The channels of guilds.
pub trait Channels: Send + Sync {
    /// Whether messages can be posted in `channel` of `guild`. Where `here` is another of its channels,
    /// a list without that one is not whole and tells nothing.
    fn postable(
        &self,
        guild: GuildId,
        channel: ChannelId,
        here: Option<ChannelId>,
    ) -> BoxFuture<'_, Postable>;
}
