//! Asking first: a question with buttons, and the press that comes back.
//!
//! The button works for the caller only, for ten minutes, across restarts, once. Rights and limits
//! are looked at again when it is pressed; that it counts once is settled in the transaction that
//! writes the intent, and the intent's id follows from the command message, so not even two
//! instances could pay it twice.

use crate::commands::Answer;
use crate::commands::CommandError;
use crate::commands::Place;
use crate::commands::Pressed;
use crate::commands::Proposal;
use crate::commands::cancelled_reply;
use crate::commands::pressed_reply;
use crate::commands::right_of;
use crate::dispatch::BUTTON_LIFE;
use crate::dispatch::Dispatcher;
use crate::dispatch::Occasion;
use crate::dispatch::people::People;
use crate::dispatch::people::Scene;
use crate::dispatch::person;
use crate::dispatch::voice::Beneath;
use crate::journal::Asked as Question;
use crate::journal::Confirmation;
use crate::journal::ConfirmationState;
use crate::journal::JournalError;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::Policy;
use crate::model::Refusal;
use crate::model::incoming::Incoming;
use crate::model::incoming::Press;
use crate::points::ReplyAddress;
use crate::words::Hints;
use crate::words::Reply;
use crate::words::refusal_reply;

impl Dispatcher {
    /// Writes the question down and asks it; a message asks at most once.
    pub(super) async fn ask(
        &self,
        guild: Option<GuildId>,
        incoming: &Incoming,
        reply: &Reply,
        proposal: &Proposal,
    ) -> Result<(), JournalError> {
        let Some(guild) = guild else {
            return Ok(());
        };
        let life = i64::try_from(BUTTON_LIFE.as_millis()).unwrap_or(i64::MAX);
        let question = Confirmation {
            message: incoming.message,
            guild,
            channel: incoming.channel,
            caller: incoming.author.id,
            proposal: serde_json::to_string(proposal)
                .expect("a proposal is plain fields and always serialises"),
            expires_ms: self.clock.now_ms() + life,
            said: None,
            state: ConfirmationState::Asked,
        };
        let asked = question.proposal.clone();
        if let Question::Known(known) = self.journal.ask(question).await? {
            if known.said.is_some()
                || known.state != ConfirmationState::Asked
                // What is confirmed is what was written first, so nothing else may be shown.
                || known.proposal != asked
            {
                return Ok(());
            }
            // Written by a process that died; it may have asked before that.
            let stands = self
                .voice
                .said_already(incoming.channel, incoming.message, &[])
                .await;
            if let Some(said) = stands {
                return self.journal.asked_said(incoming.message, said).await;
            }
        }
        let address = ReplyAddress {
            channel: incoming.channel,
            quoting: Some(incoming.message),
            said: None,
        };
        match self
            .voice
            .say(address, &self.tongue(Some(guild)), reply)
            .await
        {
            Ok(said) => self.journal.asked_said(incoming.message, said).await,
            Err(error) => {
                tracing::warn!(%error, "a question before a change could not be asked; nothing happens");
                Ok(())
            }
        }
    }

    /// Goes on with what was asked about a message, or calls it off.
    pub(super) async fn answer_question(&self, press: Press, pressed: Pressed, message: MessageId) {
        // Whose button it is comes first: nobody else gets to hold a command's turn.
        if self.waiting_for(&press, message).await.is_none() {
            return;
        }
        // Somebody may press while our own call that asks has not come back.
        let turn = self.telling.take(message).await;
        let Some(asked) = self.waiting_for(&press, message).await else {
            return;
        };
        let address = ReplyAddress {
            channel: asked.channel,
            quoting: Some(asked.message),
            // The press comes from a client, so our own record of the message goes first.
            said: asked.said.or(Some(press.message)),
        };
        match pressed {
            Pressed::Cancel => self.cancel(&press, &asked, address).await,
            Pressed::Confirm => {
                let toast = pressed_reply();
                tokio::join!(
                    self.toast(&press, Some(asked.guild), &toast),
                    self.confirm(&press, &asked, address)
                );
            }
        }
        drop(turn);
    }

    /// The question a press answers, if it waits for that very press; else the presser is told why not.
    async fn waiting_for(&self, press: &Press, message: MessageId) -> Option<Confirmation> {
        let asked = match self.journal.asked(message).await {
            Ok(asked) => asked,
            Err(error) => {
                tracing::error!(%error, "a pressed button cannot be looked up");
                return None;
            }
        };
        let guild = asked.as_ref().map(|asked| asked.guild);
        let refusal = match asked {
            None => Refusal::ButtonExpired,
            Some(asked) if asked.caller != press.presser => Refusal::NotYourButton,
            Some(asked) => match asked.state {
                ConfirmationState::Asked => return Some(asked),
                ConfirmationState::Expired => Refusal::ButtonExpired,
                ConfirmationState::Used | ConfirmationState::Cancelled => Refusal::ButtonUsed,
            },
        };
        self.toast(press, guild, &refused(&refusal)).await;
        None
    }

    async fn cancel(&self, press: &Press, asked: &Confirmation, address: ReplyAddress) {
        let guild = Some(asked.guild);
        match self.journal.cancel(asked.message).await {
            Ok(ConfirmationState::Cancelled) => {
                let reply = cancelled_reply();
                tokio::join!(
                    self.toast(press, guild, &reply),
                    self.say_over(guild, address, Beneath::Buttons, &reply)
                );
            }
            Ok(_) => {
                self.toast(press, guild, &refused(&Refusal::ButtonUsed))
                    .await
            }
            Err(error) => tracing::error!(%error, "a question could not be called off"),
        }
    }

    async fn confirm(&self, press: &Press, asked: &Confirmation, address: ReplyAddress) {
        let proposal: Proposal = match serde_json::from_str(&asked.proposal) {
            Ok(proposal) => proposal,
            Err(error) => {
                tracing::error!(%error, "a question's proposal cannot be read");
                return self
                    .say_over(
                        Some(asked.guild),
                        address,
                        Beneath::Buttons,
                        &refused(&Refusal::ButtonExpired),
                    )
                    .await;
            }
        };
        let words = self.voice.words.clone();
        let Some(definition) = words.definition(&proposal.command) else {
            return self
                .say_over(
                    Some(asked.guild),
                    address,
                    Beneath::Buttons,
                    &refused(&Refusal::ButtonExpired),
                )
                .await;
        };
        let result = self.run_confirmed(press, asked, &proposal, address).await;
        let guild = Some(asked.guild);
        match result {
            Ok(Answer::Changed {
                cause,
                stage,
                reply,
                shown,
            }) => {
                self.tell_change(guild, address, cause, stage, &reply, &shown)
                    .await;
            }
            Ok(Answer::Say(reply)) => {
                if let Err(error) = self.journal.cancel(asked.message).await {
                    tracing::error!(%error, "an answered question could not be closed");
                }
                self.say_over(guild, address, Beneath::Buttons, &reply)
                    .await;
            }
            Ok(_) => {}
            Err(error) => {
                // What was refused now must not be paid by a second press after the reply said no.
                if let Err(error) = self.journal.cancel(asked.message).await {
                    tracing::error!(%error, "a refused question could not be closed");
                }
                let tongue = self.tongue(guild);
                let hints = Hints {
                    command: definition.shown(tongue.language),
                    usage: words.usage(&definition.scope, tongue.language),
                    who: proposal.people.first().map(|named| named.name.clone()),
                };
                let reply = self.explain(guild, definition, &hints, error).await;
                self.say_over(guild, address, Beneath::Buttons, &reply)
                    .await;
            }
        }
    }

    /// Runs the proposed command with rights and limits as they are now.
    async fn run_confirmed(
        &self,
        press: &Press,
        asked: &Confirmation,
        proposal: &Proposal,
        reply: ReplyAddress,
    ) -> Result<Answer, CommandError> {
        let policy = self
            .guilds
            .policy(asked.guild)
            .ok_or(Refusal::UnknownGuild(Some(asked.guild)))?;
        let policy: &Policy = &policy;
        let words = self.voice.words.clone();
        let unreadable = || {
            CommandError::Failed(anyhow::anyhow!(
                "the proposal `{}` cannot be read",
                proposal.command
            ))
        };
        let definition = words.definition(&proposal.command).ok_or_else(unreadable)?;
        let handler = self
            .registry
            .handler(&proposal.command)
            .ok_or_else(unreadable)?;
        let change = proposal.asked().ok_or_else(unreadable)?;
        let actor = self.standings.actor(policy, press.presser, None).await;
        let granted = self
            .authorize(right_of(definition), actor, None, policy)
            .await?;
        let members = proposal.members();
        let people = match members.as_slice() {
            // They may have left meanwhile. Of many that would be too many questions for one press.
            [only] => {
                let scene = Scene {
                    guild: asked.guild,
                    channel: asked.channel,
                    mentions: &[(only.id, only.name.clone())],
                };
                self.people(&scene, &change.who).await?
            }
            _ => People {
                members,
                left_out: 0,
            },
        };
        let occasion = Occasion {
            caller: person(press.presser, &press.name),
            message: asked.message,
            reply,
            place: Place::Channel,
            confirmation: Some(asked.message),
            pressed: None,
        };
        handler
            .run(self.call(&granted, policy, &change, people, occasion))
            .await
    }
}

fn refused(refusal: &Refusal) -> Reply {
    refusal_reply(refusal, &Hints::default())
}
