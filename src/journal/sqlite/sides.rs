//! What stands beside the entries, in SQLite.

use rusqlite::Connection;
use rusqlite::Params;
use rusqlite::Row;
use rusqlite::params;

use crate::journal::entry::BalanceRead;
use crate::journal::error::JournalError;
use crate::journal::kept::kept;
use crate::journal::kept::word;
use crate::journal::sides::KnownBalance;
use crate::journal::sides::Link;
use crate::journal::sides::PROOFS;
use crate::journal::sides::Side;
use crate::journal::sides::SideDone;
use crate::journal::sides::SideStore;
use crate::journal::sides::Tied;
use crate::journal::sides::tying;
use crate::journal::sqlite::boards;
use crate::journal::sqlite::books;
use crate::journal::sqlite::mapped;
use crate::journal::sqlite::rows;
use crate::journal::sqlite::rows::get;
use crate::journal::sqlite::rows::named;
use crate::journal::sqlite::shelf::Shelf;
use crate::journal::store::Answer;
use crate::model::Account;
use crate::model::GuildId;
use crate::model::UserId;

/// Writes one within the open transaction.
pub(super) fn write(connection: &Connection, side: &Side) -> Result<SideDone, JournalError> {
    match side {
        Side::Tie(link) => tie(connection, link).map(SideDone::Tied),
        Side::Know(balances) => know(connection, balances),
        Side::Hide {
            guild,
            member,
            why,
            on_boards,
            now_ms,
        } => {
            boards::hide(connection, (*guild, *member), *why, *on_boards, *now_ms)?;
            Ok(SideDone::Written)
        }
        Side::Date(days) => boards::date(connection, days).map(|()| SideDone::Written),
        Side::Post(postings) => books::post(connection, postings).map(SideDone::Posted),
    }
}

impl SideStore for Shelf {
    fn link<'a>(&'a self, system: &'a str, member: UserId) -> Answer<'a, Option<Link>> {
        let system = system.to_owned();
        Box::pin(
            self.readers
                .glance(move |connection| link_of(connection, &system, member)),
        )
    }

    fn known_balances(&self, guild: GuildId, member: UserId) -> Answer<'_, Vec<KnownBalance>> {
        Box::pin(self.readers.glance(move |connection| {
            rows::all(
                connection,
                "select * from known_balances where guild = ? and member = ?",
                params![kept(guild.number()), kept(member.number())],
                known,
            )
        }))
    }
}

fn link_of(
    connection: &Connection,
    system: &str,
    member: UserId,
) -> Result<Option<Link>, JournalError> {
    rows::first(
        connection,
        "select * from links where system = ? and member = ?",
        params![system, kept(member.number())],
        link,
    )
}

fn tie(connection: &Connection, link: &Link) -> Result<Tied, JournalError> {
    let theirs = link_of(connection, &link.system, link.member)?;
    let holder = rows::first(
        connection,
        "select member from links where system = ? and kind = ? and external_id = ?",
        params![link.system, link.account.kind(), link.account.id()],
        |row| member(row, "member"),
    )?;
    if let Some(tied) = tying(link, theirs.map(|link| link.account), holder) {
        return Ok(tied);
    }
    execute(
        connection,
        "insert into links
            (system, member, kind, external_id, proof, verified_by, verified_ms)
         values (?, ?, ?, ?, ?, ?, ?)",
        params![
            link.system,
            kept(link.member.number()),
            link.account.kind(),
            link.account.id(),
            word(&PROOFS, link.proof),
            link.verified_by.map(|by| kept(by.number())),
            link.verified_ms,
        ],
    )?;
    Ok(Tied::Now)
}

fn know(connection: &Connection, balances: &[KnownBalance]) -> Result<SideDone, JournalError> {
    for known in balances {
        execute(
            connection,
            "insert into known_balances (guild, member, system, points, read_ms)
             values (?, ?, ?, ?, ?)
             on conflict (guild, member, system) do update
             set points = excluded.points, read_ms = excluded.read_ms
             where excluded.read_ms >= known_balances.read_ms",
            params![
                kept(known.guild.number()),
                kept(known.member.number()),
                known.system,
                known.balance.points,
                known.balance.read_ms,
            ],
        )?;
    }
    Ok(SideDone::Written)
}

fn link(row: &Row<'_>) -> Result<Link, JournalError> {
    let kind: String = get(row, "kind")?;
    let id: String = get(row, "external_id")?;
    let proof: String = get(row, "proof")?;
    let verified_by: Option<i64> = get(row, "verified_by")?;
    Ok(Link {
        system: get(row, "system")?,
        member: member(row, "member")?,
        account: Account::new(kind, id),
        proof: named(&PROOFS, &proof)?,
        verified_by: verified_by.map(|by| UserId::new(by.cast_unsigned())),
        verified_ms: get(row, "verified_ms")?,
    })
}

fn known(row: &Row<'_>) -> Result<KnownBalance, JournalError> {
    let guild: i64 = get(row, "guild")?;
    Ok(KnownBalance {
        guild: GuildId::new(guild.cast_unsigned()),
        member: member(row, "member")?,
        system: get(row, "system")?,
        balance: BalanceRead {
            points: get(row, "points")?,
            read_ms: get(row, "read_ms")?,
        },
    })
}

fn member(row: &Row<'_>, column: &str) -> Result<UserId, JournalError> {
    get(row, column).map(|id: i64| UserId::new(id.cast_unsigned()))
}

/// Carries a statement out.
pub(super) fn execute(
    connection: &Connection,
    text: &'static str,
    values: impl Params,
) -> Result<(), JournalError> {
    let mut statement = connection.prepare_cached(text).map_err(mapped)?;
    statement.execute(values).map_err(mapped).map(drop)
}
