//! The wire: takes requests in, lets faults at them, and sends answers out.
//!
//! Each request is worked on in a task of its own, so that one which is delayed takes effect also
//! when its sender has long gone. The task ends early only when the system stops.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::body::Bytes;
use axum::extract::Request as Incoming;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::Response;
use futures_util::StreamExt;
use futures_util::stream;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

use super::Arrived;
use super::Office;
use super::Processed;
use super::Service;
use super::answer::Answer;
use super::answer::AnswerBody;
use super::requests::Request;
use super::requests::Stay;
use super::spoil;
use crate::sandbox::fault::CloseConnection;
use crate::sandbox::fault::Delivery;
use crate::sandbox::fault::FaultKind;
use crate::sandbox::fault::Moment;
use crate::sandbox::fault::RetryAfter;

/// The longest body that is read. Source: points-backends, 5.1, check 3.
const BODY_LIMIT: usize = 1024 * 1024;
/// How much of a longer body is thrown away so that its sender gets to read the refusal.
const DRAIN_LIMIT: usize = 16 * BODY_LIMIT;
const JSON: &str = "application/json;charset=UTF-8";
const PLAIN: &str = "text/plain;charset=UTF-8";
const WEB_PAGE: &str = "text/html;charset=UTF-8";
/// Characters of a request that are remembered.
const NOTED: usize = 300;
/// Where a redirect goes: a name that can never exist. Source: RFC 6761, 6.4.
const ELSEWHERE: &str = "https://elsewhere.invalid/login";

/// Takes one request of a system and answers it.
pub async fn take<S: Service>(State(service): State<S>, request: Incoming) -> Response {
    let (head, body) = request.into_parts();
    let Some(body) = read(body).await else {
        return close();
    };
    let arrived = Arrived {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or("").to_owned(),
        headers: head.headers,
        body: body.whole(),
    };
    let tasks = service.office().tasks.clone();
    let at_work = tasks.spawn(async move { work(&service, &arrived).await });
    at_work.await.unwrap_or_else(|_| close())
}

enum Read {
    Whole(Bytes),
    TooLong,
}

impl Read {
    fn whole(self) -> Option<Bytes> {
        match self {
            Self::Whole(bytes) => Some(bytes),
            Self::TooLong => None,
        }
    }
}

/// The body; `None` if its sender left in the middle of it.
async fn read(body: Body) -> Option<Read> {
    let mut pieces = body.into_data_stream();
    let mut whole = Vec::new();
    let mut length = 0;
    while let Some(piece) = pieces.next().await {
        let piece = piece.ok()?;
        length += piece.len();
        if length <= BODY_LIMIT {
            whole.extend_from_slice(&piece);
        } else if length > DRAIN_LIMIT {
            break;
        }
    }
    Some(if length <= BODY_LIMIT {
        Read::Whole(Bytes::from(whole))
    } else {
        Read::TooLong
    })
}

async fn work<S: Service>(service: &S, arrived: &Arrived) -> Response {
    let office = service.office();
    let stay = office.requests.arrives();
    office.ring();
    let fault = S::endpoint(arrived).and_then(|name| office.faults.hit(name));
    let visit = Visit {
        service,
        office,
        arrived,
        fault: fault.as_ref(),
        stay: &stay,
    };
    let Some(fault) = &fault else {
        let answer = visit.process().await;
        return visit.send(&answer);
    };
    if let Some(response) = visit.spoiled_before(fault) {
        return response;
    }
    if let FaultKind::DelayBefore { ms } = fault
        && visit.wait(*ms).await == Waited::Stopped
    {
        return visit.drop_it(0);
    }
    let mut answer = visit.process().await;
    if let FaultKind::DuplicateRequest { sees } = fault {
        let second = visit.process().await;
        let (seen, lost) = match sees {
            Delivery::First => (answer, second),
            Delivery::Second => (second, answer),
        };
        visit.note(Some(lost.status), &lost);
        return visit.send(&seen);
    }
    spoil::fields(&mut answer, fault);
    visit.spoiled_after(fault, answer).await
}

/// One request on its way through.
struct Visit<'a, S> {
    service: &'a S,
    office: &'a Office,
    arrived: &'a Arrived,
    fault: Option<&'a FaultKind>,
    stay: &'a Stay<'a>,
}

#[derive(PartialEq, Eq)]
enum Waited {
    Over,
    Stopped,
}

impl<S: Service> Visit<'_, S> {
    fn now_ms(&self) -> i64 {
        let skew = match self.fault {
            Some(FaultKind::ClockSkew { ms }) => *ms,
            _ => 0,
        };
        self.office.clock.now_ms().saturating_add(skew)
    }

    /// Losing the future while it waits is safe: nothing has been changed, or all of it has.
    async fn wait(&self, ms: u64) -> Waited {
        tokio::select! {
            () = self.office.stop.cancelled() => Waited::Stopped,
            () = tokio::time::sleep(Duration::from_millis(ms)) => Waited::Over,
        }
    }

    /// All checks and the change, on disk when this returns.
    async fn process(&self) -> Answer {
        match self.try_process().await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::error!(%error, system = S::NAME, "a file of the sandbox cannot be written");
                S::failed(StatusCode::INTERNAL_SERVER_ERROR, "cannot write")
            }
        }
    }

    async fn try_process(&self) -> io::Result<Answer> {
        let Processed { answer, file } = self.service.process(self.arrived, self.now_ms())?;
        if let Some(file) = file
            && answer.applied > 0
        {
            tokio::task::spawn_blocking(move || file.sync_data())
                .await
                .map_err(io::Error::other)??;
        }
        Ok(answer)
    }

    /// The answer of a fault that strikes before anything is applied.
    fn spoiled_before(&self, fault: &FaultKind) -> Option<Response> {
        let answer = match fault {
            FaultKind::DropBefore => return Some(self.drop_it(0)),
            FaultKind::Status500Before => internal_error::<S>(),
            FaultKind::Html200 {
                when: Moment::Before,
            } => Answer::page(),
            FaultKind::MalformedJson {
                when: Moment::Before,
                form,
            } => {
                let answer = S::nothing();
                self.note(Some(answer.status), &answer);
                return Some(self.response(&answer, |body| spoil::broken(body, *form)));
            }
            FaultKind::AnswerCode {
                code,
                when: Moment::Before,
            } => S::other_code(*code),
            FaultKind::Rate429 { retry_after } => return Some(self.too_many(*retry_after)),
            FaultKind::Redirect302 { location } => {
                let answer = S::failed(StatusCode::FOUND, "moved");
                let location = location.as_deref().unwrap_or(ELSEWHERE);
                answer.with(header::LOCATION, location)
            }
            _ => return None,
        };
        Some(self.send(&answer))
    }

    /// The answer of a fault that strikes after the effect.
    async fn spoiled_after(&self, fault: &FaultKind, answer: Answer) -> Response {
        let applied = answer.applied;
        let instead = match fault {
            FaultKind::DropAfter => return self.drop_it(applied),
            FaultKind::DelayAfter { ms } => {
                if self.wait(*ms).await == Waited::Stopped {
                    return self.drop_it(applied);
                }
                answer
            }
            FaultKind::Status500After => internal_error::<S>(),
            FaultKind::Html200 { .. } => Answer::page(),
            FaultKind::AnswerCode { code, .. } => S::other_code(*code),
            FaultKind::MalformedJson { form, .. } => {
                self.note(Some(answer.status), &answer);
                return self.response(&answer, |body| spoil::broken(body, *form));
            }
            FaultKind::SlowBody => {
                self.note(Some(answer.status), &answer);
                return self.slowly(&answer);
            }
            _ => answer,
        };
        self.send(&Answer { applied, ..instead })
    }

    fn too_many(&self, retry_after: RetryAfter) -> Response {
        let answer = S::failed(StatusCode::TOO_MANY_REQUESTS, "too many requests");
        let value = match retry_after {
            RetryAfter::Absent => return self.send(&answer),
            RetryAfter::Seconds(seconds) => seconds.to_string(),
            RetryAfter::Date(seconds) => http_date(self.now_ms() + i64::from(seconds) * 1000),
            RetryAfter::Absurd => "999999".to_owned(),
        };
        self.send(&answer.with(header::RETRY_AFTER, value))
    }

    fn send(&self, answer: &Answer) -> Response {
        self.note(Some(answer.status), answer);
        self.response(answer, |body| body)
    }

    fn drop_it(&self, applied: usize) -> Response {
        let nothing = Answer {
            applied,
            ..Answer::page()
        };
        self.note(None, &nothing);
        close()
    }

    fn slowly(&self, answer: &Answer) -> Response {
        let mut whole = Vec::new();
        let response = self.response(answer, |body| {
            whole = body;
            Vec::new()
        });
        let stop = self.office.stop.clone();
        let bytes = stream::unfold(whole.into_iter(), move |mut left| {
            let stop = stop.clone();
            async move {
                let byte = left.next()?;
                // Losing this future loses the connection, which is all that it serves.
                tokio::select! {
                    () = stop.cancelled() => None,
                    () = tokio::time::sleep(Duration::from_secs(1)) => {
                        Some((Ok::<_, Infallible>(Bytes::from(vec![byte])), left))
                    }
                }
            }
        });
        response.map(|_| Body::from_stream(bytes))
    }

    fn response(&self, answer: &Answer, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Response {
        let (media, body) = match &answer.body {
            AnswerBody::Page => (WEB_PAGE, S::PAGE.as_bytes().to_vec()),
            AnswerBody::Json(json) => (JSON, json.bytes()),
            AnswerBody::Almost(text) => (JSON, text.clone().into_bytes()),
            AnswerBody::Text(text) => (PLAIN, text.clone().into_bytes()),
        };
        let mut response = Response::new(Body::from(change(body)));
        *response.status_mut() = answer.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
        for (name, value) in &answer.headers {
            // A value that cannot be written is left out; only a made-up location could be one.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        // The server would write the machine's time, not the sandbox's.
        if let Ok(date) = HeaderValue::from_str(&http_date(self.now_ms())) {
            headers.insert(header::DATE, date);
        }
        response
    }

    fn note(&self, status: Option<StatusCode>, answer: &Answer) {
        let arrived = self.arrived;
        let endpoint = match S::endpoint(arrived) {
            Some(name) => name.to_owned(),
            None => arrived.path.chars().take(NOTED).collect(),
        };
        // Cut after the secrets are out: half a secret would not be found any more.
        let noted = self.service.noted(arrived);
        let request = noted.request.chars().take(NOTED).collect();
        let status = status.map(|status| status.as_u16());
        let (code, applied) = (answer.code, answer.applied);
        let system = S::NAME;
        tracing::debug!(system, endpoint, status, code, applied, "sandbox request");
        self.office.requests.note(Request {
            time_ms: self.now_ms(),
            method: arrived.method.to_string(),
            endpoint,
            request,
            caller: noted.caller,
            status,
            code,
            errcode: answer.errcode,
            words: answer.words.to_string(),
            applied,
            fault: self.fault.cloned(),
            arrival: self.stay.arrival(),
            most_under_way: self.stay.most(),
        });
        self.office.ring();
    }
}

fn internal_error<S: Service>() -> Answer {
    S::failed(StatusCode::INTERNAL_SERVER_ERROR, "internal error")
}

fn close() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response.extensions_mut().insert(CloseConnection);
    response
}

/// A date as HTTP writes it; empty only outside the years 0 to 9999.
pub fn http_date(ms: i64) -> String {
    Timestamp::from_millisecond(ms)
        .ok()
        .and_then(|at| DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok())
        .unwrap_or_default()
}
