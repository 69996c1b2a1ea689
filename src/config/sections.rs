//! The sections above `[[guild]]`: one function a section.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::config::advice::Advice;
use crate::config::forms;
use crate::config::names;
use crate::config::reader::Complaint;
use crate::config::reader::Reader;
use crate::config::reader::Section;
use crate::config::tree::Node;
use crate::config::tree::Value;
use crate::fanbook::api::ApiSettings;
use crate::fanbook::gateway::GatewaySettings;
use crate::journal::StoreSettings;
use crate::model::Language;
use crate::ops::HttpSettings;
use crate::points::mall::MallSettings;
use crate::support::secret::Secret;

/// `[bot]`.
pub(super) struct Bot {
    pub(super) token: Option<Secret>,
    pub(super) api_url: String,
    pub(super) gateway: GatewaySettings,
    pub(super) language: Language,
    pub(super) zone: TimeZone,
    pub(super) commands_dir: Option<PathBuf>,
    pub(super) catch_up: Duration,
}

/// `[limits]`.
pub(super) struct Limits {
    pub(super) send_per_channel_per_second: f64,
    pub(super) api_per_second: f64,
    pub(super) mall_in_flight: usize,
}

/// Where the platform's Bot API is. Source: fanbook-platform, 1.1.
const API_URL: &str = "https://a1.fanbook.mobi";
/// Where the platform's gateway is. Source: fanbook-platform, 1.1.
const GATEWAY_URL: &str = "wss://gateway-bot.fanbook.mobi/websocket";
/// Where the mall is. Source: points-backends, 1.1.
const MALL_URL: &str =
    "https://open.fanbook.mobi/mp/138519745866498048/368331042878263296/shop-manage-pc";
/// The zone of guilds that name none.
const ZONE: &str = "Asia/Shanghai";
/// The store where none is named.
const STORE_URL: &str = "sqlite://guildpoints.db";
/// Where health is served, for this machine alone.
const LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8480);
/// One deadline for a whole request to the mall.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long the mall remembers a nonce, and so at the longest believes a request.
///
/// Source: points-backends, 1.2.1: a nonce may not repeat within 10 minutes.
const SIGNATURE_WINDOW: Duration = Duration::from_secs(600);
/// Source: points-backends, 1.7: an unknown outcome is looked up after 2 s.
const LOOK_UP_AFTER: Duration = Duration::from_secs(2);
/// How old a missed command may be: what was asked longer ago is settled otherwise by now.
const CATCH_UP: Duration = Duration::from_secs(600);
const DAY: Duration = Duration::from_secs(86_400);

/// Reads `[bot]`.
pub(super) fn bot(reader: &mut Reader<'_>, top: &Section<'_>) -> Bot {
    let section = reader.section(top, "bot", names::BOT);
    let api_url = reader.read(&section, "api_url", forms::address(["http", "https"]));
    let gateway_url = reader.read(&section, "gateway_url", forms::address(["ws", "wss"]));
    for (key, address) in [("api_url", &api_url), ("gateway_url", &gateway_url)] {
        warn_in_the_clear(reader, &section, key, address.as_deref());
    }
    let catch_up = reader.read(&section, "catch_up", forms::length(Duration::ZERO..=DAY));
    let zone = reader.read(&section, "timezone", forms::zone);
    Bot {
        token: reader.secret(&section, "token"),
        api_url: api_url.unwrap_or_else(|| API_URL.to_owned()),
        gateway: GatewaySettings {
            gateway_url: gateway_url.unwrap_or_else(|| GATEWAY_URL.to_owned()),
        },
        language: reader
            .read(&section, "language", forms::language)
            .unwrap_or_default(),
        zone: zone.unwrap_or_else(|| {
            TimeZone::get(ZONE).expect("the zone data built into the program has this zone")
        }),
        commands_dir: reader
            .read(&section, "commands_dir", forms::text)
            .map(|path| reader.folder.join(path)),
        catch_up: catch_up.unwrap_or(CATCH_UP),
    }
}

/// Reads `[store]`.
pub(super) fn store(reader: &mut Reader<'_>, top: &Section<'_>) -> StoreSettings {
    let section = reader.section(top, "store", names::STORE);
    let url = match section.node("url") {
        Some(node) if may_hold_a_password(node) => store_secret(reader, &section, node),
        _ => reader.read(&section, "url", |node| {
            forms::text(node).and_then(store_url)
        }),
    };
    StoreSettings {
        url: url.unwrap_or_else(|| STORE_URL.to_owned()),
    }
}

fn may_hold_a_password(node: &Node) -> bool {
    let elsewhere = matches!(node.value, Value::Table(_));
    elsewhere || node.text().is_some_and(|text| text.contains("postgres"))
}

/// The address of a database, kept and shown like any other secret.
fn store_secret(reader: &mut Reader<'_>, section: &Section<'_>, node: &Node) -> Option<String> {
    let url = reader.secret(section, "url")?.expose().trim().to_owned();
    match store_url(url) {
        Ok(url) => Some(url),
        Err(mut complaint) => {
            let path = section.key_path("url");
            complaint.message = format!("`{path}`: {}", complaint.message);
            reader.find(&path, &node.origin, complaint);
            None
        }
    }
}

/// The address, its form checked; what a database's has in it is read where it is opened.
fn store_url(url: String) -> Result<String, Complaint> {
    if let Some((scheme @ ("postgres" | "postgresql"), rest)) = url.split_once("://") {
        let database = rest.rsplit_once('@').map(|(_, host)| host);
        let database = database.and_then(|host| host.split_once('/'));
        return match database.is_some_and(|(_, name)| !name.is_empty()) {
            true => Ok(url),
            false => Err(Complaint::new(format!(
                "expected `{scheme}://ROLE:PASSWORD@HOST:PORT/DATABASE`"
            ))),
        };
    }
    match url
        .strip_prefix("sqlite:")
        .map(|path| path.strip_prefix("//").unwrap_or(path))
    {
        Some(path) if !path.is_empty() => Ok(url),
        _ => Err(
            Complaint::new("expected `sqlite://PATH` or `postgres://ROLE@HOST/DATABASE`")
                .suggesting(Some(STORE_URL)),
        ),
    }
}

/// Reads `[http]`; without it nothing listens.
pub(super) fn http(reader: &mut Reader<'_>, top: &Section<'_>) -> Option<HttpSettings> {
    let section = reader.section(top, "http", names::HTTP);
    if !section.is_present() {
        return None;
    }
    let font_dirs = reader.list(&section, "font_dirs", forms::text);
    let font_dirs = font_dirs.into_iter().map(|path| reader.folder.join(path));
    let font_dirs = font_dirs.collect();
    // Reserved: its form is checked, and a variable that is not set does no harm.
    if let Some(node) = section.node("admin_token") {
        reader.secret_source("http.admin_token", node);
        reader.reserve("http.admin_token");
    }
    Some(HttpSettings {
        listen: reader.read(&section, "listen", listen).unwrap_or(LISTEN),
        public_url: reader.read(&section, "public_url", forms::address(["http", "https"])),
        font_dirs,
    })
}

fn listen(node: &Node) -> Result<SocketAddr, Complaint> {
    let text = forms::text(node)?;
    text.parse().map_err(|_| {
        Complaint::new("expected an address and a port")
            .helping("write for example `127.0.0.1:8480`, or `0.0.0.0:8480` for every network")
    })
}

/// Reads `[limits]`.
pub(super) fn limits(reader: &mut Reader<'_>, top: &Section<'_>) -> Limits {
    let section = reader.section(top, "limits", names::LIMITS);
    let in_flight = reader.read(&section, "mall_in_flight", forms::whole(1..=256));
    Limits {
        send_per_channel_per_second: reader
            .read(&section, "send_per_channel_per_second", forms::rate)
            .unwrap_or(1.0),
        api_per_second: reader
            .read(&section, "api_per_second", forms::rate)
            .unwrap_or(4.0),
        mall_in_flight: in_flight
            .and_then(|most| usize::try_from(most).ok())
            .unwrap_or(8),
    }
}

/// The settings of the Bot API, where the token was found.
pub(super) fn api(bot: &Bot, limits: &Limits) -> Option<ApiSettings> {
    Some(ApiSettings {
        api_url: bot.api_url.clone(),
        token: bot.token.clone()?,
        send_per_channel_per_second: limits.send_per_channel_per_second,
        api_per_second: limits.api_per_second,
    })
}

/// Reads `[mall]`; `None` where it is absent or faulty.
pub(super) fn mall(
    reader: &mut Reader<'_>,
    top: &Section<'_>,
    limits: &Limits,
) -> Option<MallSettings> {
    let section = reader.section(top, "mall", names::MALL);
    if !section.is_present() {
        return None;
    }
    let base_url = reader.read(&section, "base_url", forms::address(["http", "https"]));
    warn_in_the_clear(reader, &section, "base_url", base_url.as_deref());
    let timeout = reader
        .read(
            &section,
            "timeout",
            forms::length(Duration::from_millis(1)..=Duration::from_secs(60)),
        )
        .unwrap_or(TIMEOUT);
    let signature_window = reader
        .read(
            &section,
            "signature_window",
            forms::length(Duration::from_millis(1)..=DAY),
        )
        .unwrap_or(SIGNATURE_WINDOW);
    let look_up_after = reader
        .read(
            &section,
            "look_up_after",
            forms::length(Duration::from_millis(10)..=Duration::from_secs(60)),
        )
        .unwrap_or(LOOK_UP_AFTER);
    let app_key = reader.secret(&section, "app_key");
    let app_secret = reader.secret(&section, "app_secret");
    Some(MallSettings {
        base_url: base_url.unwrap_or_else(|| MALL_URL.to_owned()),
        app_key: app_key?,
        app_secret: app_secret?,
        timeout,
        in_flight: limits.mall_in_flight,
        signature_window,
        look_up_after,
    })
}

pub(super) fn warn_in_the_clear(
    reader: &mut Reader<'_>,
    section: &Section<'_>,
    key: &str,
    address: Option<&str>,
) {
    if address.is_some_and(forms::is_in_the_clear) {
        let key = section.key_path(key);
        reader.advice.push(Advice::InTheClear { key });
    }
}
