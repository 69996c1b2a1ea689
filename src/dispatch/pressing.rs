//! A pressed button, and the short word it gets back.
//!
//! What a button carries comes from the client, so it is worth no more than the same words typed:
//! rights are looked at when it is pressed, and what it is about is found in the journal.

use crate::commands::Answer;
use crate::commands::Asked;
use crate::commands::Carried;
use crate::commands::CommandError;
use crate::commands::Place;
use crate::commands::is_board_leaf;
use crate::commands::is_leaf;
use crate::commands::pressed_reply;
use crate::commands::read_press;
use crate::commands::right_of;
use crate::dispatch::Dispatcher;
use crate::dispatch::Occasion;
use crate::dispatch::people::People;
use crate::dispatch::person;
use crate::journal::Receipt;
use crate::model::GuildId;
use crate::model::ReceiptCode;
use crate::model::Refusal;
use crate::model::UserId;
use crate::model::incoming::Press;
use crate::points::ReplyAddress;
use crate::words::Definition;
use crate::words::Hints;
use crate::words::Reply;
use crate::words::refusal_reply;

impl Dispatcher {
    /// Answers a pressed button.
    pub async fn press(&self, press: Press) {
        if is_leaf(&press.data) {
            return Box::pin(self.turn_page(press)).await;
        }
        if is_board_leaf(&press.data) {
            return Box::pin(self.turn_board(press)).await;
        }
        match read_press(&press.data) {
            None => {}
            Some(Carried::Question(pressed, message)) => {
                self.answer_question(press, pressed, message).await;
            }
            Some(Carried::Claim { message, verb }) => {
                Box::pin(self.press_claim(press, message, verb)).await;
            }
            Some(Carried::Order {
                command,
                code,
                asked,
            }) => self.order(press, command, &code, &asked).await,
        }
    }

    /// Carries out what a button under a change stands for.
    async fn order(&self, press: Press, command: &str, code: &ReceiptCode, asked: &Asked) {
        let receipt = match self.journal.find(code).await {
            Ok(Some(receipt)) => receipt,
            Ok(None) => {
                let refusal = Refusal::NoReceipt { code: code.clone() };
                let reply = refusal_reply(&refusal, &Hints::default());
                return self.toast(&press, None, &reply).await;
            }
            Err(error) => {
                return tracing::error!(%error, "a pressed button cannot be looked up");
            }
        };
        let words = self.voice.words.clone();
        let Some(definition) = words.definition(command) else {
            return tracing::error!(command, "a button stands for no command");
        };
        metrics::counter!("guildpoints_commands_total", "command" => definition.scope.clone())
            .increment(1);
        let guild = Some(receipt.guild);
        // The answer to an undo is told under the same message as the change.
        let turn = self.telling.take(receipt.told_under()).await;
        let result = self.run_order(&press, definition, &receipt, asked).await;
        let reply = match result {
            Ok(Answer::Changed {
                cause,
                stage,
                reply,
                shown,
            }) => {
                let address = place(&receipt);
                let toast = pressed_reply();
                tokio::join!(
                    self.tell_change(guild, address, cause, stage, &reply, &shown),
                    self.toast(&press, guild, &toast)
                );
                drop(turn);
                return;
            }
            Ok(
                Answer::Say(reply) | Answer::AlsoTell { reply, .. } | Answer::Board { reply, .. },
            ) => reply,
            Ok(
                Answer::Nothing
                | Answer::Ask { .. }
                | Answer::Part { .. }
                | Answer::Reported { .. },
            ) => pressed_reply(),
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
        // What was decided about is told by the teller, which has waited for this turn.
        drop(turn);
        self.points.hurry();
        self.toast(&press, guild, &reply).await;
    }

    /// Runs the command with rights and limits as they are now.
    async fn run_order(
        &self,
        press: &Press,
        definition: &Definition,
        receipt: &Receipt,
        asked: &Asked,
    ) -> Result<Answer, CommandError> {
        let policy = self
            .guilds
            .policy(receipt.guild)
            .ok_or(Refusal::UnknownGuild(Some(receipt.guild)))?;
        let actor = self.standings.actor(&policy, press.presser, None).await;
        let granted = self
            .authorize(right_of(definition), actor, None, &policy)
            .await?;
        let handler = self.registry.handler(&definition.scope).ok_or_else(|| {
            CommandError::Failed(anyhow::anyhow!("no handler for {}", definition.scope))
        })?;
        let nobody = People {
            members: Vec::new(),
            left_out: 0,
        };
        let message = receipt.told_under();
        let occasion = Occasion {
            caller: person(press.presser, &press.name),
            message,
            reply: place(receipt),
            place: Place::Channel,
            confirmation: None,
            pressed: Some(message),
        };
        handler
            .run(self.call(&granted, &policy, asked, nobody, occasion))
            .await
    }

    /// A short word at the button, which also stops it spinning.
    pub(super) async fn toast(&self, press: &Press, guild: Option<GuildId>, reply: &Reply) {
        let tongue = self.tongue(guild);
        let words = &self.voice.words;
        let text = words.render(reply, tongue.language, &tongue.zone).text;
        let text = match guild {
            Some(guild) => self.with_names(guild, text).await,
            None => text,
        };
        let answered = self
            .api
            .answer_press(&press.callback, &text, press.presser, press.channel)
            .await;
        if let Err(error) = answered {
            tracing::warn!(%error, "a pressed button could not be answered");
        }
    }

    /// The text with names where mentions stand: what is said at a button shows no markup.
    async fn with_names(&self, guild: GuildId, mut text: String) -> String {
        let mut from = 0;
        while let Some((at, end, member)) = next_mention(&text, from) {
            let name = match self.standings.member(guild, member).await {
                Ok(Some(member)) => crate::fanbook::text::neutral(&member.name),
                _ => member.to_string(),
            };
            text.replace_range(at..end, &name);
            from = at + name.len();
        }
        text
    }
}

/// Beside the change: its own message stays as it is.
fn place(receipt: &Receipt) -> ReplyAddress {
    ReplyAddress {
        said: None,
        ..receipt.reply
    }
}

/// Where the next mention of a member begins and ends at or after `from`, and of whom.
fn next_mention(text: &str, from: usize) -> Option<(usize, usize, UserId)> {
    let at = from + text.get(from..)?.find("${@!")?;
    let digits = &text[at + 4..];
    let close = digits.find('}')?;
    match digits[..close].parse() {
        Ok(member) => Some((at, at + 4 + close + 1, member)),
        Err(_) => next_mention(text, at + 4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mentions_are_found_one_after_the_other() {
        let text = "R7 ${@!12} and ${@!x} and ${@!34}.";
        let (at, end, member) = next_mention(text, 0).unwrap();
        assert_eq!((&text[at..end], member), ("${@!12}", UserId::new(12)));
        let (at, end, member) = next_mention(text, end).unwrap();
        assert_eq!((&text[at..end], member), ("${@!34}", UserId::new(34)));
        assert_eq!(next_mention(text, end), None);
        assert_eq!(next_mention("${@!5", 0), None);
    }
}
