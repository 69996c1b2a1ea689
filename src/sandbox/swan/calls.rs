//! Checks 4 to 6 and the answers of the five endpoints. Source: points-backends, 2.3 and 5.2.

use std::io;

use axum::http::StatusCode;

use super::books::BALANCE_LIMIT;
use super::books::Books;
use super::books::Fact;
use super::books::SwanEntry;
use super::books::SwanUser;
use super::desk::Endpoint;
use super::desk::Refusal;
use super::fields;
use super::fields::PageAsked;
use super::reply;
use super::shapes::CreatedField;
use super::shapes::Deduct;
use super::shapes::DetailId;
use super::shapes::LedgerForm;
use super::shapes::PointsForm;
use super::shapes::RepeatedId;
use super::shapes::SwanShapes;
use crate::sandbox::service::Answer;
use crate::sandbox::service::Arrived;
use crate::sandbox::service::Json;

type Called = Result<Answer, Refusal>;

/// Answers a request whose caller is known to be who they say.
pub fn answer(
    books: &mut Books,
    endpoint: Endpoint,
    caller: &str,
    arrived: &Arrived,
    now_ms: i64,
) -> io::Result<Called> {
    match endpoint {
        Endpoint::Balance => Ok(known(books, caller).map(|user| balance(&user))),
        Endpoint::Mine | Endpoint::Ledger => Ok(ledger(books, endpoint, caller, &arrived.query)),
        Endpoint::Add => add(books, arrived.bytes(), now_ms),
        Endpoint::Report => report(books, arrived.bytes(), now_ms),
    }
}

fn known(books: &Books, user: &str) -> Result<SwanUser, Refusal> {
    books.user(user).ok_or_else(Refusal::no_such_user)
}

fn balance(user: &SwanUser) -> Answer {
    reply::success(Json::Object(vec![
        ("userId", Json::text(&user.id)),
        ("balance", Json::Number(user.balance)),
        ("createdAt", Json::Number(user.created_ms)),
        ("updatedAt", Json::Number(user.updated_ms)),
    ]))
}

fn ledger(books: &Books, endpoint: Endpoint, caller: &str, query: &str) -> Called {
    let asked = fields::page(query).map_err(Refusal::bad_json)?;
    let user = known(books, caller)?;
    let within = |entry: &SwanEntry| {
        asked.start_ms.is_none_or(|start| entry.time_ms >= start)
            && asked.end_ms.is_none_or(|end| entry.time_ms <= end)
    };
    let entries: Vec<SwanEntry> = books.ledger(caller).into_iter().filter(within).collect();
    let shown = entries
        .iter()
        .skip(asked.page.saturating_mul(asked.size))
        .take(asked.size);
    let form = Form::of(books.shapes(), endpoint);
    let shown = shown.map(|entry| form.entry(entry)).collect();
    Ok(form.page(&user, shown, asked, entries.len()))
}

/// The forms of one endpoint, all choices made.
struct Form {
    endpoint: Endpoint,
    ledger: LedgerForm,
    points: PointsForm,
    created: CreatedField,
    detail_id: DetailId,
}

impl Form {
    fn of(shapes: &SwanShapes, endpoint: Endpoint) -> Self {
        // 1.2.2 and 1.2.3 of the document differ in each of these.
        let mine = endpoint == Endpoint::Mine;
        let pick = |mine_has, ledger_has| if mine { mine_has } else { ledger_has };
        Self {
            endpoint,
            ledger: match shapes.ledger {
                LedgerForm::Documented => pick(LedgerForm::Object, LedgerForm::Array),
                chosen => chosen,
            },
            points: match shapes.points {
                PointsForm::Documented if mine => PointsForm::Number,
                PointsForm::Documented => PointsForm::String,
                chosen => chosen,
            },
            created: match shapes.created {
                CreatedField::Documented if mine => CreatedField::CreateAt,
                CreatedField::Documented => CreatedField::CreatedAt,
                chosen => chosen,
            },
            detail_id: match shapes.detail_id {
                DetailId::Documented if mine => DetailId::Number,
                DetailId::Documented => DetailId::TransactionId,
                chosen => chosen,
            },
        }
    }

    fn entry(&self, entry: &SwanEntry) -> Json {
        let points = match self.points {
            PointsForm::String => Json::text(entry.points.to_string()),
            _ => Json::Number(entry.points),
        };
        let detail_id = match self.detail_id {
            DetailId::TransactionId if !entry.transaction_id.is_empty() => {
                Json::text(&entry.transaction_id)
            }
            _ => Json::Number(entry.id),
        };
        let created = match self.created {
            CreatedField::CreateAt => "createAt",
            _ => "createdAt",
        };
        if self.endpoint == Endpoint::Ledger {
            return Json::Object(vec![
                ("points", points),
                ("userId", Json::text(&entry.user)),
                ("detailId", detail_id),
                (created, Json::Number(entry.time_ms)),
                ("type", Json::text(camel(&entry.kind))),
                ("info", Json::text(&entry.info)),
            ]);
        }
        let updated = match self.created {
            CreatedField::CreateAt => "updateAt",
            _ => "updatedAt",
        };
        let tenant = entry.user.split_once(':').map_or("", |(_, domain)| domain);
        Json::Object(vec![
            ("id", Json::Number(entry.id)),
            ("tid", Json::text(tenant)),
            ("mid", Json::text("M00002")),
            (created, Json::Number(entry.time_ms)),
            (updated, Json::Number(entry.time_ms)),
            ("userId", Json::text(&entry.user)),
            ("type", Json::text(&entry.kind)),
            ("detailId", detail_id),
            ("points", points),
            ("info", Json::text(&entry.info)),
        ])
    }

    fn page(&self, user: &SwanUser, shown: Vec<Json>, asked: PageAsked, total: usize) -> Answer {
        if self.ledger == LedgerForm::Malformed {
            return reply::almost(malformed(&shown, asked.size, total));
        }
        let count = |count: usize| Json::Number(i64::try_from(count).unwrap_or(i64::MAX));
        let paging = vec![
            ("page", count(asked.page)),
            ("size", count(asked.size)),
            ("total", count(total)),
        ];
        let mut body = Vec::new();
        if self.endpoint == Endpoint::Mine {
            // Upstream names it so also where a customer asks.
            body.push(("staffId", Json::text(&user.id)));
        }
        if self.ledger == LedgerForm::Object {
            let mut inner = vec![("content", Json::List(shown))];
            inner.extend(paging);
            body.push(("transaction", Json::Object(inner)));
        } else {
            body.push(("transaction", Json::List(shown)));
            body.extend(paging);
        }
        if self.endpoint == Endpoint::Mine {
            body.push(("balance", Json::Number(user.balance)));
            body.push(("oneMonthExpired", Json::Number(0)));
        }
        reply::success(Json::Object(body))
    }
}

/// A page as 1.2.3 is printed: the braces around the entries are missing, and so is `page`.
fn malformed(shown: &[Json], size: usize, total: usize) -> String {
    let pairs: Vec<String> = shown
        .iter()
        .map(|entry| {
            let text = String::from_utf8_lossy(&entry.bytes()).into_owned();
            let inside = text.strip_prefix('{').and_then(|t| t.strip_suffix('}'));
            inside.unwrap_or(&text).to_owned()
        })
        .collect();
    let pairs = pairs.join(",");
    format!(r#"{{"transaction":[{pairs}],"size":{size},"total":{total}}}"#)
}

/// `RETAIL_LIKE` as 1.2.3 spells it: `RetailLike`.
fn camel(kind: &str) -> String {
    if !kind.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') {
        return kind.to_owned();
    }
    let words = kind.split('_').filter(|word| !word.is_empty());
    words
        .map(|word| format!("{}{}", &word[..1], word[1..].to_ascii_lowercase()))
        .collect()
}

fn add(books: &mut Books, body: &[u8], now_ms: i64) -> io::Result<Called> {
    let change = match fields::change(body) {
        Ok(change) => change,
        Err(field) => return Ok(Err(Refusal::bad_json(field))),
    };
    let Some(balance) = books.balance(&change.user) else {
        return Ok(Err(Refusal::no_such_user()));
    };
    if books.is_used(&change.transaction_id) {
        match books.shapes().repeated_id {
            RepeatedId::Again => {}
            RepeatedId::Silent => return Ok(Ok(done(0))),
            RepeatedId::Conflict => {
                return Ok(Err(Refusal::new(
                    StatusCode::CONFLICT,
                    "SWAN_TRANSACTION_EXISTS",
                    "transactionId has been used",
                )));
            }
        }
    }
    let points = match (books.shapes().deduct, change.point) {
        (Deduct::ByType, point) if point > 0 && change.kind.ends_with("REDEEM") => -point,
        (Deduct::ByType | Deduct::Refuse, point) if point < 0 => {
            return Ok(Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "SWAN_POINT_NEGATIVE",
                "point must be positive",
            )));
        }
        (_, point) => point,
    };
    if let Err(refusal) = fits(balance, points) {
        return Ok(Err(refusal));
    }
    let entry = books.entry(
        &change.user,
        &change.kind,
        points,
        &change.info,
        &change.transaction_id,
        now_ms,
    );
    books.tell(Fact::Entered(entry))?;
    Ok(Ok(done(1)))
}

fn report(books: &mut Books, body: &[u8], now_ms: i64) -> io::Result<Called> {
    let event = match fields::event(body) {
        Ok(event) => event,
        Err(field) => return Ok(Err(Refusal::bad_json(field))),
    };
    let Some(balance) = books.balance(&event.user) else {
        return Ok(Err(Refusal::no_such_user()));
    };
    if books.balance(&event.staff).is_none() {
        return Ok(Err(Refusal::no_such_user()));
    }
    if books.is_reported(&event.operation_id) {
        return Ok(Ok(done(0)));
    }
    let worth = books.rule(&event.kind).filter(|points| *points != 0);
    let entry = match worth {
        None => None,
        Some(points) => match fits(balance, points) {
            Err(refusal) => return Ok(Err(refusal)),
            Ok(()) => Some(books.entry(
                &event.user,
                &event.kind,
                points,
                "",
                &event.operation_id,
                now_ms,
            )),
        },
    };
    let applied = usize::from(entry.is_some());
    books.tell(Fact::Reported {
        operation_id: event.operation_id,
        entry,
    })?;
    Ok(Ok(done(applied)))
}

fn fits(balance: i64, points: i64) -> Result<(), Refusal> {
    let after = balance + points;
    if after < 0 {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "SWAN_BALANCE_NOT_ENOUGH",
            "balance not enough",
        ));
    }
    if after > BALANCE_LIMIT {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "SWAN_BALANCE_TOO_LARGE",
            "balance too large",
        ));
    }
    Ok(())
}

/// Status 200 and `{}`, which says nothing of what happened.
fn done(applied: usize) -> Answer {
    Answer {
        applied,
        ..reply::success(Json::Object(Vec::new()))
    }
}
