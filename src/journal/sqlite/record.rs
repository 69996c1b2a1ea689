//! A member's entries in pages, in SQLite.

use rusqlite::params;

use crate::journal::entry::Receipt;
use crate::journal::kept::kept;
use crate::journal::record::RECORD;
use crate::journal::record::RecordStore;
use crate::journal::record::RecordWanted;
use crate::journal::sqlite::rows;
use crate::journal::sqlite::shelf::Shelf;
use crate::journal::store::Answer;

impl RecordStore for Shelf {
    fn record<'a>(&'a self, wanted: &'a RecordWanted) -> Answer<'a, Vec<Receipt>> {
        let wanted = wanted.clone();
        Box::pin(self.readers.read(move |connection| {
            let (least, most) = wanted.sign.bounds();
            let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
            let values = params![
                kept(wanted.guild.number()),
                kept(wanted.member.number()),
                wanted.system,
                least,
                most,
                number(wanted.limit),
                number(wanted.skip),
            ];
            rows::all(connection, RECORD, values, rows::receipt)
        }))
    }
}
