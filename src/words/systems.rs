//! What points systems are called.

use crate::model::System;
use crate::model::SystemKind;
use crate::words::SHARED;
use crate::words::reply::Hole;
use crate::words::reply::Reply;
use crate::words::reply::Word;

static MALL: Word = Word::new(SHARED, "system_mall", &[]);
static LEDGER: Word = Word::new(SHARED, "system_ledger", &[]);
static SWAN: Word = Word::new(SHARED, "system_swan", &["name"]);
static MANTA: Word = Word::new(SHARED, "system_manta", &["name"]);

/// What points systems are called, for the check of all texts.
pub static SYSTEM_WORDS: &[&Word] = &[&MALL, &LEDGER, &SWAN, &MANTA];

/// What a points system is called.
pub fn system_hole(system: &System) -> Hole {
    let word = match system.kind() {
        SystemKind::Mall => &MALL,
        SystemKind::Ledger => &LEDGER,
        SystemKind::Swan => &SWAN,
        SystemKind::Manta => &MANTA,
    };
    let reply = match system.given_name() {
        Some(name) => Reply::new(word).with("name", Hole::Untrusted(name.to_owned())),
        None => Reply::new(word),
    };
    Hole::Said(Box::new(reply))
}
