//! The books of the built-in ledger, in PostgreSQL: three statements for all changes of a transaction.

use std::collections::BTreeSet;

use sqlx::PgConnection;
use sqlx::postgres::PgRow;

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
use crate::journal::postgres::rows;
use crate::journal::postgres::rows::get;
use crate::journal::postgres::rows::id;
use crate::journal::postgres::shelf::Shelf;
use crate::journal::postgres::sides::fetch;
use crate::journal::store::Answer;
use crate::model::GuildId;
use crate::model::OpId;
use crate::model::UserId;

/// What a transaction decides from: changes of these ids, these accounts, the last number.
const LOOK: &str = "
    select 'change' as what, op, account, guild, points from book_postings
    where op = any($1::text[]) and account <> 0
    union all
    select 'account', '', book_accounts.account, book_accounts.guild, book_accounts.points
    from unnest($2::bigint[], $3::bigint[]) as asked (guild, account)
    join book_accounts on book_accounts.guild = asked.guild
        and book_accounts.account = asked.account
    union all
    select 'last', '', 0, 0, coalesce(max(number), 0) from book_postings";

const POST: &str = "
    insert into book_postings (op, account, number, guild, points, remark, posted_ms)
    select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[],
        $6::text[], $7::bigint[])";

const CHANGE: &str = "
    insert into book_accounts (guild, account, points)
    select * from unnest($1::bigint[], $2::bigint[], $3::bigint[])
    on conflict (guild, account) do update set points = excluded.points";

const BALANCES: &str = "
    select account, points from book_accounts where guild = $1 and account = any($2::bigint[])";

/// Posts several lots within the open transaction.
pub(super) async fn post(
    connection: &mut PgConnection,
    lots: &[&[Posting]],
) -> Result<Vec<Vec<Posted>>, JournalError> {
    let all = || lots.iter().flat_map(|lot| lot.iter());
    if all().next().is_none() {
        return Ok(lots.iter().map(|_| Vec::new()).collect());
    }
    let mut books = look(
        connection,
        all().map(|posting| &posting.op),
        accounts(all()),
    )
    .await?;
    let mut posted = Vec::with_capacity(lots.len());
    for lot in lots {
        posted.push(lot.iter().map(|posting| books.post(posting)).collect());
    }
    write(connection, &books).await?;
    Ok(posted)
}

async fn look<'a>(
    connection: &mut PgConnection,
    ops: impl Iterator<Item = &OpId>,
    accounts: BTreeSet<(GuildId, UserId)>,
) -> Result<OpenBooks<'a>, JournalError> {
    let ops: Vec<String> = ops.map(|op| op.as_str().to_owned()).collect();
    let guilds = accounts.iter().map(|(guild, _)| kept(guild.number()));
    let members = accounts.iter().map(|(_, account)| kept(account.number()));
    let query = sqlx::query(LOOK)
        .bind(ops)
        .bind(guilds.collect::<Vec<_>>())
        .bind(members.collect::<Vec<_>>());
    let mut books = OpenBooks::default();
    for row in &fetch(connection, query).await? {
        let guild = GuildId::new(id(row, "guild")?);
        let account = UserId::new(id(row, "account")?);
        let points = get(row, "points")?;
        match get(row, "what")? {
            "change" => {
                let op = OpId::kept(get(row, "op")?);
                books.known.insert(op, (guild, account, points));
            }
            "account" => {
                books.balances.insert((guild, account), points);
            }
            _ => books.last_number = points,
        }
    }
    Ok(books)
}

async fn write(connection: &mut PgConnection, books: &OpenBooks<'_>) -> Result<(), JournalError> {
    let lines = &books.lines;
    if lines.is_empty() {
        return Ok(());
    }
    let ops = lines.iter().map(|line| line.posting.op.as_str().to_owned());
    let guilds = lines.iter().map(|line| kept(line.posting.guild.number()));
    let accounts = lines.iter().map(|line| kept(line.account.number()));
    let remarks = lines.iter().map(|line| line.remark.to_owned());
    let query = sqlx::query(POST)
        .bind(ops.collect::<Vec<_>>())
        .bind(accounts.collect::<Vec<_>>())
        .bind(lines.iter().map(|line| line.number).collect::<Vec<_>>())
        .bind(guilds.collect::<Vec<_>>())
        .bind(lines.iter().map(|line| line.points).collect::<Vec<_>>())
        .bind(remarks.collect::<Vec<_>>())
        .bind(
            lines
                .iter()
                .map(|line| line.posting.posted_ms)
                .collect::<Vec<_>>(),
        );
    fetch(connection, query).await?;
    let changed = books.changed();
    let guilds = changed.keys().map(|(guild, _)| kept(guild.number()));
    let accounts = changed.keys().map(|(_, account)| kept(account.number()));
    let query = sqlx::query(CHANGE)
        .bind(guilds.collect::<Vec<_>>())
        .bind(accounts.collect::<Vec<_>>())
        .bind(changed.values().copied().collect::<Vec<_>>());
    fetch(connection, query).await.map(drop)
}

impl BookStore for Shelf {
    fn book_balances<'a>(
        &'a self,
        guild: GuildId,
        members: &'a [UserId],
    ) -> Answer<'a, Vec<(UserId, i64)>> {
        Box::pin(async move {
            let query = || {
                let members = members.iter().map(|member| kept(member.number()));
                sqlx::query(BALANCES)
                    .bind(kept(guild.number()))
                    .bind(members.collect::<Vec<_>>())
            };
            let found = self.rows(query).await?;
            let balance = |row| Ok((UserId::new(id(row, "account")?), get(row, "points")?));
            found.iter().map(balance).collect()
        })
    }

    fn booked<'a>(&'a self, op: &'a OpId) -> Answer<'a, Option<Booked>> {
        Box::pin(async move {
            let query = || {
                sqlx::query("select * from book_postings where op = $1 and account <> 0")
                    .bind(op.as_str().to_owned())
            };
            self.row(query).await?.as_ref().map(booked).transpose()
        })
    }

    fn bookings(
        &self,
        guild: GuildId,
        member: UserId,
        way: Way,
        part: Part,
    ) -> Answer<'_, Vec<Booked>> {
        Box::pin(async move {
            let query = || {
                sqlx::query(BOOKINGS)
                    .bind(kept(guild.number()))
                    .bind(kept(member.number()))
                    .bind(way.sign())
                    .bind(part.limit)
                    .bind(part.skipped)
            };
            self.rows(query).await?.iter().map(booked).collect()
        })
    }

    fn audit_books(&self, limit: usize) -> Answer<'_, Audited> {
        Box::pin(self.audit(i64::try_from(limit).unwrap_or(i64::MAX)))
    }
}

impl Shelf {
    async fn audit(&self, limit: i64) -> Result<Audited, JournalError> {
        let mut audited = Audited::default();
        if let Some(row) = self.row(|| sqlx::query(COUNTED)).await? {
            audited.accounts = id(&row, "accounts")?;
            audited.changes = id(&row, "changes")?;
        }
        for row in &self.rows(|| sqlx::query(UNBALANCED).bind(limit)).await? {
            audited.faults.push(BookFault::Unbalanced {
                guild: GuildId::new(id(row, "guild")?),
                sum: get(row, "points")?,
            });
        }
        for row in &self.rows(|| sqlx::query(NOT_POSTED).bind(limit)).await? {
            audited.faults.push(BookFault::Account {
                guild: GuildId::new(id(row, "guild")?),
                account: UserId::new(id(row, "account")?),
                points: get(row, "points")?,
                posted: get(row, "posted")?,
            });
        }
        for row in &self.rows(|| sqlx::query(HALVES).bind(limit)).await? {
            let op = OpId::kept(get(row, "op")?);
            audited.faults.push(BookFault::Halves { op });
        }
        for row in &self.rows(|| sqlx::query(UNPOSTED).bind(limit)).await? {
            let code = rows::code(row)?;
            audited.faults.push(BookFault::Unposted { code });
        }
        for row in &self.rows(|| sqlx::query(UNEXPLAINED).bind(limit)).await? {
            let op = OpId::kept(get(row, "op")?);
            audited.faults.push(BookFault::Unexplained { op });
        }
        Ok(audited)
    }
}

fn booked(row: &PgRow) -> Result<Booked, JournalError> {
    Ok(Booked {
        op: OpId::kept(get(row, "op")?),
        guild: GuildId::new(id(row, "guild")?),
        member: UserId::new(id(row, "account")?),
        points: get(row, "points")?,
        remark: get(row, "remark")?,
        posted_ms: get(row, "posted_ms")?,
    })
}
