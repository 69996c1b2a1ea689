//! Several processes, and everything at once for a while: killed, stopped, cut off, ended, with a mall
//! that loses answers.
//!
//! After it: the mall has booked what the journal says was done and nothing twice, every command has its
//! last word, and where one was said twice the process that said it first was disturbed at that moment.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;
use std::time::Instant;

use guildpoints::model::MessageId;
use guildpoints::sandbox::Running;
use guildpoints::sandbox::fault::Chance as Die;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;

use crate::cable::Cable;
use crate::cable::Commit;
use crate::chance::Chance;
use crate::stage::Stage;
use crate::stage::text_of;
use crate::takeover::TURN;

const GIVERS: [&str; 3] = ["阿杰", "夜雨", "星海"];
const MEMBERS: [&str; 2] = ["小明", "小红"];
/// Part of what an owner says that cannot write.
pub const NOT_SENT: &str = "没有向积分系统发出任何请求";
/// What else is said where nothing was done: more waits in a lane while the owner cannot write.
const BUSY: &str = "这条指令没有执行";

/// Something said in chat.
struct Command {
    said: MessageId,
    member: &'static str,
    points: i64,
}

/// When a process could have said something and not have noted it, on the sandbox's clock.
struct Disturbed {
    from_ms: i64,
    until_ms: i64,
}

/// What ends a trouble, and when.
struct Mending {
    at: Instant,
    index: usize,
    how: How,
}

#[derive(Clone, Copy)]
enum How {
    Start,
    GoOn,
    Mend,
}

struct Play {
    stage: Stage,
    chance: Chance,
    commands: Vec<Command>,
    disturbed: Vec<Disturbed>,
    mendings: Vec<Mending>,
    troubles: BTreeMap<&'static str, u32>,
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_to_three_processes_everything_is_paid_and_told() {
    let _turn = TURN.lock().await;
    let Some(stage) = Stage::new(&["anne", "ben", "cleo"]).await else {
        return;
    };
    let seconds = std::env::var("GUILDPOINTS_INSTANCES_SECONDS");
    let seconds = seconds.map_or(15, |digits| digits.parse().expect("a number of seconds"));
    let mut play = Play {
        stage,
        chance: Chance::from_environment("GUILDPOINTS_INSTANCES_SEED"),
        commands: Vec::new(),
        disturbed: Vec::new(),
        mendings: Vec::new(),
        troubles: BTreeMap::new(),
    };
    let before: Vec<i64> = MEMBERS
        .iter()
        .map(|name| play.stage.balance(name))
        .collect();
    play.spoil_the_mall();
    play.run(Duration::from_secs(seconds)).await;
    play.come_to_rest().await;
    play.judge(&before).await;
}

impl Play {
    fn spoil_the_mall(&mut self) {
        for (kind, probability) in [
            (FaultKind::DropAfter, 0.05),
            (FaultKind::DropBefore, 0.05),
            (FaultKind::DelayAfter { ms: 3_000 }, 0.03),
            (FaultKind::DelayBefore { ms: 3_000 }, 0.03),
        ] {
            let seed = self.chance.number(0..1 << 32);
            let rule = FaultRule::always("modifyUserPoint", kind);
            let faults = self.stage.sandbox.faults();
            faults.set_by_chance(rule, Die { probability, seed });
        }
    }

    async fn run(&mut self, length: Duration) {
        let ends = Instant::now() + length;
        let mut next_trouble = Instant::now() + Duration::from_secs(1);
        while Instant::now() < ends {
            self.say();
            self.mend_what_is_due(Instant::now());
            self.stage.supervise();
            if Instant::now() >= next_trouble {
                self.trouble().await;
                next_trouble =
                    Instant::now() + Duration::from_millis(self.chance.number(500..4_000));
            }
            let pause = self.chance.number(50..400);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }

    fn say(&mut self) {
        let giver = *self.chance.of(&GIVERS);
        let member = *self.chance.of(&MEMBERS);
        let points = self.chance.number(1..100) as i64;
        let said = self
            .stage
            .says(giver, &format!("/奖励 @{member} {points} 轮班"));
        self.commands.push(Command {
            said,
            member,
            points,
        });
    }

    /// Something befalls one of those that nothing has befallen yet, mostly the owner.
    async fn trouble(&mut self) {
        let mut well = Vec::new();
        let mut owner = None;
        for (index, instance) in self.stage.instances.iter().enumerate() {
            if self.mendings.iter().any(|mending| mending.index == index) {
                continue;
            }
            well.push(index);
            if instance.serves().await {
                owner = Some(index);
            }
        }
        if well.is_empty() {
            return;
        }
        let index = match owner {
            Some(owner) if self.chance.number(0..4) > 0 => owner,
            _ => *self.chance.of(&well),
        };
        let lasting = Duration::from_millis(self.chance.number(300..12_000));
        let now_ms = self.stage.sandbox.now_ms();
        let instance = &mut self.stage.instances[index];
        let (name, how, window_ms) = match self.chance.number(0..11) {
            0..3 => {
                instance.kill();
                ("killed", How::Start, 1_000)
            }
            3..6 => {
                instance.stop();
                ("stopped", How::GoOn, 1_000)
            }
            6..8 => {
                instance.cut(Cable::Cut);
                ("cut off", How::Mend, 10_000)
            }
            8 => {
                instance.cut(Cable::Silent);
                ("cut off in silence", How::Mend, 10_000)
            }
            9 => {
                instance.cable.spoil_commit(Commit::UnansweredAndCut);
                ("cut off in a commit", How::Mend, 10_000)
            }
            _ => {
                instance.end().await;
                ("ended", How::Start, 1_000)
            }
        };
        *self.troubles.entry(name).or_default() += 1;
        let for_ms = lasting.as_millis();
        self.stage
            .note(index, &format!("is {name}, for {for_ms} ms"));
        self.disturbed.push(Disturbed {
            from_ms: now_ms - 2_000,
            // Until then it may say something and cannot note it: cut off, it says what it has until
            // its term is over.
            until_ms: self.stage.sandbox.now_ms() + window_ms,
        });
        self.mendings.push(Mending {
            at: Instant::now() + lasting,
            index,
            how,
        });
    }

    fn mend_what_is_due(&mut self, now: Instant) {
        let (due, later) = std::mem::take(&mut self.mendings)
            .into_iter()
            .partition(|mending| mending.at <= now);
        self.mendings = later;
        for Mending { index, how, .. } in due {
            let instance = &mut self.stage.instances[index];
            match how {
                How::Start => instance.start(),
                How::GoOn => instance.go_on(),
                How::Mend => instance.mend(),
            }
            self.stage.note(index, "is well again");
        }
    }

    /// Everything is mended; what was typed while nobody listened is read up.
    async fn come_to_rest(&mut self) {
        let far = Instant::now() + Duration::from_secs(3_600);
        self.mend_what_is_due(far);
        self.stage.sandbox.faults().clear();
        let commands = &self.commands;
        let answered = "every command is answered";
        let all = |sandbox: &Running| {
            let mut said = commands.iter().map(|command| command.said);
            said.all(|said| !sandbox.answers_to(said).is_empty())
        };
        self.stage.until_at_last(answered, all).await;
        self.stage.at_rest().await;
    }

    async fn judge(&self, before: &[i64]) {
        let told = || self.stage.told();
        let records = self.stage.sandbox.mall().records();
        let ids: BTreeSet<&str> = records
            .iter()
            .map(|record| record.biz_id.as_str())
            .collect();
        assert_eq!(
            ids.len(),
            records.len(),
            "an intent took effect twice\n{}",
            told()
        );
        let database = &self.stage;
        let done = "select message from entries where state = 'done'";
        let done: BTreeSet<i64> = database.numbers(done).await.into_iter().collect();
        let written = database.numbers("select message from entries").await;
        assert_eq!(
            written.len(),
            done.len(),
            "something was not carried out\n{}",
            told()
        );
        assert_eq!(records.len(), done.len(), "{}", told());
        let is_done = |command: &Command| done.contains(&command.said.number().cast_signed());
        for (name, before) in MEMBERS.iter().zip(before) {
            let theirs = self
                .commands
                .iter()
                .filter(|command| command.member == *name);
            let theirs = theirs.filter(|command| is_done(command));
            let given: i64 = theirs.map(|command| command.points).sum();
            assert_eq!(
                self.stage.balance(name),
                before + given,
                "{name}\n{}",
                told()
            );
        }
        let mut tally = BTreeMap::new();
        for command in &self.commands {
            let answers = self.stage.answers(command.said);
            let last = answers.last().map(text_of).unwrap_or_default();
            let wanted = match is_done(command) {
                true => "✅",
                // Said by an owner that was cut off: nothing was written, nothing sent.
                false if last.contains(BUSY) => BUSY,
                false => NOT_SENT,
            };
            assert!(
                last.contains(wanted),
                "`{last}` is not the last word\n{}",
                told()
            );
            *tally.entry(wanted).or_insert(0) += 1;
            for answer in answers.iter().rev().skip(1) {
                let earlier = text_of(answer);
                assert!(
                    !earlier.contains(NOT_SENT) && !earlier.contains(BUSY),
                    "carried out after it was said that it was not\n{}",
                    told()
                );
                *tally.entry("said twice").or_insert(0) += 1;
                let was_disturbed = self.disturbed.iter().any(|disturbed| {
                    (disturbed.from_ms..disturbed.until_ms).contains(&answer.time_ms)
                });
                let text = text_of(answer);
                assert!(
                    was_disturbed,
                    "told twice for no reason: {text}\n{}",
                    told()
                );
            }
        }
        let fence = database.numbers("select fence from owner").await;
        println!(
            "troubles: {:?}; owners: {}; answers: {tally:?}",
            self.troubles, fence[0]
        );
    }
}
