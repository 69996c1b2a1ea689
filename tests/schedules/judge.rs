//! What must hold when everything has come to rest.

use std::collections::HashMap;

use guildpoints::journal::Receipt;
use guildpoints::journal::State;

use crate::commands::Command;
use crate::mall::Effect;
use crate::mall::Mall;
use crate::people;
use crate::schedule::Deployment;

/// Blames whatever is wrong with how the mall, the journal and the claims agree.
pub fn judge(world: &mut Mall, commands: &[Command], entries: &[Receipt]) {
    let mut effects: HashMap<String, Vec<Effect>> = HashMap::new();
    for effect in world.effects.clone() {
        effects
            .entry(effect.entry.op.clone())
            .or_default()
            .push(effect);
    }
    let mut done_by_member = vec![world.schedule.purse; people::MEMBERS.len()];
    for entry in entries {
        let op = people::label_of(&entry.op);
        let landed = effects.remove(&op).unwrap_or_default();
        if landed.len() > 1 {
            let what = format!("{op} took effect {} times", landed.len());
            world.story.blame(what);
        }
        match entry.state {
            State::Done => world.story.count("ended: done"),
            State::Refused => world.story.count("ended: refused"),
            _ => world.story.count("ended: unresolved"),
        }
        let counts = match entry.state {
            State::Done => judge_done(world, &op, entry, landed.first()),
            State::Refused => {
                if !landed.is_empty() {
                    let what = format!("{op} was called refused and took effect");
                    world.story.blame(what);
                }
                false
            }
            _ => {
                judge_open(world, &op, entry);
                !landed.is_empty()
            }
        };
        if counts {
            let member = people::index_of(entry.member);
            done_by_member[member] += i64::from(entry.amount.points());
        }
        judge_claims(world, &op, entry);
    }
    for op in effects.keys() {
        let what = format!("{op} took effect and is not in the journal");
        world.story.blame(what);
    }
    if done_by_member != world.books {
        let what = format!(
            "the mall's balances are {:?}, by the journal they are {done_by_member:?}",
            world.books
        );
        world.story.blame(what);
    }
    judge_quotas(world, commands, entries);
}

fn judge_done(world: &mut Mall, op: &str, entry: &Receipt, landed: Option<&Effect>) -> bool {
    let points = i64::from(entry.amount.points());
    match landed {
        None => world
            .story
            .blame(format!("{op} is called done and never took effect")),
        Some(effect) if Some(effect.at_ms) > entry.settled_ms => world
            .story
            .blame(format!("{op} was called done before it took effect")),
        Some(effect) if effect.entry.points != points => world
            .story
            .blame(format!("{op} took effect with another amount")),
        Some(_) => {}
    }
    true
}

/// An entry may stay open only where the bot could not learn the truth, and then for a person.
fn judge_open(world: &mut Mall, op: &str, entry: &Receipt) {
    if entry.state != State::Unresolved {
        let what = format!("{op} is left {:?}", entry.state);
        world.story.blame(what);
    }
    let had_no_answer = world.troubled.get(op).copied().unwrap_or(false);
    let cannot_ask = world.schedule.deployment != Deployment::Current || world.missing;
    let has_died = world.story.tally.contains_key("crashes");
    if !(had_no_answer || world.is_squatted(op) || (cannot_ask && has_died)) {
        let what = format!("{op} is left to a person although the answer was clear");
        world.story.blame(what);
    }
}

/// What was said to be final has to be how it ended.
fn judge_claims(world: &mut Mall, op: &str, entry: &Receipt) {
    let claims: Vec<State> = world
        .claims
        .iter()
        .filter(|claimed| claimed.op == op && claimed.state.is_final())
        .map(|claimed| claimed.state)
        .collect();
    for state in claims {
        if state != entry.state {
            let what = format!("{op} was called {state:?} and is {:?}", entry.state);
            world.story.blame(what);
        }
    }
}

/// At the moment of each writing, everything that was not refused by then has to fit.
fn judge_quotas(world: &mut Mall, commands: &[Command], entries: &[Receipt]) {
    let quota = world.schedule.quota;
    for (giver, (name, user)) in people::GIVERS.iter().enumerate() {
        let given: Vec<&Receipt> = entries.iter().filter(|e| e.giver == *user).collect();
        let asked = commands.iter().any(|command| command.giver == giver);
        if !given.is_empty() && !asked {
            world.story.blame(format!("{name} gave without a command"));
        }
        for entry in &given {
            let at = entry.written_ms;
            let counted = given.iter().filter(|other| {
                let is_over = other.state == State::Refused && other.settled_ms <= Some(at);
                other.written_ms <= at && !is_over
            });
            let sum: i64 = counted.map(|other| other.amount.size()).sum();
            if sum > quota {
                let what = format!("{name} has given {sum} of a quota of {quota}");
                world.story.blame(what);
            }
        }
    }
}
