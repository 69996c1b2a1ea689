//! What a request meets at the mall, and what the bot hears of it.

use guildpoints::points::Record;
use tokio::sync::oneshot;

use crate::mall::Effect;
use crate::mall::Entry;
use crate::mall::Mall;
use crate::mall::Request;
use crate::mall::Said;
use crate::mall::Told;
use crate::mall::WINDOW_MS;
use crate::people;
use crate::schedule::Deployment;
use crate::schedule::Fate;
use crate::schedule::Look;

impl Mall {
    /// A copy of a request reaches the mall.
    pub fn land(&mut self, number: usize) {
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

    pub fn answer(&mut self, number: usize) {
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
    pub fn hear(&mut self, number: usize, say: impl FnOnce(&Request) -> Vec<Said>) {
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

    pub fn read(&mut self, number: usize) {
        let inquiry = &self.inquiries[number];
        let told = match (self.schedule.deployment, self.used.get(&inquiry.op)) {
            (Deployment::Old | Deployment::Blind, _) => Told::Missing,
            _ if !self.believes(inquiry.stamped_ms) => Told::Access,
            (_, None) => Told::Record(Record::Unused),
            (_, Some(&(member, points))) => Told::Record(people::record(member, points)),
        };
        self.inquiries[number].read = Some(told);
    }

    pub fn tell(&mut self, number: usize, in_vain: bool) {
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

    fn believes(&self, stamped_ms: i64) -> bool {
        let theirs = self.story.clock_ms() + i64::from(self.schedule.skew) * 100;
        (theirs - stamped_ms).abs() <= WINDOW_MS
    }
}

/// Codes by which the mall says a clear no.
pub fn is_refusal(code: i64) -> bool {
    matches!(code, 60_001 | 60_000 | 50_000 | 30_001 | 404)
}

pub fn open<T>(reply: &oneshot::Sender<T>) -> bool {
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
