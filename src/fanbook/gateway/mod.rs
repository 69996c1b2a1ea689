//! The websocket that brings events.
//!
//! Invariants: it connects again for ever until it is stopped, with jittered back-off; any frame is
//! a sign of life and silence is death; no frame ends it, however broken or large; a message or
//! press comes out once, however often it arrives. A message whose first character cannot begin a
//! call to the bot does not come out at all: it was told apart without being decoded.
//! The gateway token is part of the address, so no address is logged, kept in an error or shown.
//! Deliberately absent: catching up on what was missed (the platform does not resend), and any wait
//! for whoever handles events.
//!
//! Metrics: `guildpoints_frames_total{kind}` with kinds `message`, `press`, `member`, `other`,
//! `idle` (told apart undecoded), `pong`, `connect`, `duplicate`, `broken`, `oversized`;
//! `guildpoints_gateway_lost_total` counts lost and failed connections;
//! `guildpoints_idle_missed_total` counts calls that were nearly taken for talk and must stay 0.
//! Source: fanbook-platform, 2.

mod address;
mod counts;
mod link;
mod sieve;
mod window;

use std::pin::pin;
use std::time::Duration;

use tokio::select;
use tokio::time::Instant;
use tokio::time::sleep_until;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::fanbook::Event;
use crate::fanbook::api::BotApi;
use crate::fanbook::api::Me;
use crate::fanbook::gateway::counts::Counts;
use crate::fanbook::gateway::link::Link;
use crate::fanbook::gateway::link::Lost;
use crate::fanbook::gateway::link::Step;
use crate::fanbook::gateway::sieve::Sieve;
use crate::fanbook::gateway::window::Window;
use crate::fanbook::text::Heard;
use crate::fanbook::text::hear;
use crate::fanbook::wire;
use crate::model::MessageId;
use crate::model::UserId;
use crate::support::pulse::Pulses;
use crate::support::pulse::edge;
use crate::support::retry::Backoff;
use crate::support::retry::Delays;

/// How many messages, and how many presses, are remembered to drop their repetitions.
const REMEMBERED: usize = 20_000;

/// Where the gateway is.
#[derive(Clone, Debug)]
pub struct GatewaySettings {
    /// `wss://host/websocket`.
    pub gateway_url: String,
}

/// How long the gateway waits for what; tests shorten it.
#[derive(Clone, Copy, Debug)]
pub struct GatewayTimes {
    /// Between heartbeats. Default 25 s: the platform drops a connection after 70 s without.
    pub ping_every: Duration,
    /// Without any frame the connection is dead. Default 60 s: two heartbeats unanswered.
    pub silence: Duration,
    /// From opening the socket to the upgrade. Default 10 s.
    pub connect: Duration,
    /// For a heartbeat or a goodbye to leave. Default 5 s: longer means a stuck connection.
    pub write: Duration,
    /// The first delay before connecting again. Default 1 s.
    pub first_retry: Duration,
    /// No delay is longer. Default 60 s.
    pub longest_retry: Duration,
    /// A connection that lived as long begins with the first delay again. Default 10 s, so that a
    /// server that greets and hangs up is not asked every second.
    pub steady: Duration,
}

impl Default for GatewayTimes {
    fn default() -> Self {
        Self {
            ping_every: Duration::from_secs(25),
            silence: Duration::from_secs(60),
            connect: Duration::from_secs(10),
            write: Duration::from_secs(5),
            first_retry: Duration::from_secs(1),
            longest_retry: Duration::from_secs(60),
            steady: Duration::from_secs(10),
        }
    }
}

/// The one connection to the platform's gateway.
#[derive(Debug)]
pub struct Gateway {
    settings: GatewaySettings,
    times: GatewayTimes,
    api: BotApi,
    pulses: Pulses,
    stop: CancellationToken,
    link: Option<Link>,
    /// Whom the present link was opened for.
    bot: UserId,
    /// Set when the gateway token seems to have run out: the next attempt asks for a new one.
    token_spent: bool,
    delays: Delays,
    not_before: Option<Instant>,
    messages: Window<MessageId>,
    presses: Window<String>,
    counts: Counts,
    sieve: Sieve,
}

impl Gateway {
    /// A gateway with the usual times. Connects with the first [`Gateway::next`], with the token
    /// of the API's last getMe or else a new one.
    pub fn new(
        settings: GatewaySettings,
        api: BotApi,
        pulses: Pulses,
        stop: CancellationToken,
    ) -> Self {
        let times = GatewayTimes::default();
        let counts = Counts::new();
        Self {
            settings,
            times,
            api,
            pulses,
            stop,
            link: None,
            bot: UserId::new(0),
            token_spent: false,
            delays: delays(&times),
            not_before: None,
            messages: Window::new(REMEMBERED),
            presses: Window::new(REMEMBERED),
            sieve: Sieve::new(counts.idle.clone()),
            counts,
        }
    }

    /// The same with times of one's own; for before the first event.
    pub fn with_times(mut self, times: GatewayTimes) -> Self {
        self.delays = delays(&times);
        self.times = times;
        self
    }

    /// The next event; `None` once stopped.
    ///
    /// Losing this future loses no event: a frame taken from the socket is decoded and returned
    /// without another wait. An attempt to connect begins anew.
    pub async fn next(&mut self) -> Option<Event> {
        let stop = self.stop.clone();
        // One for all waits: beginning to wait for the token takes a lock.
        let mut stopped = pin!(stop.cancelled());
        loop {
            if stop.is_cancelled() {
                self.leave().await;
                return None;
            }
            if self.link.is_none() {
                select! {
                    biased;
                    () = &mut stopped => continue,
                    () = self.connect() => {}
                }
            }
            let Some(link) = &mut self.link else {
                continue;
            };
            let step = select! {
                biased;
                step = link.step(&self.times, &mut self.sieve) => step,
                () = &mut stopped => continue,
            };
            let event = match step {
                Step::Frame(frame) => self.read(&frame),
                Step::Lost(lost) => self.lose(lost),
                Step::Pause => None,
            };
            if event.is_some() {
                return event;
            }
        }
    }

    async fn connect(&mut self) {
        if let Some(moment) = self.not_before {
            sleep_until(moment).await;
        }
        match self.open().await {
            Ok(link) => self.link = Some(link),
            Err(lost) => {
                self.lose(lost);
            }
        }
    }

    async fn open(&mut self) -> Result<Link, Lost> {
        let me = self.credentials().await?;
        self.bot = me.id;
        let address = address::of(&self.settings.gateway_url, &me).ok_or(Lost::Address)?;
        // The handles are made anew with each connection, in case a recorder has come since.
        self.counts = Counts::new();
        self.sieve = Sieve::new(self.counts.idle.clone());
        timeout(self.times.connect, Link::open(&address, &self.times))
            .await
            .unwrap_or(Err(Lost::Slow))
    }

    /// The token at hand, or one new token where that seems to have run out.
    async fn credentials(&mut self) -> Result<Me, Lost> {
        if !self.token_spent
            && let Some(me) = self.api.latest_me()
        {
            return Ok(me);
        }
        let me = self.api.me().await.map_err(Lost::Token)?;
        self.token_spent = false;
        Ok(me)
    }

    fn read(&mut self, frame: &[u8]) -> Option<Event> {
        if wire::is_idle(frame) {
            return self.sample(frame);
        }
        let event = match wire::decode(frame, self.bot) {
            Ok(event) => event,
            Err(unreadable) => {
                self.counts.broken.increment(1);
                tracing::debug!(error = %unreadable, length = frame.len(), "skipped a frame");
                return None;
            }
        };
        let count = match &event {
            Event::Message(message) if !self.messages.enter(message.message) => {
                self.counts.duplicate.increment(1);
                return None;
            }
            Event::Press(press) if !self.presses.enter(press.callback.clone()) => {
                self.counts.duplicate.increment(1);
                return None;
            }
            Event::Message(_) => &self.counts.message,
            Event::Press(_) => &self.counts.press,
            Event::Joined { .. } | Event::Left { .. } => &self.counts.member,
            Event::Other(action) if action == "pong" => {
                self.counts.pong.increment(1);
                self.pulses.well(edge::GATEWAY);
                return None;
            }
            Event::Other(_) | Event::Disconnected => &self.counts.other,
            Event::Connected => {
                self.counts.connect.increment(1);
                return self.greeted();
            }
        };
        count.increment(1);
        Some(event)
    }

    /// Decodes a frame that the sieve would have taken for talk; if it was a call, it is counted and still answered.
    fn sample(&mut self, frame: &[u8]) -> Option<Event> {
        let Ok(Event::Message(incoming)) = wire::decode(frame, self.bot) else {
            return None;
        };
        if hear(&incoming.text, self.bot) == Heard::Nothing {
            return None;
        }
        self.counts.idle_missed.increment(1);
        tracing::error!(message = %incoming.message, "a command was nearly taken for talk");
        let fresh = self.messages.enter(incoming.message);
        fresh.then_some(Event::Message(incoming))
    }

    /// A second greeting on one connection is no news.
    fn greeted(&mut self) -> Option<Event> {
        let link = self.link.as_mut()?;
        self.pulses.well(edge::GATEWAY);
        if link.greeted.replace(Instant::now()).is_some() {
            return None;
        }
        tracing::info!("connected to the gateway");
        Some(Event::Connected)
    }

    /// Gives the connection up, if there was one, and sets the time of the next attempt.
    fn lose(&mut self, lost: Lost) -> Option<Event> {
        let link = self.link.take();
        let greeted = link.as_ref().and_then(|link| link.greeted);
        if greeted.is_some_and(|since| since.elapsed() >= self.times.steady) {
            self.delays = delays(&self.times);
        }
        let ungreeted = link.is_some() && greeted.is_none();
        if ungreeted || lost.refuses_the_token() {
            self.token_spent = true;
        }
        let delay = self.delays.next().unwrap_or(self.times.longest_retry);
        self.not_before = Some(Instant::now() + delay);
        if matches!(lost, Lost::Oversized) {
            self.counts.oversized.increment(1);
        }
        self.counts.lost.increment(1);
        let why = lost.words();
        tracing::warn!(
            why,
            retry_ms = delay.as_millis(),
            "no connection to the gateway"
        );
        self.pulses.trouble(
            edge::GATEWAY,
            format!("no connection to the gateway, trying again: {why}"),
        );
        greeted.map(|_| Event::Disconnected)
    }

    async fn leave(&mut self) {
        if let Some(link) = self.link.take() {
            link.close(self.times.write).await;
        }
    }
}

fn delays(times: &GatewayTimes) -> Delays {
    let backoff = Backoff {
        first: times.first_retry,
        most: times.longest_retry,
        times: None,
    };
    backoff.delays()
}
