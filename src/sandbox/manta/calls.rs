//! Checks 6 and 7: what the three endpoints answer. Source: points-backends, 3.2, 3.3 and 5.3.

use std::collections::HashSet;
use std::io;

use axum::http::StatusCode;
use serde_json::Map;
use serde_json::Value;

use super::books::Books;
use super::books::Fact;
use super::books::MantaClient;
use super::desk::Endpoint;
use super::desk::Passed;
use super::desk::Refusal;
use super::fields;
use super::fields::PointsAsked;
use super::pass;
use super::reply;
use super::reply::NO_SUCH_CLIENT;
use super::shapes::NoPoints;
use super::shapes::PointOrder;
use super::shapes::UnknownIds;
use crate::sandbox::service::Answer;
use crate::sandbox::service::Arrived;
use crate::sandbox::service::Json;

type Called = Result<Answer, Refusal>;

/// Answers a request that passed the first five checks.
pub fn answer(
    books: &mut Books,
    passed: &Passed,
    arrived: &Arrived,
    now_ms: i64,
) -> io::Result<Called> {
    match passed.endpoint {
        Endpoint::Points => Ok(points(books, &passed.bot, &passed.body)),
        Endpoint::Clients => Ok(clients(books, &passed.bot, &arrived.query)),
        Endpoint::Token => refresh(books, &passed.bot, now_ms).map(Ok),
    }
}

fn points(books: &mut Books, bot: &str, body: &Map<String, Value>) -> Called {
    let asked = fields::points(body).map_err(Refusal::missing)?;
    let clients = books.clients(bot);
    let (mut entries, unknown) = found(&clients, &asked);
    let shapes = books.shapes().clone();
    if unknown && shapes.unknown_ids == UnknownIds::Refused {
        let status = StatusCode::NOT_FOUND;
        return Err(Refusal::new(status, NO_SUCH_CLIENT, "Get client failed"));
    }
    if shapes.point_order == PointOrder::Shuffled {
        for last in (1..entries.len()).rev() {
            entries.swap(last, books.die.below(last + 1));
        }
    }
    let more = match shapes.no_points {
        NoPoints::Absent if entries.is_empty() => Vec::new(),
        _ => vec![("points", Json::List(entries))],
    };
    Ok(reply::success("Get client points successfully", more))
}

/// One entry for each id that somebody has, and whether there was one that nobody has.
fn found(clients: &[MantaClient], asked: &PointsAsked) -> (Vec<Json>, bool) {
    let mut entries = Vec::new();
    let mut unknown = false;
    let mut look = |field: &'static str, id: &String, client: Option<&MantaClient>| match client {
        Some(client) => entries.push(Json::Object(vec![
            ("platform", Json::text(&client.platform)),
            (field, Json::text(id)),
            ("points", Json::Number(client.points)),
        ])),
        None => unknown = true,
    };
    for id in once(&asked.clients) {
        let client = clients.iter().find(|client| client.id == *id);
        look("clientId", id, client);
    }
    if let Some((platform, ids)) = &asked.platform {
        for id in once(ids) {
            let client = clients
                .iter()
                .find(|client| client.platform == *platform && client.platform_client_id == *id);
            look("platformClientId", id, client);
        }
    }
    (entries, unknown)
}

/// The ids in their order, each of them once.
fn once(ids: &[String]) -> Vec<&String> {
    let mut seen = HashSet::new();
    ids.iter().filter(|id| seen.insert(id.as_str())).collect()
}

fn clients(books: &Books, bot: &str, query: &str) -> Called {
    let asked = fields::clients(query).map_err(Refusal::missing)?;
    let matches = |client: &MantaClient| {
        (asked.customer_id.is_none() || client.customer_id == asked.customer_id)
            && asked
                .platform
                .as_ref()
                .is_none_or(|platform| client.platform == *platform)
    };
    let all: Vec<MantaClient> = books.clients(bot).into_iter().filter(matches).collect();
    let end = asked.offset.saturating_add(asked.limit);
    let list = all
        .iter()
        .skip(asked.offset)
        .take(asked.limit)
        .map(|client| {
            let mut fields = vec![
                ("platform", Json::text(&client.platform)),
                // Here, unlike in the question for points, it is the platform's id.
                ("clientId", Json::text(&client.platform_client_id)),
            ];
            let customer = client.customer_id.as_ref();
            fields.extend(customer.map(|id| ("customerId", Json::text(id))));
            Json::Object(fields)
        })
        .collect();
    let mut inner = vec![("list", Json::List(list))];
    if end < all.len() {
        inner.push(("next", Json::text(end.to_string())));
    }
    let list = Json::Object(inner);
    Ok(reply::success(
        "Get clients successfully",
        vec![("clientList", list)],
    ))
}

fn refresh(books: &mut Books, bot: &str, now_ms: i64) -> io::Result<Answer> {
    let pair = pass::draw(bot, now_ms);
    let more = vec![
        ("apiToken", Json::text(&pair.token)),
        ("apiSecret", Json::text(&pair.secret)),
    ];
    let bot = bot.to_owned();
    books.tell(Fact::Pair { bot, pair })?;
    Ok(Answer {
        applied: 1,
        ..reply::success("Refresh token successfully", more)
    })
}
