//! The server's side of a websocket upgrade, byte by byte.

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// The platform's greeting. Source: fanbook-platform, 2.2.
pub const GREETING: &[u8] = br#"{"action":"connect","data":{"client_id":"1"},"ack":-1,"seq":null}"#;

/// Whether `request` has its last line.
pub fn is_whole(request: &[u8]) -> bool {
    request.ends_with(b"\r\n\r\n")
}

/// The answer that lets a client in; `None` if it asked for no websocket.
pub fn answer(request: &[u8]) -> Option<String> {
    let request = std::str::from_utf8(request).ok()?;
    let key = request.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_key = name.eq_ignore_ascii_case("sec-websocket-key");
        is_key.then(|| value.trim())
    })?;
    Some(format!(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
         sec-websocket-accept: {}\r\n\r\n",
        derive_accept_key(key.as_bytes())
    ))
}
