//! The sandbox, the database and the processes between them.

use std::fmt::Write as _;
use std::sync::Once;
use std::time::Duration;
use std::time::Instant;

use guildpoints::model::ChannelId;
use guildpoints::model::GuildId;
use guildpoints::model::MessageId;
use guildpoints::model::RoleId;
use guildpoints::sandbox::Running;
use guildpoints::sandbox::Sandbox;
use guildpoints::sandbox::SandboxOptions;
use guildpoints::sandbox::message::MessageView;
use sqlx::AssertSqlSafe;
use sqlx::Connection;
use sqlx::PgConnection;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::cable::End;
use crate::instance::Instance;
use crate::postgres;
use crate::postgres::Server;

/// How long something is waited for before the test gives up and prints everything.
const PATIENCE: Duration = Duration::from_secs(60);
/// Nothing tells when a process changes its role.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// Lines of each log that are printed first: whoever reads a failure may have its beginning only.
const LAST_LINES: usize = 25;
/// Characters of each of them.
const OF_A_LINE: usize = 240;

pub struct Stage {
    pub sandbox: Running,
    database: Server,
    pub instances: Vec<Instance>,
    guild: GuildId,
    channel: ChannelId,
    /// What befell whom, for a test that failed.
    troubles: Vec<String>,
    _folder: TempDir,
}

impl Stage {
    /// The first of `names` owns the bot, the others stand by. `None`: there is no PostgreSQL here.
    pub async fn new(names: &[&'static str]) -> Option<Self> {
        Self::with(names, "").await
    }

    /// The same with further lines of `[limits]`.
    pub async fn with(names: &[&'static str], limits: &str) -> Option<Self> {
        install_tls();
        let database = postgres::own_server()?;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let started = Sandbox::start(SandboxOptions::in_memory(), listener).await;
        let sandbox = started.expect("the sandbox starts");
        let folder = TempDir::new().expect("a temporary folder can be made");
        let mut stage = Self {
            guild: sandbox.guild_id(),
            channel: sandbox.channel_id(),
            sandbox,
            database,
            instances: Vec::new(),
            troubles: Vec::new(),
            _folder: folder,
        };
        for name in names {
            let cable = End::to(stage.database.port()).await;
            let store = format!("postgres://owner@127.0.0.1:{}/postgres", cable.port());
            let settings = stage.settings(&store, limits);
            let folder = stage._folder.path();
            stage
                .instances
                .push(Instance::new(name, folder, cable, &settings));
        }
        for index in 0..names.len() {
            stage.instances[index].start();
            match index {
                0 => stage.owner_is(0).await,
                _ => stage.stands_by(index).await,
            }
        }
        Some(stage)
    }

    pub fn says(&self, nickname: &str, text: &str) -> MessageId {
        let user = self.sandbox.user(nickname);
        self.sandbox.says(user, self.channel, &self.wire(text))
    }

    /// `text` with every `@name` of a seeded person as the platform's markup.
    fn wire(&self, text: &str) -> String {
        let members = self.sandbox.members(self.guild).into_iter();
        members.fold(text.to_owned(), |text, member| {
            let markup = format!("${{@!{}}}", member.id);
            text.replace(&format!("@{}", member.nickname), &markup)
        })
    }

    /// The answers to what was said, as they stand.
    pub fn answers(&self, said: MessageId) -> Vec<MessageView> {
        self.sandbox.answers_to(said)
    }

    /// Waits for an answer with `part` in it.
    pub async fn hears(&self, said: MessageId, part: &str) -> String {
        let look = |sandbox: &Running| {
            let mut texts = sandbox
                .answers_to(said)
                .into_iter()
                .map(|view| text_of(&view));
            texts.find(|text| text.contains(part))
        };
        match self.sandbox.until(PATIENCE, look).await {
            Ok(text) => text,
            Err(_) => panic!("nobody heard `{part}`\n{}", self.told()),
        }
    }

    pub fn balance(&self, nickname: &str) -> i64 {
        let user = self.sandbox.user(nickname).number();
        let balance = self.sandbox.mall().balance(self.guild.number(), user);
        balance.expect("the member has an account")
    }

    /// Waits until that process owns the bot and hears the chat.
    pub async fn owner_is(&self, index: usize) {
        let began = Instant::now();
        while !self.instances[index].serves().await {
            self.wait(began, "the owner").await;
        }
    }

    /// Waits until one of the running processes does; answers which.
    pub async fn owner(&self) -> usize {
        let began = Instant::now();
        loop {
            for (index, instance) in self.instances.iter().enumerate() {
                if instance.serves().await {
                    return index;
                }
            }
            self.wait(began, "an owner").await;
        }
    }

    /// Waits until that process is ready and not the owner.
    pub async fn stands_by(&self, index: usize) {
        self.is_standby(index, 200).await;
    }

    /// Waits until that process says that it is not the owner and cannot become it.
    pub async fn is_broken(&self, index: usize) {
        self.is_standby(index, 503).await;
    }

    async fn is_standby(&self, index: usize, wanted: u16) {
        let began = Instant::now();
        loop {
            let ready = self.instances[index].ready().await;
            if matches!(&ready, Some((status, body)) if *status == wanted && body["role"] == "standby")
            {
                return;
            }
            self.wait(began, "a standby").await;
        }
    }

    /// What an operator who asks the database gets, past every cable.
    pub async fn numbers(&self, question: &str) -> Vec<i64> {
        let address = self.database.url();
        let mut connection = PgConnection::connect(&address).await.expect("it is there");
        let asked = sqlx::query_scalar(AssertSqlSafe(question.to_owned()));
        let numbers = asked.fetch_all(&mut connection).await;
        connection.close().await.expect("it can be closed");
        numbers.expect("the question has an answer")
    }

    /// Waits until something is so.
    pub async fn until(&self, what: &str, so: impl Fn(&Running) -> bool) {
        let began = Instant::now();
        while !so(&self.sandbox) {
            self.wait(began, what).await;
        }
    }

    /// The same, while whatever ended because it could not open its store is started again.
    pub async fn until_at_last(&mut self, what: &str, so: impl Fn(&Running) -> bool) {
        let began = Instant::now();
        while !so(&self.sandbox) {
            self.supervise();
            self.wait(began, what).await;
        }
    }

    /// Starts again what ended because it could not open its store.
    pub fn supervise(&mut self) {
        for index in 0..self.instances.len() {
            if self.instances[index].is_started_again() {
                self.note(index, "started again");
            }
        }
    }

    /// Notes what befell a process, for a test that fails later.
    pub fn note(&mut self, index: usize, what: &str) {
        let now_ms = self.sandbox.now_ms();
        let name = self.instances[index].name;
        self.troubles
            .push(format!("{} {name} {what}", moment(now_ms)));
    }

    /// Waits until the journal has nothing open and nothing untold.
    pub async fn at_rest(&self) {
        let began = Instant::now();
        let open = "select count(*) from entries
                    where settled_ms is null or told in ('nothing', 'interim')";
        while self.numbers(open).await != [0] {
            self.wait(began, "nothing open").await;
        }
    }

    async fn wait(&self, began: Instant, what: &str) {
        assert!(
            began.elapsed() < PATIENCE,
            "never seen: {what}\n{}",
            self.told()
        );
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }

    /// Everything, for a test that failed; what is most likely to tell why comes first.
    pub fn told(&self) -> String {
        let mut told = String::new();
        let messages = self.sandbox.messages(self.channel);
        let unanswered = messages.iter().filter(|message| {
            text_of(message).starts_with('/') && self.sandbox.answers_to(message.id).is_empty()
        });
        for message in unanswered {
            let _ = writeln!(told, "unanswered: {}", line(message));
        }
        for instance in &self.instances {
            let _ = writeln!(told, "--- the end of what {} wrote", instance.name);
            let log = instance.whole_log();
            let lines: Vec<&str> = log.lines().collect();
            for line in &lines[lines.len().saturating_sub(LAST_LINES)..] {
                let _ = writeln!(told, "{}", line.chars().take(OF_A_LINE).collect::<String>());
            }
        }
        told.push_str("--- troubles\n");
        for trouble in &self.troubles {
            let _ = writeln!(told, "{trouble}");
        }
        told.push_str("--- conversation\n");
        for message in &messages {
            let _ = writeln!(told, "{}", line(message));
        }
        for record in self.sandbox.mall().records() {
            let _ = writeln!(
                told,
                "paid {} {} {}",
                record.biz_id, record.points, record.remark
            );
        }
        for instance in &self.instances {
            let _ = writeln!(told, "--- {}\n{}", instance.name, instance.whole_log());
        }
        told
    }

    fn settings(&self, store: &str, limits: &str) -> String {
        let addresses = self.sandbox.addresses();
        format!(
            "[bot]\ntoken = \"{token}\"\napi_url = \"{api}\"\ngateway_url = \"{gateway}\"\n\
             commands_dir = \"words\"\n\
             [store]\nurl = \"{store}\"\n\
             [http]\nlisten = \"127.0.0.1:0\"\n\
             [limits]\nsend_per_channel_per_second = 1000.0\napi_per_second = 1000.0\n{limits}\
             [mall]\nbase_url = \"{base}\"\napp_key = \"{key}\"\napp_secret = \"{secret}\"\n\
             timeout = \"1s\"\nsignature_window = \"1s\"\nlook_up_after = \"200ms\"\n\
             [[guild]]\nid = {guild}\npoints = \"mall\"\nadmin_roles = [{admins}]\n\
             moderator_roles = [{moderators}]\n",
            token = self.sandbox.bot_token(),
            api = addresses.api_url,
            gateway = addresses.gateway_url,
            base = addresses.mall_url,
            key = self.sandbox.app_key(),
            secret = self.sandbox.app_secret(),
            guild = self.guild,
            admins = ids(&self.sandbox.admin_roles()),
            moderators = ids(&self.sandbox.moderator_roles()),
        )
    }
}

/// The text of a message, whatever its kind.
pub fn text_of(message: &MessageView) -> String {
    match message.content.get("text").and_then(|text| text.as_str()) {
        Some(text) => text.to_owned(),
        None => message.content.to_string(),
    }
}

/// When who said what.
fn line(message: &MessageView) -> String {
    let (when, who) = (moment(message.time_ms), &message.author.name);
    format!("{when} {} {who}: {}", message.id, text_of(message))
}

/// A moment as the logs write it, without the day.
fn moment(time_ms: i64) -> String {
    let moment = jiff::Timestamp::from_millisecond(time_ms).expect("a moment of this century");
    moment.strftime("%H:%M:%S%.3f").to_string()
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
