//! Turning the pages of a history, or of a board.
//!
//! Nothing is kept: what a button carries says which page of what is meant and who asked, and
//! its seal says that a button of ours carried it. Rights are looked at when it is pressed. Which
//! message is written over does not come from the press but from the channel's history: the answer to
//! the command. Where that cannot be read, or lies too far back, the page is said anew.

use crate::commands::Answer;
use crate::commands::Asked;
use crate::commands::BoardLeaf;
use crate::commands::BoardWanted;
use crate::commands::Browse;
use crate::commands::CommandError;
use crate::commands::Leaf;
use crate::commands::Place;
use crate::commands::STALE;
use crate::commands::Who;
use crate::commands::args::Page;
use crate::commands::pressed_reply;
use crate::commands::right_of;
use crate::dispatch::Dispatcher;
use crate::dispatch::Occasion;
use crate::dispatch::people::People;
use crate::dispatch::people::Scene;
use crate::dispatch::person;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::Refusal;
use crate::model::UserId;
use crate::model::incoming::Press;
use crate::points::ReplyAddress;
use crate::words::Definition;
use crate::words::Hints;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::refusal_reply;

/// The commands whose pages are turned.
const HISTORY: &str = "history";
const TOP: &str = "top";

/// A page that is asked for anew.
struct Turn {
    command: MessageId,
    asker: UserId,
    guild: GuildId,
    asked: Asked,
}

impl Dispatcher {
    /// Turns to the page of a history a button stands for.
    pub(super) async fn turn_page(&self, press: Press) {
        let words = self.voice.words.clone();
        let Some(definition) = words.definition(HISTORY) else {
            return tracing::error!("a button stands for no command");
        };
        let Some(leaf) = Leaf::read(&press.data, &self.seal) else {
            // Made up, or older than the bot's present token.
            return self.stale(&press, None, definition).await;
        };
        let guild = Some(leaf.guild);
        if leaf.asker != press.presser {
            return self.not_theirs(&press, guild).await;
        }
        let mut systems = self.points.systems(leaf.guild).into_iter();
        let Some(system) = systems.find(|system| leaf.is_of(system)) else {
            // It was taken out of the settings since.
            return self.stale(&press, guild, definition).await;
        };
        let who = match leaf.member == leaf.asker {
            true => Vec::new(),
            false => vec![Who::Id(leaf.member)],
        };
        let turn = Turn {
            command: leaf.command,
            asker: leaf.asker,
            guild: leaf.guild,
            asked: Asked {
                browse: Browse {
                    page: leaf.page,
                    direction: leaf.direction,
                    system: Some(system),
                },
                who,
                ..Asked::default()
            },
        };
        self.turn(&press, definition, turn).await;
    }

    /// Turns to the page of a board a button stands for.
    pub(super) async fn turn_board(&self, press: Press) {
        let words = self.voice.words.clone();
        let Some(definition) = words.definition(TOP) else {
            return tracing::error!("a button stands for no command");
        };
        let guilds = self.guilds.all();
        let guilds: Vec<GuildId> = guilds.iter().map(|policy| policy.guild).collect();
        let Some(leaf) = BoardLeaf::read(&press.data, &self.seal, &guilds) else {
            return self.stale(&press, None, definition).await;
        };
        if leaf.asker != press.presser {
            return self.not_theirs(&press, Some(leaf.guild)).await;
        }
        let turn = Turn {
            command: leaf.command,
            asker: leaf.asker,
            guild: leaf.guild,
            asked: Asked {
                board: BoardWanted {
                    counted: leaf.counted,
                    page: Page::Number(leaf.page),
                },
                who: match leaf.subject == leaf.asker {
                    true => Vec::new(),
                    false => vec![Who::Id(leaf.subject)],
                },
                ..Asked::default()
            },
        };
        self.turn(&press, definition, turn).await;
    }

    /// Shows the page in the place of the one that stands there.
    async fn turn(&self, press: &Press, definition: &Definition, turn: Turn) {
        let guild = Some(turn.guild);
        metrics::counter!("guildpoints_commands_total", "command" => definition.scope.clone())
            .increment(1);
        // Pressed twice in a row, the second page is written after the first.
        let _turn = self.telling.take(turn.command).await;
        match self.run_turn(press, definition, &turn).await {
            Ok(Answer::Say(reply)) => {
                let toast = pressed_reply();
                tokio::join!(self.toast(press, guild, &toast), async {
                    let said = self.voice.said_already(press.channel, turn.command, &[]);
                    let address = ReplyAddress {
                        said: said.await,
                        ..beside(press, &turn)
                    };
                    self.say(guild, address, &reply).await;
                });
            }
            Ok(Answer::Board { reply, shown }) => {
                let toast = pressed_reply();
                tokio::join!(self.toast(press, guild, &toast), async {
                    let said = self.voice.said_already(press.channel, turn.command, &[]);
                    let address = ReplyAddress {
                        said: said.await,
                        ..beside(press, &turn)
                    };
                    // Within the turn, so that what is written anew meanwhile is written after it.
                    self.say_board(turn.guild, address, &reply, *shown).await;
                });
            }
            Ok(_) => self.toast(press, guild, &pressed_reply()).await,
            Err(error) => {
                let language = self.tongue(guild).language;
                let hints = Hints {
                    command: definition.shown(language),
                    usage: self.voice.words.usage(&definition.scope, language),
                    who: None,
                };
                let reply = self.explain(guild, definition, &hints, error).await;
                self.toast(press, guild, &reply).await;
            }
        }
    }

    /// Runs the command with rights as they are now.
    async fn run_turn(
        &self,
        press: &Press,
        definition: &Definition,
        turn: &Turn,
    ) -> Result<Answer, CommandError> {
        let policy = self
            .guilds
            .policy(turn.guild)
            .ok_or(Refusal::UnknownGuild(Some(turn.guild)))?;
        let actor = self.standings.actor(&policy, press.presser, None).await;
        let granted = self
            .authorize(right_of(definition), actor, None, &policy)
            .await?;
        let handler = self.registry.handler(&definition.scope).ok_or_else(|| {
            CommandError::Failed(anyhow::anyhow!("no handler for {}", definition.scope))
        })?;
        let scene = Scene {
            guild: turn.guild,
            channel: press.channel,
            mentions: &[],
        };
        let people = match self.people(&scene, &turn.asked.who).await {
            // A board is there also where the one at its foot has left.
            Err(Refusal::NotAMember { .. }) if definition.scope == TOP => People {
                members: Vec::new(),
                left_out: 0,
            },
            people => people?,
        };
        let occasion = Occasion {
            caller: person(turn.asker, &press.name),
            message: turn.command,
            reply: beside(press, turn),
            place: Place::Channel,
            confirmation: None,
            pressed: None,
        };
        handler
            .run(self.call(&granted, &policy, &turn.asked, people, occasion))
            .await
    }

    /// Says that the button is somebody else's.
    async fn not_theirs(&self, press: &Press, guild: Option<GuildId>) {
        let reply = refusal_reply(&Refusal::NotYourButton, &Hints::default());
        self.toast(press, guild, &reply).await;
    }

    /// Says that the button cannot be used any more.
    async fn stale(&self, press: &Press, guild: Option<GuildId>, definition: &Definition) {
        let command = definition.shown(self.tongue(guild).language);
        let reply = Reply::new(&STALE).with("command", Hole::Own(command));
        self.toast(press, guild, &reply).await;
    }
}

/// In answer to the command.
fn beside(press: &Press, turn: &Turn) -> ReplyAddress {
    ReplyAddress {
        channel: press.channel,
        quoting: Some(turn.command),
        said: None,
    }
}
