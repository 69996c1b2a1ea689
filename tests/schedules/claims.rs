//! What the bot says beside how a change stands, held against what is known.

use guildpoints::journal::State;

use crate::commands::Claimed;
use crate::commands::Why;
use crate::mall::Mall;
use crate::people;
use crate::schedule::Luck;

impl Mall {
    /// The bot has said why it does nothing.
    pub fn denied(&mut self, why: Why) {
        match why {
            Why::Undone(op) => {
                let undo = people::undone(&op);
                let is_true = self
                    .effects
                    .iter()
                    .any(|effect| effect.entry.op.starts_with(&undo));
                match is_true {
                    true => self.story.count("answers: undone before"),
                    false => self.story.blame(format!(
                        "{op} was called undone, and no undo of it took effect"
                    )),
                }
            }
            Why::Refused(op) => {
                let state = State::Refused;
                self.claim(Claimed { op, state });
            }
            Why::Decided(number, approved) => {
                self.story.count("answers: decided before");
                self.rulings_told.push((number, approved));
            }
            Why::NeverWaited(number) => {
                self.story.count("answers: never waited");
                self.never_waited.push(number);
            }
            Why::Other(_) => self.story.count("answers: not done"),
        }
    }

    /// The bot has carried out a decision.
    pub fn ruled(&mut self, number: usize, approves: bool) {
        self.story.count(match approves {
            true => "approved",
            false => "not approved",
        });
        if let Some(before) = self.rulings.insert(number, approves) {
            self.story.blame(format!(
                "#{number} was decided about twice (approved: {before}, then {approves})"
            ));
        }
    }

    /// More that awaits the requests of one.
    pub fn more_luck(&mut self, whose: String, luck: Luck) {
        let known = self.lucks.entry(whose).or_default();
        known.sendings.extend(luck.sendings);
        known.looks.extend(luck.looks);
    }
}
