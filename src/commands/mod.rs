//! What the bot does when spoken to: one file a command.
//!
//! A command reads its own words (`parse`, pure) and then acts (`run`). Invariants: it sends nothing
//! and never sees the wire or the journal; what it needs of the world is handed in with the `Call`;
//! its sentences stand in `commands/*.toml`. Deliberately absent: who may (permissions), where the
//! answer goes (dispatch).

pub mod args;
mod board_leaf;
mod change;
mod channels;
mod check;
mod deduct;
mod freeze;
mod help;
mod history;
mod leaf;
mod link;
mod pending;
mod points;
mod privacy;
mod proposal;
mod rank;
mod receipt;
mod report;
mod reward;
mod schedule;
mod told;
mod top;
mod undo;
mod unfreeze;
mod unlink;

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;

pub use args::Arg;
pub use args::Args;
pub use args::Asked;
pub use args::BoardWanted;
pub use args::Browse;
pub use args::LinkWords;
pub use args::NewBoard;
pub use args::ScheduleAsked;
pub use args::ScheduleVerb;
pub use args::ScheduleWrong;
pub use args::Unread;
pub use args::Verb;
pub use args::Who;
pub use args::is_event;
pub use board_leaf::BoardLeaf;
pub use board_leaf::is_board_leaf;
pub use change::cancelled_reply;
pub use change::pressed_reply;
pub use channels::Channels;
pub use history::STALE;
pub use leaf::Leaf;
pub use leaf::is_leaf;
pub use points::Rest;
pub use points::waiting_line;
pub use proposal::Carried;
pub use proposal::Pressed;
pub use proposal::Proposal;
pub use proposal::read_press;
pub use report::report_reply;
pub use told::change_reply;

use crate::boards::BOARD_WORDS;
use crate::boards::Names;
use crate::boards::SCHEDULE_WORDS;
use crate::guilds::Schedules;
use crate::model::Cause;
use crate::model::MessageId;
use crate::model::Policy;
use crate::model::Refusal;
use crate::model::UserId;
use crate::permissions::Granted;
use crate::permissions::Right;
use crate::points::BoardPage;
use crate::points::EventReport;
use crate::points::Points;
use crate::points::ReplyAddress;
use crate::points::Shown;
use crate::points::ShownKind;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;
use crate::support::seal::Seal;
use crate::words::Definition;
use crate::words::Findings;
use crate::words::REFUSAL_WORDS;
use crate::words::Reply;
use crate::words::SHARED;
use crate::words::SYSTEM_WORDS;
use crate::words::Source;
use crate::words::USAGE_WORDS;
use crate::words::Word;
use crate::words::Words;

/// One command.
pub trait Handler: Send + Sync + 'static {
    /// The sentences it speaks.
    fn words(&self) -> &'static [&'static Word];

    /// Reads the words after the command. Pure, so a typing slip costs nothing.
    fn parse(&self, args: Args, policy: &Policy) -> Result<Asked, Refusal>;

    /// Acts on what was read, once the members named in it are known.
    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Answer, CommandError>>;
}

/// Everything a command may use.
pub struct Call<'a> {
    /// That the caller may, within which bounds.
    pub granted: &'a Granted,
    /// What holds in the guild.
    pub policy: &'a Policy,
    /// What was read.
    pub asked: &'a Asked,
    /// The members named, each once, in the order of `asked.who`.
    pub members: Vec<Member>,
    /// How many holders of a named role were left out, being bots.
    pub left_out: usize,
    /// The caller.
    pub caller: Member,
    /// The message with the command.
    pub message: MessageId,
    /// Where the answer belongs.
    pub reply: ReplyAddress,
    /// Who reads along there.
    pub place: Place,
    /// Set when the caller has pressed the confirm button of this message.
    pub confirmation: Option<MessageId>,
    /// Set when a button stands for the command; then `message` is what that was about.
    pub pressed: Option<MessageId>,
    /// The points systems.
    pub points: &'a Points,
    /// The boards that post themselves.
    pub schedules: &'a Schedules,
    /// All texts.
    pub words: &'a Words,
    /// All commands.
    pub registry: &'a Registry,
    /// Signs of life, for `/check`.
    pub pulses: &'a Pulses,
    /// The time.
    pub clock: &'a Clock,
    /// What members are called.
    pub names: &'a dyn Names,
    /// The channels of the guild.
    pub channels: &'a dyn Channels,
    /// The seal of what buttons carry and nothing keeps.
    pub seal: &'a Seal,
}

/// A person of the guild.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The long id.
    pub id: UserId,
    /// The name to show. Untrusted text.
    pub name: String,
    /// What kind of account it is.
    pub kind: MemberKind,
}

/// What kind of account somebody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberKind {
    /// A person.
    Person,
    /// A program; it has no points.
    Bot,
}

/// Who reads along where a command is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Everybody in a channel of the guild.
    Channel,
    /// Nobody else.
    Private,
}

/// What comes of a command.
#[derive(Debug)]
pub enum Answer {
    /// An answer to say.
    Say(Reply),
    /// A board to say; it is kept in mind that it stands there.
    Board {
        /// What to say.
        reply: Reply,
        /// What it shows.
        shown: Box<BoardSaid>,
    },
    /// An answer of which something is missing: it is said, and edited as the rest comes.
    Part {
        /// What to say now.
        reply: Reply,
        /// What is still to come.
        rest: Box<Rest>,
    },
    /// An answer to say, and what somebody else was told elsewhere is to say now.
    AlsoTell {
        /// What to say.
        reply: Reply,
        /// The message that was answered there.
        at: ReplyAddress,
        /// What its answer is to say.
        told: Reply,
    },
    /// Changes of points, with the answer that tells how they stand now.
    Changed {
        /// The cause of one of them: what is said is kept for all of the same message.
        cause: Cause,
        /// Whether the answer is the last word.
        stage: Stage,
        /// What to say.
        reply: Reply,
        /// How it shows each of them.
        shown: Vec<Shown>,
    },
    /// A report, with the answer that tells how it stands now.
    Reported {
        /// The report.
        report: Box<EventReport>,
        /// What to say.
        reply: Reply,
    },
    /// Another answer is on its way, or was given: the message was here before.
    Nothing,
    /// A question to the caller before anything happens.
    Ask {
        /// The question, with its buttons.
        reply: Reply,
        /// What will be done.
        proposal: Proposal,
    },
}

/// What an answer with a board shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardSaid {
    /// The board, with the rows that are shown.
    pub board: BoardPage,
    /// Who has a row of their own below the others.
    pub foot: Option<UserId>,
    /// What it is.
    pub kind: ShownKind,
}

/// Whether an answer about changes is the last word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Something of it will still settle by itself.
    Interim,
    /// All of it is settled.
    Final,
}

/// Why a command gives no answer of its own.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The caller cannot have it.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// The journal could not be used; nothing was sent.
    #[error("the journal failed")]
    Store(#[source] anyhow::Error),
    /// Something of ours is broken.
    #[error("the command failed")]
    Failed(#[source] anyhow::Error),
}

impl From<Refusal> for CommandError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The list of commands: module, embedded texts and registry row follow from a name.
macro_rules! commands {
    ($($name:ident => $handler:expr;)*) => {
        fn handlers() -> BTreeMap<&'static str, Box<dyn Handler>> {
            let mut handlers: BTreeMap<&'static str, Box<dyn Handler>> = BTreeMap::new();
            $(handlers.insert(stringify!($name), Box::new($handler));)*
            handlers
        }

        /// The embedded texts.
        pub fn embedded() -> Vec<Source> {
            vec![
                source(SHARED, include_str!("../../commands/_shared.toml")),
                source("_boards", include_str!("../../commands/_boards.toml")),
                source("_schedules", include_str!("../../commands/_schedules.toml")),
                $(source(
                    stringify!($name),
                    include_str!(concat!("../../commands/", stringify!($name), ".toml")),
                ),)*
            ]
        }
    };
}

commands! {
    points => points::BalanceQuestion;
    history => history::HistoryQuestion;
    reward => reward::Reward;
    deduct => deduct::Deduct;
    receipt => receipt::ReceiptQuestion;
    help => help::Help;
    check => check::Check;
    undo => undo::UndoChange;
    pending => pending::Pending;
    top => top::BoardQuestion;
    rank => rank::OwnPlace;
    privacy => privacy::Privacy;
    freeze => freeze::FreezeGiving;
    unfreeze => unfreeze::LetGivingGoOn;
    link => link::LinkAccount;
    unlink => unlink::UnlinkAccount;
    report => report::ReportEvent;
    schedule => schedule::ScheduleBoards;
}

fn source(scope: &str, text: &str) -> Source {
    Source {
        file: format!("commands/{scope}.toml"),
        scope: scope.to_owned(),
        text: text.to_owned(),
    }
}

/// The commands by the name of their file.
pub struct Registry {
    handlers: BTreeMap<&'static str, Box<dyn Handler>>,
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl Registry {
    /// All commands of this program.
    pub fn new() -> Self {
        Self {
            handlers: handlers(),
        }
    }

    /// The command of that file name.
    pub fn handler(&self, scope: &str) -> Option<&dyn Handler> {
        self.handlers.get(scope).map(AsRef::as_ref)
    }

    /// Reads and checks all texts: the embedded ones with the operator's laid over them.
    ///
    /// `further` are words that other rooms speak.
    pub fn words(
        &self,
        overrides: &[Source],
        further: &[&'static Word],
        harmless: fn(&str) -> String,
    ) -> Result<Words, Findings> {
        let mut spoken: Vec<&'static Word> = REFUSAL_WORDS.to_vec();
        spoken.extend(USAGE_WORDS);
        spoken.extend(further);
        spoken.extend(SYSTEM_WORDS);
        spoken.extend(BOARD_WORDS);
        spoken.extend(SCHEDULE_WORDS);
        for handler in self.handlers.values() {
            spoken.extend(handler.words());
        }
        spoken.extend(change::WORDS);
        spoken.extend(told::WORDS);
        let rights: Vec<&str> = Right::ALL.iter().map(|right| right.name()).collect();
        Words::load(&embedded(), overrides, &spoken, &rights, harmless)
    }
}

/// The right a command needs.
pub fn right_of(definition: &Definition) -> Right {
    // The set was checked at start, so an unknown right cannot come up; if it did, it means no.
    Right::named(&definition.right).unwrap_or(Right::Manage)
}
