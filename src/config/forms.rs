//! The forms single values take.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::config::names;
use crate::config::reader::Complaint;
use crate::config::tree::Node;
use crate::config::tree::Value;
use crate::model::Language;
use crate::support::duration;

/// True or false.
pub(super) fn boolean(node: &Node) -> Result<bool, Complaint> {
    match node.value {
        Value::Boolean(truth) => Ok(truth),
        _ => Err(wrong_kind("true or false", node)),
    }
}

/// Text with something in it and no control characters.
pub(super) fn text(node: &Node) -> Result<String, Complaint> {
    let text = node.text().ok_or_else(|| wrong_kind("a string", node))?;
    if text.trim().is_empty() {
        return Err(Complaint::new("it is empty"));
    }
    if text.chars().any(char::is_control) {
        return Err(Complaint::new("it has a control character inside"));
    }
    Ok(text.trim().to_owned())
}

/// A whole number within `range`.
pub(super) fn whole(range: RangeInclusive<i64>) -> impl Fn(&Node) -> Result<i64, Complaint> {
    move |node| match node.value {
        Value::Integer(number) => number
            .and_then(|number| i64::try_from(number).ok())
            .filter(|number| range.contains(number))
            .ok_or_else(|| out_of_range(range.start(), range.end())),
        _ => Err(wrong_kind("a whole number", node)),
    }
}

/// A rate a second, above zero. The upper bound is far above what any platform takes: whoever
/// measures the bot itself must be able to set the limits out of the way.
pub(super) fn rate(node: &Node) -> Result<f64, Complaint> {
    let rate = match node.value {
        Value::Float(rate) => rate,
        Value::Integer(Some(rate)) => rate as f64,
        _ => return Err(wrong_kind("a number", node)),
    };
    if (0.01..=1_000_000.0).contains(&rate) {
        Ok(rate)
    } else {
        Err(out_of_range("0.01", "1000000"))
    }
}

/// An id of the platform: a whole number or a string of digits, above zero.
pub(super) fn id(node: &Node) -> Result<u64, Complaint> {
    const FORM: &str = "an id is a whole number or a string of digits, as the app copies it";
    let id = match (&node.value, node.text()) {
        (Value::Integer(number), _) => number.and_then(|number| u64::try_from(number).ok()),
        (Value::Float(_), None) => {
            return Err(Complaint::new(FORM)
                .helping("a number with a fraction or an exponent has already lost digits"));
        }
        (_, Some(text)) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    };
    id.filter(|id| *id > 0).ok_or_else(|| Complaint::new(FORM))
}

/// One of a few words.
pub(super) fn one_of(
    words: &'static [&'static str],
) -> impl Fn(&Node) -> Result<String, Complaint> {
    move |node| {
        let word = text(node)?;
        if words.contains(&word.as_str()) {
            return Ok(word);
        }
        let meant = names::close(&word.to_lowercase(), words.iter().copied());
        Err(Complaint::new(format!("expected one of {}", words.join(", "))).suggesting(meant))
    }
}

/// A language the bot speaks.
pub(super) fn language(node: &Node) -> Result<Language, Complaint> {
    let tag = text(node)?;
    tag.parse().map_err(|error| {
        let tags = Language::ALL.map(Language::tag);
        let meant = match tag.to_lowercase().get(..2) {
            Some("zh") => Some("zh-CN"),
            Some("en") => Some("en-US"),
            _ => names::close(&tag, tags),
        };
        Complaint::new(format!("{error}")).suggesting(meant)
    })
}

/// A time zone by its IANA name.
pub(super) fn zone(node: &Node) -> Result<TimeZone, Complaint> {
    let name = text(node)?;
    TimeZone::get(&name).map_err(|_| {
        let known: Vec<String> = jiff::tz::db()
            .available()
            .map(|zone| zone.to_string())
            .collect();
        let meant = names::close(&name, known.iter().map(String::as_str)).map(str::to_owned);
        Complaint::new("no time zone has this name")
            .suggesting(meant)
            .helping("use a name of the IANA list, such as `Asia/Shanghai`")
    })
}

/// A length of time within `range`.
pub(super) fn length(
    range: RangeInclusive<Duration>,
) -> impl Fn(&Node) -> Result<Duration, Complaint> {
    move |node| {
        let text = node
            .text()
            .ok_or_else(|| wrong_kind("a length of time such as \"10m\"", node))?;
        let length = duration::parse(text).map_err(|error| Complaint::new(format!("{error}")))?;
        if range.contains(&length) {
            Ok(length)
        } else {
            Err(out_of_range(
                duration::write(*range.start()),
                duration::write(*range.end()),
            ))
        }
    }
}

/// An address with one of the two schemes, plain and encrypted, without final slashes.
pub(super) fn address(schemes: [&'static str; 2]) -> impl Fn(&Node) -> Result<String, Complaint> {
    move |node| {
        let text = text(node)?;
        let [plain, encrypted] = schemes;
        if !text.contains("://") {
            return Err(Complaint::new(format!(
                "expected an address with its scheme: `{encrypted}://…`"
            ))
            .helping(format!(
                "`{plain}://` is for addresses of this machine, `{encrypted}://` for all others"
            )));
        }
        let url = reqwest::Url::parse(&text)
            .map_err(|error| Complaint::new(format!("this is no address: {error}")))?;
        if !schemes.contains(&url.scheme()) {
            return Err(Complaint::new(format!(
                "expected `{plain}://` or `{encrypted}://`"
            )));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Complaint::new(
                "an address here has no user and no password",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(Complaint::new("an address here has no `?` and no `#`"));
        }
        Ok(text.trim_end_matches('/').to_owned())
    }
}

/// Whether an address sends in the clear to another machine.
pub(super) fn is_in_the_clear(address: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(address) else {
        return false;
    };
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_here = host == "localhost"
        || host.ends_with(".localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    matches!(url.scheme(), "http" | "ws") && !is_here
}

/// A complaint about the kind of a value.
pub(super) fn wrong_kind(expected: &str, node: &Node) -> Complaint {
    Complaint::new(format!("expected {expected}, found {}", node.kind()))
}

fn out_of_range(least: impl fmt::Display, most: impl fmt::Display) -> Complaint {
    Complaint::new(format!("it must lie within {least} and {most}"))
}
