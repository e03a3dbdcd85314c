//! What a client is told that never became a request: in JSON, as a browser never sees it.

use std::io::Write;

use actix_web::{http::StatusCode, rt::net::TcpStream};

use crate::{error::default_message, http::json::ErrorJson};

/// The library's refusals are a head without a body. Returns what to send instead, or `None` if `bytes` are not
/// one.
pub(super) fn dress(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let status = text.strip_prefix("HTTP/1.1 ").or_else(|| text.strip_prefix("HTTP/1.0 "))?.get(..3)?;
    let status = StatusCode::from_bytes(status.as_bytes()).ok()?;
    let is_bare = text.ends_with("\r\n\r\n") && text.to_ascii_lowercase().contains("\r\ncontent-length: 0\r\n");
    (is_bare && (status.is_client_error() || status.is_server_error())).then(|| head_and_body(status))
}

/// Tells a client whose address has too many connections, if it can be told without waiting.
pub(super) fn turn_away(stream: &TcpStream) {
    stream.try_write(&head_and_body(StatusCode::TOO_MANY_REQUESTS)).ok();
}

fn head_and_body(status: StatusCode) -> Vec<u8> {
    let error_msg = match status {
        StatusCode::TOO_MANY_REQUESTS => "There are too many connections from this address.",
        status => default_message(status),
    };
    let json = serde_json::to_vec(&ErrorJson { status: status.as_u16(), error_msg: error_msg.to_owned() });
    let json = json.unwrap_or_default();
    let mut answer = Vec::with_capacity(400);
    // Writing to a Vec cannot fail.
    let _ = write!(
        answer,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\
         cache-control: no-store\r\nx-content-type-options: nosniff\r\n\
         content-security-policy: default-src 'none'; frame-ancestors 'none'\r\n\r\n",
        json.len()
    );
    answer.extend(json);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_librarys_refusals_get_a_body() {
        let bare = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\ndate: x\r\n\r\n";
        let dressed = String::from_utf8(dress(bare).unwrap()).unwrap();
        assert!(dressed.starts_with("HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n"), "{dressed}");
        assert!(dressed.ends_with(r#"{"status":400,"error_msg":"The request could not be understood."}"#));
    }

    #[test]
    fn nothing_else_is_touched() {
        for other in [
            &b""[..],
            b"HTTP/1.1 100 Continue\r\n\r\n",
            b"HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n",
            b"HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\n\r\nNot found",
            b"\x1f\x8b\xff",
        ] {
            assert_eq!(dress(other), None);
        }
    }
}
