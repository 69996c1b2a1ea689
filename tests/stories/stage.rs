//! The stage: a sandbox in this process and the real program in another, on a store of their own.
//!
//! With `GUILDPOINTS_TEST_STORE=postgres` that store is a schema of PostgreSQL wherever a story does
//! not name its own.

#[path = "../support/postgres.rs"]
pub mod postgres;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::sync::Once;
use std::time::Duration;

use guildpoints::journal::Journal;
use guildpoints::journal::Link;
use guildpoints::journal::Proof;
use guildpoints::journal::StoreSettings;
use guildpoints::model::Account;
use guildpoints::model::BotId;
use guildpoints::model::ChannelId;
use guildpoints::model::GuildId;
use guildpoints::model::MessageId;
use guildpoints::model::RoleId;
use guildpoints::model::UserId;
use guildpoints::sandbox::Running;
use guildpoints::sandbox::Sandbox;
use guildpoints::sandbox::SandboxOptions;
use guildpoints::sandbox::SayOptions;
use guildpoints::sandbox::Shape;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use guildpoints::sandbox::message::MessageView;
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulses;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// How long a story waits for something to be seen before it gives up and prints everything.
const PATIENCE: Duration = Duration::from_secs(30);

/// Times short enough for stories: an outcome in doubt is looked up soon, a refusal held briefly.
const SHORT_TIMES: &str =
    "timeout = \"1s\"\nsignature_window = \"1s\"\nlook_up_after = \"200ms\"\n";

/// The address of the stage's own file, as TOML.
const OWN_FILE: &str = "\"sqlite://guildpoints.db\"";

/// Settings a story may change, as lines of TOML.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Lines of `[guild.reward]`.
    pub reward: String,
    /// Lines of `[[guild]]`.
    pub guild: String,
    /// Lines of `[bot]`.
    pub bot: String,
    /// Lines of `[mall]`; short times where absent.
    pub mall: Option<String>,
    /// The guild's `points`, where it is not the mall. With the ledger there is no `[mall]` at all.
    pub points: Option<&'static str>,
    /// Further lines of `[limits]`; those of chat are out of the way.
    pub limits: String,
    /// Lines of `[swan.hq]` beside its address and key. With it everybody who has an account in the
    /// sandbox's Swan is linked to it.
    pub swan: Option<String>,
    /// Whole further sections before the guild's.
    pub further: String,
    /// `[store] url`, where it is not the stage's own file.
    pub store: Option<String>,
    /// The variable `store` comes in, where it does not stand in the settings.
    pub store_variable: Option<&'static str>,
    /// Further arguments of `run`.
    pub arguments: Vec<String>,
}

/// The sandbox, the bot and what was heard so far.
pub struct Stage {
    pub sandbox: Running,
    pub guild: GuildId,
    pub channel: ChannelId,
    pub settings: Settings,
    folder: TempDir,
    bot: Option<Child>,
    /// Answers a story has looked at; `finish` wants all of them heard.
    heard: BTreeSet<MessageId>,
}

/// Something somebody said.
#[derive(Clone, Copy, Debug)]
pub struct Said(pub MessageId);

impl Stage {
    /// A sandbox with its seeded guild, and the bot connected to it.
    pub async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    /// The same with other settings.
    pub async fn with(settings: Settings) -> Self {
        let mut stage = Self::without_bot(settings).await;
        stage.start().await;
        stage
    }

    /// The same without cooldowns, for people who say many things in a row.
    pub async fn unhurried(settings: Settings) -> Self {
        let bot = format!("{}commands_dir = \"words\"\n", settings.bot);
        let mut stage = Self::without_bot(Settings { bot, ..settings }).await;
        for command in [
            "points", "reward", "deduct", "receipt", "help", "check", "undo", "pending", "freeze",
            "unfreeze", "history", "link", "unlink", "top", "rank", "privacy", "report",
            "schedule",
        ] {
            stage.write_words(&format!("{command}.toml"), "cooldown = \"0s\"\n");
        }
        stage.start().await;
        stage
    }

    /// Puts a file into the folder `words`, for `commands_dir`.
    pub fn write_words(&self, file: &str, text: &str) {
        let words = self.folder().join("words");
        fs::create_dir_all(&words).expect("a folder can be made");
        fs::write(words.join(file), text).expect("a file can be written");
    }

    /// The sandbox alone; `start` brings the bot.
    pub async fn without_bot(settings: Settings) -> Self {
        install_tls();
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback has a free port");
        let started = Sandbox::start(SandboxOptions::in_memory(), listener).await;
        let sandbox = started.expect("the sandbox starts");
        let on_postgres = std::env::var("GUILDPOINTS_TEST_STORE").as_deref() == Ok("postgres");
        let store = match settings.store {
            None if on_postgres => {
                let schema = postgres::schema().await;
                Some(schema.expect("GUILDPOINTS_TEST_STORE=postgres wants a server"))
            }
            named => named,
        };
        let stage = Self {
            guild: sandbox.guild_id(),
            channel: sandbox.channel_id(),
            sandbox,
            settings: Settings { store, ..settings },
            folder: TempDir::new().expect("a temporary folder can be made"),
            bot: None,
            heard: BTreeSet::new(),
        };
        if stage.settings.swan.is_some() {
            stage.link("swan", "swan.hq").await;
        }
        stage
    }

    /// Ties the accounts that people have with an imitated service to them, before the bot starts.
    async fn link(&self, service: &str, system: &str) {
        let store = StoreSettings {
            url: self.store_url(),
        };
        let bot = BotId(self.sandbox.bot());
        let journal =
            Journal::open_store(&store, bot, Clock::system(), Pulses::new(Clock::system())).await;
        let journal = journal.expect("the store can be opened");
        let accounts = self.sandbox.accounts().into_iter();
        for account in accounts.filter(|account| account.system == service) {
            let link = Link {
                system: system.to_owned(),
                member: account.member,
                account: Account::new(account.kind, account.id),
                proof: Proof::Import,
                verified_by: None,
                verified_ms: 0,
            };
            let tied = journal.tie(link).await;
            tied.expect("the link can be written");
        }
        journal.close().await;
    }

    /// `[swan.hq]`, where the story has one.
    fn swan(&self) -> String {
        let Some(lines) = &self.settings.swan else {
            return String::new();
        };
        let address = self.sandbox.addresses().swan_url.clone();
        let (name, key) = self.sandbox.swan().gateway().expect("there is a gateway");
        format!(
            "[swan.hq]\nbase_url = \"{address}\"\n{lines}\n[swan.hq.headers]\n{name} = \"{key}\"\n"
        )
    }

    /// Starts the bot and waits until it is connected.
    pub async fn start(&mut self) {
        self.spawn();
        let connected = |sandbox: &Running| (sandbox.bots_connected() > 0).then_some(());
        let connected = self.sandbox.until(PATIENCE, connected).await;
        assert!(
            connected.is_ok(),
            "the bot did not connect:\n{}",
            self.log()
        );
    }

    /// Starts the bot without waiting for anything.
    pub fn spawn(&mut self) {
        fs::write(self.config(), self.toml()).expect("the settings can be written");
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder().join("bot.log"));
        let log = log.expect("the log can be opened");
        let bot = self
            .program("run")
            .args(&self.settings.arguments)
            .stdout(log.try_clone().expect("a file handle can be copied"))
            .stderr(log)
            .spawn();
        self.bot = Some(bot.expect("the program starts"));
    }

    /// The program with these settings, in this folder.
    pub fn program(&self, subcommand: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_guildpoints"));
        command.arg(subcommand).arg("--config").arg(self.config());
        command.current_dir(self.folder()).stdin(Stdio::null());
        if let Some(variable) = self.settings.store_variable {
            command.env(variable, self.store_url());
        }
        command
    }

    /// The settings file.
    pub fn config(&self) -> PathBuf {
        self.folder().join("bot.toml")
    }

    /// The folder with settings, store and log.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The section of the imitated Swan, to be called `swan.hq`.
    pub fn swan_section(sandbox: &Running) -> String {
        let (header, key) = sandbox.swan().gateway().expect("it has a gateway");
        format!(
            "[swan.hq]\nbase_url = \"{}\"\nheaders = {{ {header} = \"{key}\" }}\n",
            sandbox.addresses().swan_url
        )
    }

    /// The section of the imitated Manta, to be called `manta.shop`.
    pub fn manta_section(sandbox: &Running) -> String {
        let manta = sandbox.manta();
        format!(
            "[manta.shop]\nbase_url = \"{}\"\nbot_id = \"{}\"\ntoken = \"{}\"\nsecret = \"{}\"\n",
            sandbox.addresses().manta_url,
            manta.bot_id(),
            manta.token(),
            manta.secret()
        )
    }

    /// Ties the accounts of the seeded members that a system has; the bot must not run, and must have.
    pub async fn tie_accounts(&self, system: &str) {
        let kind = system.split('.').next();
        for account in self.sandbox.accounts() {
            if Some(account.system) != kind {
                continue;
            }
            self.change_store(&format!(
                "insert into links (system, member, kind, external_id, proof, verified_ms) \
                 values ('{system}', {}, '{}', '{}', 'import', 1)",
                account.member, account.kind, account.id
            ))
            .await;
        }
    }

    /// Kills the bot as a power cut would: nothing of it runs on.
    pub async fn kill(&mut self) {
        let mut bot = self.bot.take().expect("the bot runs");
        bot.kill().expect("the bot can be killed");
        bot.wait().expect("the bot ends");
        self.until("the dead bot's socket is gone", |sandbox| {
            sandbox.bots_connected() == 0
        })
        .await;
        let url = self.store_url();
        if url.starts_with("postgres:") {
            // Its term runs out, which takes seconds; `instances` waits for it.
            postgres::execute(&url, "update owner set until_ms = 0").await;
        }
    }

    /// Asks the bot to stop, as an operator does, and waits for its end.
    pub async fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        let status = self.ended().await;
        // Or the next start would take the old socket for its own.
        self.until("the stopped bot's socket is gone", |sandbox| {
            sandbox.bots_connected() == 0
        })
        .await;
        status
    }

    /// Whether the bot was started and neither stopped nor killed since.
    pub fn runs(&self) -> bool {
        self.bot.is_some()
    }

    /// Sends the bot a signal, as `TERM`.
    pub fn signal(&self, name: &str) {
        let bot = self.bot.as_ref().expect("the bot runs");
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(bot.id().to_string())
            .status();
        assert!(sent.expect("kill can be called").success());
    }

    /// Signals the bot until it ends: one that stops hears a second signal as soon as it can be
    /// told from an echo of the first.
    pub async fn signalled_again(&mut self) -> ExitStatus {
        loop {
            self.signal("TERM");
            tokio::time::sleep(Duration::from_millis(100)).await;
            let bot = self.bot.as_mut().expect("the bot runs");
            if let Some(status) = bot.try_wait().expect("the bot can be looked at") {
                self.bot = None;
                return status;
            }
        }
    }

    /// Waits until the bot has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let mut bot = self.bot.take().expect("the bot runs");
        let ended = tokio::task::spawn_blocking(move || bot.wait().expect("the bot ends"));
        let status = ended.await.expect("waiting does not panic");
        // Or the next one would seem connected before it is.
        self.until("the ended bot's socket is gone", |sandbox| {
            sandbox.bots_connected() == 0
        })
        .await;
        status
    }

    /// Stops and starts the bot.
    pub async fn restart(&mut self) {
        let status = self.stop().await;
        assert!(status.success(), "{status}:\n{}", self.log());
        self.start().await;
    }

    /// A seeded person.
    pub fn user(&self, nickname: &str) -> UserId {
        self.sandbox.user(nickname)
    }

    /// Somebody says something in the guild's first channel. `@name` stands for a mention.
    pub fn says(&self, nickname: &str, text: &str) -> Said {
        self.says_with(nickname, text, SayOptions::default())
    }

    /// The same, arriving in another shape.
    pub fn says_with(&self, nickname: &str, text: &str, options: SayOptions) -> Said {
        let user = self.user(nickname);
        Said(
            self.sandbox
                .says_with(user, self.channel, &self.wire(text), options),
        )
    }

    /// Somebody writes to the bot privately.
    pub fn whispers(&self, nickname: &str, text: &str) -> Said {
        Said(self.sandbox.dm(self.user(nickname), &self.wire(text)))
    }

    /// Delivers a frame of what was said in the guild's first channel, with keys of its data as given
    /// in `keys` and everything else as the platform has it.
    pub fn delivers(&self, said: Said, nickname: &str, text: &str, keys: Value) {
        let user = self.user(nickname);
        let members = self.sandbox.members(self.guild);
        let author = members.iter().find(|member| member.id == user);
        let author = author.expect("the author is in the guild");
        let content = json!({"type": "text", "text": self.wire(text), "contentType": 0});
        let mut data = json!({
            "content": content.to_string(),
            "time": self.sandbox.now_ms(),
            "user_id": user.to_string(),
            "channel_id": self.channel.to_string(),
            "message_id": said.0.to_string(),
            "quote_l1": null, "quote_l2": null,
            "guild_id": self.guild.to_string(),
            "channel_type": 0, "status": 0, "nonce": "1", "ctype": 0,
            "member": {
                "nick": null,
                "roles": author.roles.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "guild_card": [], "assist_level": 0,
            },
            "author": {"nickname": nickname, "username": author.short_id, "avatar": "", "bot": author.bot},
            "desc": "",
        });
        let Value::Object(keys) = keys else {
            panic!("keys of an object are wanted")
        };
        data.as_object_mut().expect("it is one").extend(keys);
        let frame = json!({"action": "push", "data": data, "ack": -1, "seq": null});
        let sockets = self.sandbox.inject(&frame.to_string());
        assert_eq!(sockets, 1, "one bot is connected");
    }

    /// A message that only the history has, for frames of one's own making.
    pub fn unheard_message(&self, nickname: &str, text: &str) -> Said {
        let options = SayOptions {
            shape: Shape::History,
            ..SayOptions::default()
        };
        self.says_with(nickname, text, options)
    }

    /// Somebody presses the button of that label under an answer; what the button then says.
    pub async fn presses(&self, nickname: &str, said: Said, label: &str) -> String {
        let (message, data) = self.button(said, label);
        self.sends_press(nickname, message, &data).await
    }

    /// The same with data of the presser's own making.
    pub async fn sends_press(&self, nickname: &str, message: MessageId, data: &str) -> String {
        let callback = self.sandbox.press(self.user(nickname), message, data);
        self.toast(&callback).await
    }

    /// What the bot answered to a press.
    pub async fn toast(&self, callback: &str) -> String {
        let mut said = String::new();
        self.until("the press is answered", |sandbox| {
            let callbacks = sandbox.callbacks().into_iter();
            let mut pressed = callbacks.filter(|pressed| pressed.id == callback);
            let answer = pressed.find_map(|pressed| pressed.answers.into_iter().next());
            said = answer.clone().unwrap_or_default();
            answer.is_some()
        })
        .await;
        said
    }

    /// Carries out one statement on the bot's store, which must not run meanwhile.
    pub async fn change_store(&self, statement: &str) {
        assert!(self.bot.is_none(), "the bot has its store to itself");
        let url = self.store_url();
        let met = match url.strip_prefix("sqlite://") {
            Some(file) => {
                let store = rusqlite::Connection::open(file).expect("the store can be opened");
                store.execute(statement, []).expect("it can be carried out") as u64
            }
            None => postgres::change(&url, statement).await,
        };
        assert!(met > 0, "nothing was changed");
    }

    /// The address of the bot's store, wherever one stands.
    pub fn store_url(&self) -> String {
        match &self.settings.store {
            Some(url) => url.clone(),
            None => format!(
                "sqlite://{}",
                self.folder().join("guildpoints.db").display()
            ),
        }
    }

    /// `text` with every `@name` of a seeded person as the platform's markup.
    pub fn wire(&self, text: &str) -> String {
        let mut members = self.sandbox.members(self.guild);
        members.sort_by_key(|member| std::cmp::Reverse(member.nickname.len()));
        members.iter().fold(text.to_owned(), |text, member| {
            let markup = format!("${{@!{}}}", member.id);
            text.replace(&format!("@{}", member.nickname), &markup)
        })
    }

    /// The bot's first answer to what was said, as it stands when it is first seen.
    pub async fn hears(&mut self, said: Said) -> String {
        self.hears_until(said, |_| true).await
    }

    /// The bot's answer once it contains `part`; answers are edited until then.
    pub async fn hears_of(&mut self, said: Said, part: &str) -> String {
        self.hears_until(said, |text| text.contains(part)).await
    }

    /// The bot's answer once it is as wanted.
    pub async fn hears_until(&mut self, said: Said, wanted: impl Fn(&str) -> bool) -> String {
        let look = |sandbox: &Running| {
            let mut answers = sandbox.answers_to(said.0).into_iter();
            answers.find(|answer| wanted(&text_of(answer)))
        };
        let Ok(answer) = self.sandbox.until(PATIENCE, look).await else {
            panic!(
                "nobody heard what was waited for\n{}\n{}",
                self.conversation(),
                self.log()
            );
        };
        self.heard.insert(answer.id);
        text_of(&answer)
    }

    /// All answers to what was said, as they stand now.
    pub fn answers(&mut self, said: Said) -> Vec<String> {
        let answers = self.sandbox.answers_to(said.0);
        self.heard.extend(answers.iter().map(|answer| answer.id));
        answers.iter().map(text_of).collect()
    }

    /// Everything the bot has said in a channel as it stands now, oldest first: its own message, the
    /// one it answers, and the text. One look for all, where many were asked.
    pub fn said_in(&mut self, channel: ChannelId) -> Vec<(MessageId, Option<MessageId>, String)> {
        let bot = self.sandbox.bot();
        let messages = self.sandbox.messages(channel).into_iter();
        let said: Vec<_> = messages
            .filter(|message| message.author.id == bot)
            .map(|message| (message.id, message.reply_to, text_of(&message)))
            .collect();
        self.heard.extend(said.iter().map(|(id, _, _)| *id));
        said
    }

    /// The message with the button of that label, and what the button carries.
    pub fn button(&self, said: Said, label: &str) -> (MessageId, String) {
        for answer in self.sandbox.answers_to(said.0) {
            let mut buttons = answer.buttons.iter().flatten();
            if let Some(button) = buttons.find(|button| button.text == label) {
                let carries = button.callback_data.clone();
                return (answer.id, carries.expect("the button calls back"));
            }
        }
        panic!("no button {label}\n{}", self.conversation());
    }

    /// Waits until something is so.
    pub async fn until(&self, what: &str, mut so: impl FnMut(&Running) -> bool) {
        let seen = self
            .sandbox
            .until(PATIENCE, |sandbox| so(sandbox).then_some(()))
            .await;
        assert!(
            seen.is_ok(),
            "never seen: {what}\n{}\n{}",
            self.conversation(),
            self.log()
        );
    }

    /// Waits until the bot has written `part` to its log so many times.
    pub async fn logged(&self, part: &str, times: usize) {
        let seen = async {
            while self.log().matches(part).count() < times {
                // A file tells nobody that it grew.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let seen = tokio::time::timeout(PATIENCE, seen).await;
        assert!(
            seen.is_ok(),
            "`{part}` was not logged {times} times:\n{}",
            self.log()
        );
    }

    /// Spoils the next request to an endpoint, once.
    pub fn fault(&self, endpoint: &str, kind: FaultKind) {
        self.sandbox.faults().set(FaultRule {
            endpoint: endpoint.to_owned(),
            skip: 0,
            count: Some(1),
            kind,
        });
    }

    /// A member's balance in the mall's own books.
    pub fn balance(&self, nickname: &str) -> i64 {
        let user = self.user(nickname).number();
        let balance = self.sandbox.mall().balance(self.guild.number(), user);
        balance.expect("the member has an account")
    }

    /// What the mall has carried out so far, oldest first: signed points and remark.
    pub fn paid(&self) -> Vec<(i64, String)> {
        let records = self.sandbox.mall().records();
        let row = |record: guildpoints::sandbox::mall::MallRecord| (record.points, record.remark);
        records.into_iter().map(row).collect()
    }

    /// Ends the story: the bot stops by itself with everything told, has said nothing nobody heard,
    /// and has printed no secret.
    pub async fn finish(mut self) {
        if self.bot.is_some() {
            let status = self.stop().await;
            assert!(
                status.success(),
                "the bot ended with {status}\n{}",
                self.log()
            );
        }
        let messages = self.bot_messages().into_iter();
        let unheard: Vec<String> = messages
            .filter(|message| !self.heard.contains(&message.id))
            .map(|message| text_of(&message))
            .collect();
        assert!(
            unheard.is_empty(),
            "said and never heard: {unheard:#?}\n{}",
            self.conversation()
        );
        for message in self.bot_messages() {
            assert!(
                !message.content.to_string().contains("${@&") && message.mention_roles.is_empty(),
                "a role was pinged: {message:?}"
            );
        }
        let log = self.log();
        let raw =
            |c: &char| (c.is_control() && *c != '\n') || ('\u{202a}'..='\u{202e}').contains(c);
        assert_eq!(log.chars().find(raw), None, "a raw character:\n{log:?}");
        for secret in [
            self.sandbox.bot_token(),
            self.sandbox.app_key(),
            self.sandbox.app_secret(),
        ] {
            assert!(!log.contains(&secret), "a secret was printed:\n{log}");
        }
        if let Some((_, key)) = self.sandbox.swan().gateway() {
            assert!(!log.contains(&key), "a secret was printed:\n{log}");
        }
        for account in self.sandbox.accounts() {
            assert!(!log.contains(&account.id), "an account was printed:\n{log}");
        }
    }

    /// Everything the bot wrote, as it went to the terminal.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder().join("bot.log")).unwrap_or_default()
    }

    /// The whole conversation, for a failed story.
    pub fn conversation(&self) -> String {
        let mut told = String::from("--- conversation\n");
        for (channel, name) in self.sandbox.channels(self.guild) {
            for message in self.sandbox.messages(channel) {
                let edits = if message.edits > 0 { " (edited)" } else { "" };
                let _ = writeln!(
                    told,
                    "#{name} {}: {}{edits}",
                    message.author.name,
                    text_of(&message)
                );
            }
        }
        let _ = writeln!(told, "--- paid: {:?}", self.paid());
        told
    }

    fn bot_messages(&self) -> Vec<MessageView> {
        let guilds = self.sandbox.guilds().into_iter();
        let channels = guilds.flat_map(|guild| self.sandbox.channels(guild));
        let members = self.sandbox.members(self.guild).into_iter();
        let private = members
            .filter(|member| member.id != self.sandbox.bot())
            .map(|member| self.sandbox.private_chat(member.id));
        let channels = channels.map(|(channel, _)| channel).chain(private);
        channels
            .flat_map(|channel| self.sandbox.messages(channel))
            .filter(|message| message.author.id == self.sandbox.bot())
            .collect()
    }

    /// The settings as the bot reads them.
    pub fn settings_text(&self) -> String {
        self.toml()
    }

    /// What stands at `[store] url`.
    fn store_setting(&self) -> String {
        let settings = &self.settings;
        match (settings.store_variable, &settings.store) {
            // An override goes before whatever stands here.
            (Some(name), _) if name.starts_with("GUILDPOINTS__") => OWN_FILE.to_owned(),
            (Some(name), _) => format!("{{ env = \"{name}\" }}"),
            (None, Some(url)) => format!("\"{url}\""),
            (None, None) => OWN_FILE.to_owned(),
        }
    }

    fn toml(&self) -> String {
        let addresses = self.sandbox.addresses();
        let mall = match self.settings.points {
            Some("ledger") => String::new(),
            _ => format!(
                "[mall]\nbase_url = \"{}\"\napp_key = \"{}\"\napp_secret = \"{}\"\n{}",
                addresses.mall_url,
                self.sandbox.app_key(),
                self.sandbox.app_secret(),
                self.settings.mall.as_deref().unwrap_or(SHORT_TIMES),
            ),
        };
        format!(
            "[bot]\ntoken = \"{token}\"\napi_url = \"{api}\"\ngateway_url = \"{gateway}\"\n{bot}\n\
             [store]\nurl = {store}\n\
             [limits]\nsend_per_channel_per_second = 1000.0\napi_per_second = 1000.0\n{limits}\n\
             {mall}\n\
             {swan}\n{further}\n\
             [[guild]]\nid = {guild}\npoints = \"{points}\"\nadmin_roles = [{admins}]\n\
             moderator_roles = [{moderators}]\n{more}\n\
             [guild.reward]\n{reward}\n",
            token = self.sandbox.bot_token(),
            api = addresses.api_url,
            gateway = addresses.gateway_url,
            bot = self.settings.bot,
            store = self.store_setting(),
            limits = self.settings.limits,
            swan = self.swan(),
            further = self.settings.further,
            points = self.settings.points.unwrap_or("mall"),
            guild = self.guild,
            admins = ids(&self.sandbox.admin_roles()),
            moderators = ids(&self.sandbox.moderator_roles()),
            more = self.settings.guild,
            reward = self.settings.reward,
        )
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(mut bot) = self.bot.take() {
            // A failed story must not leave the program behind; it may have ended already.
            let _ = bot.kill();
            let _ = bot.wait();
        }
    }
}

/// The text of a message, whatever its kind.
pub fn text_of(message: &MessageView) -> String {
    match message.content.get("text").and_then(|text| text.as_str()) {
        Some(text) => text.to_owned(),
        None => message.content.to_string(),
    }
}

/// The receipt code in an answer.
pub fn receipt_in(answer: &str) -> String {
    let mut after = ["回执 ", "receipt "].into_iter();
    let after = after
        .find_map(|mark| answer.split(mark).nth(1))
        .unwrap_or_else(|| panic!("no receipt in {answer}"));
    after
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect()
}

fn ids(roles: &[RoleId]) -> String {
    let ids: Vec<String> = roles.iter().map(ToString::to_string).collect();
    ids.join(", ")
}

fn install_tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Another test of this process may have been first, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}
