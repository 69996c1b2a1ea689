//! Links, claims and codes in PostgreSQL. Many links are one statement, as arrays.

use sqlx::PgConnection;
use sqlx::postgres::PgRow;

use crate::journal::error::JournalError;
use crate::journal::kept::kept;
use crate::journal::kept::word;
use crate::journal::link_rules;
use crate::journal::link_rules::Found;
use crate::journal::link_rules::Key;
use crate::journal::link_rules::Step;
use crate::journal::link_rules::Tries;
use crate::journal::links::ASKED;
use crate::journal::links::Claim;
use crate::journal::links::ClaimDecision;
use crate::journal::links::DEEDS;
use crate::journal::links::Deed;
use crate::journal::links::KeptCode;
use crate::journal::links::Link;
use crate::journal::links::LinkDone;
use crate::journal::links::LinkFilter;
use crate::journal::links::LinkStore;
use crate::journal::links::LinkWrite;
use crate::journal::links::PROOFS;
use crate::journal::links::VERDICTS;
use crate::journal::postgres::rows::get;
use crate::journal::postgres::rows::id;
use crate::journal::postgres::rows::named;
use crate::journal::postgres::rows::small;
use crate::journal::postgres::script::Prepared;
use crate::journal::postgres::shelf::Shelf;
use crate::journal::postgres::sides::fetch;
use crate::journal::postgres::sides::user;
use crate::journal::store::Answer;
use crate::model::Account;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::UserId;

const LINK: &str = "select * from links where system = $1 and member = $2";
const LINK_TO: &str = "select * from links where system = $1 and kind = $2 and external_id = $3";
const CLAIM: &str = "select * from link_claims where message = $1";

/// Writes one within the open transaction.
pub(super) async fn write(
    connection: &mut PgConnection,
    write: &LinkWrite,
) -> Result<LinkDone, JournalError> {
    let mut found = Found::default();
    match write {
        LinkWrite::Claim(asked) => {
            found.claim = claim_of(connection, asked.message).await?;
            let query = sqlx::query(
                "select * from link_claims where state = 'asked' and system = $1 and member = $2
                 order by until_ms desc limit 1",
            )
            .bind(asked.system.clone())
            .bind(kept(asked.member.number()));
            let waiting = fetch(connection, query).await?;
            found.waiting = waiting.first().map(claim).transpose()?;
        }
        LinkWrite::Rule { message, .. } => found.claim = claim_of(connection, *message).await?,
        LinkWrite::Redeem { digest, member, .. } => {
            let query = sqlx::query("select * from link_codes where digest = $1");
            let codes = fetch(connection, query.bind(digest.clone())).await?;
            found.code = codes.first().map(code).transpose()?;
            let query = sqlx::query("select * from link_tries where member = $1");
            let tried = fetch(connection, query.bind(kept(member.number()))).await?;
            found.tries = tried.first().map(tries).transpose()?;
        }
        LinkWrite::Tie(_)
        | LinkWrite::Untie { .. }
        | LinkWrite::Issue(_)
        | LinkWrite::Import(_) => {}
    }
    let query = touching(&link_rules::keys(write, &found));
    let touched = fetch(connection, query).await?;
    found.touching = touched.iter().map(link).collect::<Result<_, _>>()?;
    let (done, steps) = link_rules::decide(write, &found);
    for step in &steps {
        if let Step::Issue(code) = step {
            fetch(connection, outdate(code)).await?;
        }
        fetch(connection, statement(step)).await?;
    }
    Ok(done)
}

impl LinkStore for Shelf {
    fn link<'a>(&'a self, system: &'a str, member: UserId) -> Answer<'a, Option<Link>> {
        Box::pin(async move {
            let query = || {
                sqlx::query(LINK)
                    .bind(system.to_owned())
                    .bind(kept(member.number()))
            };
            self.row(query).await?.as_ref().map(link).transpose()
        })
    }

    fn holder<'a>(&'a self, system: &'a str, account: &'a Account) -> Answer<'a, Option<UserId>> {
        Box::pin(async move {
            let query = || {
                sqlx::query(LINK_TO)
                    .bind(system.to_owned())
                    .bind(account.kind().to_owned())
                    .bind(account.id().to_owned())
            };
            let row = self.row(query).await?;
            row.as_ref().map(|row| user(row, "member")).transpose()
        })
    }

    fn links<'a>(&'a self, filter: &'a LinkFilter, limit: usize) -> Answer<'a, Vec<Link>> {
        Box::pin(async move {
            let query = || {
                sqlx::query(
                    "select * from links
                     where ($1::text is null or system = $1)
                       and ($2::bigint is null or member = $2)
                     order by system, member limit $3",
                )
                .bind(filter.system.clone())
                .bind(number(filter.member))
                .bind(limited(limit))
            };
            self.rows(query).await?.iter().map(link).collect()
        })
    }

    fn claims<'a>(
        &'a self,
        filter: &'a LinkFilter,
        now_ms: i64,
        limit: usize,
    ) -> Answer<'a, Vec<Claim>> {
        Box::pin(async move {
            let query = || {
                sqlx::query(
                    "select * from link_claims
                     where state = 'asked' and until_ms > $1
                       and ($2::text is null or system = $2)
                       and ($3::bigint is null or member = $3)
                       and ($4::bigint is null or guild = $4)
                     order by asked_ms, message limit $5",
                )
                .bind(now_ms)
                .bind(filter.system.clone())
                .bind(number(filter.member))
                .bind(filter.guild.map(|guild| kept(guild.number())))
                .bind(limited(limit))
            };
            self.rows(query).await?.iter().map(claim).collect()
        })
    }

    fn claim(&self, message: MessageId) -> Answer<'_, Option<Claim>> {
        Box::pin(async move {
            let query = || sqlx::query(CLAIM).bind(kept(message.number()));
            self.row(query).await?.as_ref().map(claim).transpose()
        })
    }

    fn deeds<'a>(&'a self, filter: &'a LinkFilter, limit: usize) -> Answer<'a, Vec<Deed>> {
        Box::pin(async move {
            let query = || {
                sqlx::query(
                    "select * from link_audit
                     where ($1::text is null or system = $1)
                       and ($2::bigint is null or member = $2)
                     order by at_ms desc, number desc limit $3",
                )
                .bind(filter.system.clone())
                .bind(number(filter.member))
                .bind(limited(limit))
            };
            self.rows(query).await?.iter().map(deed).collect()
        })
    }
}

async fn claim_of(
    connection: &mut PgConnection,
    message: MessageId,
) -> Result<Option<Claim>, JournalError> {
    let query = sqlx::query(CLAIM).bind(kept(message.number()));
    let rows = fetch(connection, query).await?;
    rows.first().map(claim).transpose()
}

/// Every link of one of these members or accounts.
fn touching(keys: &[Key<'_>]) -> Prepared<'static> {
    let (mut systems, mut members) = (Vec::new(), Vec::new());
    let (mut kinds, mut ids) = (Vec::new(), Vec::new());
    for key in keys {
        systems.push(key.system.to_owned());
        members.push(kept(key.member.number()));
        kinds.push(key.account.map(|account| account.kind().to_owned()));
        ids.push(key.account.map(|account| account.id().to_owned()));
    }
    sqlx::query(
        "select links.* from links
         join unnest($1::text[], $2::bigint[]) as asked (system, member)
           on links.system = asked.system and links.member = asked.member
         union
         select links.* from links
         join unnest($1::text[], $3::text[], $4::text[]) as asked (system, kind, external_id)
           on links.system = asked.system and links.kind = asked.kind
          and links.external_id = asked.external_id",
    )
    .bind(systems)
    .bind(members)
    .bind(kinds)
    .bind(ids)
}

fn statement(step: &Step) -> Prepared<'static> {
    match step {
        Step::Insert(links) => insert(links),
        Step::Delete(link) => sqlx::query("delete from links where system = $1 and member = $2")
            .bind(link.system.clone())
            .bind(kept(link.member.number())),
        Step::Audit(deeds) => audit(deeds),
        Step::Claim(claim) => sqlx::query(
            "insert into link_claims (message, system, member, member_name, kind, external_id,
                 guild, channel, asked_ms, until_ms, state)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(kept(claim.message.number()))
        .bind(claim.system.clone())
        .bind(kept(claim.member.number()))
        .bind(claim.member_name.clone())
        .bind(claim.account.kind().to_owned())
        .bind(claim.account.id().to_owned())
        .bind(kept(claim.guild.number()))
        .bind(kept(claim.channel.number()))
        .bind(claim.asked_ms)
        .bind(claim.until_ms)
        .bind(ASKED),
        Step::Decide(message, decision) => sqlx::query(
            "update link_claims set state = $1, decided_by = $2, decided_ms = $3
             where message = $4",
        )
        .bind(word(&VERDICTS, decision.verdict))
        .bind(kept(decision.by.number()))
        .bind(decision.at_ms)
        .bind(kept(message.number())),
        Step::Issue(code) => sqlx::query(
            "insert into link_codes (digest, system, kind, external_id, made_ms, until_ms)
             values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(code.digest.clone())
        .bind(code.system.clone())
        .bind(code.account.kind().to_owned())
        .bind(code.account.id().to_owned())
        .bind(code.made_ms)
        .bind(code.until_ms),
        Step::Spend { digest, by, now_ms } => sqlx::query(
            "update link_codes set used_by = $1, used_ms = $2
             where digest = $3 and used_by is null",
        )
        .bind(kept(by.number()))
        .bind(*now_ms)
        .bind(digest.clone()),
        Step::Count(tries) => sqlx::query(
            "insert into link_tries (member, since_ms, wrong) values ($1, $2, $3)
             on conflict (member) do update
             set since_ms = excluded.since_ms, wrong = excluded.wrong",
        )
        .bind(kept(tries.member.number()))
        .bind(tries.since_ms)
        .bind(i64::from(tries.wrong)),
    }
}

/// Earlier codes for the account count no more.
fn outdate(code: &KeptCode) -> Prepared<'static> {
    sqlx::query(
        "update link_codes set until_ms = least(until_ms, $1)
         where system = $2 and kind = $3 and external_id = $4 and used_by is null",
    )
    .bind(code.made_ms)
    .bind(code.system.clone())
    .bind(code.account.kind().to_owned())
    .bind(code.account.id().to_owned())
}

fn insert(links: &[Link]) -> Prepared<'static> {
    let all = || links.iter();
    sqlx::query(
        "insert into links (system, member, kind, external_id, proof, verified_by, verified_ms)
         select * from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[],
             $6::bigint[], $7::bigint[])",
    )
    .bind(all().map(|link| link.system.clone()).collect::<Vec<_>>())
    .bind(
        all()
            .map(|link| kept(link.member.number()))
            .collect::<Vec<_>>(),
    )
    .bind(
        all()
            .map(|link| link.account.kind().to_owned())
            .collect::<Vec<_>>(),
    )
    .bind(
        all()
            .map(|link| link.account.id().to_owned())
            .collect::<Vec<_>>(),
    )
    .bind(
        all()
            .map(|link| word(&PROOFS, link.proof))
            .collect::<Vec<_>>(),
    )
    .bind(
        all()
            .map(|link| number(link.verified_by))
            .collect::<Vec<_>>(),
    )
    .bind(all().map(|link| link.verified_ms).collect::<Vec<_>>())
}

/// Deeds of one write, which have one moment; numbers go on where another write had the same.
fn audit(deeds: &[Deed]) -> Prepared<'static> {
    let all = || deeds.iter();
    sqlx::query(
        "insert into link_audit
             (at_ms, number, deed, system, member, kind, external_id, proof, by_member)
         select at_ms, place + (select coalesce(max(number), 0) from link_audit known
             where known.at_ms = new.at_ms), deed, system, member, kind, external_id, proof, by_member
         from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[],
             $7::text[], $8::bigint[]) with ordinality
             as new (at_ms, deed, system, member, kind, external_id, proof, by_member, place)",
    )
    .bind(all().map(|deed| deed.at_ms).collect::<Vec<_>>())
    .bind(all().map(|deed| word(&DEEDS, deed.what)).collect::<Vec<_>>())
    .bind(all().map(|deed| deed.system.clone()).collect::<Vec<_>>())
    .bind(all().map(|deed| kept(deed.member.number())).collect::<Vec<_>>())
    .bind(all().map(|deed| deed.account.kind().to_owned()).collect::<Vec<_>>())
    .bind(all().map(|deed| deed.account.id().to_owned()).collect::<Vec<_>>())
    .bind(all().map(|deed| word(&PROOFS, deed.proof)).collect::<Vec<_>>())
    .bind(all().map(|deed| number(deed.by)).collect::<Vec<_>>())
}

fn account(row: &PgRow) -> Result<Account, JournalError> {
    let kind: String = get(row, "kind")?;
    let id: String = get(row, "external_id")?;
    Ok(Account::new(kind, id))
}

fn link(row: &PgRow) -> Result<Link, JournalError> {
    Ok(Link {
        system: get(row, "system")?,
        member: user(row, "member")?,
        account: account(row)?,
        proof: named(&PROOFS, get(row, "proof")?)?,
        verified_by: somebody(row, "verified_by")?,
        verified_ms: get(row, "verified_ms")?,
    })
}

fn claim(row: &PgRow) -> Result<Claim, JournalError> {
    let decided = match get(row, "state")? {
        ASKED => None,
        state => Some(ClaimDecision {
            verdict: named(&VERDICTS, state)?,
            by: user(row, "decided_by")?,
            at_ms: get(row, "decided_ms")?,
        }),
    };
    Ok(Claim {
        message: MessageId::new(id(row, "message")?),
        system: get(row, "system")?,
        member: user(row, "member")?,
        member_name: get(row, "member_name")?,
        account: account(row)?,
        guild: GuildId::new(id(row, "guild")?),
        channel: ChannelId::new(id(row, "channel")?),
        asked_ms: get(row, "asked_ms")?,
        until_ms: get(row, "until_ms")?,
        decided,
    })
}

fn code(row: &PgRow) -> Result<KeptCode, JournalError> {
    Ok(KeptCode {
        digest: get(row, "digest")?,
        system: get(row, "system")?,
        account: account(row)?,
        made_ms: get(row, "made_ms")?,
        until_ms: get(row, "until_ms")?,
        used_by: somebody(row, "used_by")?,
    })
}

fn tries(row: &PgRow) -> Result<Tries, JournalError> {
    Ok(Tries {
        member: user(row, "member")?,
        since_ms: get(row, "since_ms")?,
        wrong: small(row, "wrong")?,
    })
}

fn deed(row: &PgRow) -> Result<Deed, JournalError> {
    Ok(Deed {
        at_ms: get(row, "at_ms")?,
        what: named(&DEEDS, get(row, "deed")?)?,
        system: get(row, "system")?,
        member: user(row, "member")?,
        account: account(row)?,
        proof: named(&PROOFS, get(row, "proof")?)?,
        by: somebody(row, "by_member")?,
    })
}

fn somebody(row: &PgRow, column: &str) -> Result<Option<UserId>, JournalError> {
    let id: Option<i64> = get(row, column)?;
    Ok(id.map(|id| UserId::new(id.cast_unsigned())))
}

fn number(member: Option<UserId>) -> Option<i64> {
    member.map(|member| kept(member.number()))
}

fn limited(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
