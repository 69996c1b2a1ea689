//! Reading links, claims and codes in SQLite.

use rusqlite::Connection;
use rusqlite::Row;
use rusqlite::params;

use crate::journal::error::JournalError;
use crate::journal::kept::kept;
use crate::journal::link_rules::Tries;
use crate::journal::links::ASKED;
use crate::journal::links::Claim;
use crate::journal::links::ClaimDecision;
use crate::journal::links::DEEDS;
use crate::journal::links::Deed;
use crate::journal::links::KeptCode;
use crate::journal::links::Link;
use crate::journal::links::LinkFilter;
use crate::journal::links::LinkStore;
use crate::journal::links::PROOFS;
use crate::journal::links::VERDICTS;
use crate::journal::sqlite::rows;
use crate::journal::sqlite::rows::get;
use crate::journal::sqlite::rows::named;
use crate::journal::sqlite::shelf::Shelf;
use crate::journal::sqlite::sides::member;
use crate::journal::store::Answer;
use crate::model::Account;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::UserId;

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

/// The link of a member.
pub(super) fn link_of(
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

/// The link of an account.
pub(super) fn link_to(
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

/// The claim of a message.
pub(super) fn claim_of(
    connection: &Connection,
    message: MessageId,
) -> Result<Option<Claim>, JournalError> {
    rows::first(
        connection,
        "select * from link_claims where message = ?",
        params![kept(message.number())],
        claim,
    )
}

/// The newest claim of a member that is not decided.
pub(super) fn waiting(
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

/// The code of a digest.
pub(super) fn code_of(
    connection: &Connection,
    digest: &str,
) -> Result<Option<KeptCode>, JournalError> {
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

/// What a member typed wrongly.
pub(super) fn tries_of(
    connection: &Connection,
    who: UserId,
) -> Result<Option<Tries>, JournalError> {
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

/// A member as kept.
pub(super) fn id(member: Option<UserId>) -> Option<i64> {
    member.map(|member| kept(member.number()))
}

fn limited(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
