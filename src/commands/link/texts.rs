//! The sentences of `/link`.

use crate::words::Word;

pub(super) static NONE_HERE: Word = Word::new("link", "none_here", &[]);
pub(super) static HEAD: Word = Word::new("link", "head", &[]);
pub(super) static LINKED: Word = Word::new("link", "linked", &["system"]);
pub(super) static LINKED_PRIVATE: Word =
    Word::new("link", "linked_private", &["system", "kind", "account"]);
pub(super) static DECLARED: Word = Word::new("link", "declared", &["system"]);
pub(super) static CLAIMED: Word = Word::new("link", "claimed", &["system", "until", "zone"]);
pub(super) static UNLINKED: Word = Word::new("link", "unlinked", &["system"]);
pub(super) static HOW: Word = Word::new("link", "how", &["system"]);
pub(super) static HOW_CLAIM: Word = Word::new("link", "how_claim", &["system", "example"]);
pub(super) static HOW_STAFF: Word = Word::new("link", "how_staff", &[]);
pub(super) static NO_SYSTEM: Word = Word::new("link", "no_system", &["systems"]);
pub(super) static WHICH_SYSTEM: Word = Word::new("link", "which_system", &["systems"]);
pub(super) static UNKNOWN_KIND: Word = Word::new("link", "unknown_kind", &["system", "kinds"]);
pub(super) static OTHER_FORM: Word = Word::new("link", "other_form", &["system", "example"]);
pub(super) static NOT_A_CODE: Word = Word::new("link", "not_a_code", &[]);
pub(super) static TIED: Word = Word::new("link", "tied", &["system"]);
pub(super) static TIED_ALREADY: Word = Word::new("link", "tied_already", &["system"]);
pub(super) static HAS_ANOTHER: Word = Word::new("link", "has_another", &["system"]);
pub(super) static TAKEN: Word = Word::new("link", "taken", &["system"]);
pub(super) static CODE_WRONG: Word = Word::new("link", "code_wrong", &["left"]);
pub(super) static CODE_USED: Word = Word::new("link", "code_used", &[]);
pub(super) static CODE_EXPIRED: Word = Word::new("link", "code_expired", &[]);
pub(super) static CODE_OTHER_SYSTEM: Word = Word::new("link", "code_other_system", &["system"]);
pub(super) static CODE_SPOILT: Word = Word::new("link", "code_spoilt", &[]);
pub(super) static CODE_TOO_MANY: Word = Word::new("link", "code_too_many", &["until", "zone"]);
pub(super) static CLAIM_WAITS: Word =
    Word::new("link", "claim_waits", &["system", "until", "zone"]);
pub(super) static CLAIMS_ANOTHER: Word =
    Word::new("link", "claims_another", &["system", "until", "zone"]);
pub(super) static APPROVE: Word = Word::new("link", "approve", &[]);
pub(super) static REFUSE: Word = Word::new("link", "refuse", &[]);
pub(super) static SHOW: Word = Word::new("link", "show", &[]);
pub(super) static APPROVE_ONE: Word = Word::new("link", "approve_one", &["number"]);
pub(super) static REFUSE_ONE: Word = Word::new("link", "refuse_one", &["number"]);
pub(super) static PENDING_NONE: Word = Word::new("link", "pending_none", &[]);
pub(super) static PENDING_HEAD: Word = Word::new("link", "pending_head", &[]);
pub(super) static PENDING_ROW: Word = Word::new(
    "link",
    "pending_row",
    &["number", "member", "system", "kind", "until", "zone"],
);
pub(super) static PENDING_ROW_PRIVATE: Word = Word::new(
    "link",
    "pending_row_private",
    &[
        "number", "member", "system", "kind", "account", "until", "zone",
    ],
);
pub(super) static PENDING_MORE: Word = Word::new("link", "pending_more", &[]);
pub(super) static SHOWN: Word =
    Word::new("link", "shown", &["member", "system", "kind", "account"]);
pub(super) static STAFF_APPROVED: Word = Word::new("link", "staff_approved", &["member", "system"]);
pub(super) static STAFF_REFUSED: Word = Word::new("link", "staff_refused", &["member", "system"]);
pub(super) static APPROVED: Word = Word::new("link", "approved", &["member", "system", "by"]);
pub(super) static REFUSED: Word = Word::new("link", "refused", &["member", "system", "by"]);
pub(super) static WHOSE: Word = Word::new("link", "whose", &[]);
pub(super) static RULED_NOTHING: Word = Word::new("link", "ruled_nothing", &[]);
pub(super) static RULED_OWN: Word = Word::new("link", "ruled_own", &[]);
pub(super) static RULED_APPROVED: Word = Word::new("link", "ruled_approved", &["by"]);
pub(super) static RULED_REFUSED: Word = Word::new("link", "ruled_refused", &["by"]);
pub(super) static RULED_EXPIRED: Word = Word::new("link", "ruled_expired", &[]);
pub(super) static RULED_HAS_ANOTHER: Word =
    Word::new("link", "ruled_has_another", &["member", "system"]);
pub(super) static RULED_TAKEN: Word = Word::new("link", "ruled_taken", &["member", "system"]);

pub(super) static WORDS: &[&Word] = &[
    &NONE_HERE,
    &HEAD,
    &LINKED,
    &LINKED_PRIVATE,
    &DECLARED,
    &CLAIMED,
    &UNLINKED,
    &HOW,
    &HOW_CLAIM,
    &HOW_STAFF,
    &NO_SYSTEM,
    &WHICH_SYSTEM,
    &UNKNOWN_KIND,
    &OTHER_FORM,
    &NOT_A_CODE,
    &TIED,
    &TIED_ALREADY,
    &HAS_ANOTHER,
    &TAKEN,
    &CODE_WRONG,
    &CODE_USED,
    &CODE_EXPIRED,
    &CODE_OTHER_SYSTEM,
    &CODE_SPOILT,
    &CODE_TOO_MANY,
    &CLAIM_WAITS,
    &CLAIMS_ANOTHER,
    &APPROVE,
    &REFUSE,
    &SHOW,
    &APPROVE_ONE,
    &REFUSE_ONE,
    &PENDING_NONE,
    &PENDING_HEAD,
    &PENDING_ROW,
    &PENDING_ROW_PRIVATE,
    &PENDING_MORE,
    &SHOWN,
    &STAFF_APPROVED,
    &STAFF_REFUSED,
    &APPROVED,
    &REFUSED,
    &WHOSE,
    &RULED_NOTHING,
    &RULED_OWN,
    &RULED_APPROVED,
    &RULED_REFUSED,
    &RULED_EXPIRED,
    &RULED_HAS_ANOTHER,
    &RULED_TAKEN,
];
