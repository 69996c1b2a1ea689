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

use crate::commands::Claimed;
use crate::people;
use crate::schedule::Deployment;
use crate::schedule::Fate;
use crate::schedule::Look;
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

struct Request {
    entries: Vec<Entry>,
    fate: Fate,
    stamped_ms: i64,
    landings: Vec<Vec<Said>>,
    reply: Option<oneshot::Sender<Vec<Said>>>,
}

struct Inquiry {
    op: String,
    fate: Look,
    stamped_ms: i64,
    read: Option<Told>,
    reply: Option<oneshot::Sender<Told>>,
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
    /// Whose record stands under an id.
    used: HashMap<String, (usize, i64)>,
    requests: Vec<Request>,
    inquiries: Vec<Inquiry>,
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
        let fate = self.schedule.sendings.get(number).cloned();
        let fate = fate.unwrap_or(Fate::WELL);
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
        let fate = self.schedule.looks.get(number).cloned();
        let fate = fate.unwrap_or(Look::WELL);
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
            State::Done if !has_landed => {
                let what = format!("{op} was called done and has not taken effect");
                self.story.blame(what);
            }
            State::Done => self.story.count("answers: done"),
            State::Refused => self.story.count("answers: refused"),
            _ => self.story.count("answers: not confirmed yet"),
        }
        self.claims.push(claimed);
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

    fn believes(&self, stamped_ms: i64) -> bool {
        let theirs = self.story.clock_ms() + i64::from(self.schedule.skew) * 100;
        (theirs - stamped_ms).abs() <= WINDOW_MS
    }

    /// A copy of a request reaches the mall.
    fn land(&mut self, number: usize) {
        let request = &self.requests[number];
        let entries = request.entries.clone();
        let is_replay = !request.landings.is_empty();
        if is_replay || !self.believes(request.stamped_ms) {
            self.story.tell(format!(
                "request {number} reaches the mall, which refuses its signature"
            ));
            self.story.count("landings refused by signature");
            let refused = vec![Said::Access(401); entries.len()];
            self.requests[number].landings.push(refused);
            return;
        }
        let said = entries.iter().map(|entry| self.carry_out(number, entry));
        let said = said.collect();
        self.requests[number].landings.push(said);
    }

    /// One entry in the books, by the rules of the house.
    fn carry_out(&mut self, number: usize, entry: &Entry) -> Said {
        let op = &entry.op;
        let drops_repeats = self.schedule.deployment == Deployment::Current;
        if drops_repeats && self.used.contains_key(op) {
            self.story.tell(format!(
                "request {number} reaches the mall: the id of {op} was used before"
            ));
            self.story.count("repeats dropped by the mall");
            return Said::Code(60_006);
        }
        let balance = self.books[entry.member] + entry.points;
        if balance < 0 {
            self.story.tell(format!(
                "request {number} reaches the mall: the points do not suffice for {op}"
            ));
            self.story.count("balances that did not suffice");
            return Said::Code(30_001);
        }
        self.books[entry.member] = balance;
        self.used.insert(op.clone(), (entry.member, entry.points));
        self.effects.push(Effect {
            entry: entry.clone(),
            at_ms: self.story.clock_ms(),
        });
        let sent_since = |request: &Request| {
            request.reply.is_none() && request.entries.iter().any(|other| other.op == *op)
        };
        if self.requests[number]
            .reply
            .as_ref()
            .is_none_or(|reply| !open(reply))
        {
            self.story
                .count("changes landed after the bot gave up on them");
        }
        if self.requests[number + 1..].iter().any(sent_since) {
            self.story
                .count("changes landed after a later sending was answered");
        }
        self.story.tell(format!(
            "request {number} reaches the mall: {op} TAKES EFFECT ({:+} for {})",
            entry.points,
            people::MEMBERS[entry.member].0
        ));
        Said::Applied
    }

    fn answer(&mut self, number: usize) {
        self.hear(number, |request| {
            let all = |said: Said| vec![said; request.entries.len()];
            let first = || request.landings.first().cloned();
            match request.fate {
                Fate::Well { .. } | Fate::Twice { second: false } => {
                    first().expect("planned before its answer")
                }
                Fate::Twice { second: true } => all(Said::Access(401)),
                Fate::NotSent => all(Said::NoConnection),
                Fate::Lost { how, .. } => all(Said::Lost(format!("{how:?}"))),
                Fate::TooFast { retry_after } => all(Said::TooFast(retry_after)),
                Fate::AccessRefused { status, .. } => all(Said::Access(status)),
                Fate::Declined { code, .. } | Fate::Refused { code } => all(Said::Code(code)),
            }
        });
    }

    /// The bot hears, if it still listens.
    fn hear(&mut self, number: usize, say: impl FnOnce(&Request) -> Vec<Said>) {
        let Some(reply) = self.requests[number].reply.take() else {
            return;
        };
        let said = say(&self.requests[number]);
        if !open(&reply) {
            return;
        }
        self.story
            .tell(format!("the bot hears of request {number}: {said:?}"));
        for (entry, said) in self.requests[number].entries.iter().zip(&said) {
            let clear = match said {
                Said::Applied => true,
                Said::Code(code) => is_refusal(*code),
                _ => false,
            };
            self.story.count(kind(said));
            self.troubled.insert(entry.op.clone(), !clear);
        }
        drop(reply.send(said));
    }

    fn read(&mut self, number: usize) {
        let inquiry = &self.inquiries[number];
        let told = match (self.schedule.deployment, self.used.get(&inquiry.op)) {
            (Deployment::Old | Deployment::Blind, _) => Told::Missing,
            _ if !self.believes(inquiry.stamped_ms) => Told::Access,
            (_, None) => Told::Record(Record::Unused),
            (_, Some(&(member, points))) => Told::Record(people::record(member, points)),
        };
        self.inquiries[number].read = Some(told);
    }

    fn tell(&mut self, number: usize, in_vain: bool) {
        let inquiry = &mut self.inquiries[number];
        let Some(reply) = inquiry.reply.take() else {
            return;
        };
        let told = match inquiry.fate {
            _ if in_vain => Told::Silent,
            Look::Silent => Told::Silent,
            Look::AccessRefused => Told::Access,
            Look::Missing => Told::Missing,
            Look::Well { .. } => inquiry.read.take().expect("read before it is told"),
        };
        if !open(&reply) {
            return;
        }
        let op = inquiry.op.clone();
        self.story.tell(format!(
            "the bot hears of {op} (look-up {number}): {told:?}"
        ));
        self.missing |= matches!(told, Told::Missing);
        match told {
            Told::Record(Record::Found { .. }) => {
                self.story.count("look-ups that found the change");
                self.troubled.insert(op, false);
            }
            // Unused and repeats are dropped: the bot can go on. Otherwise what it heard before counts.
            Told::Record(Record::Unused) => {
                self.story.count("look-ups that found nothing");
                if self.schedule.deployment == Deployment::Current && !self.missing {
                    self.troubled.insert(op, false);
                }
            }
            Told::Silent | Told::Access | Told::Missing => {
                self.story.count("look-ups that failed");
                self.troubled.insert(op, true);
            }
        }
        drop(reply.send(told));
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

/// Codes by which the mall says a clear no.
pub fn is_refusal(code: i64) -> bool {
    matches!(code, 60_001 | 60_000 | 50_000 | 30_001 | 404)
}

fn open<T>(reply: &oneshot::Sender<T>) -> bool {
    !reply.is_closed()
}

fn kind(said: &Said) -> &'static str {
    match said {
        Said::Applied => "heard: applied",
        Said::Code(60_006) => "heard: used before",
        Said::Code(code) if is_refusal(*code) => "heard: refused",
        Said::Code(_) => "heard: declined",
        Said::Access(_) => "heard: access refused",
        Said::TooFast(_) => "heard: too fast",
        Said::Lost(_) => "heard: nothing",
        Said::NoConnection => "heard: not sent",
    }
}
