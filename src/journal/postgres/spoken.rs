//! What a single intent asks and writes, said with its values in the text: a way to the server carries
//! any number of such statements, and a statement with bound values takes a way of its own.
//!
//! The statements themselves are prepared once a connection, so that the server plans them once; the
//! text calls them. Numbers stand in it as digits, everything else as hexadecimal digits: nothing
//! anybody wrote can mean anything to the server.

use std::fmt::Write as _;

use sqlx::AssertSqlSafe;
use sqlx::PgConnection;

use crate::journal::batch::Questions;
use crate::journal::kept;
use crate::journal::kept::kept;
use crate::journal::postgres::script::Cell;
use crate::journal::postgres::texts;
use crate::model::ReceiptCode;

/// Prepares what is called by name.
pub(super) async fn prepare(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let (look, insert) = (texts::LOOK, texts::INSERT);
    // Types of values are taken from the casts in the texts.
    let text = format!("prepare gp_look as {look}; prepare gp_insert as {insert}");
    sqlx::raw_sql(AssertSqlSafe(text))
        .execute(connection)
        .await?;
    Ok(())
}

/// Calls `texts::LOOK`.
pub(super) fn look(questions: &Questions) -> String {
    let keys: Vec<_> = questions.causes.iter().map(kept::key).collect();
    let quotas = || questions.quotas.iter();
    let codes = questions.codes.iter().map(ReceiptCode::as_str);
    let mut call = "execute gp_look (".to_owned();
    for column in [
        numbers(keys.iter().map(|key| key.0)),
        numbers(keys.iter().map(|key| key.1)),
        numbers(keys.iter().map(|key| key.2)),
        numbers(keys.iter().map(|key| key.3)),
        texts(codes.map(Some)),
        numbers((0..).zip(quotas()).map(|(place, _)| place)),
        numbers(quotas().map(|quota| kept(quota.guild.number()))),
        numbers(quotas().map(|quota| kept(quota.giver.number()))),
        numbers(quotas().map(|quota| quota.day.from_ms)),
        numbers(quotas().map(|quota| quota.day.until_ms)),
        numbers(questions.guilds.iter().map(|guild| kept(guild.number()))),
    ] {
        call.push_str(&column);
        call.push(',');
    }
    closed(call)
}

/// Calls `texts::INSERT` for these rows, all of which have as many cells of the same types.
pub(super) fn insert(rows: &[Vec<Cell>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let mut call = "execute gp_insert (".to_owned();
    for place in 0..columns {
        let column = || rows.iter().map(|row| &row[place]);
        let is_text = column().any(|cell| matches!(cell, Cell::Text(_)));
        call.push_str(&match is_text {
            true => texts(column().map(|cell| match cell {
                Cell::Text(text) => text.as_deref(),
                Cell::Number(_) => None,
            })),
            false => {
                array(column(), |array, cell| match cell {
                    Cell::Number(Some(number)) => written(array, number),
                    Cell::Number(None) | Cell::Text(_) => array.push_str("null"),
                }) + "::bigint[]"
            }
        });
        call.push(',');
    }
    closed(call)
}

fn numbers(numbers: impl Iterator<Item = i64>) -> String {
    array(numbers, |array, number| written(array, &number)) + "::bigint[]"
}

fn texts<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> String {
    let array = array(texts, |array, text| match text {
        None => array.push_str("null"),
        Some(text) => {
            array.push_str("convert_from(decode('");
            for byte in text.bytes() {
                write!(array, "{byte:02x}").expect("a string takes what is written");
            }
            array.push_str("','hex'),'UTF8')");
        }
    });
    array + "::text[]"
}

fn written(array: &mut String, number: &i64) {
    write!(array, "{number}").expect("a string takes what is written");
}

fn array<T>(values: impl Iterator<Item = T>, each: impl Fn(&mut String, T)) -> String {
    let mut array = "array[".to_owned();
    for (place, value) in values.enumerate() {
        if place > 0 {
            array.push(',');
        }
        each(&mut array, value);
    }
    array.push(']');
    array
}

/// Ends a call after its last value and a comma.
fn closed(mut call: String) -> String {
    call.pop();
    call.push(')');
    call
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_is_digits() {
        let rows = [
            vec![
                Cell::from(-1_i64),
                Cell::from("a'); drop table entries; --"),
            ],
            vec![Cell::Number(None), Cell::Text(None)],
        ];
        let call = insert(&rows);
        assert_eq!(
            call,
            "execute gp_insert (array[-1,null]::bigint[],array[convert_from(decode('\
             6127293b2064726f70207461626c6520656e74726965733b202d2d','hex'),'UTF8'),null]::text[])"
        );
    }

    #[test]
    fn nothing_is_an_empty_array() {
        let call = look(&Questions::default());
        assert!(
            call.starts_with("execute gp_look (array[]::bigint[],"),
            "{call}"
        );
        assert_eq!(call.matches("array[]").count(), 11);
    }
}
