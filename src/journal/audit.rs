//! The journal's own rules, held against an entry as it stands.
//!
//! What the database holds by itself (one row for a cause, one entry for a code) is not looked at
//! again. Times are not compared with each other: a machine's clock may have been set back.

use crate::journal::codes::MOST_ATTEMPTS;
use crate::journal::entry::Approval;
use crate::journal::entry::Receipt;
use crate::journal::entry::State;
use crate::journal::entry::Told;
use crate::model::BotId;
use crate::model::OpId;
use crate::model::ReceiptCode;

/// A rule of the journal that an entry breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Breach {
    /// Its id does not follow from the bot and its cause: the points system knows it by another.
    OtherId,
    /// Its code does not follow from its id.
    OtherCode,
    /// It is in a final state without the time of settling, or the other way round.
    SettledAndNot,
    /// It is refused without saying why, or says why without being refused.
    RefusedAndNot,
    /// Something was heard of it that only a sending can have brought, and none was noted.
    NeverSent,
    /// It was sent although nobody has approved it.
    SentUnapproved,
    /// More of it was undone than there is, or something of it that was never carried out.
    UndoneTooMuch,
    /// Nobody will look after it, and it is left to nobody.
    Forgotten,
    /// Its end was said before it had one.
    ToldTooSoon,
    /// Something was said of it, and nobody knows in which message.
    SaidNowhere,
    /// A person decided it, and it is not settled.
    ByHandAndNot,
    /// What was heard of it cannot be read.
    HeardUnreadable,
}

impl Breach {
    /// Every rule, in the order in which they are told.
    pub const ALL: [Self; 12] = [
        Self::OtherId,
        Self::OtherCode,
        Self::SettledAndNot,
        Self::RefusedAndNot,
        Self::NeverSent,
        Self::SentUnapproved,
        Self::UndoneTooMuch,
        Self::Forgotten,
        Self::ToldTooSoon,
        Self::SaidNowhere,
        Self::ByHandAndNot,
        Self::HeardUnreadable,
    ];
}

/// The rules that `entry` of `bot`'s journal breaks.
pub fn breaches(entry: &Receipt, bot: BotId) -> Vec<Breach> {
    let settled = entry.settled_ms.is_some();
    let said_something = matches!(entry.told, Told::Interim | Told::Final);
    let broken = |breach: &Breach| match breach {
        Breach::OtherId => entry.op != OpId::of(bot, &entry.cause),
        Breach::OtherCode => !codes(&entry.op).any(|code| code == entry.code),
        Breach::SettledAndNot => entry.state.is_final() != settled,
        Breach::RefusedAndNot => (entry.state == State::Refused) != entry.refusal.is_some(),
        Breach::NeverSent => {
            let under_way = matches!(entry.state, State::Unconfirmed | State::Held);
            (under_way || entry.state.took_effect()) && entry.progress.sends == 0
        }
        Breach::SentUnapproved => {
            let decision = |approval: &Approval| approval.decision.as_ref().map(|it| it.approved);
            let approved = |approval| decision(approval) == Some(true);
            !entry.approval.as_ref().is_none_or(approved) && entry.progress.sends > 0
        }
        Breach::UndoneTooMuch => {
            let most = match entry.state.took_effect() {
                true => entry.amount.size(),
                false => 0,
            };
            !(0..=most).contains(&entry.undone)
        }
        Breach::Forgotten => {
            let left_to_people = matches!(entry.state, State::Waiting | State::Unresolved);
            !settled && !left_to_people && entry.progress.next_look_ms == i64::MAX
        }
        Breach::ToldTooSoon => entry.told == Told::Final && !settled,
        Breach::SaidNowhere => said_something && entry.reply.said.is_none(),
        Breach::ByHandAndNot => entry.settled_by.is_some() && !settled,
        Breach::HeardUnreadable => {
            let heard = &entry.progress.heard;
            !heard.is_empty() && serde_json::from_str::<serde_json::Value>(heard).is_err()
        }
    };
    Breach::ALL.into_iter().filter(broken).collect()
}

fn codes(op: &OpId) -> impl Iterator<Item = ReceiptCode> {
    (0..MOST_ATTEMPTS).map(|attempt| ReceiptCode::candidate(op, attempt))
}
