//! What was heard of a sending, kept with the entry between sweeps.

use serde::Deserialize;
use serde::Serialize;

use crate::journal::Refused;
use crate::model::refusal::PointsRefusal;
use crate::points::Doubt;
use crate::points::DoubtKind;

/// Everything `reconcile` needs to know of the sendings so far.
///
/// Kept as JSON in the journal's `heard`; fields may be added, never renamed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Heard {
    /// Sendings whose end was heard of. One more was noted: the process died under way.
    pub sends: u32,
    /// The latest moment at which a sending whose fate nobody knows can have left; it may still land.
    pub lost_ms: Option<i64>,
    /// What the last sending came to.
    pub last: Last,
    /// Whether a sending refused with 401 or 403 was already repeated once.
    pub access_repeated: bool,
    /// Look-ups refused with 401 or 403 (or the like) since one told anything else.
    pub looks_refused: u32,
    /// Searches of a history that went to its end and did not find the change.
    pub looks_empty: u32,
    /// The refusal that is held back while a sending may still land.
    pub held: Option<HeldRefusal>,
    /// The last code, for staff.
    pub code: Option<i64>,
    /// The last text, for staff. Untrusted.
    pub text: String,
}

/// What a sending came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Last {
    /// Nothing was sent, as far as is known.
    #[default]
    Nothing,
    /// The outcome was lost on the way.
    Lost,
    /// Access was refused.
    AccessRefused,
    /// Declined with a code that needs verifying.
    Declined,
    /// The id was used before.
    Duplicate,
    /// Too fast: not carried out.
    TooFast,
    /// No byte left.
    NotSent,
    /// A look-up found somebody else's change under our id.
    Conflict,
}

/// A refusal as kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HeldRefusal {
    meaning: String,
    code: Option<i64>,
    text: String,
}

/// The names under which meanings are kept; never rename one.
const MEANINGS: [(PointsRefusal, &str); 11] = [
    (PointsRefusal::NotLinked, "not_linked"),
    (PointsRefusal::NotEnabledHere, "not_enabled_here"),
    (PointsRefusal::NoAccess, "no_access"),
    (PointsRefusal::NoAccount, "no_account"),
    (PointsRefusal::Insufficient, "insufficient"),
    (PointsRefusal::Connection, "connection"),
    (PointsRefusal::TooFast, "too_fast"),
    (PointsRefusal::Unavailable, "unavailable"),
    (PointsRefusal::Declined, "declined"),
    (PointsRefusal::ByHand, "by_hand"),
    // Reading falls back to this pair when a newer version's meaning is met.
    (PointsRefusal::Declined, "other"),
];

impl From<Refused> for HeldRefusal {
    fn from(refused: Refused) -> Self {
        let name = MEANINGS
            .iter()
            .find(|(meaning, _)| *meaning == refused.meaning);
        Self {
            meaning: name.map_or("other", |(_, name)| name).to_owned(),
            code: refused.code,
            text: refused.text,
        }
    }
}

impl From<HeldRefusal> for Refused {
    fn from(held: HeldRefusal) -> Self {
        let meaning = MEANINGS.iter().find(|(_, name)| *name == held.meaning);
        Self {
            meaning: meaning.map_or(PointsRefusal::Declined, |(meaning, _)| *meaning),
            code: held.code,
            text: held.text,
        }
    }
}

impl Heard {
    /// What the journal kept; an entry nobody has heard of yet reads as the default.
    pub(super) fn read(kept: &str) -> Self {
        if kept.is_empty() {
            return Self::default();
        }
        serde_json::from_str(kept).unwrap_or_else(|error| {
            // Forgetting leads to a look-up before anything else, which is safe; dying here is not.
            tracing::error!(%error, "what was heard of a change cannot be read; it is looked up afresh");
            Self::default()
        })
    }

    /// For the journal to keep.
    pub(super) fn kept(&self) -> String {
        serde_json::to_string(self).expect("a struct of plain fields always serialises")
    }

    /// Notes an unknown outcome. `now_ms` is later than the sending, so it errs on the safe side:
    /// a request may have waited for its turn after it was noted as sent.
    pub(super) fn doubt(&mut self, doubt: &Doubt, now_ms: i64) {
        self.code = doubt.code;
        self.text.clone_from(&doubt.text);
        self.last = match doubt.kind {
            DoubtKind::Lost => {
                self.lost_ms = Some(now_ms);
                Last::Lost
            }
            DoubtKind::AccessRefused => Last::AccessRefused,
            DoubtKind::Declined => Last::Declined,
            DoubtKind::Duplicate => Last::Duplicate,
            DoubtKind::TooFast { .. } => Last::TooFast,
        };
    }

    /// Notes that no byte left.
    pub(super) fn not_sent(&mut self, why: &str) {
        self.last = Last::NotSent;
        self.code = None;
        self.text = why.to_owned();
    }

    /// Takes a sending that was noted and never heard of as lost, the first as well as any repetition:
    /// the process died with it under way.
    pub(super) fn after_crash(&mut self, sends: u32, now_ms: i64) {
        if self.sends < sends {
            self.sends = sends;
            self.lost_ms = Some(now_ms);
            self.last = Last::Lost;
        }
    }

    /// Whether no byte of it ever left, so that there is nothing to look up.
    pub(super) fn nothing_left(&self) -> bool {
        matches!(self.last, Last::Nothing | Last::NotSent) && self.lost_ms.is_none()
    }

    /// The refusal the last answer amounts to, once nothing is in doubt.
    pub(super) fn refusal(&self, meaning: PointsRefusal) -> Refused {
        Refused {
            meaning,
            code: self.code,
            text: self.text.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_reads_back() {
        let mut heard = Heard::default();
        heard.doubt(
            &Doubt {
                kind: DoubtKind::Lost,
                code: Some(500),
                text: "HTTP 500".to_owned(),
            },
            7,
        );
        heard.held = Some(
            Refused {
                meaning: PointsRefusal::Insufficient,
                code: Some(30_001),
                text: "no".to_owned(),
            }
            .into(),
        );
        assert_eq!(Heard::read(&heard.kept()), heard);
        assert_eq!(Heard::read(""), Heard::default());
        assert_eq!(Heard::read("{\"newer\":1}"), Heard::default());
    }

    #[test]
    fn a_sending_nobody_heard_of_is_lost_once() {
        let mut heard = Heard {
            sends: 1,
            last: Last::TooFast,
            ..Heard::default()
        };
        heard.after_crash(1, 5);
        assert_eq!((heard.last, heard.lost_ms), (Last::TooFast, None));
        heard.after_crash(2, 7);
        assert_eq!((heard.last, heard.lost_ms), (Last::Lost, Some(7)));
        heard.after_crash(2, 9);
        assert_eq!(heard.lost_ms, Some(7));
    }

    #[test]
    fn every_meaning_survives_being_held() {
        for (meaning, _) in MEANINGS {
            let refused = Refused {
                meaning,
                code: None,
                text: String::new(),
            };
            assert_eq!(Refused::from(HeldRefusal::from(refused.clone())), refused);
        }
    }
}
