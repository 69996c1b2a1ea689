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
        world.story.count(match entry.state {
            State::Done if entry.undoes.is_some() => "ended: an undo is done",
            State::Done => "ended: done",
            State::Undone => "ended: undone",
            State::PartlyUndone => "ended: undone in part",
            State::Refused if entry.undoes.is_some() => "ended: an undo is refused",
            State::Refused => "ended: refused",
            _ => "ended: unresolved",
        });
        let counts = match entry.state {
            state if state.took_effect() => judge_done(world, &op, entry, landed.first()),
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
    judge_undos(world, entries);
    judge_approvals(world, entries);
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
        let same = state == entry.state || (state.took_effect() && entry.state.took_effect());
        if !same {
            let what = format!("{op} was called {state:?} and is {:?}", entry.state);
            world.story.blame(what);
        }
    }
}

/// At the moment of each writing, everything of that day that was neither refused nor undone by then
/// has to fit.
fn judge_quotas(world: &mut Mall, commands: &[Command], entries: &[Receipt]) {
    const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
    let quota = world.schedule.quota;
    let changes = || entries.iter().filter(|entry| entry.undoes.is_none());
    for (giver, (name, user)) in people::GIVERS.iter().enumerate() {
        let given: Vec<&Receipt> = changes().filter(|e| e.giver == *user).collect();
        let asked = commands.iter().any(|command| command.who == giver);
        if !given.is_empty() && !asked {
            world.story.blame(format!("{name} gave without a command"));
        }
        for entry in &given {
            let at = entry.written_ms;
            let counted = given.iter().filter(|other| {
                let is_over = other.state == State::Refused && other.settled_ms <= Some(at);
                let same_day = other.written_ms / DAY_MS == at / DAY_MS;
                other.written_ms <= at && same_day && !is_over
            });
            let sum: i64 = counted
                .map(|other| other.amount.size() - undone_by(other, entries, at))
                .sum();
            if sum > quota {
                let what = format!("{name} has given {sum} of a quota of {quota}");
                world.story.blame(what);
            }
        }
    }
}

/// How much of a change was known to be undone at that time.
fn undone_by(of: &Receipt, entries: &[Receipt], at: i64) -> i64 {
    let undos = entries.iter().filter(|entry| {
        entry.cause.undoes() == Some(of.cause)
            && entry.state == State::Done
            && entry.settled_ms <= Some(at)
    });
    undos.map(|undo| undo.amount.size()).sum()
}

/// A change is undone once at most, after it was done, by who may, and by no more than it moved; the
/// journal says by how much.
fn judge_undos(world: &mut Mall, entries: &[Receipt]) {
    for of in entries.iter().filter(|entry| entry.undoes.is_none()) {
        let op = people::label_of(&of.op);
        let undos: Vec<&Receipt> = entries
            .iter()
            .filter(|entry| entry.cause.undoes() == Some(of.cause))
            .collect();
        let landed = undos.iter().filter(|undo| {
            let undo = people::label_of(&undo.op);
            world.effects.iter().any(|effect| effect.entry.op == undo)
        });
        let mut wrong = Vec::new();
        if landed.count() > 1 {
            wrong.push(format!("{op} was undone twice"));
        }
        let sum = undone_by(of, entries, i64::MAX);
        let stands = match sum {
            0 => of.undone == 0 && !matches!(of.state, State::Undone | State::PartlyUndone),
            sum if sum == of.amount.size() => of.undone == sum && of.state == State::Undone,
            sum => of.undone == sum && of.state == State::PartlyUndone,
        };
        if !stands {
            wrong.push(format!(
                "{op} was undone by {sum}; the journal says by {} and {:?}",
                of.undone, of.state
            ));
        }
        let refused = |undo: &&Receipt| undo.state == State::Refused;
        if !undos.iter().rev().skip(1).all(refused) {
            wrong.push(format!("{op} was tried again before an undo was refused"));
        }
        for undo in undos {
            let label = people::label_of(&undo.op);
            if undo.member != of.member
                || undo.amount.takes() == of.amount.takes()
                || undo.amount.size() > of.amount.size()
            {
                wrong.push(format!("{label} moves something else"));
            }
            if undo.giver != of.giver && undo.giver != people::DECIDERS[2].1 {
                wrong.push(format!("{label} was asked for by who may not"));
            }
            if !of.state.took_effect() || of.settled_ms > Some(undo.written_ms) {
                wrong.push(format!("{label} was written before {op} was done"));
            }
        }
        for what in wrong {
            world.story.blame(what);
        }
    }
}

/// What is large enough waits; it is sent only after another has approved it, and what is not
/// approved never is. What was said of a decision is what was decided.
fn judge_approvals(world: &mut Mall, entries: &[Receipt]) {
    for entry in entries.iter().filter(|entry| entry.undoes.is_none()) {
        let op = people::label_of(&entry.op);
        let number = (0..64).find(|&number| people::message(number) == entry.cause.parts().0);
        let number = number.expect("commands are few");
        let over = world.schedule.approve_over;
        let must_wait = over.is_some_and(|over| entry.amount.size() > over);
        let sent = world.requests.iter().filter(|request| {
            let mut entries = request.entries.iter();
            entries.any(|entry| entry.op == op)
        });
        let first_sent = sent.map(|request| request.stamped_ms).min();
        let decision = entry.approval.as_ref().map(|approval| &approval.decision);
        let approved =
            decision.map(|decision| decision.as_ref().is_some_and(|decision| decision.approved));
        let mut wrong = Vec::new();
        if must_wait != approved.is_some() {
            wrong.push(format!("{op} had to wait: {must_wait}"));
        }
        match decision {
            None => {}
            Some(None) => wrong.push(format!("nobody decided about {op}, nor did time")),
            Some(Some(decision)) if decision.approved => {
                let by = decision.by;
                if by.is_none() || by == Some(entry.giver) || by == Some(entry.member) {
                    wrong.push(format!("{op} was approved by who may not"));
                }
                if first_sent.is_some_and(|sent| sent < decision.ms) {
                    wrong.push(format!("{op} was sent before it was approved"));
                }
            }
            Some(Some(decision)) => {
                if decision.by.is_none() {
                    world.story.count("not approved in time");
                }
                if first_sent.is_some() || entry.state != State::Refused {
                    wrong.push(format!("{op} was sent although nobody approved it"));
                }
            }
        }
        let carried_out = world.rulings.get(&number).copied();
        if carried_out.is_some() && carried_out != approved {
            wrong.push(format!("{op} was not decided about as was said"));
        }
        let told = world.rulings_told.iter();
        let mut told = told.filter(|(about, _)| *about == number);
        if told.any(|(_, told)| Some(*told) != approved) {
            wrong.push(format!(
                "another decision about {op} was told than was taken"
            ));
        }
        if approved.is_some() && world.never_waited.contains(&number) {
            wrong.push(format!("{op} waited, and was said never to have"));
        }
        for what in wrong {
            world.story.blame(what);
        }
    }
}
