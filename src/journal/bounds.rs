//! What bounds a new entry: caps, the approval it needs, a stop of giving, what can be undone.

use crate::journal::entry::APPROVAL_LIFE;
use crate::journal::entry::Approval;
use crate::journal::entry::Intent;
use crate::journal::entry::Receipt;
use crate::journal::entry::State;
use crate::journal::outcome::Over;
use crate::journal::rules::Ledger;
use crate::journal::rules::Opening;
use crate::journal::rules::attempt_before;
use crate::model::Freeze;
use crate::model::GuildId;

impl Ledger {
    /// The cap that does not allow it. What can never be allowed is said before what tomorrow may.
    pub(super) fn over(&self, opening: &Opening) -> Option<Over> {
        self.over_after(opening, 0)
    }

    /// The same, when the same command has taken so much already.
    pub(super) fn over_after(&self, opening: &Opening, taken: i64) -> Option<Over> {
        let size = opening.intent.amount.size();
        let caps = opening.caps;
        if let Some(cap) = caps.per_award.filter(|&cap| size > cap) {
            return Some(Over::Each { cap });
        }
        if let (Some(cap), Some(quota)) = (caps.per_day, opening.quota()) {
            let used = self.given.get(&quota).copied().unwrap_or(0);
            if used + taken + size > cap {
                return Some(Over::Day { used, cap });
            }
        }
        None
    }

    /// The approval it needs, if it is large enough for that. Undoing needs none: its bound is what
    /// was given.
    pub(super) fn approval(&self, opening: &Opening) -> Option<Approval> {
        let size = opening.intent.amount.size();
        let over = opening.caps.approve_over.filter(|&cap| size > cap)?;
        let life = i64::try_from(APPROVAL_LIFE.as_millis()).unwrap_or(i64::MAX);
        opening.intent.cause.undoes().is_none().then(|| Approval {
            over,
            until_ms: self.now_ms.saturating_add(life),
            decision: None,
        })
    }

    /// Whether giving is stopped where it would add points. What takes points goes on.
    pub(super) fn frozen(&self, intent: &Intent) -> Option<&Freeze> {
        let freeze = self.freeze_of(intent.guild);
        freeze.filter(|_| !intent.amount.takes())
    }

    /// That giving is stopped in a guild, while it is.
    pub(super) fn freeze_of(&self, guild: GuildId) -> Option<&Freeze> {
        self.freezes.get(&guild)?.freeze.as_ref()
    }

    /// Whether `intent` may undo `undone`: that took effect and is whole, the attempt before was
    /// refused for certain, and no more goes back than came.
    pub(super) fn is_undoable(&self, undone: &Receipt, intent: &Intent) -> bool {
        let refused = |cause| {
            let before = self.entries.get(&cause);
            before.is_some_and(|before: &Receipt| before.state == State::Refused)
        };
        undone.state == State::Done
            && attempt_before(&intent.cause).is_none_or(refused)
            && undone.guild == intent.guild
            && undone.member == intent.member
            && undone.amount.takes() != intent.amount.takes()
            && intent.amount.size() <= undone.amount.size()
    }
}
