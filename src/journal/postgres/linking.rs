//! Writing links, claims and codes in PostgreSQL: many of them are one statement, as arrays.

use sqlx::PgConnection;

use crate::journal::error::JournalError;
use crate::journal::kept::kept;
use crate::journal::kept::word;
use crate::journal::link_rules;
use crate::journal::link_rules::Found;
use crate::journal::link_rules::Key;
use crate::journal::link_rules::Step;
use crate::journal::links::ASKED;
use crate::journal::links::Claim;
use crate::journal::links::DEEDS;
use crate::journal::links::Deed;
use crate::journal::links::KeptCode;
use crate::journal::links::Link;
use crate::journal::links::LinkDone;
use crate::journal::links::LinkWrite;
use crate::journal::links::PROOFS;
use crate::journal::links::VERDICTS;
use crate::journal::postgres::balances;
use crate::journal::postgres::links::CLAIM;
use crate::journal::postgres::links::claim;
use crate::journal::postgres::links::code;
use crate::journal::postgres::links::link;
use crate::journal::postgres::links::number;
use crate::journal::postgres::links::tries;
use crate::journal::postgres::script::Prepared;
use crate::journal::postgres::sides::fetch;
use crate::model::MessageId;

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
        match step {
            Step::Insert(links) => balances::forget(connection, links).await?,
            Step::Delete(link) => balances::forget(connection, std::slice::from_ref(link)).await?,
            _ => {}
        }
        fetch(connection, statement(step)).await?;
    }
    Ok(done)
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
