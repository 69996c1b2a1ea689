//! Pictures of boards, in PostgreSQL.

use sqlx::PgConnection;
use sqlx::postgres::PgRow;

use crate::journal::error::JournalError;
use crate::journal::pictures::PictureRow;
use crate::journal::pictures::PictureStore;
use crate::journal::pictures::PictureWrite;
use crate::journal::postgres::rows::get;
use crate::journal::postgres::shelf::Shelf;
use crate::journal::postgres::sides::fetch;
use crate::journal::store::Answer;

/// Writes within the open transaction.
pub(super) async fn write(
    connection: &mut PgConnection,
    write: &PictureWrite,
) -> Result<(), JournalError> {
    let query = match write {
        PictureWrite::Keep(row) => {
            sqlx::query("insert into pictures (token, png, svg, made_ms) values ($1, $2, $3, $4)")
                .bind(&row.token)
                .bind(&row.png)
                .bind(&row.svg)
                .bind(row.made_ms)
        }
        PictureWrite::Drop(token) => {
            sqlx::query("delete from pictures where token = $1").bind(token)
        }
        PictureWrite::Forget(before_ms) => {
            sqlx::query("delete from pictures where made_ms < $1").bind(before_ms)
        }
    };
    fetch(connection, query).await.map(drop)
}

impl PictureStore for Shelf {
    fn picture<'a>(&'a self, token: &'a str, since_ms: i64) -> Answer<'a, Option<PictureRow>> {
        let token = token.to_owned();
        Box::pin(async move {
            let query = || {
                sqlx::query("select * from pictures where token = $1 and made_ms >= $2")
                    .bind(token.clone())
                    .bind(since_ms)
            };
            self.row(query).await?.as_ref().map(picture).transpose()
        })
    }
}

fn picture(row: &PgRow) -> Result<PictureRow, JournalError> {
    Ok(PictureRow {
        token: get(row, "token")?,
        png: get(row, "png")?,
        svg: get(row, "svg")?,
        made_ms: get(row, "made_ms")?,
    })
}
