//! From an event to an answer: finds the command, asks who may, lets it run, says what came of it.
//!
//! Invariants: a message that is no command of ours is answered with silence; a failure becomes
//! words and a log line in one place (`explain`); what a change came to is said by the lane that
//! waits for it or by the teller, never by both at once (`Telling`). Deliberately absent: what any
//! command does.

mod answering;
mod catch_up;
mod channels;
mod claims;
mod confirm;
mod cooldown;
mod following;
mod heeding;
pub mod lane;
mod marks;
mod naming;
mod paging;
mod people;
mod pressing;
mod private;
mod reading;
mod repeated;
mod reported;
mod shown;
mod standing;
mod teller;
mod telling;
mod voice;

use std::sync::Arc;
use std::time::Duration;

use crate::commands::Answer;
use crate::commands::Asked;
use crate::commands::Call;
use crate::commands::CommandError;
use crate::commands::Member;
use crate::commands::MemberKind;
use crate::commands::Place;
use crate::commands::Registry;
use crate::commands::right_of;
use crate::dispatch::cooldown::Cooldown;
use crate::dispatch::following::Following;
use crate::dispatch::marks::Arrival;
use crate::dispatch::marks::Marks;
use crate::dispatch::naming::Naming;
use crate::dispatch::people::People;
use crate::dispatch::people::Scene;
use crate::dispatch::standing::Standings;
use crate::dispatch::telling::Telling;
use crate::dispatch::voice::Voice;
use crate::fanbook::api::BotApi;
use crate::fanbook::text::Invocation;
use crate::guilds::Guilds;
use crate::guilds::Schedules;
use crate::journal::Journal;
use crate::model::GuildId;
use crate::model::Language;
use crate::model::MessageId;
use crate::model::Policy;
use crate::model::Refusal;
use crate::model::RoleId;
use crate::model::UserId;
use crate::model::incoming::Incoming;
use crate::permissions::Actor;
use crate::permissions::Granted;
use crate::permissions::Right;
use crate::permissions::authorize;
use crate::points::Points;
use crate::points::ReplyAddress;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;
use crate::support::seal::Seal;
use crate::words::Definition;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::SHARED;
use crate::words::Word;
use crate::words::Words;

pub use catch_up::CatchUp;
pub use heeding::Heeded;
pub use reading::arguments;
pub use shown::Anew;

static BUSY: Word = Word::new(SHARED, "busy", &[]);
static NEAR: Word = Word::new(SHARED, "near", &["read", "command", "usage"]);
static STORE_FAILED: Word = Word::new(SHARED, "store_failed", &[]);
static STORE_UNSURE: Word = Word::new(SHARED, "store_unsure", &[]);
static FAILED: Word = Word::new(SHARED, "failed", &[]);
static NAME_ADMINS: Word = Word::new(SHARED, "name_admins", &[]);

/// Sentences this room speaks.
pub static WORDS: &[&Word] = &[
    &BUSY,
    &NEAR,
    &STORE_FAILED,
    &STORE_UNSURE,
    &FAILED,
    &NAME_ADMINS,
];

/// Everything a dispatcher works with.
pub struct Parts {
    /// The bot's own member id.
    pub bot: UserId,
    /// The way into chat.
    pub api: BotApi,
    /// The memory.
    pub journal: Journal,
    /// The points systems.
    pub points: Points,
    /// The guilds of the settings.
    pub guilds: Guilds,
    /// The boards that post themselves.
    pub schedules: Schedules,
    /// All texts, checked.
    pub words: Arc<Words>,
    /// All commands.
    pub registry: Arc<Registry>,
    /// Signs of life.
    pub pulses: Pulses,
    /// The time.
    pub clock: Clock,
    /// The language where no guild decides.
    pub language: Language,
}

/// Answers commands. Cheap to clone.
#[derive(Clone)]
pub struct Dispatcher {
    bot: UserId,
    api: BotApi,
    journal: Journal,
    points: Points,
    guilds: Guilds,
    schedules: Schedules,
    registry: Arc<Registry>,
    pulses: Pulses,
    clock: Clock,
    language: Language,
    voice: Voice,
    standings: Arc<Standings>,
    cooldown: Arc<Cooldown>,
    telling: Telling,
    following: Following,
    seal: Seal,
    naming: Naming,
    /// When this process began, in milliseconds since 1970: what was written before may have been
    /// said without being noted.
    started_ms: i64,
    marks: Arc<Marks>,
}

/// What is particular about one call: a message, or a pressed button.
struct Occasion {
    caller: Member,
    message: MessageId,
    reply: ReplyAddress,
    place: Place,
    confirmation: Option<MessageId>,
    pressed: Option<MessageId>,
}

impl Dispatcher {
    /// Puts a dispatcher together.
    pub fn new(parts: Parts) -> Self {
        let started_ms = parts.clock.now_ms();
        let seal = parts.api.seal(BUTTONS);
        let cooldown = Arc::new(Cooldown::new(parts.words.definitions()));
        Self {
            bot: parts.bot,
            standings: Arc::new(Standings::new(parts.api.clone(), parts.bot)),
            voice: Voice::new(parts.words, parts.api.clone(), parts.bot),
            api: parts.api,
            journal: parts.journal,
            points: parts.points,
            guilds: parts.guilds,
            schedules: parts.schedules,
            registry: parts.registry,
            pulses: parts.pulses,
            clock: parts.clock,
            language: parts.language,
            cooldown,
            telling: Telling::default(),
            following: Following::default(),
            seal,
            naming: Naming::default(),
            started_ms,
            marks: Arc::default(),
        }
    }

    /// Notes that somebody came or went: what was read of them no longer holds.
    pub async fn came_or_went(&self, guild: GuildId, user: UserId) {
        self.standings.forget(guild, user).await;
        self.naming.forget(guild, user).await;
    }

    /// Forgets what has no use any more; to be called now and then.
    pub fn forget(&self) {
        self.cooldown.forget();
        self.marks.forget();
    }

    async fn suggest(&self, incoming: &Incoming, read: &str) {
        let words = &self.voice.words;
        let Some(definition) = words.named(read).or_else(|| words.nearest(read)) else {
            return;
        };
        let language = self.tongue(incoming.guild).language;
        let reply = Reply::new(&NEAR)
            .with("read", Hole::Untrusted(read.to_owned()))
            .with("command", Hole::Own(definition.shown(language)))
            .with("usage", Hole::Own(words.usage(&definition.scope, language)));
        self.answer(incoming, &reply).await;
    }

    async fn command(
        &self,
        heeded: &Arc<Heeded>,
        invocation: &Invocation,
        definition: &Definition,
    ) {
        let incoming = &heeded.incoming;
        let turn = self.telling.begin(incoming.message);
        if turn.is_none() {
            // The teller or another delivery of this message is at it.
            return;
        }
        let span = tracing::Span::current();
        span.record("command", definition.scope.as_str());
        metrics::counter!("guildpoints_commands_total", "command" => definition.scope.clone())
            .increment(1);
        let address = ReplyAddress {
            channel: incoming.channel,
            quoting: Some(incoming.message),
            said: heeded.said,
        };
        let (policy, result) = match self.comes_again(heeded, definition).await {
            Ok(true) => return,
            Ok(false) => match self.policy(incoming, right_of(definition)).await {
                Ok(policy) => {
                    let run = self.run(heeded, invocation, definition, &policy, address);
                    let result = run.await;
                    (Some(policy), result)
                }
                Err(refusal) => (None, Err(refusal.into())),
            },
            Err(error) => (None, Err(CommandError::Store(anyhow::Error::new(error)))),
        };
        let policy = policy.or_else(|| self.guilds.only());
        let guild = incoming.guild.or(policy.map(|policy| policy.guild));
        let hints = self.hints(guild, incoming, invocation, definition);
        self.tell_answer(guild, address, definition, &hints, heeded, result)
            .await;
    }

    async fn run(
        &self,
        heeded: &Heeded,
        invocation: &Invocation,
        definition: &Definition,
        policy: &Policy,
        reply: ReplyAddress,
    ) -> Result<Answer, CommandError> {
        let incoming = &heeded.incoming;
        let actor = self.actor(policy, incoming).await;
        let shown = incoming.author.roles.as_deref();
        let right = right_of(definition);
        let granted = self.authorize(right, actor, shown, policy).await?;
        let handler = self.registry.handler(&definition.scope);
        let handler = handler.ok_or_else(|| {
            CommandError::Failed(anyhow::anyhow!("no handler for {}", definition.scope))
        })?;
        let asked = handler.parse(arguments(invocation, incoming), policy)?;
        // After parsing, so that a typing slip costs nothing.
        self.keep_pace(definition, heeded)?;
        let scene = Scene {
            guild: policy.guild,
            channel: incoming.channel,
            mentions: &incoming.mentions,
        };
        let people = self.people(&scene, &asked.who).await?;
        let occasion = Occasion {
            caller: person(incoming.author.id, &incoming.author.name),
            message: incoming.message,
            reply,
            place: match incoming.guild {
                Some(_) => Place::Channel,
                None => Place::Private,
            },
            confirmation: None,
            pressed: None,
        };
        handler
            .run(self.call(&granted, policy, &asked, people, occasion))
            .await
    }

    /// Everything a command may use, on this occasion.
    fn call<'a>(
        &'a self,
        granted: &'a Granted,
        policy: &'a Policy,
        asked: &'a Asked,
        people: People,
        occasion: Occasion,
    ) -> Call<'a> {
        Call {
            granted,
            policy,
            asked,
            members: people.members,
            left_out: people.left_out,
            caller: occasion.caller,
            message: occasion.message,
            reply: occasion.reply,
            place: occasion.place,
            confirmation: occasion.confirmation,
            pressed: occasion.pressed,
            points: &self.points,
            schedules: &self.schedules,
            words: &self.voice.words,
            registry: &self.registry,
            pulses: &self.pulses,
            clock: &self.clock,
            names: self,
            channels: self,
            seal: &self.seal,
        }
    }

    fn keep_pace(&self, definition: &Definition, heeded: &Heeded) -> Result<(), Refusal> {
        let incoming = &heeded.incoming;
        let who = (incoming.guild, incoming.author.id);
        let entered = match heeded.arrival {
            Arrival::Live => self.cooldown.enter(&definition.scope, who),
            // What was typed at leisure arrives all at once: the pace is that of the typing.
            Arrival::Missed => {
                let typed_ms = incoming.message.minted_ms();
                self.cooldown.enter_missed(definition, who, typed_ms)
            }
        };
        entered.map_err(|wait| Refusal::Cooldown {
            seconds: wait.as_secs() + u64::from(wait.subsec_nanos() > 0),
        })
    }

    async fn actor(&self, policy: &Policy, incoming: &Incoming) -> Actor {
        let shown = incoming.author.roles.as_deref();
        // Roles shown by another guild's frame say nothing about this one.
        let shown = shown.filter(|_| incoming.guild == Some(policy.guild));
        self.standings
            .actor(policy, incoming.author.id, shown)
            .await
    }

    /// Grants, or refuses after a second look at the platform's own record: frames may show
    /// incomplete roles (fanbook-platform, 7, point 16).
    async fn authorize(
        &self,
        right: Right,
        actor: Actor,
        shown: Option<&[RoleId]>,
        policy: &Policy,
    ) -> Result<Granted, Refusal> {
        match authorize(right, &actor, policy) {
            Ok(granted) => Ok(granted),
            Err(Refusal::NoRight { .. } | Refusal::RolesUnknown) => {
                let confirmed = self.standings.confirmed(policy, actor.user, shown).await;
                authorize(right, &confirmed, policy)
            }
            Err(refusal) => Err(refusal),
        }
    }
}

/// A caller: the platform delivers no commands of bots to us.
fn person(id: UserId, name: &str) -> Member {
    Member {
        id,
        name: name.to_owned(),
        kind: MemberKind::Person,
    }
}

/// How long the confirm button works, for its sentence and its row.
const BUTTON_LIFE: Duration = crate::journal::CONFIRMATION_LIFE;

/// What the seal of buttons is for, which parts it from others of the same secret.
const BUTTONS: &str = "buttons";
