//! The stage of a week: the whole house within the test, since its clock has to be moved.
//!
//! The bot has a runtime of its own, so that killing it ends everything of it at once.

use std::path::Path;
use std::time::Duration;

use guildpoints::app::App;
use guildpoints::config::Config;
use guildpoints::config::Environment;
use guildpoints::fanbook::api::ApiSettings;
use guildpoints::fanbook::api::BotApi;
use guildpoints::journal::Journal;
use guildpoints::journal::JournalError;
use guildpoints::journal::KeptSchedule;
use guildpoints::journal::ScheduleDeed;
use guildpoints::journal::ScheduleFields;
use guildpoints::journal::ScheduleSource;
use guildpoints::journal::Slot;
use guildpoints::journal::StoreSettings;
use guildpoints::model::BotId;
use guildpoints::model::ChannelId;
use guildpoints::model::MessageId;
use guildpoints::sandbox::message::MessageView;
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulses;
use guildpoints::support::secret::Secret;
use jiff::Timestamp;
use jiff::ToSpan;
use jiff::Zoned;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::postgres;
use crate::stage::text_of;

/// Enough rounds of the scheduler for what is due to be done.
pub const ROUNDS: Duration = Duration::from_millis(2_500);

/// The schedule of the stories.
pub const NAME: &str = "周榜";

/// A guild whose points the bot keeps itself, and a clock that everybody shares.
pub struct House {
    pub stage: Stage,
    pub clock: Clock,
    zone: TimeZone,
    bot: Option<Bot>,
}

struct Bot {
    runtime: Runtime,
    stop: CancellationToken,
    ended: JoinHandle<anyhow::Result<()>>,
}

impl House {
    /// A house in `zone` where it is now `at`; its bot does not run yet.
    pub async fn at(zone: &str, at: impl FnOnce(&Zoned) -> Zoned) -> Self {
        let settings = Settings {
            points: Some("ledger"),
            ..Settings::default()
        };
        Self::with(settings, zone, at).await
    }

    /// The same with other settings.
    pub async fn with(settings: Settings, zone: &str, at: impl FnOnce(&Zoned) -> Zoned) -> Self {
        let mut stage = Stage::without_bot(Settings {
            bot: "commands_dir = \"words\"\n".to_owned(),
            guild: format!("timezone = \"{zone}\"\n{}", settings.guild),
            ..settings
        })
        .await;
        for command in ["reward", "top", "privacy"] {
            stage.write_words(&format!("{command}.toml"), "cooldown = \"0s\"\n");
        }
        let admins = format!("admins = [{}]\n", stage.user("夜雨"));
        stage.settings.guild.push_str(&admins);
        if stage.settings.store.is_none() {
            let file = stage.folder().join("guildpoints.db");
            stage.settings.store = Some(format!("sqlite://{}", file.display()));
        }
        let house = Self {
            stage,
            clock: Clock::system(),
            zone: TimeZone::get(zone).expect("there is such a zone"),
            bot: None,
        };
        let until = at(&house.now());
        house.goes_to(&until);
        house
    }

    /// The usual one: Friday noon in Shanghai, with a board for Mondays at nine.
    pub async fn on_friday() -> Self {
        let house = Self::at("Asia/Shanghai", |now| next(now, Weekday::Friday, 12, 0)).await;
        house.keeps(house.weekly()).await;
        house
    }

    /// The board of the stories.
    pub fn weekly(&self) -> ScheduleFields {
        ScheduleFields {
            guild: self.stage.guild,
            name: NAME.to_owned(),
            channel: self.stage.channel,
            at: "0 9 * * MON".to_owned(),
            counted: "week".to_owned(),
            rows: 10,
            mode: "post".to_owned(),
            catch_up: Duration::from_secs(6 * 3_600),
        }
    }

    /// Keeps a schedule as an administrator has set it up, in place of any of that name; the bot must
    /// not run.
    pub async fn keeps(&self, fields: ScheduleFields) {
        let journal = self.journal("").await;
        let by = Some(self.stage.user("夜雨"));
        let (guild, name) = (fields.guild, fields.name.clone());
        let gone = journal.do_with_schedule(guild, &name, ScheduleDeed::Remove, by);
        gone.await.expect("the store can be written");
        let saved = journal.save_schedule(fields, ScheduleSource::Chat, by);
        saved.await.expect("the store can be written");
        journal.close().await;
    }

    /// The same while it runs: makes the schedule due now.
    pub async fn runs_now(&mut self) {
        self.stop().await;
        let journal = self.journal("").await;
        let run = journal
            .run_schedule(self.stage.guild, NAME, self.clock.now_ms(), None)
            .await;
        run.expect("the store can be written")
            .expect("there is one");
        journal.close().await;
        self.start().await;
    }

    /// The schedule as it is kept.
    pub async fn kept(&self) -> KeptSchedule {
        let journal = self.journal("mode=ro").await;
        let kept = journal.schedule(self.stage.guild, NAME).await;
        journal.close().await;
        kept.expect("the store can be read").expect("there is one")
    }

    /// Its slots, the newest first.
    pub async fn slots(&self) -> Vec<Slot> {
        let journal = self.journal("mode=ro").await;
        let slots = journal.slots(self.stage.guild, NAME, 100).await;
        journal.close().await;
        slots.expect("the store can be read")
    }

    async fn journal(&self, how: &str) -> Journal {
        self.opened(how).await.expect("the store can be opened")
    }

    async fn opened(&self, how: &str) -> Result<Journal, JournalError> {
        let url = self.stage.store_url();
        let sign = if url.contains('?') { '&' } else { '?' };
        let url = match how {
            "" => url,
            how => format!("{url}{sign}{how}"),
        };
        let bot = BotId(self.stage.sandbox.bot());
        let clock = self.clock.clone();
        let store = StoreSettings { url };
        Journal::open_store(&store, bot, clock.clone(), Pulses::new(clock)).await
    }

    /// Deletes a message of the bot's own, which anybody who manages messages may.
    pub async fn deletes(&self, message: MessageId) {
        let settings = ApiSettings {
            api_url: self.stage.sandbox.addresses().api_url.clone(),
            token: Secret::new(self.stage.sandbox.bot_token()),
            send_per_channel_per_second: 1_000.0,
            api_per_second: 1_000.0,
        };
        let api = BotApi::new(settings, Pulses::default()).expect("the settings are right");
        let deleted = api.delete(self.stage.channel, message).await;
        deleted.expect("it is young enough");
    }

    /// The present moment of the house.
    pub fn now(&self) -> Zoned {
        self.clock.now().to_zoned(self.zone.clone())
    }

    /// Time passes.
    pub fn passes(&self, length: Duration) {
        self.clock.advance(length);
        let ms = i64::try_from(length.as_millis()).expect("a story is short");
        self.stage.sandbox.advance(ms);
    }

    /// Time passes until then.
    pub fn goes_to(&self, moment: &Zoned) {
        let left = moment.timestamp().as_millisecond() - self.clock.now_ms();
        self.passes(Duration::from_millis(
            left.try_into().expect("it is to come"),
        ));
    }

    /// The next Monday at that time, in the house's zone.
    pub fn monday(&self, hour: i8, minute: i8) -> Zoned {
        next(&self.now(), Weekday::Monday, hour, minute)
    }

    /// Starts the bot and waits until it is connected.
    pub async fn start(&mut self) {
        let text = self.stage.settings_text();
        let folder = self.stage.folder().to_owned();
        let parsed = Config::parse(&text, "bot.toml", &folder, &Environment::default());
        let mut config = parsed.expect("the settings can be read");
        config.commands_dir = Some(Path::new(&folder).join("words"));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime can be made");
        let (stop, clock) = (CancellationToken::new(), self.clock.clone());
        let ended = runtime.spawn({
            let stop = stop.clone();
            async move { App::build(config, clock).await?.run(stop).await }
        });
        self.bot = Some(Bot {
            runtime,
            stop,
            ended,
        });
        self.stage
            .until("the bot is connected", |sandbox| {
                sandbox.bots_connected() > 0
            })
            .await;
    }

    /// Asks the bot to stop and waits for its end.
    pub async fn stop(&mut self) {
        let bot = self.bot.take().expect("the bot runs");
        bot.stop.cancel();
        let ended = bot.ended.await.expect("the bot does not panic");
        ended.expect("the bot ends in order");
        bot.runtime.shutdown_background();
        self.gone().await;
    }

    /// Ends everything of the bot where it stands.
    pub async fn kill(&mut self) {
        let bot = self.bot.take().expect("the bot runs");
        let killed = tokio::task::spawn_blocking(move || {
            bot.runtime.shutdown_timeout(Duration::from_secs(5));
        });
        killed.await.expect("a runtime can be ended");
        self.gone().await;
        let url = self.stage.store_url();
        if url.starts_with("postgres:") {
            // Its term runs out, which takes seconds; `instances` waits for it.
            postgres::execute(&url, "update owner set until_ms = 0").await;
            return;
        }
        // The thread that writes ends by itself, and lets go of the file.
        let freed = async {
            while self.opened("").await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let freed = tokio::time::timeout(Duration::from_secs(10), freed).await;
        freed.expect("a dead bot lets go of its store");
    }

    async fn gone(&self) {
        self.stage
            .until("the bot's socket is gone", |sandbox| {
                sandbox.bots_connected() == 0
            })
            .await;
    }

    /// Boards that stand in a channel now, oldest first, and all of them marked as heard.
    pub fn boards_in(&mut self, channel: ChannelId) -> Vec<(MessageId, String)> {
        self.stage.said_in(channel);
        let messages = self.stage.sandbox.messages(channel).into_iter();
        messages
            .filter(|message| message.author.id == self.stage.sandbox.bot())
            .filter_map(|message| Some((message.id, board(&message)?)))
            .collect()
    }

    /// Boards that stand in the guild's first channel now.
    pub fn boards(&mut self) -> Vec<String> {
        let boards = self.boards_in(self.stage.channel).into_iter();
        boards.map(|(_, text)| text).collect()
    }

    /// What the bot has whispered to somebody.
    pub fn whispered(&mut self, nickname: &str) -> Vec<String> {
        let user = self.stage.user(nickname);
        let chat = self.stage.sandbox.private_chat(user);
        let said = self.stage.said_in(chat).into_iter();
        said.map(|(_, _, text)| text).collect()
    }

    /// Waits until so many boards stand in the guild's first channel, and a little for more.
    pub async fn sees(&mut self, count: usize) -> Vec<String> {
        let (channel, bot) = (self.stage.channel, self.stage.sandbox.bot());
        self.stage
            .until("the boards stand in the channel", |sandbox| {
                let messages = sandbox.messages(channel).into_iter();
                let ours = messages.filter(|message| message.author.id == bot);
                let boards = ours.filter(|message| board(message).is_some());
                boards.count() >= count
            })
            .await;
        self.rounds().await;
        let boards = self.boards();
        assert_eq!(boards.len(), count, "{boards:#?}");
        boards
    }

    /// Lets the scheduler look a few times: nothing shows that it has found nothing.
    pub async fn rounds(&self) {
        tokio::time::sleep(ROUNDS).await;
    }

    /// Ends the story.
    pub async fn finish(mut self) {
        if self.bot.is_some() {
            self.stop().await;
        }
        self.stage.finish().await;
    }
}

/// What a board says, a line for each of its rows; `None` of what is no board, or deleted.
fn board(message: &MessageView) -> Option<String> {
    if message.deleted {
        return None;
    }
    let text = text_of(message);
    if text.starts_with('🏆') {
        return Some(text);
    }
    let data = message.content.get("data")?.as_str()?;
    let card: Value = serde_json::from_str(data).ok()?;
    let mut lines = Vec::new();
    for line in card["children"].as_array()? {
        let mut words = Vec::new();
        read(line, &mut words);
        lines.push(words.join(" · "));
    }
    Some(lines.join("\n"))
}

/// Every text of a widget, from its beginning.
fn read(widget: &Value, words: &mut Vec<String>) {
    match widget {
        Value::Object(keys) => {
            words.extend(keys.get("data").and_then(Value::as_str).map(str::to_owned));
            keys.values().for_each(|inner| read(inner, words));
        }
        Value::Array(all) => all.iter().for_each(|inner| read(inner, words)),
        _ => {}
    }
}

/// The next such weekday at that time after `now`, in its zone.
pub fn next(now: &Zoned, weekday: Weekday, hour: i8, minute: i8) -> Zoned {
    let mut day = now.datetime().date();
    loop {
        let at = day.at(hour, minute, 0, 0);
        let at = at
            .to_zoned(now.time_zone().clone())
            .expect("there is such a time");
        if day.weekday() == weekday && at > *now {
            return at;
        }
        day = day.checked_add(1.day()).expect("time goes on");
    }
}

/// A moment in milliseconds since 1970, in a zone.
pub fn shown(ms: i64, zone: &str) -> String {
    let at = Timestamp::from_millisecond(ms).expect("it is a moment");
    let zone = TimeZone::get(zone).expect("there is such a zone");
    at.to_zoned(zone).strftime("%a %H:%M").to_string()
}
