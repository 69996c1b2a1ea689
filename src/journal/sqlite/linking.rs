//! Writing links, claims and codes in SQLite: what the rules need is looked up, and their steps taken.

use rusqlite::Connection;
use rusqlite::params;

use crate::journal::error::JournalError;
use crate::journal::kept::kept;
use crate::journal::kept::word;
use crate::journal::link_rules;
use crate::journal::link_rules::Found;
use crate::journal::link_rules::Key;
use crate::journal::link_rules::Step;
use crate::journal::links::ASKED;
use crate::journal::links::DEEDS;
use crate::journal::links::Deed;
use crate::journal::links::KeptCode;
use crate::journal::links::Link;
use crate::journal::links::LinkDone;
use crate::journal::links::LinkWrite;
use crate::journal::links::PROOFS;
use crate::journal::links::VERDICTS;
use crate::journal::sqlite::balances;
use crate::journal::sqlite::links::claim_of;
use crate::journal::sqlite::links::code_of;
use crate::journal::sqlite::links::id;
use crate::journal::sqlite::links::link_of;
use crate::journal::sqlite::links::link_to;
use crate::journal::sqlite::links::tries_of;
use crate::journal::sqlite::links::waiting;
use crate::journal::sqlite::sides::execute;

/// Writes one within the open transaction.
pub(super) fn write(connection: &Connection, write: &LinkWrite) -> Result<LinkDone, JournalError> {
    let mut found = Found::default();
    match write {
        LinkWrite::Claim(claim) => {
            found.claim = claim_of(connection, claim.message)?;
            found.waiting = waiting(connection, &claim.system, claim.member)?;
        }
        LinkWrite::Rule { message, .. } => found.claim = claim_of(connection, *message)?,
        LinkWrite::Redeem { digest, member, .. } => {
            found.code = code_of(connection, digest)?;
            found.tries = tries_of(connection, *member)?;
        }
        LinkWrite::Tie(_)
        | LinkWrite::Untie { .. }
        | LinkWrite::Issue(_)
        | LinkWrite::Import(_) => {}
    }
    let mut touching = Vec::new();
    for key in link_rules::keys(write, &found) {
        touch(connection, key, &mut touching)?;
    }
    found.touching = touching;
    let (done, steps) = link_rules::decide(write, &found);
    for step in &steps {
        take(connection, step)?;
    }
    Ok(done)
}

/// Adds the links of a member and of an account.
fn touch(connection: &Connection, key: Key<'_>, into: &mut Vec<Link>) -> Result<(), JournalError> {
    let theirs = link_of(connection, key.system, key.member)?;
    let held = match key.account {
        Some(account) => link_to(connection, key.system, account)?,
        None => None,
    };
    let held = held.filter(|held| theirs.as_ref() != Some(held));
    into.extend(theirs.into_iter().chain(held));
    Ok(())
}

fn take(connection: &Connection, step: &Step) -> Result<(), JournalError> {
    match step {
        Step::Insert(links) => links.iter().try_for_each(|link| {
            balances::forget(connection, link)?;
            insert(connection, link)
        }),
        Step::Delete(link) => {
            balances::forget(connection, link)?;
            execute(
                connection,
                "delete from links where system = ? and member = ?",
                params![link.system, kept(link.member.number())],
            )
        }
        Step::Audit(deeds) => deeds.iter().try_for_each(|deed| audit(connection, deed)),
        Step::Claim(claim) => execute(
            connection,
            "insert into link_claims (message, system, member, member_name, kind, external_id,
                 guild, channel, asked_ms, until_ms, state)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                kept(claim.message.number()),
                claim.system,
                kept(claim.member.number()),
                claim.member_name,
                claim.account.kind(),
                claim.account.id(),
                kept(claim.guild.number()),
                kept(claim.channel.number()),
                claim.asked_ms,
                claim.until_ms,
                ASKED,
            ],
        ),
        Step::Decide(message, decision) => execute(
            connection,
            "update link_claims set state = ?, decided_by = ?, decided_ms = ? where message = ?",
            params![
                word(&VERDICTS, decision.verdict),
                kept(decision.by.number()),
                decision.at_ms,
                kept(message.number()),
            ],
        ),
        Step::Issue(code) => issue(connection, code),
        Step::Spend { digest, by, now_ms } => execute(
            connection,
            "update link_codes set used_by = ?, used_ms = ? where digest = ? and used_by is null",
            params![kept(by.number()), now_ms, digest],
        ),
        Step::Count(tries) => execute(
            connection,
            "insert into link_tries (member, since_ms, wrong) values (?, ?, ?)
             on conflict (member) do update
             set since_ms = excluded.since_ms, wrong = excluded.wrong",
            params![kept(tries.member.number()), tries.since_ms, tries.wrong],
        ),
    }
}

fn insert(connection: &Connection, link: &Link) -> Result<(), JournalError> {
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
            id(link.verified_by),
            link.verified_ms,
        ],
    )
}

fn audit(connection: &Connection, deed: &Deed) -> Result<(), JournalError> {
    execute(
        connection,
        "insert into link_audit
            (at_ms, number, deed, system, member, kind, external_id, proof, by_member)
         select ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
         from link_audit where at_ms = ?1",
        params![
            deed.at_ms,
            word(&DEEDS, deed.what),
            deed.system,
            kept(deed.member.number()),
            deed.account.kind(),
            deed.account.id(),
            word(&PROOFS, deed.proof),
            id(deed.by),
        ],
    )
}

fn issue(connection: &Connection, code: &KeptCode) -> Result<(), JournalError> {
    execute(
        connection,
        "update link_codes set until_ms = min(until_ms, ?)
         where system = ? and kind = ? and external_id = ? and used_by is null",
        params![
            code.made_ms,
            code.system,
            code.account.kind(),
            code.account.id()
        ],
    )?;
    execute(
        connection,
        "insert into link_codes (digest, system, kind, external_id, made_ms, until_ms)
         values (?, ?, ?, ?, ?, ?)",
        params![
            code.digest,
            code.system,
            code.account.kind(),
            code.account.id(),
            code.made_ms,
            code.until_ms,
        ],
    )
}
