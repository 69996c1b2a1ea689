//! What was asked of the bot and what it did: every command, its answer, and the mall's books.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use guildpoints::model::ids::SNOWFLAKE_EPOCH_MS;
use guildpoints::support::clock::Clock;
use tokio::sync::mpsc;

use crate::frames;
use crate::frames::Message;
use crate::missed;
use crate::missed::History;

/// The bot.
pub const BOT: u64 = 523_456_789_012_345_679;
/// The role that may reward.
pub const MODERATOR: u64 = 712_345_678_901_234_567;
/// A role that may nothing.
const GUEST: u64 = 712_345_678_901_234_999;

/// Ids of commands follow as snowflakes do.
const STEP: u64 = 1 << 12;
/// The first is minted so much later than the world begins, in milliseconds: a frame from before the
/// bot started may be one that comes again, so the bot looks in the chat whether it has its answer,
/// which costs a request that no command in operation costs.
const AFTER_THE_START: i64 = 30_000;
/// So many different people ask in turn, so that nobody meets the cooldown.
const AUTHORS: u64 = 9_000;
const FIRST_AUTHOR: u64 = 223_456_789_012_340_000;
/// So many different members are rewarded in turn.
const REWARDED: u64 = 100;
const FIRST_REWARDED: u64 = 323_456_789_012_340_000;
/// One reward in so many comes from somebody who may not.
const FORBIDDEN_EVERY: usize = 50;

/// What a run asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mix {
    /// Balances.
    Balances,
    /// Rewards, some of them by people without the right.
    Rewards,
    /// In turn one and the other, all of them allowed.
    Both,
}

/// What one command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One's own balance.
    Balance,
    /// A reward by a moderator.
    Reward,
    /// A reward by somebody else.
    Forbidden,
}

/// One command.
struct Command {
    kind: Kind,
    /// Nanoseconds since the world began; 0 before it is sent.
    sent: AtomicU64,
    /// The same, for the first answer.
    answered: AtomicU64,
    answers: AtomicU32,
}

/// The world of one bot.
pub struct World {
    /// What its channel's history tells.
    pub history: History,
    first_message: u64,
    began: Instant,
    commands: Vec<Command>,
    books: Mutex<Books>,
    answered: mpsc::UnboundedSender<usize>,
    /// Answers that said something wrong, and the first of them.
    wrong: Mutex<(u64, String)>,
}

/// The mall's books.
#[derive(Default)]
struct Books {
    changes: HashMap<String, (u64, i64)>,
    totals: HashMap<u64, i64>,
    doubled: u64,
}

/// What was not as it should be, in numbers; all of them should be 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Commands without an answer.
    pub unanswered: usize,
    /// Commands answered more than once.
    pub told_twice: usize,
    /// Answers that say something wrong.
    pub wrong: u64,
    /// Rewards the mall did not see.
    pub lost: i64,
    /// Changes that came twice.
    pub doubled: u64,
    /// Changes nobody had a right to.
    pub unauthorised: u64,
    /// Members whose books are wrong.
    pub books: usize,
    /// The first wrong answer.
    pub example: String,
}

impl World {
    /// A world in which `count` commands of `mix` will be sent.
    pub fn new(mix: Mix, count: usize) -> (Self, mpsc::UnboundedReceiver<usize>) {
        let first_ms = Clock::system().now_ms() + AFTER_THE_START - SNOWFLAKE_EPOCH_MS;
        let (answered, answers) = mpsc::unbounded_channel();
        let commands = (0..count).map(|index| Command {
            kind: kind(mix, index),
            sent: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            answers: AtomicU32::new(0),
        });
        let world = Self {
            history: History::default(),
            first_message: u64::try_from(first_ms).unwrap_or(0) << 22,
            began: Instant::now(),
            commands: commands.collect(),
            books: Mutex::default(),
            answered,
            wrong: Mutex::default(),
        };
        (world, answers)
    }

    /// Lets the first command have this message id.
    pub fn begin_at(&mut self, first_message: u64) {
        self.first_message = first_message;
    }

    /// The message of a command.
    pub fn message(&self, index: usize) -> u64 {
        self.first_message + index as u64 * STEP
    }

    /// A balance command as the history shows it.
    pub fn item(&self, index: usize) -> String {
        missed::item(self.message(index), author(index), "/points")
    }

    /// Appends the frame of a command.
    pub fn push(&self, wire: &mut Vec<u8>, index: usize) {
        let kind = self.commands[index].kind;
        let rewarded = (kind != Kind::Balance).then(|| rewarded(index));
        let text = match rewarded {
            Some(member) => format!("/reward ${{@!{member}}} {}", points(index)),
            None => "/points".to_owned(),
        };
        let message = Message {
            id: self.message(index),
            author: author(index),
            role: if kind == Kind::Forbidden {
                GUEST
            } else {
                MODERATOR
            },
            text: &text,
            mention: rewarded,
        };
        frames::push(wire, &message);
    }

    /// Notes that a command is being sent.
    pub fn sends(&self, index: usize) {
        self.commands[index]
            .sent
            .store(self.now(), Ordering::Relaxed);
    }

    /// The bot says something.
    pub fn hears(&self, message: u64, text: &str) {
        let index = (message.saturating_sub(self.first_message) / STEP) as usize;
        let Some(command) = self.commands.get(index) else {
            self.objects(text);
            return;
        };
        let right = match command.kind {
            Kind::Balance => text.contains(&format!(" {} ", balance(author(index)))),
            Kind::Reward => text.contains('✅'),
            Kind::Forbidden => !text.contains('✅'),
        };
        if !right {
            self.objects(text);
        }
        if command.answers.fetch_add(1, Ordering::Relaxed) == 0 {
            command.answered.store(self.now(), Ordering::Relaxed);
            // Nobody listens any more once a run is over.
            let _listened = self.answered.send(index);
        }
    }

    /// A member's balance in the mall.
    pub fn balance(&self, member: u64) -> i64 {
        let given = self.books().totals.get(&member).copied();
        balance(member) + given.unwrap_or(0)
    }

    /// The mall is told to change points; false if the id was used before.
    pub fn changes(&self, op: &str, member: u64, points: i64) -> bool {
        let mut books = self.books();
        if books.changes.contains_key(op) {
            books.doubled += 1;
            return false;
        }
        books.changes.insert(op.to_owned(), (member, points));
        *books.totals.entry(member).or_default() += points;
        true
    }

    /// How many changes the mall has carried out.
    pub fn changed(&self) -> usize {
        self.books().changes.len()
    }

    /// How long the answers to commands of `kind` took, from the frame's sending to the answer's
    /// arrival, sorted, in microseconds; the first `skipped` commands are left out.
    pub fn waits(&self, of: Kind, skipped: usize) -> Vec<f64> {
        let commands = self.commands.iter().skip(skipped);
        let waits = commands
            .filter(|command| command.kind == of)
            .filter_map(|command| {
                let sent = command.sent.load(Ordering::Relaxed);
                let answered = command.answered.load(Ordering::Relaxed);
                (answered > sent).then(|| (answered - sent) as f64 / 1_000.0)
            });
        let mut waits: Vec<f64> = waits.collect();
        waits.sort_by(f64::total_cmp);
        waits
    }

    /// What was not as it should be, for the first `sent` commands.
    pub fn faults(&self, sent: usize) -> Faults {
        let commands = &self.commands[..sent];
        let answers = |command: &Command| command.answers.load(Ordering::Relaxed);
        let allowed: Vec<usize> = (0..sent)
            .filter(|&index| commands[index].kind == Kind::Reward)
            .collect();
        let mut totals: HashMap<u64, i64> = HashMap::new();
        for &index in &allowed {
            *totals.entry(rewarded(index)).or_default() += points(index);
        }
        let books = self.books();
        let (wrong, example) = self.wrong().clone();
        let members = totals.keys().chain(books.totals.keys());
        let differing = members.filter(|member| totals.get(member) != books.totals.get(member));
        let missing = allowed.len() as i64 - books.changes.len() as i64;
        Faults {
            unanswered: commands
                .iter()
                .filter(|command| answers(command) == 0)
                .count(),
            told_twice: commands
                .iter()
                .filter(|command| answers(command) > 1)
                .count(),
            wrong,
            lost: missing.max(0),
            doubled: books.doubled,
            unauthorised: (-missing).max(0) as u64,
            books: differing.count(),
            example,
        }
    }

    fn objects(&self, text: &str) {
        let mut wrong = self.wrong();
        if wrong.0 == 0 {
            wrong.1 = text.to_owned();
        }
        wrong.0 += 1;
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn books(&self) -> std::sync::MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wrong(&self) -> std::sync::MutexGuard<'_, (u64, String)> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for `count` answers, for as long as they keep coming.
pub async fn answered(answers: &mut mpsc::UnboundedReceiver<usize>, count: usize) -> usize {
    const PATIENCE: Duration = Duration::from_secs(10);
    for heard in 0..count {
        let next = tokio::time::timeout(PATIENCE, answers.recv()).await;
        if !matches!(next, Ok(Some(_))) {
            return heard;
        }
    }
    count
}

fn kind(mix: Mix, index: usize) -> Kind {
    match mix {
        Mix::Balances => Kind::Balance,
        Mix::Rewards if index % FORBIDDEN_EVERY == 7 => Kind::Forbidden,
        Mix::Rewards => Kind::Reward,
        Mix::Both if index.is_multiple_of(2) => Kind::Balance,
        Mix::Both => Kind::Reward,
    }
}

/// Who asks with a command.
pub fn author(index: usize) -> u64 {
    FIRST_AUTHOR + index as u64 % AUTHORS
}

fn rewarded(index: usize) -> u64 {
    FIRST_REWARDED + index as u64 % REWARDED
}

fn points(index: usize) -> i64 {
    1 + index as i64 % 9
}

/// What everybody has at the beginning: three digits, so that no separator stands in them.
fn balance(member: u64) -> i64 {
    100 + (member % 800) as i64
}
