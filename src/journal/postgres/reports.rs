//! Reported events, in PostgreSQL.

use anyhow::anyhow;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;

use crate::journal::entry::Refused;
use crate::journal::entry::ReplyAddress;
use crate::journal::error::JournalError;
use crate::journal::kept::MEANINGS;
use crate::journal::kept::TOLD;
use crate::journal::kept::kept;
use crate::journal::kept::meaning_word;
use crate::journal::kept::told_word;
use crate::journal::postgres::rows::get;
use crate::journal::postgres::rows::id;
use crate::journal::postgres::rows::named;
use crate::journal::postgres::rows::small;
use crate::journal::postgres::shelf::Shelf;
use crate::journal::postgres::sides::fetch;
use crate::journal::postgres::sides::user;
use crate::journal::report_rules::ReportWrite;
use crate::journal::reports::EventReport;
use crate::journal::reports::ReportDone;
use crate::journal::reports::ReportIntent;
use crate::journal::reports::ReportState;
use crate::journal::reports::ReportStore;
use crate::journal::store::Answer;
use crate::model::Account;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::OpId;

/// Writes one within the open transaction.
pub(super) async fn write(
    connection: &mut PgConnection,
    write: &ReportWrite,
) -> Result<ReportDone, JournalError> {
    let query = sqlx::query("select * from reports where op = $1").bind(write.op().as_str());
    let rows = fetch(connection, query).await?;
    let found = rows.first().map(report).transpose()?;
    let Some(report) = write.on(found.as_ref()) else {
        return Ok(ReportDone {
            report: found,
            changed: false,
        });
    };
    put(connection, &report).await?;
    Ok(ReportDone {
        report: Some(report),
        changed: true,
    })
}

async fn put(connection: &mut PgConnection, report: &EventReport) -> Result<(), JournalError> {
    let asked = &report.asked;
    let refused = report.state.refused();
    let query = sqlx::query(
        "insert into reports (op, message, guild, system, event, member, kind, external_id,
             staff_kind, staff_id, reporter, written_ms, tries, in_doubt, next_ms, state, refusal,
             refusal_code, refusal_text, channel, quoting, said, told)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
             $19, $20, $21, $22, $23)
         on conflict (op) do update
         set tries = excluded.tries, in_doubt = excluded.in_doubt, next_ms = excluded.next_ms,
             state = excluded.state, refusal = excluded.refusal,
             refusal_code = excluded.refusal_code, refusal_text = excluded.refusal_text,
             said = excluded.said, told = excluded.told",
    )
    .bind(report.op.as_str())
    .bind(kept(asked.message.number()))
    .bind(kept(asked.guild.number()))
    .bind(&asked.system)
    .bind(&asked.event)
    .bind(kept(asked.member.number()))
    .bind(asked.account.kind())
    .bind(asked.account.id())
    .bind(asked.staff.kind())
    .bind(asked.staff.id())
    .bind(kept(report.reporter.number()))
    .bind(report.written_ms)
    .bind(i64::from(report.tries))
    .bind(i64::from(report.in_doubt))
    .bind(report.next_ms)
    .bind(report.state.kept())
    .bind(refused.map(|refused| meaning_word(refused.meaning)))
    .bind(refused.and_then(|refused| refused.code))
    .bind(refused.map(|refused| refused.text.as_str()))
    .bind(kept(asked.reply.channel.number()))
    .bind(asked.reply.quoting.map(|id| kept(id.number())))
    .bind(asked.reply.said.map(|id| kept(id.number())))
    .bind(told_word(report.told));
    fetch(connection, query).await.map(drop)
}

impl ReportStore for Shelf {
    fn report(&self, message: MessageId) -> Answer<'_, Option<EventReport>> {
        Box::pin(async move {
            let query = || {
                sqlx::query("select * from reports where message = $1").bind(kept(message.number()))
            };
            self.row(query).await?.as_ref().map(report).transpose()
        })
    }

    fn open_reports(&self, due_ms: i64, limit: usize) -> Answer<'_, Vec<EventReport>> {
        Box::pin(async move {
            let query = || {
                sqlx::query(
                    "select * from reports where state = 'sent' and next_ms <= $1
                     order by next_ms limit $2",
                )
                .bind(due_ms)
                .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            };
            self.rows(query).await?.iter().map(report).collect()
        })
    }

    fn untold_reports(
        &self,
        due_ms: i64,
        spoken_ms: i64,
        limit: usize,
    ) -> Answer<'_, Vec<EventReport>> {
        Box::pin(async move {
            let query = || {
                sqlx::query(
                    "select * from reports
                     where told in ('nothing', 'interim')
                       and ((state <> 'sent' and next_ms <= $1)
                         or (state = 'sent' and told = 'nothing' and written_ms <= $2))
                     order by next_ms limit $3",
                )
                .bind(due_ms)
                .bind(spoken_ms)
                .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            };
            self.rows(query).await?.iter().map(report).collect()
        })
    }
}

fn report(row: &PgRow) -> Result<EventReport, JournalError> {
    let message = |column| {
        let id: Option<i64> = get(row, column)?;
        Ok::<_, JournalError>(id.map(|id| MessageId::new(id.cast_unsigned())))
    };
    let account = |kind, external_id| {
        let (kind, id): (String, String) = (get(row, kind)?, get(row, external_id)?);
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
            message: MessageId::new(id(row, "message")?),
            guild: GuildId::new(id(row, "guild")?),
            system: get(row, "system")?,
            event: get(row, "event")?,
            member: user(row, "member")?,
            account: account("kind", "external_id")?,
            staff: account("staff_kind", "staff_id")?,
            reply: ReplyAddress {
                channel: ChannelId::new(id(row, "channel")?),
                quoting: message("quoting")?,
                said: message("said")?,
            },
        },
        reporter: user(row, "reporter")?,
        written_ms: get(row, "written_ms")?,
        tries: small(row, "tries")?,
        in_doubt: get::<i64>(row, "in_doubt")? != 0,
        next_ms: get(row, "next_ms")?,
        state,
        told: named(&TOLD, &told)?,
    })
}
