//! A member's entries in pages, in PostgreSQL.

use crate::journal::entry::Receipt;
use crate::journal::kept::kept;
use crate::journal::postgres::shelf::Shelf;
use crate::journal::record::RECORD;
use crate::journal::record::RecordStore;
use crate::journal::record::RecordWanted;
use crate::journal::store::Answer;

impl RecordStore for Shelf {
    fn record<'a>(&'a self, wanted: &'a RecordWanted) -> Answer<'a, Vec<Receipt>> {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let (least, most) = wanted.sign.bounds();
        Box::pin(self.receipts(move || {
            sqlx::query(RECORD)
                .bind(kept(wanted.guild.number()))
                .bind(kept(wanted.member.number()))
                .bind(wanted.system.clone())
                .bind(least)
                .bind(most)
                .bind(number(wanted.limit))
                .bind(number(wanted.skip))
        }))
    }
}
