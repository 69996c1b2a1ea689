//! What keeps boards right beside the commands: old entries get their days, who left is not shown, and
//! old pictures go.
//!
//! Invariant: none of it is waited for. Dating goes on where it stopped, whatever ended it; who left or
//! came back unheard is noticed when a board with their name on it is shown.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::guilds::GuildSettings;
use crate::journal::Journal;
use crate::model::GuildId;
use crate::model::UserId;
use crate::points::Hidden;
use crate::points::OnBoards;
use crate::points::Points;

/// Pause between portions of dating, so that whoever changes points does not wait for it.
const BREATH: Duration = Duration::from_millis(20);
/// Pause after a portion that failed.
const AGAIN: Duration = Duration::from_secs(30);
/// Comings and goings that may wait to be noted.
const WAITING: usize = 1_000;

/// Pause between looks for pictures whose time is over: they are not served any more anyway.
const PICTURES_EVERY: Duration = Duration::from_secs(6 * 3_600);

/// Somebody who came or went.
type Change = (GuildId, UserId, OnBoards);

/// Hears of comings and goings. Cheap to clone.
#[derive(Clone)]
pub(super) struct Door {
    guilds: Arc<[GuildId]>,
    heard: mpsc::Sender<Change>,
}

impl Door {
    /// A door to the guilds of the settings, and what goes through it.
    pub(super) fn new(guilds: &[GuildSettings]) -> (Self, mpsc::Receiver<Change>) {
        let (heard, changes) = mpsc::channel(WAITING);
        let guilds = guilds.iter().map(|guild| guild.policy.guild).collect();
        (Self { guilds, heard }, changes)
    }

    /// Notes that somebody came or went, without waiting.
    pub(super) fn passed(&self, guild: GuildId, user: UserId, on_boards: OnBoards) {
        if self.guilds.contains(&guild) && self.heard.try_send((guild, user, on_boards)).is_err() {
            tracing::debug!(%guild, member = %user, "not noted for boards: too many come and go");
        }
    }
}

/// Takes those who left off the boards, and brings back those who came back, in the order in which
/// they did.
pub(super) async fn note_passing(
    points: Points,
    mut changes: mpsc::Receiver<Change>,
    stop: CancellationToken,
) {
    while let Some(Some((guild, user, on_boards))) = stop.run_until_cancelled(changes.recv()).await
    {
        let hide = points.hide(guild, user, Hidden::Left, on_boards);
        match stop.run_until_cancelled(hide).await {
            None => return,
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                tracing::warn!(%guild, member = %user, %error, "who came or went could not be noted for boards");
            }
        }
    }
}

/// Deletes pictures whose time is over, now and then.
pub(super) async fn forget_pictures(journal: Journal, stop: CancellationToken) {
    loop {
        match stop.run_until_cancelled(journal.forget_pictures()).await {
            None => return,
            Some(Ok(())) => {}
            Some(Err(error)) => {
                tracing::warn!(%error, "pictures of boards older than 90 days could not be deleted from the store; they are served to nobody, and it is tried again in six hours")
            }
        }
        let pause = tokio::time::sleep(PICTURES_EVERY);
        if stop.run_until_cancelled(pause).await.is_none() {
            return;
        }
    }
}

/// Says of all entries from before there were boards in which days they count.
pub(super) async fn date(
    points: Points,
    guilds: Vec<(GuildId, TimeZone)>,
    stop: CancellationToken,
) {
    for (guild, zone) in guilds {
        let mut dated = 0;
        loop {
            let portion = points.date_entries(guild, &zone);
            let pause = match stop.run_until_cancelled(portion).await {
                None => return,
                Some(Ok(0)) => break,
                Some(Ok(count)) => {
                    dated += count;
                    BREATH
                }
                Some(Err(error)) => {
                    tracing::warn!(%guild, %error, "old entries could not be counted for boards yet");
                    AGAIN
                }
            };
            if stop
                .run_until_cancelled(tokio::time::sleep(pause))
                .await
                .is_none()
            {
                return;
            }
        }
        if dated > 0 {
            tracing::info!(%guild, dated, "old entries count on boards now");
        }
    }
}
