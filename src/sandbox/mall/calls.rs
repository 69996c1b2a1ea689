//! Checks 11 to 13 and the documented answers of the four endpoints.

use std::io;

use axum::http::StatusCode;

use super::bank::Bank;
use super::bank::Outcome;
use super::desk::Endpoint;
use super::desk::Passed;
use super::parameters;
use super::parameters::Operation;
use super::reply;
use super::reply::APP_NOT_ENABLED;
use super::reply::Code;
use super::reply::ILLEGAL_GUILD;
use super::reply::NO_SUCH_USER;
use super::shapes::BatchOrder;
use super::shapes::EmptyRecord;
use super::shapes::ErrorShape;
use crate::sandbox::service::Answer;
use crate::sandbox::service::Arrived;
use crate::sandbox::service::Json;

/// Answers a request that passed the first ten checks.
pub fn answer(
    bank: &mut Bank,
    passed: &Passed,
    arrived: &Arrived,
    now_ms: i64,
) -> io::Result<Answer> {
    let body = arrived.body.as_deref().unwrap_or_default();
    let unit = bank.shapes().length_unit;
    match passed.endpoint {
        Endpoint::GetUserPoint => Ok(match parameters::balance_query(&passed.query) {
            Ok((guild, user)) => balance(bank, passed, guild, user),
            Err(field) => bad_parameter(&field),
        }),
        Endpoint::FindPointRecord => Ok(match parameters::record_query(&passed.query, unit) {
            Ok(biz_id) => record(bank, &biz_id),
            Err(field) => bad_parameter(&field),
        }),
        Endpoint::ModifyUserPoint => match parameters::single_body(body, unit) {
            Ok(operation) => single(bank, passed, operation, now_ms),
            Err(field) => Ok(bad_parameter(&field)),
        },
        Endpoint::BatchModifyUserPoint => match parameters::batch_body(body, unit) {
            Ok((guild, operations)) => batch(bank, passed, guild, &operations, now_ms),
            Err(field) => Ok(bad_parameter(&field)),
        },
    }
}

fn bad_parameter(words: &str) -> Answer {
    reply::status(StatusCode::BAD_REQUEST, words)
}

/// Check 12.
fn closed(bank: &Bank, passed: &Passed, guild: u64) -> Option<Answer> {
    if !bank.knows(guild) {
        return Some(reply::refused(ILLEGAL_GUILD));
    }
    let on = bank
        .apps
        .get(&passed.app_key)
        .is_some_and(|app| app.on.contains(&guild));
    (!on).then(|| reply::refused(APP_NOT_ENABLED))
}

fn balance(bank: &Bank, passed: &Passed, guild: u64, user: u64) -> Answer {
    if let Some(refusal) = closed(bank, passed, guild) {
        return refusal;
    }
    match bank.balance(guild, user) {
        Some(points) => reply::success(Json::Object(vec![
            ("guildId", Json::text(guild.to_string())),
            ("userId", Json::text(user.to_string())),
            ("point", Json::Number(points)),
        ])),
        None if bank.shapes().unknown_balance_null => reply::success(Json::Null),
        None => reply::refused(NO_SUCH_USER),
    }
}

fn record(bank: &Bank, biz_id: &str) -> Answer {
    let data = match bank.find(biz_id) {
        Some(found) => Some(Json::Object(vec![
            ("bizId", Json::text(&found.biz_id)),
            ("fbLongId", Json::id(found.user)),
            ("point", Json::Number(found.points)),
            ("remark", Json::text(&found.remark)),
        ])),
        None => match bank.shapes().empty_record {
            EmptyRecord::Null => Some(Json::Null),
            EmptyRecord::Object => Some(Json::Object(Vec::new())),
            EmptyRecord::Absent => None,
            EmptyRecord::Text => Some(Json::text("")),
            EmptyRecord::List => Some(Json::List(Vec::new())),
        },
    };
    reply::looked_up(data)
}

fn single(
    bank: &mut Bank,
    passed: &Passed,
    operation: Operation,
    now_ms: i64,
) -> io::Result<Answer> {
    if let Some(refusal) = closed(bank, passed, operation.guild) {
        return Ok(refusal);
    }
    let operations = [operation];
    let outcome = bank.change(&operations, now_ms)?.remove(0);
    let [operation] = operations;
    let inner = result(&operation, outcome);
    let Err(code) = outcome else {
        let mut answer = reply::success(inner);
        answer.applied = 1;
        return Ok(answer);
    };
    Ok(match bank.shapes().error_shape {
        ErrorShape::Outer => reply::refused(code),
        ErrorShape::Inner => reply::success(inner),
        ErrorShape::Both => reply::refused_with(code, inner),
    })
}

fn batch(
    bank: &mut Bank,
    passed: &Passed,
    guild: u64,
    operations: &[Operation],
    now_ms: i64,
) -> io::Result<Answer> {
    if let Some(refusal) = closed(bank, passed, guild) {
        return Ok(refusal);
    }
    let outcomes = bank.change(operations, now_ms)?;
    let applied = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let mut results: Vec<Json> = operations
        .iter()
        .zip(outcomes)
        .map(|(operation, outcome)| result(operation, outcome))
        .collect();
    match bank.shapes().batch_order {
        BatchOrder::List => {}
        BatchOrder::Reversed => results.reverse(),
        BatchOrder::Shuffled => {
            for last in (1..results.len()).rev() {
                results.swap(last, bank.die.below(last + 1));
            }
        }
    }
    let data = match (bank.shapes().batch_single_object, results.len()) {
        (true, 1) => results.remove(0),
        _ => Json::List(results),
    };
    let mut answer = reply::success(data);
    answer.applied = applied;
    Ok(answer)
}

/// The `data` of a single change, or one item of a batch's.
fn result(operation: &Operation, outcome: Outcome) -> Json {
    let (code, words) = match outcome {
        Ok(()) => (0, ""),
        Err(Code { number, words }) => (number, words),
    };
    Json::Object(vec![
        ("guildId", Json::id(operation.guild)),
        ("fbLongId", Json::id(operation.user)),
        ("code", Json::Number(code)),
        ("message", Json::text(words)),
    ])
}
