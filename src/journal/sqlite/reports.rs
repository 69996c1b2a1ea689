//! Reported events, in SQLite.

use anyhow::anyhow;
use rusqlite::Connection;
use rusqlite::Row;
use rusqlite::params;

use crate::journal::entry::Refused;
use crate::journal::entry::ReplyAddress;
use crate::journal::error::JournalError;
use crate::journal::kept::MEANINGS;
use crate::journal::kept::TOLD;
use crate::journal::kept::kept;
use crate::journal::kept::meaning_word;
use crate::journal::kept::told_word;
use crate::journal::report_rules::ReportWrite;
use crate::journal::reports::EventReport;
use crate::journal::reports::ReportDone;
use crate::journal::reports::ReportIntent;
use crate::journal::reports::ReportState;
use crate::journal::reports::ReportStore;
use crate::journal::sqlite::rows;
use crate::journal::sqlite::rows::get;
use crate::journal::sqlite::rows::named;
use crate::journal::sqlite::rows::small;
use crate::journal::sqlite::shelf::Shelf;
use crate::journal::sqlite::sides::execute;
use crate::journal::sqlite::sides::member;
use crate::journal::store::Answer;
use crate::model::Account;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::OpId;

/// Writes one within the open transaction.
pub(super) fn write(
    connection: &Connection,
    write: &ReportWrite,
) -> Result<ReportDone, JournalError> {
    let found = rows::first(
        connection,
        "select * from reports where op = ?",
        params![write.op().as_str()],
        report,
    )?;
    let Some(report) = write.on(found.as_ref()) else {
        return Ok(ReportDone {
            report: found,
            changed: false,
        });
    };
    put(connection, &report)?;
    Ok(ReportDone {
        report: Some(report),
        changed: true,
    })
}

fn put(connection: &Connection, report: &EventReport) -> Result<(), JournalError> {
    let asked = &report.asked;
    let refused = report.state.refused();
    execute(
        connection,
        "insert into reports (op, message, guild, system, event, member, kind, external_id,
             staff_kind, staff_id, reporter, written_ms, tries, in_doubt, next_ms, state, refusal,
             refusal_code, refusal_text, channel, quoting, said, told)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         on conflict (op) do update
         set tries = excluded.tries, in_doubt = excluded.in_doubt, next_ms = excluded.next_ms,
             state = excluded.state, refusal = excluded.refusal,
             refusal_code = excluded.refusal_code, refusal_text = excluded.refusal_text,
             said = excluded.said, told = excluded.told",
        params![
            report.op.as_str(),
            kept(asked.message.number()),
            kept(asked.guild.number()),
            asked.system,
            asked.event,
            kept(asked.member.number()),
            asked.account.kind(),
            asked.account.id(),
            asked.staff.kind(),
            asked.staff.id(),
            kept(report.reporter.number()),
            report.written_ms,
            i64::from(report.tries),
            i64::from(report.in_doubt),
            report.next_ms,
            report.state.kept(),
            refused.map(|refused| meaning_word(refused.meaning)),
            refused.and_then(|refused| refused.code),
            refused.map(|refused| refused.text.as_str()),
            kept(asked.reply.channel.number()),
            asked.reply.quoting.map(|id| kept(id.number())),
            asked.reply.said.map(|id| kept(id.number())),
            told_word(report.told),
        ],
    )
}

impl ReportStore for Shelf {
    fn report(&self, message: MessageId) -> Answer<'_, Option<EventReport>> {
        Box::pin(self.readers.glance(move |connection| {
            rows::first(
                connection,
                "select * from reports where message = ?",
                params![kept(message.number())],
                report,
            )
        }))
    }

    fn open_reports(&self, due_ms: i64, limit: usize) -> Answer<'_, Vec<EventReport>> {
        Box::pin(self.readers.glance(move |connection| {
            rows::all(
                connection,
                "select * from reports where state = 'sent' and next_ms <= ?
                 order by next_ms limit ?",
                params![due_ms, i64::try_from(limit).unwrap_or(i64::MAX)],
                report,
            )
        }))
    }

    fn untold_reports(
        &self,
        due_ms: i64,
        spoken_ms: i64,
        limit: usize,
    ) -> Answer<'_, Vec<EventReport>> {
        Box::pin(self.readers.glance(move |connection| {
            rows::all(
                connection,
                "select * from reports
                 where told in ('nothing', 'interim')
                   and ((state <> 'sent' and next_ms <= ?1)
                     or (state = 'sent' and told = 'nothing' and written_ms <= ?2))
                 order by next_ms limit ?3",
                params![due_ms, spoken_ms, i64::try_from(limit).unwrap_or(i64::MAX)],
                report,
            )
        }))
    }
}

fn report(row: &Row<'_>) -> Result<EventReport, JournalError> {
    let id = |column| get::<i64>(row, column).map(i64::cast_unsigned);
    let message = |column| {
        let id: Option<i64> = get(row, column)?;
        Ok::<_, JournalError>(id.map(|id| MessageId::new(id.cast_unsigned())))
    };
    let account = |kind, id| {
        let (kind, id): (String, String) = (get(row, kind)?, get(row, id)?);
        Ok::<_, JournalError>(Account::new(kind, id))
    };
    let meaning: Option<String> = get(row, "refusal")?;
    let refused = match meaning {
        None => None,
        Some(meaning) => Some(Refused {
            meaning: named(&MEANINGS, &meaning)?,
            code: get(row, "refusal_code")?,
            text: get::<Option<String>>(row, "refusal_text")?.unwrap_or_default(),
        }),
    };
    let (state, told): (String, String) = (get(row, "state")?, get(row, "told")?);
    let state = ReportState::read(&state, refused).ok_or_else(|| {
        JournalError::Database(anyhow!(
            "a row of the store cannot be read: a report is `{state}`"
        ))
    })?;
    Ok(EventReport {
        op: OpId::kept(get(row, "op")?),
        asked: ReportIntent {
            message: MessageId::new(id("message")?),
            guild: GuildId::new(id("guild")?),
            system: get(row, "system")?,
            event: get(row, "event")?,
            member: member(row, "member")?,
            account: account("kind", "external_id")?,
            staff: account("staff_kind", "staff_id")?,
            reply: ReplyAddress {
                channel: ChannelId::new(id("channel")?),
                quoting: message("quoting")?,
                said: message("said")?,
            },
        },
        reporter: member(row, "reporter")?,
        written_ms: get(row, "written_ms")?,
        tries: small(row, "tries")?,
        in_doubt: get::<i64>(row, "in_doubt")? != 0,
        next_ms: get(row, "next_ms")?,
        state,
        told: named(&TOLD, &told)?,
    })
}
