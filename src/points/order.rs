//! A change that somebody asks for, and the intent that is written of it.

use crate::journal::Intent;
use crate::journal::ReplyAddress;
use crate::model::Amount;
use crate::model::Cause;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::UserId;
use crate::points::PointsBackend;
use crate::points::change::ChangeError;
use crate::points::mall;

/// A change somebody asks for.
#[derive(Clone, Debug)]
pub struct Order {
    /// Why.
    pub cause: Cause,
    /// Whose points.
    pub member: UserId,
    /// Their name. Untrusted text.
    pub member_name: String,
    /// By how much.
    pub amount: Amount,
    /// The reason as typed. Untrusted text.
    pub reason: Option<String>,
    /// The remark where no reason was given, in words of the bot's own.
    pub fallback_remark: String,
    /// Where the answer belongs.
    pub reply: ReplyAddress,
    /// The confirmation it uses up.
    pub confirmation: Option<MessageId>,
}

impl Order {
    /// The intent to write, with the remark made fit for the points system.
    pub(super) async fn intent(
        self,
        guild: GuildId,
        day: i64,
        backend: &dyn PointsBackend,
    ) -> Result<Intent, ChangeError> {
        let member = self.member;
        let account = backend.account(member).await;
        let account = account.map_err(|error| ChangeError::Account { member, error })?;
        let remark = mall::remark(self.reason.as_deref(), &self.fallback_remark);
        let remark = remark.map_err(|long| ChangeError::ReasonTooLong {
            length: long.length,
            cap: long.cap,
        })?;
        Ok(Intent {
            cause: self.cause,
            guild,
            system: backend.system().name().to_owned(),
            member: self.member,
            member_name: self.member_name,
            amount: self.amount,
            reason: self.reason,
            remark,
            reply: self.reply,
            confirmation: self.confirmation,
            account,
            day,
        })
    }
}
