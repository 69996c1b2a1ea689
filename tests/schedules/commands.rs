//! What people command, and what the bot claims in return.

use guildpoints::journal::State;
use guildpoints::points::Order;

use crate::mall::Mall;
use crate::people;

/// A command as it is delivered, once or again.
#[derive(Clone, Debug)]
pub struct Command {
    pub number: usize,
    /// Who commands, among `people::DECIDERS`.
    pub who: usize,
    pub what: What,
    /// Whether it was answered before, so that its rows are on disk.
    pub is_answered: bool,
}

/// What is commanded.
#[derive(Clone, Debug)]
pub enum What {
    /// Points of these members.
    Change {
        members: Vec<usize>,
        points: i32,
        is_several: bool,
    },
    /// Undoing.
    Undo(Meant),
    /// A decision about the command of that number.
    Decide { of: usize, approves: bool },
}

/// The change that is to be undone: number and member.
#[derive(Clone, Copy, Debug)]
pub enum Meant {
    Code(usize, usize),
    Last,
    Button(usize, usize),
    /// As much as is there.
    Rest(usize, usize),
}

/// What the bot says to a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is written; how each change stands, by name.
    Stand(Vec<(String, State)>),
    /// The same message asked before.
    Known,
    /// Above a cap.
    Over,
    /// Nothing is done, and why.
    Not(Why),
    /// Anything else, which must not be.
    Failed(String),
}

/// Why nothing is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The change of that name was undone.
    Undone(String),
    /// The change of that name was refused.
    Refused(String),
    /// Somebody has approved the command of that number, or refused it, or nobody did in time.
    Decided(usize, bool),
    /// The command of that number never waited.
    NeverWaited(usize),
    /// For another reason, which changes nothing in the end.
    Other(String),
}

/// What was claimed of one change, and when.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub op: String,
    pub state: State,
}

impl Command {
    /// The members whose points it changes.
    pub fn members(&self) -> &[usize] {
        match &self.what {
            What::Change { members, .. } => members,
            What::Undo(_) | What::Decide { .. } => &[],
        }
    }

    /// The changes it orders.
    pub fn orders(&self) -> Vec<Order> {
        let What::Change {
            members, points, ..
        } = &self.what
        else {
            return Vec::new();
        };
        let order = |&member: &usize| people::order(self.number, member, *points);
        members.iter().map(order).collect()
    }

    /// The command in words.
    pub fn told(&self) -> String {
        let who = people::DECIDERS[self.who].0;
        let number = self.number;
        match &self.what {
            What::Change {
                members, points, ..
            } => {
                let names: Vec<&str> = members.iter().map(|&m| people::MEMBERS[m].0).collect();
                let names = names.join(" and ");
                match points {
                    1.. => format!("{who} commands #{number}: give {names} {points}"),
                    _ => format!(
                        "{who} commands #{number}: take {} from {names}",
                        points.abs()
                    ),
                }
            }
            What::Undo(meant) => match *meant {
                Meant::Code(of, member) => {
                    let label = people::label(of, member);
                    format!("{who} commands #{number}: undo {label}")
                }
                Meant::Last => format!("{who} commands #{number}: undo the last"),
                Meant::Button(of, member) => {
                    let label = people::label(of, member);
                    format!("{who} presses (#{number}) the button that undoes {label}")
                }
                Meant::Rest(of, member) => {
                    let label = people::label(of, member);
                    format!(
                        "{who} presses (#{number}) the button that takes back what is left of {label}"
                    )
                }
            },
            What::Decide { of, approves } => {
                let verb = if *approves { "approve" } else { "refuse" };
                format!("{who} commands #{number}: {verb} #{of}")
            }
        }
    }

    /// The bot answers; what it says must be so by now.
    pub fn hear(&self, world: &mut Mall, claim: Claim) {
        let number = self.number;
        let said = match &claim {
            Claim::Stand(states) => states
                .iter()
                .map(|(op, state)| format!("{op} {state:?}"))
                .collect::<Vec<_>>()
                .join(", "),
            other => format!("{other:?}"),
        };
        world
            .story
            .tell(format!("the bot answers #{number}: {said}"));
        match claim {
            Claim::Failed(why) => world.story.blame(format!("#{number} failed: {why}")),
            Claim::Known => {
                world.story.count("redeliveries known");
                world.answered.insert(number);
            }
            Claim::Over => world.story.count("answers: above the quota"),
            Claim::Not(why) => world.denied(why),
            Claim::Stand(_) if self.is_answered => {
                let what = format!("#{number} was carried out although it was answered before");
                world.story.blame(what);
            }
            Claim::Stand(states) => {
                world.answered.insert(number);
                if let What::Decide { of, approves } = self.what {
                    world.ruled(of, approves);
                }
                for (op, state) in states {
                    world.claim(Claimed { op, state });
                }
            }
        }
    }
}
