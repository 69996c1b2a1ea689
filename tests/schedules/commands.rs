//! What people command, and what the bot claims in return.

use guildpoints::journal::State;
use guildpoints::model::UserId;
use guildpoints::points::Order;

use crate::mall::Mall;
use crate::people;

/// A command as it is delivered, once or again.
#[derive(Clone, Debug)]
pub struct Command {
    pub number: usize,
    pub giver: usize,
    pub members: Vec<usize>,
    pub points: i32,
    pub is_several: bool,
    /// Whether it was answered before, so that its rows are on disk.
    pub is_answered: bool,
}

/// What the bot says to a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is written; how each change stands.
    Stand(Vec<(UserId, State)>),
    /// The same message asked before.
    Known,
    /// Above a cap.
    Over,
    /// Anything else, which must not be.
    Failed(String),
}

/// What was claimed of one change, and when.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub op: String,
    pub state: State,
}

impl Command {
    pub fn orders(&self) -> Vec<Order> {
        let order = |&member: &usize| people::order(self.number, member, self.points);
        self.members.iter().map(order).collect()
    }

    /// The command in words.
    pub fn told(&self) -> String {
        let names: Vec<&str> = self.members.iter().map(|&m| people::MEMBERS[m].0).collect();
        let (giver, points) = (people::GIVERS[self.giver].0, self.points.abs());
        let names = names.join(" and ");
        match self.points {
            1.. => format!("{giver} commands #{}: give {names} {points}", self.number),
            _ => format!(
                "{giver} commands #{}: take {points} from {names}",
                self.number
            ),
        }
    }

    /// The bot answers; what it calls done must have happened by now.
    pub fn hear(&self, world: &mut Mall, claim: Claim) {
        let number = self.number;
        let said = match &claim {
            Claim::Stand(states) => states
                .iter()
                .map(|(member, state)| {
                    let name = people::MEMBERS[people::index_of(*member)].0;
                    format!("{name} {state:?}")
                })
                .collect::<Vec<_>>()
                .join(", "),
            other => format!("{other:?}"),
        };
        world
            .story
            .tell(format!("the bot answers #{number}: {said}"));
        let expected_known = self.is_answered;
        match claim {
            Claim::Failed(why) => world.story.blame(format!("#{number} failed: {why}")),
            Claim::Known => {
                world.story.count("redeliveries known");
                world.answered.insert(number);
            }
            Claim::Over => world.story.count("answers: above the quota"),
            Claim::Stand(_) if expected_known => {
                let what = format!("#{number} was carried out although it was answered before");
                world.story.blame(what);
            }
            Claim::Stand(states) => {
                world.answered.insert(number);
                for (member, state) in states {
                    let op = people::label(number, people::index_of(member));
                    world.claim(Claimed { op, state });
                }
            }
        }
    }
}
