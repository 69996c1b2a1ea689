//! The channels of a guild, looked at for somebody who waits for the answer.

use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::timeout;

use crate::commands::Channels;
use crate::dispatch::Dispatcher;
use crate::fanbook::api::GuildChannel;
use crate::fanbook::api::postable;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::Postable;

/// How long an answer waits for the list: what cannot be told in that time is said to be untold.
const WITHIN: Duration = Duration::from_millis(1_500);

impl Channels for Dispatcher {
    fn postable(
        &self,
        guild: GuildId,
        channel: ChannelId,
        here: Option<ChannelId>,
    ) -> BoxFuture<'_, Postable> {
        Box::pin(async move {
            match timeout(WITHIN, self.api.channels(guild, self.bot)).await {
                Ok(Ok(list)) => judged(channel, here, &list),
                Ok(Err(error)) => {
                    tracing::warn!(%guild, %error, "the channels of a guild could not be read");
                    Postable::Untold
                }
                Err(_) => {
                    tracing::warn!(%guild, "the channels of a guild could not be read in time");
                    Postable::Untold
                }
            }
        })
    }
}

/// Goes by the list. Whether it has pages is not documented, so it has to have the one that is known.
fn judged(channel: ChannelId, here: Option<ChannelId>, list: &[GuildChannel]) -> Postable {
    let is_whole = |here| list.iter().any(|listed| listed.id == here);
    match here.is_none_or(is_whole) {
        true => postable(channel, list),
        false => Postable::Untold,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fanbook::api::ChannelKind;

    #[test]
    fn a_list_without_the_channel_it_was_asked_in_tells_nothing() {
        let listed = |id| GuildChannel {
            id: ChannelId::new(id),
            name: String::new(),
            kind: ChannelKind::Text,
        };
        let list = [listed(7), listed(8)];
        for (channel, here, wanted) in [
            (8, Some(7), Postable::Yes),
            (9, Some(7), Postable::NotThere),
            (9, None, Postable::NotThere),
            (9, Some(10), Postable::Untold),
            (8, Some(10), Postable::Untold),
        ] {
            let here = here.map(ChannelId::new);
            let found = judged(ChannelId::new(channel), here, &list);
            assert_eq!(found, wanted, "{channel}, {here:?}");
        }
    }
}
