//! What becomes of a code that somebody typed. Pure, like the other rules of links.

use crate::journal::link_rules::Found;
use crate::journal::link_rules::Step;
use crate::journal::link_rules::Tries;
use crate::journal::link_rules::tie;
use crate::journal::links::Exposed;
use crate::journal::links::Link;
use crate::journal::links::Proof;
use crate::journal::links::Redeemed;
use crate::journal::links::Tied;
use crate::journal::links::WRONG_CODES;
use crate::journal::links::WRONG_CODES_MS;
use crate::model::UserId;

/// A code as somebody typed it.
pub(super) struct Typed<'a> {
    /// Of the code.
    pub digest: &'a str,
    /// The system it was typed for; `None` where that is none.
    pub system: Option<&'a str>,
    /// Who typed it.
    pub member: UserId,
    /// Whether others read along.
    pub exposed: Exposed,
    /// When.
    pub now_ms: i64,
}

/// What becomes of it.
pub(super) fn redeem(typed: &Typed<'_>, found: &Found) -> (Redeemed, Vec<Step>) {
    let spend = || Step::Spend {
        digest: typed.digest.to_owned(),
        by: typed.member,
        now_ms: typed.now_ms,
    };
    let code = found.code.as_ref();
    // What others have read is worth nothing any more, whatever else is said about it.
    let spoilt = match (typed.exposed, code) {
        (Exposed::Publicly, Some(code)) if code.used_by.is_none() => vec![spend()],
        _ => Vec::new(),
    };
    let tries = found.tries.filter(|tries| {
        typed.now_ms.saturating_sub(tries.since_ms) < WRONG_CODES_MS
            && tries.since_ms <= typed.now_ms
    });
    let wrong = tries.map_or(0, |tries| tries.wrong);
    if let Some(tries) = tries
        && wrong >= WRONG_CODES
    {
        let until_ms = tries.since_ms.saturating_add(WRONG_CODES_MS);
        return (Redeemed::TooMany { until_ms }, spoilt);
    }
    let Some(code) = code else {
        let counted = Tries {
            member: typed.member,
            since_ms: tries.map_or(typed.now_ms, |tries| tries.since_ms),
            wrong: wrong + 1,
        };
        let left = WRONG_CODES.saturating_sub(counted.wrong);
        return (Redeemed::Wrong { left }, vec![Step::Count(counted)]);
    };
    if let Some(by) = code.used_by {
        let mut theirs = found.touching.iter();
        let is_theirs = by == typed.member
            && theirs.any(|link| link.member == by && link.account == code.account);
        let redeemed = match is_theirs {
            true => Redeemed::Already(code.account.clone()),
            false => Redeemed::Used,
        };
        return (redeemed, Vec::new());
    }
    if code.until_ms <= typed.now_ms {
        return (Redeemed::Expired, spoilt);
    }
    if typed.system != Some(&code.system) {
        return (Redeemed::OtherSystem, spoilt);
    }
    let link = Link {
        system: code.system.clone(),
        member: typed.member,
        account: code.account.clone(),
        proof: Proof::Code,
        verified_by: None,
        verified_ms: typed.now_ms,
    };
    let (tied, mut steps) = tie(&link, &found.touching, Some(typed.member));
    let account = code.account.clone();
    match tied {
        Tied::Now => {
            steps.push(spend());
            (Redeemed::Now(account), steps)
        }
        Tied::Already => (Redeemed::Already(account), vec![spend()]),
        Tied::HasAnother(_) => (Redeemed::HasAnother, spoilt),
        Tied::Taken => (Redeemed::Taken, spoilt),
    }
}
