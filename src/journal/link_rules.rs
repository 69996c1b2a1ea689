//! The rules of links: from a write and what stands in the store, what becomes of it and what is to be
//! written. Pure, and the same for every engine.
//!
//! An engine looks up what `Keys` asks for within the writing transaction, lets `decide` decide, and
//! carries the steps out in their order in that transaction.

use std::collections::HashSet;

use crate::journal::links::Claim;
use crate::journal::links::ClaimDecision;
use crate::journal::links::ClaimRuled;
use crate::journal::links::ClaimVerdict;
use crate::journal::links::Claimed;
use crate::journal::links::Deed;
use crate::journal::links::DeedKind;
use crate::journal::links::Imported;
use crate::journal::links::Issued;
use crate::journal::links::KeptCode;
use crate::journal::links::Link;
use crate::journal::links::LinkDone;
use crate::journal::links::LinkWrite;
use crate::journal::links::Proof;
use crate::journal::links::Tied;
use crate::journal::redeeming::Typed;
use crate::journal::redeeming::redeem;
use crate::model::Account;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::UserId;

/// What was found of what a write depends on.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// The claim of the message that is meant.
    pub claim: Option<Claim>,
    /// The newest claim of the member in the system that is not decided.
    pub waiting: Option<Claim>,
    /// The code of that digest.
    pub code: Option<KeptCode>,
    /// What the member typed wrongly.
    pub tries: Option<Tries>,
    /// Every link of one of the members or accounts in question.
    pub touching: Vec<Link>,
}

/// Codes typed that were none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tries {
    /// Who typed them.
    pub member: UserId,
    /// Since when they are counted, in milliseconds since 1970.
    pub since_ms: i64,
    /// How many.
    pub wrong: u32,
}

/// Something to be written.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// New links, none of which touches one that stands.
    Insert(Vec<Link>),
    /// A link goes.
    Delete(Link),
    /// What was done.
    Audit(Vec<Deed>),
    /// A new claim.
    Claim(Claim),
    /// A claim is decided.
    Decide(MessageId, ClaimDecision),
    /// A new code; unused ones for the same account count no more.
    Issue(KeptCode),
    /// A code is used.
    Spend {
        /// Which.
        digest: String,
        /// By whom.
        by: UserId,
        /// When.
        now_ms: i64,
    },
    /// So many were wrong.
    Count(Tries),
}

/// Member and account, of which links have to be known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key<'a> {
    /// The system.
    pub system: &'a str,
    /// The member, 0 for nobody.
    pub member: UserId,
    /// The account; `None` for none.
    pub account: Option<&'a Account>,
}

/// The members and accounts a write concerns, as far as `found` knows them by now.
pub(super) fn keys<'a>(write: &'a LinkWrite, found: &'a Found) -> Vec<Key<'a>> {
    let of = |link: &'a Link| Key {
        system: &link.system,
        member: link.member,
        account: Some(&link.account),
    };
    match write {
        LinkWrite::Tie(link) => vec![of(link)],
        LinkWrite::Import(links) => links.iter().map(of).collect(),
        LinkWrite::Untie { system, member, .. } => vec![Key {
            system,
            member: *member,
            account: None,
        }],
        LinkWrite::Claim(claim) => vec![claimed(claim)],
        LinkWrite::Rule { .. } => found.claim.iter().map(claimed).collect(),
        LinkWrite::Issue(code) => vec![Key {
            system: &code.system,
            member: UserId::new(0),
            account: Some(&code.account),
        }],
        LinkWrite::Redeem { member, .. } => found
            .code
            .iter()
            .map(|code| Key {
                system: &code.system,
                member: *member,
                account: Some(&code.account),
            })
            .collect(),
    }
}

fn claimed(claim: &Claim) -> Key<'_> {
    Key {
        system: &claim.system,
        member: claim.member,
        account: Some(&claim.account),
    }
}

/// What becomes of a write, and what is to be written.
pub(super) fn decide(write: &LinkWrite, found: &Found) -> (LinkDone, Vec<Step>) {
    match write {
        LinkWrite::Tie(link) => {
            let (tied, steps) = tie(link, &found.touching, link.verified_by);
            (LinkDone::Tied(tied), steps)
        }
        LinkWrite::Untie {
            member, by, now_ms, ..
        } => untie(*member, *by, *now_ms, &found.touching),
        LinkWrite::Claim(claim) => {
            let (claimed, steps) = claim_one(claim, found);
            (LinkDone::Claimed(claimed), steps)
        }
        LinkWrite::Rule {
            guild, decision, ..
        } => {
            let (ruled, steps) = rule(*guild, *decision, found);
            (LinkDone::Ruled(ruled), steps)
        }
        LinkWrite::Issue(code) => match holder(&found.touching, &code.account) {
            Some(holder) => (LinkDone::Issued(Issued::Taken(holder)), Vec::new()),
            None => {
                let until_ms = code.until_ms;
                let issued = LinkDone::Issued(Issued::Until { until_ms });
                (issued, vec![Step::Issue(code.clone())])
            }
        },
        LinkWrite::Redeem {
            digest,
            system,
            member,
            exposed,
            now_ms,
        } => {
            let typed = Typed {
                digest,
                system: system.as_deref(),
                member: *member,
                exposed: *exposed,
                now_ms: *now_ms,
            };
            let (redeemed, steps) = redeem(&typed, found);
            (LinkDone::Redeemed(redeemed), steps)
        }
        LinkWrite::Import(links) => {
            let (imported, steps) = import(links, &found.touching);
            (LinkDone::Imported(imported), steps)
        }
    }
}

/// Whose an account is, among links of one system.
fn holder(touching: &[Link], account: &Account) -> Option<UserId> {
    let mut held = touching.iter().filter(|link| link.account == *account);
    held.next().map(|link| link.member)
}

/// What becomes of tying an account, among the links that touch it.
pub(super) fn tie(link: &Link, touching: &[Link], by: Option<UserId>) -> (Tied, Vec<Step>) {
    let theirs = touching.iter().find(|known| known.member == link.member);
    match (theirs, holder(touching, &link.account)) {
        (Some(theirs), _) if theirs.account == link.account => (Tied::Already, Vec::new()),
        (Some(theirs), _) => (Tied::HasAnother(theirs.account.clone()), Vec::new()),
        (None, Some(_)) => (Tied::Taken, Vec::new()),
        (None, None) => {
            let deed = deed_of(link, DeedKind::Tied, by, link.verified_ms);
            let steps = vec![Step::Insert(vec![link.clone()]), Step::Audit(vec![deed])];
            (Tied::Now, steps)
        }
    }
}

fn deed_of(link: &Link, what: DeedKind, by: Option<UserId>, at_ms: i64) -> Deed {
    Deed {
        at_ms,
        what,
        system: link.system.clone(),
        member: link.member,
        account: link.account.clone(),
        proof: link.proof,
        by,
    }
}

fn untie(
    member: UserId,
    by: Option<UserId>,
    now_ms: i64,
    touching: &[Link],
) -> (LinkDone, Vec<Step>) {
    let link = touching.iter().find(|link| link.member == member);
    let steps = link.map(|link| {
        let deed = deed_of(link, DeedKind::Untied, by, now_ms);
        vec![Step::Delete(link.clone()), Step::Audit(vec![deed])]
    });
    (LinkDone::Untied(link.cloned()), steps.unwrap_or_default())
}

fn claim_one(claim: &Claim, found: &Found) -> (Claimed, Vec<Step>) {
    if let Some(known) = &found.claim {
        let waits = known.decided.is_none() && known.until_ms > claim.asked_ms;
        let claimed = match waits {
            true => Claimed::Waits(known.clone()),
            false => Claimed::Decided,
        };
        return (claimed, Vec::new());
    }
    let theirs = found
        .touching
        .iter()
        .find(|link| link.member == claim.member);
    let claimed = match (theirs, holder(&found.touching, &claim.account)) {
        (Some(theirs), _) if theirs.account == claim.account => Claimed::Already,
        (Some(_), _) => Claimed::HasAnother,
        (None, Some(_)) => Claimed::Taken,
        (None, None) => match &found.waiting {
            Some(waiting) if waiting.until_ms > claim.asked_ms => Claimed::ClaimsAnother {
                until_ms: waiting.until_ms,
            },
            _ => {
                let steps = vec![Step::Claim(claim.clone())];
                return (Claimed::Waits(claim.clone()), steps);
            }
        },
    };
    (claimed, Vec::new())
}

fn rule(guild: GuildId, decision: ClaimDecision, found: &Found) -> (ClaimRuled, Vec<Step>) {
    let here = found.claim.as_ref().filter(|claim| claim.guild == guild);
    let Some(claim) = here else {
        return (ClaimRuled::NothingWaits, Vec::new());
    };
    if claim.member == decision.by {
        return (ClaimRuled::Own, Vec::new());
    }
    if let Some(decided) = claim.decided {
        return (ClaimRuled::Decided(decided), Vec::new());
    }
    if claim.until_ms <= decision.at_ms {
        return (ClaimRuled::Expired, Vec::new());
    }
    let claim = Claim {
        decided: Some(decision),
        ..claim.clone()
    };
    let link = Link {
        system: claim.system.clone(),
        member: claim.member,
        account: claim.account.clone(),
        proof: Proof::Approval,
        verified_by: Some(decision.by),
        verified_ms: decision.at_ms,
    };
    let close = Step::Decide(claim.message, decision);
    if decision.verdict == ClaimVerdict::Refuse {
        let deed = deed_of(&link, DeedKind::Refused, Some(decision.by), decision.at_ms);
        return (
            ClaimRuled::Refused(claim),
            vec![close, Step::Audit(vec![deed])],
        );
    }
    let (tied, mut steps) = tie(&link, &found.touching, Some(decision.by));
    match tied {
        Tied::Now | Tied::Already => {
            steps.push(close);
            (ClaimRuled::Approved(claim), steps)
        }
        Tied::HasAnother(_) => (ClaimRuled::HasAnother(claim), Vec::new()),
        Tied::Taken => (ClaimRuled::Taken(claim), Vec::new()),
    }
}

fn import(links: &[Link], touching: &[Link]) -> (Imported, Vec<Step>) {
    let (wanted, standing) = (keys_of(links), keys_of(touching));
    let is_in = |all: &HashSet<(&str, UserId, &Account)>, link: &Link| {
        all.contains(&(link.system.as_str(), link.member, &link.account))
    };
    let hindering: Vec<Link> = touching
        .iter()
        .filter(|known| !is_in(&wanted, known))
        .cloned()
        .collect();
    if !hindering.is_empty() {
        return (Imported::Hindered(hindering), Vec::new());
    }
    let new: Vec<Link> = links
        .iter()
        .filter(|link| !is_in(&standing, link))
        .cloned()
        .collect();
    let deeds = new
        .iter()
        .map(|link| deed_of(link, DeedKind::Tied, None, link.verified_ms))
        .collect();
    let imported = Imported::All { new: new.len() };
    match new.is_empty() {
        true => (imported, Vec::new()),
        false => (imported, vec![Step::Insert(new), Step::Audit(deeds)]),
    }
}

fn keys_of(links: &[Link]) -> HashSet<(&str, UserId, &Account)> {
    let keys = links.iter();
    keys.map(|link| (link.system.as_str(), link.member, &link.account))
        .collect()
}
