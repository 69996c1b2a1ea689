//! A service behind a socket, and requests as they are; both imitations are tried out with it.

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware;
use axum::response::Response;
use guildpoints::sandbox::fault::CloseConnection;
use reqwest::RequestBuilder;
use serde_json::Value;

/// The stage's server cannot close a socket silently, so it says this status instead.
const CLOSED: u16 = 599;

/// Serves paths on a port of this machine.
pub async fn serve(routes: Router) -> String {
    // Several tests of one process install it; the first one wins.
    drop(rustls::crypto::ring::default_provider().install_default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let routes = routes.layer(middleware::map_response(show_closing));
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    address
}

async fn show_closing(mut response: Response) -> Response {
    if response.extensions().get::<CloseConnection>().is_some() {
        *response.status_mut() = StatusCode::from_u16(CLOSED).unwrap();
    }
    response
}

pub fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}

/// An order on a control path.
pub async fn order(address: &str, method: &str, path: &str, body: &str) -> Reply {
    let request = client()
        .request(method.parse().unwrap(), format!("{address}{path}"))
        .header("content-type", "application/json")
        .body(body.to_owned());
    Reply::to(request).await
}

pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Reply {
    pub async fn to(request: RequestBuilder) -> Self {
        Self::of(request.send().await.unwrap()).await
    }

    pub async fn of(response: reqwest::Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            bytes: response.bytes().await.unwrap().to_vec(),
        }
    }

    pub fn closed(&self) -> bool {
        self.status == CLOSED
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).unwrap()
    }

    pub fn json(&self) -> Value {
        let text = self.text();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}
