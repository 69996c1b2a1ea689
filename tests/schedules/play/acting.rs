//! What the steps of a schedule do.

use super::End;
use super::Player;
use super::due_ms;
use crate::commands::Command;
use crate::commands::Meant;
use crate::commands::What;
use crate::door::enter;
use crate::life::Life;
use crate::people;
use crate::schedule::Deed;
use crate::schedule::Deployment;
use crate::schedule::Luck;
use crate::schedule::Way;

impl Player {
    /// Does the next step; answers how the life ends by it.
    pub(super) async fn perform(&mut self, life: &mut Life) -> Option<End> {
        let schedule = self.schedule.clone();
        let deed = &schedule.steps[self.step].1;
        self.step += 1;
        let next = schedule.steps.get(self.step);
        self.due += next.map_or(0, |step| due_ms(step.0));
        match deed {
            Deed::Change {
                giver,
                member,
                points,
                luck,
            } => self.change(life, *giver, &[*member], *points, false, luck),
            Deed::Several {
                giver,
                members,
                points,
                luck,
            } => self.change(life, *giver, members, *points, true, luck),
            Deed::Undo { who, way, luck } => self.undo(life, *who, way, luck),
            Deed::Decide {
                who,
                change,
                approves,
            } => {
                if let Some(of) = self.changing(*change) {
                    let approves = *approves;
                    let what = What::Decide { of, approves };
                    self.command(life, *who, what, Luck::default(), "decisions");
                }
            }
            Deed::Night { before } => {
                if self.is_waiting(life) {
                    self.pass_a_night(life, due_ms(*before)).await;
                }
            }
            Deed::Again { command, edited } => self.again(life, usize::from(*command), *edited),
            Deed::Squat { member } => self.squat = Some(usize::from(*member)),
            Deed::Crash { turns: u8::MAX } => return Some(End::Crashed),
            Deed::Crash { turns } => self.armed = Some(*turns),
            Deed::Restart => return Some(End::Stopped),
        }
        // A crash at the same moment finds the bot in the middle of what it has just begun.
        if let Some((0, Deed::Crash { turns })) = next
            && *turns < u8::MAX
        {
            self.step += 1;
            let after = schedule.steps.get(self.step);
            self.due += after.map_or(0, |step| due_ms(step.0));
            life.turns(*turns).await;
            return Some(End::Crashed);
        }
        None
    }

    fn change(
        &mut self,
        life: &mut Life,
        giver: u8,
        members: &[u8],
        points: i32,
        is_several: bool,
        luck: &Luck,
    ) {
        let number = self.commands.len();
        let members: Vec<usize> = members.iter().map(|&member| usize::from(member)).collect();
        let op = people::label(number, members[0]);
        if let Some(member) = self.squat.take()
            && self.schedule.deployment == Deployment::Current
        {
            enter(&self.world).squat(&op, member);
        }
        enter(&self.world).more_luck(people::luck_of(&op), luck.clone());
        let kind = match is_several {
            true => "commands for several",
            false => "commands for one",
        };
        let what = What::Change {
            members,
            points,
            is_several,
        };
        self.command(life, giver, what, Luck::default(), kind);
    }

    fn undo(&mut self, life: &mut Life, who: u8, way: &Way, luck: &Luck) {
        let meant = match *way {
            Way::Last => Some(Meant::Last),
            Way::Code { change, member } => self
                .changed(change, member)
                .map(|(number, member)| Meant::Code(number, member)),
            Way::Button {
                change,
                member,
                rest,
            } => self.changed(change, member).map(|(number, member)| {
                let meant = if rest { Meant::Rest } else { Meant::Button };
                meant(number, member)
            }),
        };
        if let Some(meant) = meant {
            let kind = match meant {
                Meant::Code(..) => "undos by code",
                Meant::Last => "undos of the last",
                Meant::Button(..) => "undos by button",
                Meant::Rest(..) => "undos of what is left",
            };
            self.command(life, who, What::Undo(meant), luck.clone(), kind);
        }
    }

    /// The number of the command that is meant, among those that change points.
    fn changing(&self, which: u8) -> Option<usize> {
        let changes = self.commands.iter();
        let changes = changes
            .rev()
            .filter(|command| !command.members().is_empty());
        let numbers: Vec<usize> = changes.map(|command| command.number).collect();
        let place = usize::from(which).checked_rem(numbers.len())?;
        Some(numbers[place])
    }

    /// The same with one of its members.
    fn changed(&self, which: u8, member: u8) -> Option<(usize, usize)> {
        let number = self.changing(which)?;
        let members = self.commands[number].members();
        Some((number, members[usize::from(member) % members.len()]))
    }

    fn command(&mut self, life: &mut Life, who: u8, what: What, luck: Luck, kind: &'static str) {
        let command = Command {
            number: self.commands.len(),
            who: usize::from(who),
            what,
            is_answered: false,
        };
        self.commands.push(command.clone());
        self.tell(&command.told(), kind);
        life.deliver(command, luck, people::policy(&self.schedule));
    }

    pub(super) fn again(&mut self, life: &mut Life, which: usize, edited: bool) {
        if self.commands.is_empty() {
            return;
        }
        let mut command = self.commands[which % self.commands.len()].clone();
        command.is_answered = enter(&self.world).answered.contains(&command.number);
        match &mut command.what {
            What::Change { points, .. } if edited => *points += points.signum(),
            // Another press may go through where the one before did not.
            What::Undo(Meant::Button(..) | Meant::Rest(..)) | What::Decide { .. } => {
                command.is_answered = false;
            }
            _ => {}
        }
        self.tell(
            &format!("delivered again: {}", command.told()),
            "redeliveries",
        );
        life.deliver(command, Luck::default(), people::policy(&self.schedule));
    }

    /// Lets time pass to so many milliseconds before the first command is refused because nobody
    /// has decided about it; false where that moment has come.
    pub(super) async fn pass_a_night(&mut self, life: &Life, before: u64) -> bool {
        let until = life.next_expiry().await.unwrap_or(0);
        let by = until.saturating_sub(before);
        if by == 0 {
            return false;
        }
        self.tell("a night passes", "nights");
        self.nights += by;
        self.due += by;
        life.leap(by).await;
        true
    }
}
