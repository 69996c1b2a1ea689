//! Boards of balances and the bookkeeping of sweeps, in SQLite.

use rusqlite::Connection;
use rusqlite::Row;
use rusqlite::params;
use rusqlite::params_from_iter;
use rusqlite::types::Value;

use crate::journal::balance_texts::BEGIN;
use crate::journal::balance_texts::ENLIST_KNOWN;
use crate::journal::balance_texts::NOT_YET;
use crate::journal::balance_texts::UNSWEPT;
use crate::journal::balances::BalanceStore;
use crate::journal::balances::Balances;
use crate::journal::balances::Cursor;
use crate::journal::balances::Found;
use crate::journal::balances::SweepStep;
use crate::journal::balances::SweepWrite;
use crate::journal::balances::Swept;
use crate::journal::balances::known_among;
use crate::journal::boards::Near;
use crate::journal::error::JournalError;
use crate::journal::kept::kept;
use crate::journal::links::Link;
use crate::journal::sides::KnownBalance;
use crate::journal::sqlite::rows;
use crate::journal::sqlite::rows::get;
use crate::journal::sqlite::shelf::Shelf;
use crate::journal::sqlite::shelf::limited;
use crate::journal::sqlite::sides::execute;
use crate::journal::sqlite::sides::member;
use crate::journal::store::Answer;
use crate::model::UserId;

/// Keeps balances that were read, each unless a newer one is kept or the account is another now.
pub(super) fn know(connection: &Connection, balances: &[KnownBalance]) -> Result<(), JournalError> {
    for known in balances {
        let (guild, who) = (kept(known.guild.number()), kept(known.member.number()));
        execute(
            connection,
            "insert into known_balances (guild, member, system, points, read_ms)
             select ?1, ?2, ?3, ?4, ?5
             where not exists (select 1 from links
                               where system = ?3 and member = ?2 and verified_ms > ?5)
             on conflict (guild, member, system) do update
             set points = excluded.points, read_ms = excluded.read_ms
             where excluded.read_ms >= known_balances.read_ms",
            params![
                guild,
                who,
                known.system,
                known.balance.points,
                known.balance.read_ms,
            ],
        )?;
        execute(
            connection,
            "update swept set tried_ms = ?4
             where guild = ?1 and system = ?2 and member = ?3 and tried_ms < ?4",
            params![guild, known.system, who, known.balance.read_ms],
        )?;
    }
    Ok(())
}

/// Forgets what was read of a member's account, which is another now or none.
pub(super) fn forget(connection: &Connection, link: &Link) -> Result<(), JournalError> {
    execute(
        connection,
        "delete from known_balances where member = ? and system = ?",
        params![kept(link.member.number()), link.system],
    )
}

/// Writes something about a sweep.
pub(super) fn sweep(connection: &Connection, write: &SweepWrite) -> Result<(), JournalError> {
    let of = &write.of;
    let (guild, system) = (kept(of.guild.number()), of.system.name());
    match &write.what {
        SweepStep::Enlist(members) => members.iter().try_for_each(|member| {
            execute(
                connection,
                "insert into swept (guild, system, member, tried_ms) values (?, ?, ?, 0)
                 on conflict (guild, system, member) do nothing",
                params![guild, system, kept(member.number())],
            )
        }),
        SweepStep::Begin(begun_ms) => {
            execute(connection, ENLIST_KNOWN, params![guild, system])?;
            execute(connection, NOT_YET, params![begun_ms, guild, system])?;
            execute(connection, BEGIN, params![guild, system, begun_ms])
        }
        SweepStep::Asked(swept) => {
            know(connection, &known_among(of, swept))?;
            swept
                .iter()
                .try_for_each(|swept| asked(connection, of, swept))
        }
    }
}

fn asked(connection: &Connection, of: &Balances, swept: &Swept) -> Result<(), JournalError> {
    let (guild, system) = (kept(of.guild.number()), of.system.name());
    let who = kept(swept.member.number());
    execute(
        connection,
        "update swept set tried_ms = ? where guild = ? and system = ? and member = ?",
        params![swept.tried_ms, guild, system, who],
    )?;
    match swept.found {
        Found::Balance(_) | Found::Nothing => Ok(()),
        Found::NoAccount => execute(
            connection,
            "delete from known_balances where guild = ? and member = ? and system = ?",
            params![guild, who, system],
        ),
    }
}

impl Shelf {
    /// Asks about balances: the values after guild and system are `more`.
    fn ask<T: Send + 'static>(
        &self,
        of: &Balances,
        text: &'static str,
        more: Vec<i64>,
        read: impl Fn(&Row<'_>) -> Result<T, JournalError> + Send + 'static,
    ) -> Answer<'_, Vec<T>> {
        let begin = [
            Value::Integer(kept(of.guild.number())),
            Value::Text(of.system.name().to_owned()),
        ];
        let more = more.into_iter().map(Value::Integer);
        let values: Vec<Value> = begin.into_iter().chain(more).collect();
        Box::pin(
            self.readers.read(move |connection| {
                rows::all(connection, text, params_from_iter(&values), &read)
            }),
        )
    }

    fn ask_number(
        &self,
        of: &Balances,
        text: &'static str,
        more: Vec<i64>,
    ) -> Answer<'_, Option<i64>> {
        let asked = self.ask(of, text, more, |row| get(row, "number"));
        Box::pin(async move { Ok(asked.await?.into_iter().next()) })
    }

    fn ask_count(&self, of: &Balances, text: &'static str, more: Vec<i64>) -> Answer<'_, u64> {
        let asked = self.ask_number(of, text, more);
        Box::pin(async move { Ok(asked.await?.unwrap_or(0).max(0).cast_unsigned()) })
    }
}

impl BalanceStore for Shelf {
    fn top_balances<'a>(
        &'a self,
        of: &'a Balances,
        offset: u64,
        limit: usize,
    ) -> Answer<'a, Vec<(UserId, i64)>> {
        let offset = i64::try_from(offset).unwrap_or(i64::MAX);
        self.ask(of, of.texts().top, vec![limited(limit), offset], standing)
    }

    fn balances_above<'a>(&'a self, of: &'a Balances, points: i64) -> Answer<'a, u64> {
        self.ask_count(of, of.texts().above, vec![points])
    }

    fn balances_before<'a>(
        &'a self,
        of: &'a Balances,
        (member, points): (UserId, i64),
    ) -> Answer<'a, u64> {
        self.ask_count(of, of.texts().before, vec![points, kept(member.number())])
    }

    fn balance_of<'a>(
        &'a self,
        of: &'a Balances,
        member: UserId,
    ) -> Answer<'a, Option<(i64, bool)>> {
        let own = self.ask(of, of.texts().own, vec![kept(member.number())], |row| {
            let reasons: i64 = get(row, "reasons")?;
            Ok((get(row, "points")?, reasons == 0))
        });
        Box::pin(async move { Ok(own.await?.into_iter().next()) })
    }

    fn balances_around<'a>(
        &'a self,
        of: &'a Balances,
        (member, points): (UserId, i64),
        each: usize,
    ) -> Answer<'a, Near> {
        let near = |text| {
            let values = vec![points, kept(member.number()), limited(each)];
            self.ask(of, text, values, standing)
        };
        let texts = of.texts();
        let (before, after) = (near(texts.nearest_before), near(texts.nearest_after));
        Box::pin(async move { Ok((before.await?, after.await?)) })
    }

    fn balances_hidden<'a>(&'a self, of: &'a Balances) -> Answer<'a, u64> {
        self.ask_count(of, of.texts().hidden, Vec::new())
    }

    fn oldest_balance<'a>(&'a self, of: &'a Balances) -> Answer<'a, Option<i64>> {
        match of.texts().oldest {
            Some(text) => self.ask_number(of, text, Vec::new()),
            None => Box::pin(std::future::ready(Ok(None))),
        }
    }

    fn sweep_begun<'a>(&'a self, of: &'a Balances) -> Answer<'a, Option<i64>> {
        let text = "select begun_ms as number from sweeps where guild = $1 and system = $2";
        self.ask_number(of, text, Vec::new())
    }

    fn unswept<'a>(
        &'a self,
        of: &'a Balances,
        since_ms: i64,
        (tried_ms, member): Cursor,
        limit: usize,
    ) -> Answer<'a, Vec<(UserId, i64)>> {
        let values = vec![since_ms, tried_ms, member, limited(limit)];
        self.ask(of, UNSWEPT, values, |row| {
            Ok((user(row)?, get(row, "tried_ms")?))
        })
    }
}

fn standing(row: &Row<'_>) -> Result<(UserId, i64), JournalError> {
    Ok((user(row)?, get(row, "points")?))
}

fn user(row: &Row<'_>) -> Result<UserId, JournalError> {
    member(row, "member")
}
