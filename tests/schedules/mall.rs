//! A points system in the test's own words: books, used ids, and requests that wander.
//!
//! It lives on when the bot dies, and what is on its way to it still arrives. It carries out what
//! reaches it within the signature window and says so, or not, as the schedule wants it.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;

use guildpoints::journal::State;
use guildpoints::points::Record;
use tokio::sync::oneshot;

use crate::arriving::open;
use crate::commands::Claimed;
use crate::people;
use crate::schedule::Fate;
use crate::schedule::Look;
use crate::schedule::Luck;
use crate::schedule::Schedule;
use crate::story::Story;

/// A request that would change points: what the bot put into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub op: String,
    pub member: usize,
    pub points: i64,
}

/// A change that took effect.
#[derive(Clone, Debug)]
pub struct Effect {
    pub entry: Entry,
    pub at_ms: i64,
}

/// What the bot hears of one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    Applied,
    Code(i64),
    Access(u16),
    TooFast(Option<u8>),
    Lost(String),
    NoConnection,
}

/// What the bot hears of a look-up.
#[derive(Clone, Debug)]
pub enum Told {
    Record(Record),
    Silent,
    Access,
    Missing,
}

/// A request that was sent.
pub struct Request {
    pub entries: Vec<Entry>,
    pub fate: Fate,
    pub stamped_ms: i64,
    pub landings: Vec<Vec<Said>>,
    pub reply: Option<oneshot::Sender<Vec<Said>>>,
}

/// A look-up that was made.
pub struct Inquiry {
    pub op: String,
    pub fate: Look,
    pub stamped_ms: i64,
    pub read: Option<Told>,
    pub reply: Option<oneshot::Sender<Told>>,
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Lands(usize),
    Answers(usize),
    TimesOut(usize),
    Reads(usize),
    Tells(usize),
    Silence(usize),
}

/// The points system, the wires to it, and everything that is known of the run.
pub struct Mall {
    pub schedule: Arc<Schedule>,
    pub story: Story,
    pub books: Vec<i64>,
    pub effects: Vec<Effect>,
    /// Ids the bot has no clear word of: an unresolved entry is justified.
    pub troubled: HashMap<String, bool>,
    /// Some look-up answered 404.
    pub missing: bool,
    /// What the bot claimed, in order.
    pub claims: Vec<Claimed>,
    /// Commands whose rows are known to be on disk.
    pub answered: HashSet<usize>,
    /// Commands that were approved, or refused.
    pub rulings: HashMap<usize, bool>,
    /// What was said of commands: that somebody had approved them, or nobody had or would.
    pub rulings_told: Vec<(usize, bool)>,
    /// Commands of which was said that they never waited.
    pub never_waited: Vec<usize>,
    /// What is still to come, by whose luck it is.
    pub lucks: HashMap<String, Luck>,
    looks_refused: HashMap<String, u8>,
    /// Whose record stands under an id.
    pub used: HashMap<String, (usize, i64)>,
    pub requests: Vec<Request>,
    pub inquiries: Vec<Inquiry>,
    events: BTreeMap<(u64, usize), Event>,
    planned: usize,
}

/// The bot's request limit, in milliseconds: its client gives up by then.
pub const REQUEST_LIMIT_MS: u64 = 5_000;
/// How long a signature is believed, in milliseconds.
pub const WINDOW_MS: i64 = 60_000;

impl Mall {
    pub fn new(schedule: Arc<Schedule>, story: Story) -> Self {
        Self {
            books: vec![schedule.purse; people::MEMBERS.len()],
            schedule,
            story,
            effects: Vec::new(),
            troubled: HashMap::new(),
            missing: false,
            claims: Vec::new(),
            answered: HashSet::new(),
            rulings: HashMap::new(),
            rulings_told: Vec::new(),
            never_waited: Vec::new(),
            lucks: HashMap::new(),
            looks_refused: HashMap::new(),
            used: HashMap::new(),
            requests: Vec::new(),
            inquiries: Vec::new(),
            events: BTreeMap::new(),
            planned: 0,
        }
    }

    /// Another app uses this id for a change of its own.
    pub fn squat(&mut self, op: &str, member: usize) {
        self.used.insert(op.to_owned(), (member, 9_999));
        self.story
            .tell(format!("another app has used the id of {op}"));
        self.story.count("ids squatted");
    }

    pub fn is_squatted(&self, op: &str) -> bool {
        let taken = self.used.get(op);
        taken.is_some_and(|&(_, points)| points == 9_999)
    }

    /// The bot sends; what it will hear comes through the channel.
    pub fn send(&mut self, entries: Vec<Entry>) -> oneshot::Receiver<Vec<Said>> {
        let (reply, answer) = oneshot::channel();
        let number = self.requests.len();
        let fate = self.next_fate(&entries[0].op);
        for entry in &entries {
            self.check_alone(&entry.op);
            self.troubled.insert(entry.op.clone(), true);
        }
        let named: Vec<&str> = entries.iter().map(|entry| entry.op.as_str()).collect();
        let again = self.was_sent(&named);
        self.story.tell(format!(
            "the bot sends request {number} ({}{}): {fate:?}",
            named.join(", "),
            if again { ", again" } else { "" },
        ));
        self.story.count("requests sent");
        if again {
            self.story.count("ids sent again");
        }
        if entries.len() > 1 {
            self.story.count("batches sent");
        }
        self.plan_request(number, &fate);
        self.requests.push(Request {
            entries,
            fate,
            stamped_ms: self.story.clock_ms(),
            landings: Vec::new(),
            reply: Some(reply),
        });
        answer
    }

    /// The bot looks an id up.
    pub fn look_up(&mut self, op: &str) -> oneshot::Receiver<Told> {
        let (reply, answer) = oneshot::channel();
        let number = self.inquiries.len();
        let fate = self.next_look(op);
        let fate = self.accident(op, fate);
        self.story.tell(format!(
            "the bot looks {op} up (look-up {number}): {fate:?}"
        ));
        self.story.count("look-ups");
        match fate {
            Look::Well { out, back } => {
                let out = u64::from(out) * 100;
                self.plan(out, Event::Reads(number));
                self.plan(out + u64::from(back) * 100, Event::Tells(number));
            }
            Look::Silent | Look::AccessRefused | Look::Missing => {
                self.plan(100, Event::Tells(number));
            }
        }
        self.plan(REQUEST_LIMIT_MS, Event::Silence(number));
        self.inquiries.push(Inquiry {
            op: op.to_owned(),
            fate,
            stamped_ms: self.story.clock_ms(),
            read: None,
            reply: Some(reply),
        });
        answer
    }

    /// The bot has said how a change stands; what it calls done must have happened by now.
    pub fn claim(&mut self, claimed: Claimed) {
        let op = &claimed.op;
        let has_landed = self.effects.iter().any(|effect| effect.entry.op == *op);
        match claimed.state {
            state if state.took_effect() && !has_landed => {
                let what = format!("{op} was called done and has not taken effect");
                self.story.blame(what);
            }
            state if state.took_effect() => self.story.count("answers: done"),
            State::Refused => self.story.count("answers: refused"),
            State::Waiting => self.story.count("answers: waits for approval"),
            _ => self.story.count("answers: not confirmed yet"),
        }
        self.claims.push(claimed);
    }

    fn next_fate(&mut self, op: &str) -> Fate {
        let luck = self.lucks.get_mut(&people::luck_of(op));
        match luck {
            Some(luck) if !luck.sendings.is_empty() => luck.sendings.remove(0),
            _ => Fate::WELL,
        }
    }

    fn next_look(&mut self, op: &str) -> Look {
        let luck = self.lucks.get_mut(&people::luck_of(op));
        match luck {
            Some(luck) if !luck.looks.is_empty() => luck.looks.remove(0),
            _ => Look::WELL,
        }
    }

    /// Access is refused by accident twice in a row at most; where clocks are apart it stays refused.
    fn accident(&mut self, op: &str, fate: Look) -> Look {
        let in_a_row = self.looks_refused.entry(op.to_owned()).or_default();
        *in_a_row = match fate {
            Look::AccessRefused => *in_a_row + 1,
            _ => 0,
        };
        match *in_a_row {
            3.. => Look::WELL,
            _ => fate,
        }
    }

    /// When the next thing happens by itself, in milliseconds of the schedule's time.
    pub fn next_event(&self) -> Option<u64> {
        self.events.keys().next().map(|&(at, _)| at)
    }

    /// Whether nothing is under way that could still change or answer anything.
    pub fn is_quiet(&self) -> bool {
        self.events.values().all(|event| match *event {
            Event::Lands(_) => false,
            Event::Answers(number) | Event::TimesOut(number) => {
                !self.requests[number].reply.as_ref().is_some_and(open)
            }
            Event::Reads(number) | Event::Tells(number) | Event::Silence(number) => {
                !self.inquiries[number].reply.as_ref().is_some_and(open)
            }
        })
    }

    /// Lets the next thing happen if it is due.
    pub fn happen(&mut self) -> bool {
        let now = self.story.now;
        let Some(next) = self.events.first_entry().filter(|next| next.key().0 <= now) else {
            return false;
        };
        match next.remove() {
            Event::Lands(number) => self.land(number),
            Event::Answers(number) => self.answer(number),
            Event::TimesOut(number) => {
                let lost = Said::Lost("no answer within the limit".to_owned());
                self.hear(number, |request| vec![lost; request.entries.len()]);
            }
            Event::Reads(number) => self.read(number),
            Event::Tells(number) => self.tell(number, false),
            Event::Silence(number) => self.tell(number, true),
        }
        true
    }

    fn plan(&mut self, after: u64, event: Event) {
        self.planned += 1;
        let key = (self.story.now + after, self.planned);
        self.events.insert(key, event);
    }

    fn plan_request(&mut self, number: usize, fate: &Fate) {
        let mut answered = 100;
        match *fate {
            Fate::Well { out, back } => {
                let out = u64::from(out) * 100;
                self.plan(out, Event::Lands(number));
                answered = out + u64::from(back) * 100;
            }
            Fate::Lost { lands, .. } => {
                if let Some(after) = lands {
                    self.plan(u64::from(after) * 100, Event::Lands(number));
                }
            }
            Fate::AccessRefused { landed, .. } | Fate::Declined { landed, .. } => {
                if landed {
                    self.plan(0, Event::Lands(number));
                }
            }
            Fate::Twice { .. } => {
                self.plan(0, Event::Lands(number));
                self.plan(50, Event::Lands(number));
            }
            Fate::NotSent | Fate::TooFast { .. } | Fate::Refused { .. } => {}
        }
        self.plan(answered, Event::Answers(number));
        self.plan(REQUEST_LIMIT_MS, Event::TimesOut(number));
    }

    /// Rule 2 of 1.7: never two requests with one id under way.
    fn check_alone(&mut self, op: &str) {
        let under_way = self.requests.iter().any(|request| {
            request.reply.as_ref().is_some_and(open)
                && request.entries.iter().any(|entry| entry.op == op)
        });
        if under_way {
            self.story
                .blame(format!("{op} was sent while a sending of it was under way"));
        }
    }

    fn was_sent(&self, ops: &[&str]) -> bool {
        let entries = self.requests.iter().flat_map(|request| &request.entries);
        entries
            .into_iter()
            .any(|entry| ops.contains(&entry.op.as_str()))
    }
}
