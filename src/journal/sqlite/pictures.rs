//! Pictures of boards, in SQLite.

use rusqlite::Connection;
use rusqlite::Row;
use rusqlite::params;

use crate::journal::error::JournalError;
use crate::journal::pictures::PictureRow;
use crate::journal::pictures::PictureStore;
use crate::journal::pictures::PictureWrite;
use crate::journal::sqlite::rows;
use crate::journal::sqlite::rows::get;
use crate::journal::sqlite::shelf::Shelf;
use crate::journal::sqlite::sides::execute;
use crate::journal::store::Answer;

/// Writes within the open transaction.
pub(super) fn write(connection: &Connection, write: &PictureWrite) -> Result<(), JournalError> {
    match write {
        PictureWrite::Keep(row) => execute(
            connection,
            "insert into pictures (token, png, svg, made_ms) values (?, ?, ?, ?)",
            params![row.token, row.png, row.svg, row.made_ms],
        ),
        PictureWrite::Drop(token) => execute(
            connection,
            "delete from pictures where token = ?",
            params![token],
        ),
        PictureWrite::Forget(before_ms) => execute(
            connection,
            "delete from pictures where made_ms < ?",
            params![before_ms],
        ),
    }
}

impl PictureStore for Shelf {
    fn picture<'a>(&'a self, token: &'a str, since_ms: i64) -> Answer<'a, Option<PictureRow>> {
        let token = token.to_owned();
        Box::pin(self.readers.glance(move |connection| {
            rows::first(
                connection,
                "select * from pictures where token = ? and made_ms >= ?",
                params![token, since_ms],
                picture,
            )
        }))
    }
}

fn picture(row: &Row<'_>) -> Result<PictureRow, JournalError> {
    Ok(PictureRow {
        token: get(row, "token")?,
        png: get(row, "png")?,
        svg: get(row, "svg")?,
        made_ms: get(row, "made_ms")?,
    })
}
