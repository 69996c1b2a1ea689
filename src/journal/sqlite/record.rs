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

#[cfg(test)]
mod tests {
    use rusqlite::Connection;
    use rusqlite::params;

    use super::*;

    #[test]
    fn no_page_is_looked_for_in_the_whole_journal() {
        let store = Connection::open_in_memory().unwrap();
        for migration in [
            include_str!("../../../migrations/sqlite/0001_journal.sql"),
            include_str!("../../../migrations/sqlite/0002_undeliverable.sql"),
            include_str!("../../../migrations/sqlite/0003_channels.sql"),
            include_str!("../../../migrations/sqlite/0004_decisions.sql"),
            include_str!("../../../migrations/sqlite/0005_owner.sql"),
            include_str!("../../../migrations/sqlite/0006_by_hand.sql"),
            include_str!("../../../migrations/sqlite/0007_systems.sql"),
        ] {
            store.execute_batch(migration).unwrap();
        }
        let mut plan = store
            .prepare(&format!("explain query plan {RECORD}"))
            .unwrap();
        let steps = plan.query_map(params![1, 2, "mall", i64::MIN, i64::MAX, 10, 0], |row| {
            row.get::<_, String>("detail")
        });
        let steps: Vec<String> = steps.unwrap().map(Result::unwrap).collect();
        let plan = steps.join("\n");
        assert!(
            plan.contains("entries_of_member (guild=? AND member=?)"),
            "{plan}"
        );
        assert!(plan.contains("entries_unsettled"), "{plan}");
        let scans = steps.iter().filter(|step| step.starts_with("SCAN"));
        assert!(
            scans.count() <= 1 && !plan.contains("SCAN entries\n"),
            "{plan}"
        );
    }
}
