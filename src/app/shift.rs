//! One shift: everything that works for the bot while this process is its owner.
//!
//! Invariants: whatever begins something outside (a payment, a post, a connection) is built under the
//! term's tenure, and whatever writes under its fencing number; nothing of one shift lives on in the
//! next, so what a lost shift left hanging can neither begin nor write anything. A shift that loses
//! the bot drops its commands where they stand: to the journal that is a crash, which the sweeps of the
//! next owner repair.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::app::boards;
use crate::app::boards::Door;
use crate::app::house::House;
use crate::app::shown::Anewing;
use crate::app::sweep;
use crate::app::sweep::Sweeps;
use crate::app::turned_away::TurnedAway;
use crate::app::upkeep;
use crate::dispatch::CatchUp;
use crate::dispatch::Dispatcher;
use crate::dispatch::Parts;
use crate::dispatch::lane::Lanes;
use crate::fanbook::Event;
use crate::fanbook::api::BotApi;
use crate::fanbook::gateway::Gateway;
use crate::guilds::Guilds;
use crate::guilds::Schedules;
use crate::journal::Journal;
use crate::journal::Term;
use crate::model::GuildId;
use crate::model::RoleId;
use crate::model::UserId;
use crate::model::incoming::Incoming;
use crate::model::incoming::Press;
use crate::points::Links;
use crate::points::OnBoards;
use crate::points::Points;
use crate::points::mall::Mall;
use crate::points::manta::Manta;
use crate::schedule;
use crate::schedule::BoardForms;
use crate::schedule::OwnChat;
use crate::schedule::Pictures;
use crate::schedule::ScheduleTimes;
use crate::schedule::Scheduler;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;
use crate::support::tenure::Tenure;

/// How long commands under way may take to end after the first signal (product: 10 s in all).
const DRAIN_LIMIT: Duration = Duration::from_secs(8);
/// How long what is left may take to end where nothing may begin any more.
const LEAVE_LIMIT: Duration = Duration::from_secs(2);

/// Why a shift has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// It was asked to.
    Stopped,
    /// This process does not own the bot any more.
    Lost,
}

/// What works for the bot.
pub(super) struct Shift {
    gateway: Gateway,
    journal: Journal,
    points: Points,
    mall: Option<Mall>,
    mantas: Vec<Manta>,
    dispatcher: Arc<Dispatcher>,
    lanes: Lanes,
    catch_up: CatchUp,
    scheduler: Scheduler,
    /// Ends the gateway and what begins by itself.
    hearing: CancellationToken,
    /// In whose calendars old entries are counted.
    calendars: Vec<(GuildId, TimeZone)>,
    door: Door,
    passing: Option<mpsc::Receiver<(GuildId, UserId, OnBoards)>>,
    sweeps: Sweeps,
    /// Which roles are left out of boards, and where.
    unranked: Vec<(GuildId, Vec<RoleId>)>,
    api: BotApi,
    pulses: Pulses,
    clock: Clock,
    tenure: Tenure,
    tasks: TaskTracker,
    /// Ends the sweeps, after the lanes have drained.
    working: CancellationToken,
}

impl Shift {
    /// Builds everything under `term`. Nothing runs yet.
    pub(super) fn begin(house: &House, term: &Term, stop: &CancellationToken) -> Self {
        let tenure = term.tenure().clone();
        let journal = term.journal().clone();
        let api = house.api.under(tenure.clone());
        let mall = house.mall.as_ref().map(|mall| mall.under(tenure.clone()));
        let links = Links::new(journal.clone()).declared(house.templates.clone());
        let points = Points::new(
            journal.clone(),
            house.systems(&tenure, &links, mall.as_ref(), &journal),
            house.clock.clone(),
            house.times.clone(),
        )
        .sweeping(Sweeps::guilds(&house.guilds).map(|guild| guild.policy.guild))
        .linked_by(links);
        let dispatcher = Arc::new(Dispatcher::new(Parts {
            bot: house.bot,
            api: api.clone(),
            journal: journal.clone(),
            points: points.clone(),
            guilds: Guilds::new(&house.guilds),
            schedules: Schedules::new(&house.guilds, journal.clone()),
            words: house.words.clone(),
            registry: house.registry.clone(),
            pulses: house.pulses.clone(),
            clock: house.clock.clone(),
            language: house.language,
        }));
        // Ends the gateway, so that no further event begins anything.
        let hearing = stop.child_token();
        let lanes = Lanes::new(house.mall_in_flight);
        let catch_up = CatchUp::new(
            dispatcher.clone(),
            lanes.clone(),
            house.catch_up,
            hearing.clone(),
        );
        let scheduler = Scheduler::new(schedule::Parts {
            chat: Arc::new(OwnChat {
                api: api.clone(),
                bot: house.bot,
            }),
            forms: Arc::new(BoardForms {
                points: points.clone(),
                names: dispatcher.clone(),
                words: house.words.clone(),
                pictures: house.drawing.as_ref().map(|drawing| Pictures {
                    painter: drawing.painter.clone(),
                    journal: journal.clone(),
                    address: drawing.address.clone(),
                }),
            }),
            journal: journal.clone(),
            guilds: Guilds::new(&house.guilds),
            words: house.words.clone(),
            pulses: house.pulses.clone(),
            clock: house.clock.clone(),
            tenure: tenure.clone(),
            of_file: house.of_file(),
            times: ScheduleTimes::default(),
        });
        let (door, passing) = Door::new(&house.guilds);
        let sweeps = Sweeps::new(&house.guilds, &points, &api, house.mall_in_flight);
        let unranked = house.guilds.iter();
        let unranked = unranked.map(|guild| (guild.policy.guild, guild.unranked_roles.clone()));
        let calendars = house.guilds.iter().map(|guild| &guild.policy);
        let tasks = TaskTracker::new();
        let working = CancellationToken::new();
        tasks.spawn({
            let (tenure, hearing, working) = (tenure.clone(), hearing.clone(), working.clone());
            async move {
                if working.run_until_cancelled(tenure.ended()).await.is_some() {
                    hearing.cancel();
                    working.cancel();
                }
            }
        });
        Self {
            gateway: Gateway::new(
                house.gateway.clone(),
                api.clone(),
                house.pulses.clone(),
                hearing.clone(),
            ),
            scheduler,
            hearing,
            journal,
            points,
            mall,
            mantas: house.mantas.values().cloned().collect(),
            dispatcher,
            lanes,
            catch_up,
            calendars: calendars
                .map(|policy| (policy.guild, policy.zone.clone()))
                .collect(),
            door,
            passing: Some(passing),
            sweeps,
            unranked: unranked.collect(),
            api,
            pulses: house.pulses.clone(),
            clock: house.clock.clone(),
            tenure,
            tasks,
            working,
        }
    }

    /// Works until `stop`, or until the bot is another's, and ends everything it began.
    pub(super) async fn work(mut self, stop: &CancellationToken) -> Ended {
        self.tasks
            .spawn(self.points.clone().reconcile(self.working.clone()));
        let (teller, working) = (self.dispatcher.clone(), self.working.clone());
        self.tasks.spawn(async move { teller.tell(working).await });
        self.tasks.spawn(upkeep::forget(
            self.dispatcher.clone(),
            self.working.clone(),
        ));
        self.tasks.spawn(upkeep::prove(
            self.journal.clone(),
            self.pulses.clone(),
            self.working.clone(),
        ));
        if let Some(passing) = self.passing.take() {
            let (points, working) = (self.points.clone(), self.working.clone());
            self.tasks
                .spawn(boards::note_passing(points, passing, working));
        }
        self.tasks.spawn(boards::date(
            self.points.clone(),
            std::mem::take(&mut self.calendars),
            self.working.clone(),
        ));
        self.tasks.spawn(boards::forget_pictures(
            self.journal.clone(),
            self.working.clone(),
        ));
        for guild in self.sweeps.take() {
            self.tasks.spawn(guild.run(self.hearing.clone()));
        }
        self.tasks.spawn(sweep::look_at_roles(
            self.points.clone(),
            self.api.clone(),
            std::mem::take(&mut self.unranked),
            self.hearing.clone(),
        ));
        if let Some(mall) = &self.mall {
            self.tasks
                .spawn(upkeep::probe(mall.clone(), self.working.clone()));
        }
        for manta in &self.mantas {
            self.tasks
                .spawn(manta.clone().watch_token(self.working.clone()));
        }
        let anewing = Anewing {
            dispatcher: self.dispatcher.clone(),
            scheduler: self.scheduler.clone(),
            journal: self.journal.clone(),
            clock: self.clock.clone(),
        };
        self.tasks.spawn(anewing.run(self.hearing.clone()));
        let scheduler = self.scheduler.clone();
        self.tasks.spawn(scheduler.run(self.hearing.clone()));
        if let Err(error) = self.catch_up.learn().await {
            tracing::warn!(%error, "which commands are handled could not be read yet");
        }
        self.tasks.spawn(self.catch_up.clone().read());
        self.tasks
            .spawn(self.catch_up.clone().note(self.working.clone()));
        let turned_away = TurnedAway::new(
            self.dispatcher.clone(),
            self.tasks.clone(),
            self.working.clone(),
        );
        while let Some(event) = self.gateway.next().await {
            if !self.tenure.holds() {
                // Whoever owns the bot now has heard it, or reads it up.
                continue;
            }
            match event {
                Event::Message(incoming) => {
                    if let Some(guild) = incoming.guild {
                        self.sweeps.seen.saw(guild, incoming.author.id);
                    }
                    self.hear(incoming, &turned_away);
                }
                Event::Press(press) => self.feel(press),
                Event::Connected => self.catch_up.connected(),
                Event::Disconnected => self.catch_up.disconnected(),
                // In memory only, so the reader waits for nobody.
                Event::Joined { guild, user } => {
                    self.dispatcher.came_or_went(guild, user).await;
                    self.door.passed(guild, user, OnBoards::Shown);
                    self.sweeps.seen.saw(guild, user);
                }
                Event::Left { guild, user } => {
                    self.dispatcher.came_or_went(guild, user).await;
                    self.door.passed(guild, user, OnBoards::Hidden);
                }
                Event::Other(_) => {}
            }
        }
        // The gateway ends only when told to.
        if stop.is_cancelled() {
            self.drain().await;
        }
        self.leave().await;
        match stop.is_cancelled() {
            true => Ended::Stopped,
            false => Ended::Lost,
        }
    }

    /// Hands a message to its lane without waiting.
    fn hear(&self, incoming: Incoming, turned_away: &TurnedAway) {
        let Some(heeded) = self.dispatcher.heed(incoming) else {
            return;
        };
        let Some(heeded) = self.catch_up.hold(Arc::new(heeded)) else {
            return;
        };
        let (dispatcher, taken) = (self.dispatcher.clone(), heeded.clone());
        let tenure = self.tenure.clone();
        let work = move || async move {
            tenure.during(dispatcher.carry_out(taken)).await;
        };
        if self.lanes.send(heeded.lane(), work).is_err() {
            turned_away.tell(heeded);
        }
    }

    /// Hands a pressed button to the presser's lane.
    fn feel(&self, press: Press) {
        let (dispatcher, tenure) = (self.dispatcher.clone(), self.tenure.clone());
        let key = (None, press.presser);
        let handled = move || {
            let span = tracing::info_span!("press", channel = %press.channel, message = %press.message, user = %press.presser);
            async move {
                tenure.during(dispatcher.press(press)).await;
            }
            .instrument(span)
        };
        if self.lanes.send(key, handled).is_err() {
            metrics::counter!("guildpoints_busy_total").increment(1);
        }
    }

    /// Lets what is under way come to its end.
    async fn drain(&self) {
        tracing::info!(
            waiting = self.lanes.waiting(),
            "stopping: finishing what is under way"
        );
        let drained = tokio::time::timeout(DRAIN_LIMIT, async {
            self.catch_up.stopped().await;
            self.lanes.settled().await;
            self.dispatcher.stop_following().await;
            self.points.drain().await;
            if let Err(error) = self.dispatcher.tell_what_is_due().await {
                tracing::warn!(%error, "what is still to be told stays for the next start");
            }
        });
        if drained.await.is_err() {
            tracing::warn!(
                "not everything ended in time; the journal has it, and the next start goes on"
            );
        }
        self.catch_up.close().await;
    }

    /// Ends the sweeps and, where the bot was lost, waits for what was dropped on the way.
    async fn leave(self) {
        self.working.cancel();
        self.tasks.close();
        let lost = !self.tenure.holds();
        let left = tokio::time::timeout(LEAVE_LIMIT, async {
            self.tasks.wait().await;
            if lost {
                self.catch_up.stopped().await;
                self.lanes.settled().await;
                self.dispatcher.stop_following().await;
                self.points.drain().await;
            }
        });
        if left.await.is_err() {
            // It can begin and write nothing: its tenure is over or its work is in the journal.
            tracing::warn!("a task did not end in time");
        }
    }
}
