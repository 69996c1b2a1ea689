//! Links, claims and codes in SQLite.

use rusqlite::Connection;
use rusqlite::Row;
use rusqlite::params;

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
use crate::journal::sqlite::rows;
use crate::journal::sqlite::rows::get;
use crate::journal::sqlite::rows::named;
use crate::journal::sqlite::shelf::Shelf;
use crate::journal::sqlite::sides::execute;
use crate::journal::sqlite::sides::member;
use crate::journal::store::Answer;
use crate::model::Account;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::UserId;

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

impl LinkStore for Shelf {
    fn link<'a>(&'a self, system: &'a str, member: UserId) -> Answer<'a, Option<Link>> {
        let system = system.to_owned();
        Box::pin(
            self.readers
                .glance(move |connection| link_of(connection, &system, member)),
        )
    }

    fn holder<'a>(&'a self, system: &'a str, account: &'a Account) -> Answer<'a, Option<UserId>> {
        let (system, account) = (system.to_owned(), account.clone());
        Box::pin(self.readers.glance(move |connection| {
            let link = link_to(connection, &system, &account)?;
            Ok(link.map(|link| link.member))
        }))
    }

    fn links<'a>(&'a self, filter: &'a LinkFilter, limit: usize) -> Answer<'a, Vec<Link>> {
        let filter = filter.clone();
        Box::pin(self.readers.read(move |connection| {
            rows::all(
                connection,
                "select * from links
                 where (?1 is null or system = ?1) and (?2 is null or member = ?2)
                 order by system, member limit ?3",
                params![filter.system, id(filter.member), limited(limit)],
                link,
            )
        }))
    }

    fn claims<'a>(
        &'a self,
        filter: &'a LinkFilter,
        now_ms: i64,
        limit: usize,
    ) -> Answer<'a, Vec<Claim>> {
        let filter = filter.clone();
        Box::pin(self.readers.read(move |connection| {
            rows::all(
                connection,
                "select * from link_claims
                 where state = 'asked' and until_ms > ?1 and (?2 is null or system = ?2)
                   and (?3 is null or member = ?3) and (?4 is null or guild = ?4)
                 order by asked_ms, message limit ?5",
                params![
                    now_ms,
                    filter.system,
                    id(filter.member),
                    filter.guild.map(|guild| kept(guild.number())),
                    limited(limit)
                ],
                claim,
            )
        }))
    }

    fn claim(&self, message: MessageId) -> Answer<'_, Option<Claim>> {
        let look = move |connection: &Connection| claim_of(connection, message);
        Box::pin(self.readers.glance(look))
    }

    fn deeds<'a>(&'a self, filter: &'a LinkFilter, limit: usize) -> Answer<'a, Vec<Deed>> {
        let filter = filter.clone();
        Box::pin(self.readers.read(move |connection| {
            rows::all(
                connection,
                "select * from link_audit
                 where (?1 is null or system = ?1) and (?2 is null or member = ?2)
                 order by at_ms desc, number desc limit ?3",
                params![filter.system, id(filter.member), limited(limit)],
                deed,
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

fn link_to(
    connection: &Connection,
    system: &str,
    account: &Account,
) -> Result<Option<Link>, JournalError> {
    rows::first(
        connection,
        "select * from links where system = ? and kind = ? and external_id = ?",
        params![system, account.kind(), account.id()],
        link,
    )
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

fn claim_of(connection: &Connection, message: MessageId) -> Result<Option<Claim>, JournalError> {
    rows::first(
        connection,
        "select * from link_claims where message = ?",
        params![kept(message.number())],
        claim,
    )
}

fn waiting(
    connection: &Connection,
    system: &str,
    member: UserId,
) -> Result<Option<Claim>, JournalError> {
    rows::first(
        connection,
        "select * from link_claims where state = 'asked' and system = ? and member = ?
         order by until_ms desc limit 1",
        params![system, kept(member.number())],
        claim,
    )
}

fn code_of(connection: &Connection, digest: &str) -> Result<Option<KeptCode>, JournalError> {
    rows::first(
        connection,
        "select * from link_codes where digest = ?",
        params![digest],
        |row| {
            let used_by: Option<i64> = get(row, "used_by")?;
            Ok(KeptCode {
                digest: get(row, "digest")?,
                system: get(row, "system")?,
                account: account(row)?,
                made_ms: get(row, "made_ms")?,
                until_ms: get(row, "until_ms")?,
                used_by: used_by.map(|by| UserId::new(by.cast_unsigned())),
            })
        },
    )
}

fn tries_of(connection: &Connection, who: UserId) -> Result<Option<Tries>, JournalError> {
    rows::first(
        connection,
        "select * from link_tries where member = ?",
        params![kept(who.number())],
        |row| {
            let wrong: i64 = get(row, "wrong")?;
            Ok(Tries {
                member: member(row, "member")?,
                since_ms: get(row, "since_ms")?,
                wrong: u32::try_from(wrong).unwrap_or(u32::MAX),
            })
        },
    )
}

fn take(connection: &Connection, step: &Step) -> Result<(), JournalError> {
    match step {
        Step::Insert(links) => links.iter().try_for_each(|link| insert(connection, link)),
        Step::Delete(link) => execute(
            connection,
            "delete from links where system = ? and member = ?",
            params![link.system, kept(link.member.number())],
        ),
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

fn account(row: &Row<'_>) -> Result<Account, JournalError> {
    let kind: String = get(row, "kind")?;
    let id: String = get(row, "external_id")?;
    Ok(Account::new(kind, id))
}

fn link(row: &Row<'_>) -> Result<Link, JournalError> {
    let proof: String = get(row, "proof")?;
    let verified_by: Option<i64> = get(row, "verified_by")?;
    Ok(Link {
        system: get(row, "system")?,
        member: member(row, "member")?,
        account: account(row)?,
        proof: named(&PROOFS, &proof)?,
        verified_by: verified_by.map(|by| UserId::new(by.cast_unsigned())),
        verified_ms: get(row, "verified_ms")?,
    })
}

fn claim(row: &Row<'_>) -> Result<Claim, JournalError> {
    let (message, guild, channel): (i64, i64, i64) = (
        get(row, "message")?,
        get(row, "guild")?,
        get(row, "channel")?,
    );
    let state: String = get(row, "state")?;
    let decided = match state.as_str() {
        ASKED => None,
        state => Some(ClaimDecision {
            verdict: named(&VERDICTS, state)?,
            by: member(row, "decided_by")?,
            at_ms: get(row, "decided_ms")?,
        }),
    };
    Ok(Claim {
        message: MessageId::new(message.cast_unsigned()),
        system: get(row, "system")?,
        member: member(row, "member")?,
        member_name: get(row, "member_name")?,
        account: account(row)?,
        guild: GuildId::new(guild.cast_unsigned()),
        channel: ChannelId::new(channel.cast_unsigned()),
        asked_ms: get(row, "asked_ms")?,
        until_ms: get(row, "until_ms")?,
        decided,
    })
}

fn deed(row: &Row<'_>) -> Result<Deed, JournalError> {
    let (what, proof): (String, String) = (get(row, "deed")?, get(row, "proof")?);
    let by: Option<i64> = get(row, "by_member")?;
    Ok(Deed {
        at_ms: get(row, "at_ms")?,
        what: named(&DEEDS, &what)?,
        system: get(row, "system")?,
        member: member(row, "member")?,
        account: account(row)?,
        proof: named(&PROOFS, &proof)?,
        by: by.map(|by| UserId::new(by.cast_unsigned())),
    })
}

fn id(member: Option<UserId>) -> Option<i64> {
    member.map(|member| kept(member.number()))
}

fn limited(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
