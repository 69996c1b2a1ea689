//! Boards of balances and the bookkeeping of sweeps, in PostgreSQL: a statement for many members each.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use sqlx::postgres::PgRow;

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
use crate::journal::balances::known_among;
use crate::journal::boards::Near;
use crate::journal::error::JournalError;
use crate::journal::kept::kept;
use crate::journal::links::Link;
use crate::journal::postgres::rows::get;
use crate::journal::postgres::script::Prepared;
use crate::journal::postgres::shelf::Shelf;
use crate::journal::postgres::shelf::limited;
use crate::journal::postgres::sides::fetch;
use crate::journal::postgres::sides::user;
use crate::journal::sides::KnownBalance;
use crate::journal::store::Answer;
use crate::model::UserId;

/// Keeps balances that were read, each unless a newer one is kept or the account is another now.
pub(super) async fn know(
    connection: &mut PgConnection,
    balances: &[KnownBalance],
) -> Result<(), JournalError> {
    // Of one that was read twice the newer: a statement may meet a row once.
    let mut newest = BTreeMap::new();
    for known in balances {
        let key = (
            kept(known.guild.number()),
            kept(known.member.number()),
            &known.system,
        );
        let kept = newest.entry(key).or_insert(known.balance);
        if known.balance.read_ms >= kept.read_ms {
            *kept = known.balance;
        }
    }
    if newest.is_empty() {
        return Ok(());
    }
    let bound = |text: &'static str| {
        let keys = || newest.keys();
        let balances = || newest.values();
        sqlx::query(text)
            .bind(keys().map(|key| key.0).collect::<Vec<_>>())
            .bind(keys().map(|key| key.1).collect::<Vec<_>>())
            .bind(keys().map(|key| key.2.clone()).collect::<Vec<_>>())
            .bind(balances().map(|read| read.points).collect::<Vec<_>>())
            .bind(balances().map(|read| read.read_ms).collect::<Vec<_>>())
    };
    fetch(connection, bound(KNOW)).await?;
    fetch(connection, bound(TRIED)).await.map(drop)
}

const KNOW: &str = "
    insert into known_balances (guild, member, system, points, read_ms)
    select v.guild, v.member, v.system, v.points, v.read_ms
    from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[])
        as v (guild, member, system, points, read_ms)
    where not exists (select 1 from links where links.system = v.system
                      and links.member = v.member and links.verified_ms > v.read_ms)
    on conflict (guild, member, system) do update
    set points = excluded.points, read_ms = excluded.read_ms
    where excluded.read_ms >= known_balances.read_ms";

const TRIED: &str = "
    update swept set tried_ms = v.read_ms
    from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[])
        as v (guild, member, system, points, read_ms)
    where swept.guild = v.guild and swept.system = v.system and swept.member = v.member
      and swept.tried_ms < v.read_ms";

/// Forgets what was read of members' accounts, which are others now or none.
pub(super) async fn forget(
    connection: &mut PgConnection,
    links: &[Link],
) -> Result<(), JournalError> {
    let members = links.iter().map(|link| kept(link.member.number()));
    let systems = links.iter().map(|link| link.system.clone());
    let query = sqlx::query(
        "delete from known_balances using unnest($1::bigint[], $2::text[]) as v (member, system)
         where known_balances.member = v.member and known_balances.system = v.system",
    )
    .bind(members.collect::<Vec<_>>())
    .bind(systems.collect::<Vec<_>>());
    fetch(connection, query).await.map(drop)
}

/// Writes something about a sweep.
pub(super) async fn sweep(
    connection: &mut PgConnection,
    write: &SweepWrite,
) -> Result<(), JournalError> {
    let of = &write.of;
    match &write.what {
        SweepStep::Enlist(members) => {
            let members = members.iter().map(|member| kept(member.number()));
            let query = begun(
                of,
                "insert into swept (guild, system, member, tried_ms)
                 select distinct $1, $2, v.member, 0 from unnest($3::bigint[]) as v (member)
                 on conflict (guild, system, member) do nothing",
            );
            let query = query.bind(members.collect::<Vec<_>>());
            fetch(connection, query).await.map(drop)
        }
        SweepStep::Begin(begun_ms) => {
            fetch(connection, begun(of, ENLIST_KNOWN)).await?;
            let not_yet = sqlx::query(NOT_YET)
                .bind(*begun_ms)
                .bind(kept(of.guild.number()))
                .bind(of.system.name().to_owned());
            fetch(connection, not_yet).await?;
            fetch(connection, begun(of, BEGIN).bind(*begun_ms))
                .await
                .map(drop)
        }
        SweepStep::Asked(swept) => {
            know(connection, &known_among(of, swept)).await?;
            let asked = swept
                .iter()
                .map(|swept| (kept(swept.member.number()), swept.tried_ms));
            let asked: BTreeMap<i64, i64> = asked.collect();
            let query = begun(
                of,
                "update swept set tried_ms = v.tried_ms
                 from unnest($3::bigint[], $4::bigint[]) as v (member, tried_ms)
                 where swept.guild = $1 and swept.system = $2 and swept.member = v.member",
            );
            let query = query
                .bind(asked.keys().copied().collect::<Vec<_>>())
                .bind(asked.values().copied().collect::<Vec<_>>());
            fetch(connection, query).await?;
            let without = swept.iter().filter(|swept| swept.found == Found::NoAccount);
            let without = without.map(|swept| kept(swept.member.number()));
            let query = begun(
                of,
                "delete from known_balances
                 where guild = $1 and system = $2 and member = any($3::bigint[])",
            );
            let query = query.bind(without.collect::<Vec<_>>());
            fetch(connection, query).await.map(drop)
        }
    }
}

/// A statement with guild and system bound.
fn begun(of: &Balances, text: &'static str) -> Prepared<'static> {
    sqlx::query(text)
        .bind(kept(of.guild.number()))
        .bind(of.system.name().to_owned())
}

impl Shelf {
    async fn standings(
        &self,
        of: &Balances,
        text: &'static str,
        more: [i64; 3],
    ) -> Result<Vec<(UserId, i64)>, JournalError> {
        let query = || {
            let [first, second, third] = more;
            begun(of, text).bind(first).bind(second).bind(third)
        };
        self.rows(query).await?.iter().map(standing).collect()
    }
}

impl BalanceStore for Shelf {
    fn top_balances<'a>(
        &'a self,
        of: &'a Balances,
        offset: u64,
        limit: usize,
    ) -> Answer<'a, Vec<(UserId, i64)>> {
        Box::pin(async move {
            let offset = i64::try_from(offset).unwrap_or(i64::MAX);
            let query = || begun(of, of.texts().top).bind(limited(limit)).bind(offset);
            self.rows(query).await?.iter().map(standing).collect()
        })
    }

    fn balances_above<'a>(&'a self, of: &'a Balances, points: i64) -> Answer<'a, u64> {
        Box::pin(self.number(move || begun(of, of.texts().above).bind(points)))
    }

    fn balances_before<'a>(
        &'a self,
        of: &'a Balances,
        (member, points): (UserId, i64),
    ) -> Answer<'a, u64> {
        let member = kept(member.number());
        Box::pin(self.number(move || begun(of, of.texts().before).bind(points).bind(member)))
    }

    fn balance_of<'a>(
        &'a self,
        of: &'a Balances,
        member: UserId,
    ) -> Answer<'a, Option<(i64, bool)>> {
        Box::pin(async move {
            let query = || begun(of, of.texts().own).bind(kept(member.number()));
            let row = self.row(query).await?;
            let own = row.map(|row| {
                let reasons: i64 = get(&row, "reasons")?;
                Ok((get(&row, "points")?, reasons == 0))
            });
            own.transpose()
        })
    }

    fn balances_around<'a>(
        &'a self,
        of: &'a Balances,
        (member, points): (UserId, i64),
        each: usize,
    ) -> Answer<'a, Near> {
        Box::pin(async move {
            let texts = of.texts();
            let more = [points, kept(member.number()), limited(each)];
            let before = self.standings(of, texts.nearest_before, more).await?;
            let after = self.standings(of, texts.nearest_after, more).await?;
            Ok((before, after))
        })
    }

    fn balances_hidden<'a>(&'a self, of: &'a Balances) -> Answer<'a, u64> {
        Box::pin(self.number(move || begun(of, of.texts().hidden)))
    }

    fn oldest_balance<'a>(&'a self, of: &'a Balances) -> Answer<'a, Option<i64>> {
        Box::pin(async move {
            let Some(text) = of.texts().oldest else {
                return Ok(None);
            };
            let row = self.row(|| begun(of, text)).await?;
            row.map(|row| get(&row, "number")).transpose()
        })
    }

    fn sweep_begun<'a>(&'a self, of: &'a Balances) -> Answer<'a, Option<i64>> {
        Box::pin(async move {
            let text = "select begun_ms from sweeps where guild = $1 and system = $2";
            let row = self.row(|| begun(of, text)).await?;
            row.map(|row| get(&row, "begun_ms")).transpose()
        })
    }

    fn unswept<'a>(
        &'a self,
        of: &'a Balances,
        since_ms: i64,
        (tried_ms, member): Cursor,
        limit: usize,
    ) -> Answer<'a, Vec<(UserId, i64)>> {
        Box::pin(async move {
            let query = || {
                begun(of, UNSWEPT)
                    .bind(since_ms)
                    .bind(tried_ms)
                    .bind(member)
                    .bind(limited(limit))
            };
            let rows = self.rows(query).await?;
            let due = rows.iter();
            due.map(|row| Ok((user(row, "member")?, get(row, "tried_ms")?)))
                .collect()
        })
    }
}

fn standing(row: &PgRow) -> Result<(UserId, i64), JournalError> {
    Ok((user(row, "member")?, get(row, "points")?))
}
