//! The sandbox's pages, embedded in the binary: the chat page at `/` and one for each points system
//! at `/mall`, `/swan` and `/manta`, plain HTML, CSS and ES modules without a build step.
//!
//! Everything a page is made of lives in this folder, and the content security policy allows the page's
//! own address and no inline script or style. Pictures alone may come from elsewhere, since messages
//! name them: from this machine under its numeric address, where the bot shows its own, or over https. The pages
//! hold no state; they show what the control paths tell and send what a person clicks there.
//! Upgrade requests to `/` belong to the imitated gateway, which is routed before these handlers.

use axum::Router;
use axum::extract::Path;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;

/// What a page may load: its own address, and nothing written into the HTML itself; pictures also from
/// the bot on this machine, whose port is its own choice, and over https.
///
/// The last three parts forbid what `default-src` does not cover: another base address, a form
/// sent elsewhere, and being shown inside somebody else's page.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; img-src 'self' http://127.0.0.1:* https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

const CHAT: Asset = Asset {
    name: "chat.html",
    kind: HTML,
    text: include_str!("chat.html"),
};
const MALL: Asset = Asset {
    name: "mall.html",
    kind: HTML,
    text: include_str!("mall.html"),
};
const SWAN: Asset = Asset {
    name: "swan.html",
    kind: HTML,
    text: include_str!("swan.html"),
};
const MANTA: Asset = Asset {
    name: "manta.html",
    kind: HTML,
    text: include_str!("manta.html"),
};

/// One embedded file as a browser gets it.
#[derive(Clone, Copy)]
struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
}

macro_rules! assets {
    ($($name:literal: $kind:expr),+ $(,)?) => {
        [$(Asset { name: $name, kind: $kind, text: include_str!($name) }),+]
    };
}

const ASSETS: &[Asset] = &assets! {
    "icon.svg": SVG,
    "style.css": CSS,
    "chat.css": CSS,
    "message.css": CSS,
    "mall.css": CSS,
    "avatar.js": SCRIPT,
    "card.js": SCRIPT,
    "chat.js": SCRIPT,
    "completion.js": SCRIPT,
    "composer.js": SCRIPT,
    "content.js": SCRIPT,
    "control.js": SCRIPT,
    "fault-kinds.js": SCRIPT,
    "faults.js": SCRIPT,
    "feed.js": SCRIPT,
    "identity.js": SCRIPT,
    "mall.js": SCRIPT,
    "mall-faults.js": SCRIPT,
    "mall-guilds.js": SCRIPT,
    "mall-records.js": SCRIPT,
    "mall-shapes.js": SCRIPT,
    "manta.js": SCRIPT,
    "markdown.js": SCRIPT,
    "markup.js": SCRIPT,
    "member-dialog.js": SCRIPT,
    "message.js": SCRIPT,
    "page.js": SCRIPT,
    "places.js": SCRIPT,
    "press.js": SCRIPT,
    "redraw.js": SCRIPT,
    "rich-text.js": SCRIPT,
    "picture.js": SCRIPT,
    "swan.js": SCRIPT,
    "system-page.js": SCRIPT,
    "time.js": SCRIPT,
    "words.js": SCRIPT,
    "words-en.js": SCRIPT,
    "words-zh.js": SCRIPT,
    "world.js": SCRIPT,
};

/// Serves `/`, the pages of the points systems and `/assets/{name}`; needs no state.
pub fn routes() -> Router {
    Router::new()
        .route("/", get(chat_page))
        .route("/mall", get(mall_page))
        .route("/swan", get(swan_page))
        .route("/manta", get(manta_page))
        .route("/assets/{name}", get(asset))
}

/// The chat page: everybody's messages, a composer, and buttons that break things.
pub async fn chat_page() -> Response {
    CHAT.into_response()
}

/// The mall page: switches, balances, payments, requests and faults of the imitated mall.
pub async fn mall_page() -> Response {
    MALL.into_response()
}

/// The Swan page: users, ledger, rules, requests and faults of the imitated Swan.
pub async fn swan_page() -> Response {
    SWAN.into_response()
}

/// The Manta page: clients, credentials, requests and faults of the imitated Manta.
pub async fn manta_page() -> Response {
    MANTA.into_response()
}

/// One file of `/assets/`, or 404 for a name that is not embedded.
pub async fn asset(Path(name): Path<String>) -> Response {
    ASSETS.iter().find(|asset| asset.name == name).map_or_else(
        || StatusCode::NOT_FOUND.into_response(),
        |asset| asset.into_response(),
    )
}

impl IntoResponse for Asset {
    fn into_response(self) -> Response {
        let fixed = [
            (header::CONTENT_TYPE, self.kind),
            (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            // A rebuilt binary must show its own pages, not those of yesterday.
            (header::CACHE_CONTROL, "no-store"),
            // The address names who is speaking; a link in a message must not carry it away.
            (header::REFERRER_POLICY, "no-referrer"),
        ];
        let headers: HeaderMap = fixed
            .map(|(name, value): (HeaderName, &'static str)| {
                (name, HeaderValue::from_static(value))
            })
            .into_iter()
            .collect();
        (headers, self.text).into_response()
    }
}

#[cfg(test)]
mod tests;
