//! How far channels are handled.

use guildpoints::journal::ChannelMark;
use guildpoints::journal::Handled;
use guildpoints::journal::Journal;
use guildpoints::journal::MOST_CHANNELS;
use guildpoints::model::ChannelId;
use guildpoints::model::MessageId;

use super::stage::*;

on_each_store! {
    what_is_handled_survives_and_only_grows,
    channels_of_long_ago_are_forgotten_and_no_more_than_the_newest_are_told,
}

const OTHER: ChannelId = ChannelId::new(612_345_678_901_234_563);

fn mark(channel: ChannelId, since: MessageId) -> ChannelMark {
    ChannelMark {
        channel,
        guild: Some(GUILD),
        since,
        closed_ms: None,
    }
}

fn handled(channels: &[ChannelMark], commands: &[(ChannelId, MessageId)]) -> Handled {
    Handled {
        channels: channels.to_vec(),
        commands: commands.to_vec(),
    }
}

async fn known(journal: &Journal) -> Handled {
    let mut known = journal.handled().await.unwrap();
    known.commands.sort_unstable();
    known
}

async fn what_is_handled_survives_and_only_grows(home: Home) {
    let journal = home.journal().await;
    assert_eq!(known(&journal).await, Handled::default());
    let private = ChannelMark {
        guild: None,
        ..mark(OTHER, message(1))
    };
    let first = handled(
        &[mark(CHANNEL, message(3)), private],
        &[
            (CHANNEL, message(4)),
            (CHANNEL, message(6)),
            (OTHER, message(4)),
        ],
    );
    journal.note_handled(first.clone()).await.unwrap();
    // Noting the same twice changes nothing.
    journal.note_handled(first.clone()).await.unwrap();
    journal.close().await;

    let journal = home.journal().await;
    assert_eq!(known(&journal).await, first, "newest first");

    // Notes that the mark says as well go, those of another channel stay.
    let closed = ChannelMark {
        closed_ms: Some(77),
        ..mark(CHANNEL, message(4))
    };
    let second = handled(&[closed], &[(CHANNEL, message(7))]);
    journal.note_handled(second).await.unwrap();
    let now = handled(
        &[closed, private],
        &[
            (CHANNEL, message(6)),
            (CHANNEL, message(7)),
            (OTHER, message(4)),
        ],
    );
    assert_eq!(known(&journal).await, now);

    // A mark never goes back; that a channel may be read again is noted all the same.
    let late = handled(&[mark(CHANNEL, message(2))], &[]);
    journal.note_handled(late).await.unwrap();
    let kept = known(&journal).await;
    assert_eq!(kept.channels[0], mark(CHANNEL, message(4)));
    assert_eq!(kept.commands, now.commands);
    journal.close().await;
}

async fn channels_of_long_ago_are_forgotten_and_no_more_than_the_newest_are_told(home: Home) {
    let journal = home.journal().await;
    let channel = |number: u64| ChannelId::new(612_345_678_901_234_561 + 2 * number);
    let most = MOST_CHANNELS as u64;
    let all: Vec<ChannelMark> = (0..most + 5)
        .map(|number| mark(channel(number), message(number)))
        .collect();
    let commands = [(channel(0), message(2)), (channel(9), message(11))];
    journal
        .note_handled(handled(&all, &commands))
        .await
        .unwrap();
    let known = journal.handled().await.unwrap();
    assert_eq!(known.channels.len(), MOST_CHANNELS);
    assert_eq!(known.channels[0].since, message(most + 4));

    journal.forget_channels(message(9)).await.unwrap();
    let known = journal.handled().await.unwrap();
    assert_eq!(known.channels.last().unwrap().since, message(10));
    assert_eq!(known.commands, [(channel(9), message(11))]);
    journal.forget_channels(message(9)).await.unwrap();
    journal.close().await;
}
