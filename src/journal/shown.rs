//! Boards that stand in the chat, so that they can be written anew when somebody leaves the boards.
//!
//! Invariants: the transaction that hides a member makes every board with their row owed, and a board
//! that is noted afterwards with that row is owed at once; so whoever is hidden is taken off all of
//! them, whatever ends in between. What was read before another note is never taken for having replaced
//! what that note says (`version`). A row counts as shown until the board was written anew.
//!
//! Deliberately absent: what a board looks like, and sending.

use crate::journal::Journal;
use crate::journal::entry::Durability;
use crate::journal::error::JournalError;
use crate::journal::sides::Side;
use crate::journal::store::Answer;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::UserId;
use crate::model::period::Counted;

/// A board that stands in the chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownBoard {
    /// Of which guild.
    pub guild: GuildId,
    /// Where it stands.
    pub channel: ChannelId,
    /// The bot's message with it.
    pub message: MessageId,
    /// What it counts.
    pub counted: Counted,
    /// The moment whose period it counts, in milliseconds since 1970; of a post, that at which it was
    /// due.
    pub at_ms: i64,
    /// What it stands there as.
    pub form: BoardForm,
    /// The name of the picture it shows, where it shows one that is kept.
    pub picture: Option<String>,
    /// What it is.
    pub kind: ShownKind,
}

/// What a board stands in the chat as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoardForm {
    /// A text.
    Text,
    /// A card.
    Card,
    /// Rich text with a picture in it.
    Rich,
    /// A picture of its own, which cannot be edited.
    Photo,
}

/// What a board in the chat is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShownKind {
    /// A page that answers somebody.
    Page {
        /// The message with the command.
        command: MessageId,
        /// Who asked.
        asker: UserId,
        /// Whose row stands at its foot.
        subject: UserId,
        /// Which page, from 0.
        page: u32,
        /// Whether it has buttons.
        buttons: bool,
    },
    /// Somebody's place with their neighbours.
    Place {
        /// The message with the command.
        command: MessageId,
        /// Who asked.
        asker: UserId,
    },
    /// The post of a schedule.
    Post {
        /// The schedule's name within the guild.
        schedule: String,
        /// How many rows it has at most.
        rows: u8,
        /// Whether it came late.
        late: bool,
        /// Whether the next is compared with it: one that somebody asked for in between is not.
        compared: bool,
    },
}

/// A board that is to be written anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwedBoard {
    /// The board.
    pub shown: ShownBoard,
    /// Which note of it this is.
    pub version: u32,
    /// How often it was put off.
    pub tries: u32,
    /// That it was about to be posted once more, of which nothing was heard yet.
    pub moving: Option<Moving>,
}

/// A board that cannot be edited, as it is posted once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moving {
    /// What is sent, letter by letter.
    pub sent: String,
    /// When its first byte was about to leave, in milliseconds since 1970; `None`: nothing of it was sent,
    /// though the one before may be gone.
    pub begun_ms: Option<i64>,
    /// The newest message of the channel before that, 0 where there was none; `None` where it could not
    /// be read.
    pub after: Option<MessageId>,
}

/// Who stood first on the board of a schedule, hidden members left out: points from the top, among
/// equals by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotBefore {
    /// What it counted.
    pub counted: Counted,
    /// The first of them.
    pub standings: Vec<(UserId, i64)>,
}

/// A write about boards that stand in the chat.
#[derive(Clone, Debug)]
pub(super) enum ShownWrite {
    /// It stands there.
    Stands {
        /// The board.
        shown: ShownBoard,
        /// Whose rows it has.
        named: Vec<UserId>,
        /// Of a post that the next is compared with: who stands first, with points.
        standings: Option<Vec<(UserId, i64)>>,
        /// When it was read, in milliseconds since 1970: a post with somebody hidden since is owed.
        made_ms: i64,
        /// When, in milliseconds since 1970.
        now_ms: i64,
    },
    /// It was written anew; where another note came in between it is owed once more.
    Anew {
        /// As it stands now.
        shown: ShownBoard,
        /// Whose rows it has.
        named: Vec<UserId>,
        /// The note it was written anew for.
        version: u32,
        /// When, in milliseconds since 1970.
        now_ms: i64,
    },
    /// Writing it anew is put off.
    Later {
        /// Where it stands.
        channel: ChannelId,
        /// The message.
        message: MessageId,
        /// Until when, in milliseconds since 1970.
        next_ms: i64,
    },
    /// It is about to be posted once more: the picture that stands there goes.
    Moves {
        /// As it will stand there, but for its message.
        shown: ShownBoard,
        /// Whose rows it will have.
        named: Vec<UserId>,
        /// What is sent.
        moving: Moving,
        /// When, in milliseconds since 1970.
        now_ms: i64,
    },
    /// It was certainly not posted once more.
    Stays {
        /// Where it stands.
        channel: ChannelId,
        /// The message.
        message: MessageId,
    },
    /// It was posted once more as another message, and the one before is gone.
    Moved {
        /// Where the one before stood.
        channel: ChannelId,
        /// The one before.
        message: MessageId,
        /// As it stands now.
        shown: ShownBoard,
        /// Whose rows it has; `None`: those that were noted when it was about to be posted.
        named: Option<Vec<UserId>>,
        /// When, in milliseconds since 1970.
        now_ms: i64,
    },
    /// It does not stand there any more.
    Gone {
        /// Where it stood.
        channel: ChannelId,
        /// The message.
        message: MessageId,
    },
    /// What is older is forgotten, the latest post of each schedule aside.
    Forget {
        /// What was shown before, in milliseconds since 1970.
        before_ms: i64,
        /// What was shown before that goes also where it is owed.
        owed_before_ms: i64,
    },
}

/// A board that is written over so soon after it was written anew may have been overtaken on its way
/// by what it replaced, so it is written once more. Milliseconds.
pub(super) const OVERTAKEN_MS: i64 = 60_000;

/// Boards forgotten in one transaction, so that nobody waits for it.
pub(super) const FORGOTTEN_AT_ONCE: i64 = 500;

/// The reading side.
pub(super) trait ShownStore {
    /// Boards that are owed at that moment: posts of schedules first, then the newest first.
    fn owed_boards(&self, now_ms: i64, limit: usize) -> Answer<'_, Vec<OwedBoard>>;
    /// The board that message shows.
    fn shown_board(&self, channel: ChannelId, message: MessageId) -> Answer<'_, Option<OwedBoard>>;
    /// The board of a schedule before that moment.
    fn slot_before<'a>(
        &'a self,
        guild: GuildId,
        schedule: &'a str,
        slot_ms: i64,
    ) -> Answer<'a, Option<SlotBefore>>;
}

impl Journal {
    /// Notes that a board stands in the chat with the rows of `named`; what the message showed before
    /// is forgotten. `standings` are, of a post that the next of its schedule is compared with, who
    /// stands first, with points. It was read at `made_ms` (milliseconds since 1970).
    ///
    /// A power cut within a second may take the note, and with it that board's editing.
    pub async fn note_shown(
        &self,
        shown: ShownBoard,
        named: Vec<UserId>,
        standings: Option<Vec<(UserId, i64)>>,
        made_ms: i64,
    ) -> Result<(), JournalError> {
        let now_ms = self.shared.clock.now_ms();
        let write = ShownWrite::Stands {
            shown,
            named,
            standings,
            made_ms,
            now_ms,
        };
        self.write_shown(Durability::Soon, write).await
    }

    /// Notes that an owed board was written anew and has the rows of `named` now.
    pub async fn shown_anew(
        &self,
        owed: &OwedBoard,
        shown: ShownBoard,
        named: Vec<UserId>,
    ) -> Result<(), JournalError> {
        let now_ms = self.shared.clock.now_ms();
        let version = owed.version;
        let write = ShownWrite::Anew {
            shown,
            named,
            version,
            now_ms,
        };
        self.write_shown(Durability::Soon, write).await
    }

    /// Notes what is about to be sent of an owed post that cannot be edited, before its first byte: `shown`
    /// is what it will be, with the message it takes the place of. The picture of that one is gone with it.
    pub async fn shown_moves(
        &self,
        shown: ShownBoard,
        named: Vec<UserId>,
        moving: Moving,
    ) -> Result<(), JournalError> {
        let now_ms = self.shared.clock.now_ms();
        let write = ShownWrite::Moves {
            shown,
            named,
            moving,
            now_ms,
        };
        self.write_shown(Durability::Now, write).await
    }

    /// Notes that nothing of that was sent.
    pub async fn shown_stays(&self, owed: &OwedBoard) -> Result<(), JournalError> {
        let (channel, message) = (owed.shown.channel, owed.shown.message);
        let write = ShownWrite::Stays { channel, message };
        self.write_shown(Durability::Soon, write).await
    }

    /// Notes that an owed post, which could not be edited, was posted once more: as a post of its slot
    /// it takes the place of the one before. `named` are whose rows it has, `None` for those of
    /// [`Journal::shown_moves`].
    pub async fn shown_moved(
        &self,
        owed: &OwedBoard,
        shown: ShownBoard,
        named: Option<Vec<UserId>>,
    ) -> Result<(), JournalError> {
        let now_ms = self.shared.clock.now_ms();
        let (channel, message) = (owed.shown.channel, owed.shown.message);
        let write = ShownWrite::Moved {
            channel,
            message,
            shown,
            named,
            now_ms,
        };
        self.write_shown(Durability::Now, write).await
    }

    /// Puts writing a board anew off until `next_ms`.
    pub async fn show_later(&self, owed: &OwedBoard, next_ms: i64) -> Result<(), JournalError> {
        let (channel, message) = (owed.shown.channel, owed.shown.message);
        let write = ShownWrite::Later {
            channel,
            message,
            next_ms,
        };
        self.write_shown(Durability::Soon, write).await
    }

    /// Notes that a message with a board does not stand there any more.
    pub async fn shown_gone(
        &self,
        channel: ChannelId,
        message: MessageId,
    ) -> Result<(), JournalError> {
        let write = ShownWrite::Gone { channel, message };
        self.write_shown(Durability::Soon, write).await
    }

    /// Forgets some of the boards that were shown before `before_ms`, the latest post of each schedule
    /// aside; of those that are owed the ones from before `owed_before_ms`.
    pub async fn forget_shown(
        &self,
        before_ms: i64,
        owed_before_ms: i64,
    ) -> Result<(), JournalError> {
        let write = ShownWrite::Forget {
            before_ms,
            owed_before_ms,
        };
        self.write_shown(Durability::Soon, write).await
    }

    /// Boards that are to be written anew by now: posts of schedules first, then the newest first.
    pub async fn owed_boards(&self, limit: usize) -> Result<Vec<OwedBoard>, JournalError> {
        let now_ms = self.shared.clock.now_ms();
        self.read(self.shared.store.owed_boards(now_ms, limit))
            .await
    }

    /// The board that message shows, as far as it is known.
    pub async fn shown_board(
        &self,
        channel: ChannelId,
        message: MessageId,
    ) -> Result<Option<OwedBoard>, JournalError> {
        self.read(self.shared.store.shown_board(channel, message))
            .await
    }

    /// Who stood first on the board of a schedule before the one that is due at `slot_ms`; `None`
    /// where there was none.
    pub async fn slot_before(
        &self,
        guild: GuildId,
        schedule: &str,
        slot_ms: i64,
    ) -> Result<Option<SlotBefore>, JournalError> {
        self.read(self.shared.store.slot_before(guild, schedule, slot_ms))
            .await
    }

    async fn write_shown(
        &self,
        durability: Durability,
        write: ShownWrite,
    ) -> Result<(), JournalError> {
        let side = Side::Shown(Box::new(write));
        self.beside(durability, side).await.map(drop)
    }
}
