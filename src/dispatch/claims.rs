//! Claims of accounts: buttons that decide about one, and telling who claimed it.

use crate::commands::Answer;
use crate::commands::Asked;
use crate::commands::CommandError;
use crate::commands::LinkWords;
use crate::commands::Place;
use crate::commands::Verb;
use crate::dispatch::Dispatcher;
use crate::dispatch::Occasion;
use crate::dispatch::people::People;
use crate::dispatch::person;
use crate::dispatch::voice::Beneath;
use crate::journal::Claim;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::Refusal;
use crate::model::incoming::Press;
use crate::permissions::Right;
use crate::points::ReplyAddress;
use crate::words::Hints;
use crate::words::Reply;
use crate::words::refusal_reply;

/// The command that buttons under a claim stand for.
const COMMAND: &str = "link";

impl Dispatcher {
    /// Carries out what a button under a claim stands for. It comes from the client, so who presses is
    /// held to the same rights as whoever types.
    pub(super) async fn press_claim(&self, press: Press, message: MessageId, verb: Option<Verb>) {
        let claim = match self.journal.claim_of(message).await {
            Ok(Some(claim)) => claim,
            Ok(None) => {
                let reply = refusal_reply(&Refusal::ButtonExpired, &Hints::default());
                return self.toast(&press, None, &reply).await;
            }
            Err(error) => {
                return tracing::error!(%error, "a pressed button cannot be looked up");
            }
        };
        let guild = Some(claim.guild);
        let words = self.voice.words.clone();
        let Some(definition) = words.definition(COMMAND) else {
            return tracing::error!(command = COMMAND, "a button stands for no command");
        };
        metrics::counter!("guildpoints_commands_total", "command" => definition.scope.clone())
            .increment(1);
        // Somebody may press while our own call that says it waits has not come back.
        let turn = self.telling.take(message).await;
        let reply = match self.run_claim(&press, &claim, verb).await {
            Ok(Answer::AlsoTell { reply, at, told }) => {
                self.tell_claim(guild, at, &told).await;
                reply
            }
            Ok(Answer::Say(reply)) => reply,
            Ok(_) => Reply::default(),
            Err(error) => {
                let language = self.tongue(guild).language;
                let hints = Hints {
                    command: definition.shown(language),
                    usage: words.usage(&definition.scope, language),
                    who: None,
                };
                self.explain(guild, definition, &hints, error).await
            }
        };
        drop(turn);
        self.toast(&press, guild, &reply).await;
    }

    async fn run_claim(
        &self,
        press: &Press,
        claim: &Claim,
        verb: Option<Verb>,
    ) -> Result<Answer, CommandError> {
        let policy = self
            .guilds
            .policy(claim.guild)
            .ok_or(Refusal::UnknownGuild(Some(claim.guild)))?;
        let actor = self.standings.actor(&policy, press.presser, None).await;
        let granted = self.authorize(Right::Approve, actor, None, &policy).await?;
        let handler = self
            .registry
            .handler(COMMAND)
            .ok_or_else(|| CommandError::Failed(anyhow::anyhow!("no handler for {COMMAND}")))?;
        let asked = Asked {
            verb,
            link: LinkWords {
                claim: Some(claim.message),
                ..LinkWords::default()
            },
            ..Asked::default()
        };
        let nobody = People {
            members: Vec::new(),
            left_out: 0,
        };
        let occasion = Occasion {
            caller: person(press.presser, &press.name),
            message: claim.message,
            reply: ReplyAddress {
                channel: claim.channel,
                quoting: Some(claim.message),
                said: None,
            },
            // What is said at a button is seen by who pressed it alone.
            place: Place::Private,
            confirmation: None,
            pressed: Some(claim.message),
        };
        handler
            .run(self.call(&granted, &policy, &asked, nobody, occasion))
            .await
    }

    /// Says what became of a claim where it was said that it waits, over that answer if it is found.
    pub(super) async fn tell_claim(&self, guild: Option<GuildId>, at: ReplyAddress, told: &Reply) {
        let said = match at.quoting {
            Some(message) => self.voice.said_already(at.channel, message, &[]).await,
            None => None,
        };
        let at = ReplyAddress { said, ..at };
        self.say_over(guild, at, Beneath::Buttons, told).await;
    }
}
