//! What is done with links, through the one writer, and what is read of them.

use crate::journal::Journal;
use crate::journal::entry::Durability;
use crate::journal::error::JournalError;
use crate::journal::link_code::LinkCode;
use crate::journal::links::Claim;
use crate::journal::links::ClaimDecision;
use crate::journal::links::ClaimRuled;
use crate::journal::links::ClaimVerdict;
use crate::journal::links::Claimed;
use crate::journal::links::Deed;
use crate::journal::links::Exposed;
use crate::journal::links::Imported;
use crate::journal::links::Issued;
use crate::journal::links::KeptCode;
use crate::journal::links::LINK_LIFE_MS;
use crate::journal::links::Link;
use crate::journal::links::LinkDone;
use crate::journal::links::LinkFilter;
use crate::journal::links::LinkWrite;
use crate::journal::links::Redeemed;
use crate::journal::links::Tied;
use crate::journal::sides::Side;
use crate::journal::sides::SideDone;
use crate::journal::store::storable;
use crate::model::Account;
use crate::model::MessageId;
use crate::model::UserId;
use crate::permissions::Granted;
use crate::permissions::Right;

impl Journal {
    /// The account of a member in a system, as proved.
    pub async fn link(&self, system: &str, member: UserId) -> Result<Option<Link>, JournalError> {
        self.read(self.shared.store.link(system, member)).await
    }

    /// Whose an account is, as proved.
    pub async fn holder(
        &self,
        system: &str,
        account: &Account,
    ) -> Result<Option<UserId>, JournalError> {
        self.read(self.shared.store.holder(system, account)).await
    }

    /// Links by system and member, at most `limit`.
    pub async fn links(
        &self,
        filter: &LinkFilter,
        limit: usize,
    ) -> Result<Vec<Link>, JournalError> {
        self.read(self.shared.store.links(filter, limit)).await
    }

    /// Claims that wait, oldest first, at most `limit`.
    pub async fn claims(
        &self,
        filter: &LinkFilter,
        limit: usize,
    ) -> Result<Vec<Claim>, JournalError> {
        let now_ms = self.shared.clock.now_ms();
        let claims = self.shared.store.claims(filter, now_ms, limit);
        self.read(claims).await
    }

    /// The claim of a message, however it stands.
    pub async fn claim_of(&self, message: MessageId) -> Result<Option<Claim>, JournalError> {
        self.read(self.shared.store.claim(message)).await
    }

    /// Who tied what to whom and who untied it, newest first, at most `limit`.
    pub async fn link_audit(
        &self,
        filter: &LinkFilter,
        limit: usize,
    ) -> Result<Vec<Deed>, JournalError> {
        self.read(self.shared.store.deeds(filter, limit)).await
    }

    /// Ties an account to a member, once for each of the two.
    pub async fn tie(&self, link: Link) -> Result<Tied, JournalError> {
        match self.link_write(LinkWrite::Tie(link)).await? {
            LinkDone::Tied(tied) => Ok(tied),
            _ => Err(JournalError::Changed),
        }
    }

    /// Unties whatever is tied to a member in a system; answers what was. `by` is nobody where the
    /// operator does it.
    pub async fn untie(
        &self,
        system: &str,
        member: UserId,
        by: Option<UserId>,
    ) -> Result<Option<Link>, JournalError> {
        let write = LinkWrite::Untie {
            system: system.to_owned(),
            member,
            by,
            now_ms: self.shared.clock.now_ms(),
        };
        match self.link_write(write).await? {
            LinkDone::Untied(link) => Ok(link),
            _ => Err(JournalError::Changed),
        }
    }

    /// Notes that a member claims an account, for somebody else to decide within a day. `asked_ms`,
    /// `until_ms` and `decided` of `claim` are set here.
    pub async fn claim(&self, claim: Claim) -> Result<Claimed, JournalError> {
        let asked_ms = self.shared.clock.now_ms();
        let write = LinkWrite::Claim(Claim {
            member_name: storable(claim.member_name),
            asked_ms,
            until_ms: asked_ms.saturating_add(LINK_LIFE_MS),
            decided: None,
            ..claim
        });
        match self.link_write(write).await? {
            LinkDone::Claimed(claimed) => Ok(claimed),
            _ => Err(JournalError::Changed),
        }
    }

    /// Decides about a claim of the guild of `granted`, which has to cover approving.
    pub async fn rule_claim(
        &self,
        granted: &Granted,
        message: MessageId,
        verdict: ClaimVerdict,
    ) -> Result<ClaimRuled, JournalError> {
        if !granted.covers(Right::Approve) {
            return Ok(ClaimRuled::NothingWaits);
        }
        let write = LinkWrite::Rule {
            message,
            guild: granted.guild(),
            decision: ClaimDecision {
                verdict,
                by: granted.by(),
                at_ms: self.shared.clock.now_ms(),
            },
        };
        match self.link_write(write).await? {
            LinkDone::Ruled(ruled) => Ok(ruled),
            _ => Err(JournalError::Changed),
        }
    }

    /// Gives out `code` for an account: one use, a day. Earlier ones for it count no more.
    pub async fn issue_code(
        &self,
        code: &LinkCode,
        system: &str,
        account: Account,
    ) -> Result<Issued, JournalError> {
        let made_ms = self.shared.clock.now_ms();
        let write = LinkWrite::Issue(KeptCode {
            digest: code.digest(),
            system: system.to_owned(),
            account,
            made_ms,
            until_ms: made_ms.saturating_add(LINK_LIFE_MS),
            used_by: None,
        });
        match self.link_write(write).await? {
            LinkDone::Issued(issued) => Ok(issued),
            _ => Err(JournalError::Changed),
        }
    }

    /// Ties the account that `code` stands for to whoever typed it. `system` is the one it was typed
    /// for, `None` where that is none: then it only counts as typed.
    pub async fn redeem_code(
        &self,
        code: &LinkCode,
        system: Option<&str>,
        member: UserId,
        exposed: Exposed,
    ) -> Result<Redeemed, JournalError> {
        let write = LinkWrite::Redeem {
            digest: code.digest(),
            system: system.map(str::to_owned),
            member,
            exposed,
            now_ms: self.shared.clock.now_ms(),
        };
        match self.link_write(write).await? {
            LinkDone::Redeemed(redeemed) => Ok(redeemed),
            _ => Err(JournalError::Changed),
        }
    }

    /// Ties many accounts in one transaction, all or none; those that are tied already stay.
    pub async fn import_links(&self, links: Vec<Link>) -> Result<Imported, JournalError> {
        match self.link_write(LinkWrite::Import(links)).await? {
            LinkDone::Imported(imported) => Ok(imported),
            _ => Err(JournalError::Changed),
        }
    }

    async fn link_write(&self, write: LinkWrite) -> Result<LinkDone, JournalError> {
        let side = Side::Link(Box::new(write));
        match self.beside(Durability::Now, side).await? {
            SideDone::Link(done) => Ok(*done),
            _ => Err(JournalError::Changed),
        }
    }
}
