//! The books of the built-in ledger, in SQLite.

use rusqlite::Connection;
use rusqlite::Row;
use rusqlite::params;

use crate::journal::auditing::Audited;
use crate::journal::auditing::BOOKINGS;
use crate::journal::auditing::BookFault;
use crate::journal::auditing::COUNTED;
use crate::journal::auditing::HALVES;
use crate::journal::auditing::NOT_POSTED;
use crate::journal::auditing::UNBALANCED;
use crate::journal::auditing::UNEXPLAINED;
use crate::journal::auditing::UNPOSTED;
use crate::journal::books::BookStore;
use crate::journal::books::Booked;
use crate::journal::books::OpenBooks;
use crate::journal::books::Part;
use crate::journal::books::Posted;
use crate::journal::books::Posting;
use crate::journal::books::Way;
use crate::journal::books::accounts;
use crate::journal::error::JournalError;
use crate::journal::kept::kept;
use crate::journal::sqlite::rows;
use crate::journal::sqlite::rows::get;
use crate::journal::sqlite::shelf::Shelf;
use crate::journal::sqlite::sides::execute;
use crate::journal::store::Answer;
use crate::model::GuildId;
use crate::model::OpId;
use crate::model::UserId;

/// The change of an id, without its other half.
const BOOKED: &str = "select * from book_postings where op = ? and account <> 0";

/// Posts these within the open transaction.
pub(super) fn post(
    connection: &Connection,
    postings: &[Posting],
) -> Result<Vec<Posted>, JournalError> {
    let mut books = OpenBooks::default();
    for posting in postings {
        if let Some(known) = of(connection, &posting.op)? {
            let change = (known.guild, known.member, known.points);
            books.known.insert(known.op, change);
        }
    }
    for (guild, account) in accounts(postings.iter()) {
        if let Some(points) = balance(connection, guild, account)? {
            books.balances.insert((guild, account), points);
        }
    }
    let last = rows::first(
        connection,
        "select coalesce(max(number), 0) as number from book_postings",
        [],
        |row| get(row, "number"),
    )?;
    books.last_number = last.unwrap_or(0);
    let posted = postings.iter().map(|posting| books.post(posting)).collect();
    for line in &books.lines {
        execute(
            connection,
            "insert into book_postings (op, account, number, guild, points, remark, posted_ms)
             values (?, ?, ?, ?, ?, ?, ?)",
            params![
                line.posting.op.as_str(),
                kept(line.account.number()),
                line.number,
                kept(line.posting.guild.number()),
                line.points,
                line.remark,
                line.posting.posted_ms,
            ],
        )?;
    }
    for ((guild, account), points) in books.changed() {
        execute(
            connection,
            "insert into book_accounts (guild, account, points) values (?, ?, ?)
             on conflict (guild, account) do update set points = excluded.points",
            params![kept(guild.number()), kept(account.number()), points],
        )?;
    }
    Ok(posted)
}

impl BookStore for Shelf {
    fn book_balances<'a>(
        &'a self,
        guild: GuildId,
        members: &'a [UserId],
    ) -> Answer<'a, Vec<(UserId, i64)>> {
        let members = members.to_vec();
        Box::pin(self.readers.glance(move |connection| {
            let mut found = Vec::with_capacity(members.len());
            for &member in &members {
                let points = balance(connection, guild, member)?;
                found.extend(points.map(|points| (member, points)));
            }
            Ok(found)
        }))
    }

    fn booked<'a>(&'a self, op: &'a OpId) -> Answer<'a, Option<Booked>> {
        let op = op.clone();
        Box::pin(self.readers.glance(move |connection| of(connection, &op)))
    }

    fn bookings(
        &self,
        guild: GuildId,
        member: UserId,
        way: Way,
        part: Part,
    ) -> Answer<'_, Vec<Booked>> {
        Box::pin(self.readers.read(move |connection| {
            rows::all(
                connection,
                BOOKINGS,
                params![
                    kept(guild.number()),
                    kept(member.number()),
                    way.sign(),
                    part.limit,
                    part.skipped,
                ],
                booked,
            )
        }))
    }

    fn audit_books(&self, limit: usize) -> Answer<'_, Audited> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Box::pin(
            self.readers
                .read(move |connection| audit(connection, limit)),
        )
    }
}

fn audit(connection: &Connection, limit: i64) -> Result<Audited, JournalError> {
    let counted = rows::first(connection, COUNTED, [], |row| {
        let (accounts, changes): (i64, i64) = (get(row, "accounts")?, get(row, "changes")?);
        Ok((accounts.cast_unsigned(), changes.cast_unsigned()))
    })?;
    let (accounts, changes) = counted.unwrap_or_default();
    let mut faults = rows::all(connection, UNBALANCED, [limit], |row| {
        Ok(BookFault::Unbalanced {
            guild: GuildId::new(id(row, "guild")?),
            sum: get(row, "points")?,
        })
    })?;
    faults.extend(rows::all(connection, NOT_POSTED, [limit], |row| {
        Ok(BookFault::Account {
            guild: GuildId::new(id(row, "guild")?),
            account: UserId::new(id(row, "account")?),
            points: get(row, "points")?,
            posted: get(row, "posted")?,
        })
    })?);
    faults.extend(rows::all(connection, HALVES, [limit], |row| {
        let op = OpId::kept(get(row, "op")?);
        Ok(BookFault::Halves { op })
    })?);
    faults.extend(rows::all(connection, UNPOSTED, [limit], |row| {
        let code = rows::code(row)?;
        Ok(BookFault::Unposted { code })
    })?);
    faults.extend(rows::all(connection, UNEXPLAINED, [limit], |row| {
        let op = OpId::kept(get(row, "op")?);
        Ok(BookFault::Unexplained { op })
    })?);
    Ok(Audited {
        accounts,
        changes,
        faults,
    })
}

fn of(connection: &Connection, op: &OpId) -> Result<Option<Booked>, JournalError> {
    rows::first(connection, BOOKED, [op.as_str()], booked)
}

fn balance(
    connection: &Connection,
    guild: GuildId,
    account: UserId,
) -> Result<Option<i64>, JournalError> {
    rows::first(
        connection,
        "select points from book_accounts where guild = ? and account = ?",
        params![kept(guild.number()), kept(account.number())],
        |row| get(row, "points"),
    )
}

fn booked(row: &Row<'_>) -> Result<Booked, JournalError> {
    Ok(Booked {
        op: OpId::kept(get(row, "op")?),
        guild: GuildId::new(id(row, "guild")?),
        member: UserId::new(id(row, "account")?),
        points: get(row, "points")?,
        remark: get(row, "remark")?,
        posted_ms: get(row, "posted_ms")?,
    })
}

fn id(row: &Row<'_>, column: &str) -> Result<u64, JournalError> {
    get(row, column).map(i64::cast_unsigned)
}
