//! Reading links, claims and codes in PostgreSQL.

use sqlx::postgres::PgRow;

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
use crate::journal::postgres::rows::get;
use crate::journal::postgres::rows::id;
use crate::journal::postgres::rows::named;
use crate::journal::postgres::rows::small;
use crate::journal::postgres::shelf::Shelf;
use crate::journal::postgres::sides::user;
use crate::journal::store::Answer;
use crate::model::Account;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::UserId;

const LINK: &str = "select * from links where system = $1 and member = $2";
const LINK_TO: &str = "select * from links where system = $1 and kind = $2 and external_id = $3";
/// The claim of a message.
pub(super) const CLAIM: &str = "select * from link_claims where message = $1";

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

fn account(row: &PgRow) -> Result<Account, JournalError> {
    let kind: String = get(row, "kind")?;
    let id: String = get(row, "external_id")?;
    Ok(Account::new(kind, id))
}

/// A link.
pub(super) fn link(row: &PgRow) -> Result<Link, JournalError> {
    Ok(Link {
        system: get(row, "system")?,
        member: user(row, "member")?,
        account: account(row)?,
        proof: named(&PROOFS, get(row, "proof")?)?,
        verified_by: somebody(row, "verified_by")?,
        verified_ms: get(row, "verified_ms")?,
    })
}

/// A claim.
pub(super) fn claim(row: &PgRow) -> Result<Claim, JournalError> {
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

/// A code.
pub(super) fn code(row: &PgRow) -> Result<KeptCode, JournalError> {
    Ok(KeptCode {
        digest: get(row, "digest")?,
        system: get(row, "system")?,
        account: account(row)?,
        made_ms: get(row, "made_ms")?,
        until_ms: get(row, "until_ms")?,
        used_by: somebody(row, "used_by")?,
    })
}

/// What was typed wrongly.
pub(super) fn tries(row: &PgRow) -> Result<Tries, JournalError> {
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

/// A member as kept.
pub(super) fn number(member: Option<UserId>) -> Option<i64> {
    member.map(|member| kept(member.number()))
}

fn limited(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
