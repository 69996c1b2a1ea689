//! What came of a command, said: answers, outcomes of changes, and failures in words.
//!
//! `explain` is the one place where an error becomes a sentence and a log line.

use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::commands::Answer;
use crate::commands::CommandError;
use crate::commands::Stage;
use crate::commands::right_of;
use crate::dispatch::Dispatcher;
use crate::dispatch::FAILED;
use crate::dispatch::Heeded;
use crate::dispatch::NAME_ADMINS;
use crate::dispatch::STORE_FAILED;
use crate::dispatch::STORE_UNSURE;
use crate::dispatch::voice::Beneath;
use crate::dispatch::voice::Tongue;
use crate::fanbook::text::Invocation;
use crate::fanbook::text::Token;
use crate::journal::JournalError;
use crate::journal::Told;
use crate::model::Cause;
use crate::model::GuildId;
use crate::model::Refusal;
use crate::model::incoming::Incoming;
use crate::permissions::Standing;
use crate::permissions::needed;
use crate::points::ReplyAddress;
use crate::points::Shown;
use crate::words::Definition;
use crate::words::Hints;
use crate::words::Reply;
use crate::words::refusal_reply;

impl Dispatcher {
    /// Says what came of a command and notes that it was said.
    pub(super) async fn tell_answer(
        &self,
        guild: Option<GuildId>,
        address: ReplyAddress,
        definition: &Definition,
        hints: &Hints,
        heeded: &Arc<Heeded>,
        result: Result<Answer, CommandError>,
    ) {
        match result {
            Ok(Answer::Say(reply)) => self.say(guild, address, &reply).await,
            Ok(Answer::Board { reply, shown }) => {
                // A board is of a guild; in a private chat of the only one.
                match guild {
                    Some(guild) => Box::pin(self.say_board(guild, address, &reply, *shown)).await,
                    None => self.say(guild, address, &reply).await,
                }
            }
            Ok(Answer::Part { reply, rest }) => {
                // Boxed, so that the many that are whole do not carry the room for it.
                Box::pin(self.tell_part(guild, address, &reply, rest, heeded.clone())).await;
            }
            Ok(Answer::AlsoTell { reply, at, told }) => {
                self.say(guild, address, &reply).await;
                Box::pin(self.tell_claim(guild, at, &told)).await;
            }
            Ok(Answer::Changed {
                cause,
                stage,
                reply,
                shown,
            }) => {
                self.tell_change(guild, address, cause, stage, &reply, &shown)
                    .await;
            }
            Ok(Answer::Reported { report, reply }) => {
                Box::pin(self.tell_reported(guild, address, &report, &reply)).await;
            }
            Ok(Answer::Nothing) => {}
            Ok(Answer::Ask { reply, proposal }) => {
                let asking = Box::pin(self.ask(guild, heeded.incoming(), &reply, &proposal)).await;
                if let Err(error) = asking {
                    let reply = self
                        .explain(
                            guild,
                            definition,
                            hints,
                            CommandError::Store(anyhow::Error::new(error)),
                        )
                        .await;
                    self.say(guild, address, &reply).await;
                }
            }
            Err(error) => {
                let reply = self.explain(guild, definition, hints, error).await;
                self.say(guild, address, &reply).await;
            }
        }
    }

    pub(super) async fn tell_change(
        &self,
        guild: Option<GuildId>,
        address: ReplyAddress,
        cause: Cause,
        stage: Stage,
        reply: &Reply,
        shown: &[Shown],
    ) {
        let told = match stage {
            Stage::Final => Told::Final,
            Stage::Interim => Told::Interim,
        };
        let (message, _, _) = cause.parts();
        let beneath = self.beneath(message, address).await;
        let tongue = self.tongue(guild);
        match self.voice.say_over(address, beneath, &tongue, reply).await {
            Ok(said) => {
                if let Err(error) = self.journal.told(&cause, said, told, shown).await {
                    self.telling.doubt(&cause);
                    tracing::error!(%error, "it could not be noted that an answer was said");
                }
            }
            // The teller says how it ended.
            Err(error) => {
                self.telling.note_unknown(&cause, &error);
                tracing::warn!(%error, "the answer to a change could not be said yet");
            }
        }
    }

    /// The one place where an error becomes words and a log line.
    pub(super) async fn explain(
        &self,
        guild: Option<GuildId>,
        definition: &Definition,
        hints: &Hints,
        error: CommandError,
    ) -> Reply {
        match error {
            CommandError::Refused(refusal) => {
                let refusal = self.with_role_names(guild, definition, refusal).await;
                let reply = refusal_reply(&refusal, hints);
                // The rule alone: a refusal repeats what somebody wrote.
                tracing::info!(rule = reply.key(), "refused");
                reply
            }
            CommandError::Store(error) => {
                tracing::error!(
                    error = format!("{error:#}"),
                    "the journal failed; nothing was sent"
                );
                match error.downcast_ref() {
                    // Written or not, nobody holds its ticket: what was written is sent by the sweep.
                    Some(JournalError::Unsure) => Reply::new(&STORE_UNSURE),
                    _ => Reply::new(&STORE_FAILED),
                }
            }
            CommandError::Failed(error) => {
                tracing::error!(error = format!("{error:#}"), "a command failed");
                Reply::new(&FAILED)
            }
        }
    }

    /// Fills in who may, by role names as far as they are known.
    async fn with_role_names(
        &self,
        guild: Option<GuildId>,
        definition: &Definition,
        refusal: Refusal,
    ) -> Refusal {
        let policy = guild.and_then(|guild| self.guilds.policy(guild));
        let (Refusal::NoRight { roles }, Some(policy)) = (&refusal, policy) else {
            return refusal;
        };
        if !roles.is_empty() {
            return refusal;
        }
        let mut may = policy.admin_roles.clone();
        if needed(right_of(definition)) <= Standing::Moderator {
            may.extend(&policy.moderator_roles);
        }
        let mut roles = self.standings.role_names(policy.guild, &may).await;
        roles.push(self.voice.words.plain(&NAME_ADMINS, policy.language));
        Refusal::NoRight { roles }
    }

    pub(super) fn hints(
        &self,
        guild: Option<GuildId>,
        incoming: &Incoming,
        invocation: &Invocation,
        definition: &Definition,
    ) -> Hints {
        let language = self.tongue(guild).language;
        let mut named = invocation.arguments.iter().filter_map(|token| match token {
            Token::Member(id) => incoming
                .mentions
                .iter()
                .find(|(mentioned, _)| mentioned == id),
            _ => None,
        });
        Hints {
            command: definition.shown(language),
            usage: self.voice.words.usage(&definition.scope, language),
            who: named.next().map(|(_, name)| name.clone()),
        }
    }

    pub(super) async fn answer(&self, incoming: &Incoming, reply: &Reply) {
        let address = ReplyAddress {
            channel: incoming.channel,
            quoting: Some(incoming.message),
            said: None,
        };
        self.say(incoming.guild, address, reply).await;
    }

    pub(super) async fn say(&self, guild: Option<GuildId>, at: ReplyAddress, reply: &Reply) {
        self.say_over(guild, at, Beneath::Text, reply).await;
    }

    /// The same where it is known what stands there.
    pub(super) async fn say_over(
        &self,
        guild: Option<GuildId>,
        at: ReplyAddress,
        beneath: Beneath,
        reply: &Reply,
    ) {
        let tongue = self.tongue(guild);
        if let Err(error) = self.voice.say_over(at, beneath, &tongue, reply).await {
            metrics::counter!("guildpoints_answers_lost_total").increment(1);
            tracing::warn!(%error, "an answer could not be said");
        }
    }

    /// The language and zone of a guild; the house's own where none is set up.
    pub(super) fn tongue(&self, guild: Option<GuildId>) -> Tongue {
        let policy = guild
            .and_then(|guild| self.guilds.policy(guild))
            .or_else(|| match guild {
                None => self.guilds.only(),
                Some(_) => None,
            });
        match policy {
            Some(policy) => Tongue {
                language: policy.language,
                zone: policy.zone.clone(),
            },
            None => Tongue {
                language: self.language,
                zone: TimeZone::UTC,
            },
        }
    }
}
