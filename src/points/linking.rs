//! Tying and untying as commands ask for it: the journal's deeds, which commands do not see.

use crate::journal::Claim;
use crate::journal::ClaimRuled;
use crate::journal::ClaimVerdict;
use crate::journal::Claimed;
use crate::journal::Exposed;
use crate::journal::JournalError;
use crate::journal::Link;
use crate::journal::LinkCode;
use crate::journal::LinkFilter;
use crate::journal::Redeemed;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::System;
use crate::model::UserId;
use crate::permissions::Granted;
use crate::points::Links;

impl Links {
    /// Ties the account that `code` stands for to whoever typed it for `system`.
    pub async fn redeem(
        &self,
        code: &LinkCode,
        system: Option<&System>,
        member: UserId,
        exposed: Exposed,
    ) -> Result<Redeemed, JournalError> {
        let system = system.map(System::name);
        self.journal
            .redeem_code(code, system, member, exposed)
            .await
    }

    /// Notes what a member says of themselves, for somebody else to decide.
    pub async fn claim(&self, claim: Claim) -> Result<Claimed, JournalError> {
        self.journal.claim(claim).await
    }

    /// What waits in a guild, oldest first.
    pub async fn claims_in(
        &self,
        guild: GuildId,
        limit: usize,
    ) -> Result<Vec<Claim>, JournalError> {
        let filter = LinkFilter {
            guild: Some(guild),
            ..LinkFilter::default()
        };
        self.journal.claims(&filter, limit).await
    }

    /// What a member says of themselves in `system` and nobody has decided.
    pub async fn claim_by(
        &self,
        system: &System,
        member: UserId,
    ) -> Result<Option<Claim>, JournalError> {
        let filter = LinkFilter {
            system: Some(system.name().to_owned()),
            member: Some(member),
            guild: None,
        };
        let mut claims = self.journal.claims(&filter, 1).await?;
        Ok(claims.pop())
    }

    /// What a message said of its author, however it stands.
    pub async fn claim_of(&self, message: MessageId) -> Result<Option<Claim>, JournalError> {
        self.journal.claim_of(message).await
    }

    /// Decides about it.
    pub async fn rule(
        &self,
        granted: &Granted,
        message: MessageId,
        verdict: ClaimVerdict,
    ) -> Result<ClaimRuled, JournalError> {
        self.journal.rule_claim(granted, message, verdict).await
    }

    /// Unties what is tied to a member in `system`; answers what was.
    pub async fn untie(
        &self,
        system: &System,
        member: UserId,
        by: UserId,
    ) -> Result<Option<Link>, JournalError> {
        self.journal.untie(system.name(), member, Some(by)).await
    }
}
