//! Saying how reported events stand: at once, and again when they have ended.
//!
//! Reports are told like changes: at least once and, as far as the platform allows, once.

use futures_util::future::join_all;

use crate::commands::report_reply;
use crate::dispatch::Dispatcher;
use crate::dispatch::teller::A_SWEEP;
use crate::dispatch::teller::ACKNOWLEDGED_AFTER_MS;
use crate::dispatch::teller::GIVE_UP_AFTER_MS;
use crate::dispatch::teller::LONGEST_WAIT_MS;
use crate::dispatch::teller::SHORTEST_WAIT_MS;
use crate::dispatch::teller::is_hopeless;
use crate::fanbook::api::SayError;
use crate::journal::EventReport;
use crate::journal::JournalError;
use crate::journal::Told;
use crate::model::GuildId;
use crate::points::ReplyAddress;
use crate::words::Reply;

impl Dispatcher {
    /// Says how a report stands where it was asked for, and notes it.
    pub(super) async fn tell_reported(
        &self,
        guild: Option<GuildId>,
        address: ReplyAddress,
        report: &EventReport,
        reply: &Reply,
    ) {
        match self.voice.say(address, &self.tongue(guild), reply).await {
            Ok(said) => {
                let told = stage_of(report);
                let noted = self.journal.report_told(&report.op, Some(said), told);
                if let Err(error) = noted.await {
                    tracing::error!(%error, "it could not be noted that an answer was said");
                }
            }
            // The next sweep says how it stands.
            Err(error) => tracing::warn!(%error, "the answer to a report could not be said yet"),
        }
    }

    /// Tells of every report of which something is to be told.
    pub(super) async fn tell_reports(&self) -> Result<(), JournalError> {
        let now = self.clock.now_ms();
        let spoken = now - ACKNOWLEDGED_AFTER_MS;
        let untold = self.journal.untold_reports(now, spoken, A_SWEEP).await?;
        let telling = untold.into_iter().map(|report| async move {
            let message = report.asked.message;
            let Some(_turn) = self.telling.begin(message) else {
                return;
            };
            // Read anew within the turn: whoever had it before may have said it meanwhile.
            let told = match self.journal.report_of(message).await {
                Ok(Some(report)) if is_owed(&report) => self.tell_report(&report).await,
                Ok(_) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = told {
                tracing::error!(op = %report.op, %error, "it could not be noted that a report was told");
            }
        });
        join_all(telling).await;
        Ok(())
    }

    async fn tell_report(&self, report: &EventReport) -> Result<(), JournalError> {
        let asked = &report.asked;
        let mut at = asked.reply;
        if at.said.is_none() {
            // It may stand there without being noted, by a process that died or a lost answer.
            at.said = self
                .voice
                .said_already(at.channel, asked.message, &[])
                .await;
        }
        let tongue = self.tongue(Some(asked.guild));
        match self.voice.say(at, &tongue, &report_reply(report)).await {
            Ok(said) => {
                tracing::info!(op = %report.op, "how a report stands was told");
                let told = stage_of(report);
                self.journal
                    .report_told(&report.op, Some(said), told)
                    .await?;
            }
            Err(error) => self.tell_report_later(report, &error).await?,
        }
        Ok(())
    }

    async fn tell_report_later(
        &self,
        report: &EventReport,
        error: &SayError,
    ) -> Result<(), JournalError> {
        tracing::warn!(op = %report.op, %error, "how a report stands could not be told");
        let now = self.clock.now_ms();
        let age = (now - report.written_ms).max(0);
        if is_hopeless(error) || age >= GIVE_UP_AFTER_MS {
            let gone = Told::Undeliverable;
            self.journal.report_told(&report.op, None, gone).await?;
        } else if report.state.is_final() {
            let wait = (age / 2).clamp(SHORTEST_WAIT_MS, LONGEST_WAIT_MS);
            self.journal
                .tell_report_later(&report.op, now + wait)
                .await?;
        }
        Ok(())
    }
}

fn stage_of(report: &EventReport) -> Told {
    match report.state.is_final() {
        true => Told::Final,
        false => Told::Interim,
    }
}

/// Whether whoever reported knows less than there is to tell.
fn is_owed(report: &EventReport) -> bool {
    match report.told {
        Told::Nothing => true,
        Told::Interim => report.state.is_final(),
        Told::Final | Told::Undeliverable => false,
    }
}
