//! Plays a schedule from an empty journal to rest, through as many lives as it takes.

mod acting;

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::Mutex;
use std::time::Duration;

use guildpoints::journal::Counts;
use guildpoints::journal::Journal;
use guildpoints::journal::Receipt;
use guildpoints::journal::StoreSettings;
use guildpoints::model::OpId;
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulses;
use tempfile::TempDir;

use crate::commands::Command;
use crate::commands::What;
use crate::door::World;
use crate::door::enter;
use crate::judge;
use crate::life::Life;
use crate::life::Stage;
use crate::mall::Mall;
use crate::people;
use crate::postgres;
use crate::schedule::Schedule;
use crate::story::Story;
use crate::story::Tally;

/// Long after everything must have come to rest, in milliseconds of the schedule's time, nights not
/// counted.
const TOO_LONG_MS: u64 = 3_600_000;

/// What became of a schedule.
pub struct Played {
    pub story: String,
    pub blames: Vec<String>,
    pub tally: Tally,
}

/// How a life ended.
enum End {
    Crashed,
    Stopped,
    Rested,
    Judged,
}

struct Player {
    world: World,
    clock: Clock,
    store: String,
    schedule: Arc<Schedule>,
    commands: Vec<Command>,
    /// The next step, and when it is due.
    step: usize,
    due: u64,
    /// A crash waits for the next thing that happens.
    armed: Option<u8>,
    squat: Option<usize>,
    counts: Counts,
    /// Milliseconds in which nothing but a night passed.
    nights: u64,
}

/// Plays it.
pub fn play(schedule: &Schedule) -> Played {
    let home = tempfile::tempdir_in(fast_folder()).unwrap();
    let file = home.path().join("journal.db");
    std::fs::write(&file, &**EMPTY_JOURNAL).unwrap();
    play_at(&address(&file), schedule)
}

/// Plays it on an empty schema of PostgreSQL.
pub fn play_on_postgres(schedule: &Schedule) -> Played {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let store = runtime.unwrap().block_on(postgres::schema());
    play_at(&store.expect("the server was there a moment ago"), schedule)
}

fn play_at(store: &str, schedule: &Schedule) -> Played {
    let clock = Clock::system();
    begin_in_the_morning(&clock);
    let schedule = Arc::new(schedule.clone());
    let mall = Mall::new(schedule.clone(), Story::new(clock.clone()));
    let mut player = Player {
        world: Arc::new(Mutex::new(mall)),
        clock,
        store: store.to_owned(),
        due: schedule.steps.first().map_or(0, |step| due_ms(step.0)),
        schedule,
        commands: Vec::new(),
        step: 0,
        armed: None,
        squat: None,
        counts: Counts::default(),
        nights: 0,
    };
    player.live_on();
    let world = enter(&player.world);
    Played {
        story: world.story.told(),
        blames: world.story.blames.clone(),
        tally: world.story.tally.clone(),
    }
}

impl Player {
    fn live_on(&mut self) {
        let mut lives = 0;
        let mut rested = None;
        loop {
            let proved = lives >= self.schedule.unproved_starts;
            lives = lives.saturating_add(1);
            let end = Stage::new().run(async {
                let life = Life::begin(&self.store, &self.clock, &self.world, proved).await;
                match (life, rested.take()) {
                    (Err(error), _) => {
                        self.blame(format!("the store cannot be opened: {error}"));
                        End::Judged
                    }
                    (Ok(life), Some(entries)) => {
                        self.redeliver_all(life, entries).await;
                        End::Judged
                    }
                    (Ok(life), None) => {
                        let (end, entries) = self.live(life).await;
                        rested = entries;
                        end
                    }
                }
            });
            match end {
                End::Crashed => self.tell("the bot dies; a new one starts", "crashes"),
                End::Stopped => self.tell("the bot is stopped and started again", "restarts"),
                End::Rested => self.tell("all is at rest; the bot is started once more", "rests"),
                End::Judged => return,
            }
        }
    }

    /// One life. At rest it also says what the journal holds.
    async fn live(&mut self, mut life: Life) -> (End, Option<Vec<Receipt>>) {
        loop {
            self.see(life.settle().await);
            while enter(&self.world).happen() {
                if let Some(turns) = self.armed.take() {
                    life.turns(turns).await;
                    return (End::Crashed, None);
                }
                self.see(life.settle().await);
            }
            let now = enter(&self.world).story.now;
            if self.step < self.schedule.steps.len() {
                if self.due <= now {
                    if let Some(end) = self.perform(&mut life).await {
                        if matches!(end, End::Stopped) {
                            life.end().await;
                        }
                        return (end, None);
                    }
                    continue;
                }
            } else if self.is_at_rest(&mut life) {
                if let Some(turns) = self.armed.take() {
                    life.turns(turns).await;
                    return (End::Crashed, None);
                }
                let entries = self.entries(&life).await;
                life.end().await;
                return (End::Rested, Some(entries));
            } else if self.is_waiting(&mut life) && self.pass_a_night(&life, 0).await {
                if let Some(turns) = self.armed.take() {
                    life.turns(turns).await;
                    return (End::Crashed, None);
                }
                continue;
            } else if now > TOO_LONG_MS + self.nights {
                self.blame("it never came to rest".to_owned());
                return (End::Judged, None);
            }
            let next = (self.step < self.schedule.steps.len()).then_some(self.due);
            life.wait(next).await;
        }
    }

    /// Everything that was written is delivered once more to a bot that has just started.
    async fn redeliver_all(&mut self, mut life: Life, before: Vec<Receipt>) {
        for number in 0..self.commands.len() {
            if self.left_its_mark(number, &before) {
                self.again(&mut life, number, number % 2 == 1);
            }
        }
        life.settle().await;
        while life.is_busy() {
            life.wait(None).await;
            enter(&self.world).happen();
            life.settle().await;
        }
        let after = self.entries(&life).await;
        if after != before {
            self.blame("commands delivered again changed the journal".to_owned());
        }
        judge::judge(&mut enter(&self.world), &self.commands, &after);
        life.end().await;
    }

    /// Whether a command that comes again can find that it was there before.
    fn left_its_mark(&self, number: usize, entries: &[Receipt]) -> bool {
        let message = people::message(number);
        let is_written = match self.commands[number].what {
            What::Change { .. } => entries
                .iter()
                .any(|entry| entry.cause.parts().0 == message && entry.undoes.is_none()),
            What::Undo(_) => entries
                .iter()
                .any(|entry| entry.reply.quoting == Some(message) && entry.undoes.is_some()),
            // It has no row of its own; what it was about is decided now.
            What::Decide { .. } => return true,
        };
        if is_written {
            enter(&self.world).answered.insert(number);
        }
        is_written
    }

    async fn entries(&self, life: &Life) -> Vec<Receipt> {
        let mut entries = Vec::new();
        for number in 0..self.commands.len() {
            entries.extend(life.entries(number).await);
        }
        for entry in &entries {
            assert_eq!(OpId::of(people::BOT, &entry.cause), entry.op);
        }
        entries
    }

    fn is_at_rest(&self, life: &mut Life) -> bool {
        self.counts.waiting == 0 && self.is_quiet(life)
    }

    /// Whether nothing is left but what waits for approval.
    fn is_waiting(&self, life: &mut Life) -> bool {
        self.counts.waiting > 0 && self.is_quiet(life)
    }

    fn is_quiet(&self, life: &mut Life) -> bool {
        let Counts {
            queued,
            unconfirmed,
            held,
            ..
        } = self.counts;
        queued + unconfirmed + held == 0 && !life.is_busy() && enter(&self.world).is_quiet()
    }

    /// Tells when the journal stands otherwise than before.
    fn see(&mut self, counts: Counts) {
        let of = |counts: &Counts| {
            let Counts {
                waiting,
                queued,
                unconfirmed,
                held,
                unresolved,
                ..
            } = *counts;
            (waiting, queued, unconfirmed, held, unresolved)
        };
        if of(&counts) == of(&self.counts) {
            return;
        }
        let (waiting, queued, unconfirmed, held, unresolved) = of(&counts);
        let mut world = enter(&self.world);
        world.story.tell(format!(
            "(open in the journal: {waiting} waiting, {queued} queued, {unconfirmed} unconfirmed, {held} held, {unresolved} unresolved)"
        ));
        if held > self.counts.held {
            world.story.count("refusals held");
        }
        if queued > self.counts.queued {
            world.story.count("entries queued");
        }
        self.counts = counts;
    }

    fn tell(&self, what: &str, kind: &'static str) {
        let mut world = enter(&self.world);
        world.story.tell(what.to_owned());
        world.story.count(kind);
    }

    fn blame(&self, what: String) {
        enter(&self.world).story.blame(what);
    }
}

fn due_ms(tenths: u16) -> u64 {
    u64::from(tenths) * 100
}

/// Where files cost no disk.
fn fast_folder() -> PathBuf {
    let memory = Path::new("/dev/shm");
    match memory.is_dir() {
        true => memory.to_owned(),
        false => std::env::temp_dir(),
    }
}

fn address(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}

/// Quotas are counted by day, and no run is to cross midnight.
fn begin_in_the_morning(clock: &Clock) {
    const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
    let since_midnight = clock.now_ms().rem_euclid(DAY_MS);
    let until_eight = DAY_MS + DAY_MS / 3 - since_midnight;
    clock.advance(Duration::from_millis(until_eight.unsigned_abs()));
}

/// A journal as the bot makes it, to begin each run with a copy.
static EMPTY_JOURNAL: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let home = TempDir::new().unwrap();
    let file = home.path().join("journal.db");
    let settings = StoreSettings {
        url: address(&file),
    };
    let clock = Clock::system();
    let opened = Stage::new().run(async {
        let pulses = Pulses::new(clock.clone());
        let journal = Journal::open_store(&settings, people::BOT, clock, pulses).await?;
        journal.close().await;
        Ok::<_, guildpoints::journal::JournalError>(())
    });
    opened.unwrap();
    std::fs::read(&file).unwrap()
});
