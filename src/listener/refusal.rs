//! What a client is told that never became a request: in JSON, as a browser never sees it.

use std::io::Write;

use actix_web::{http::StatusCode, rt::net::TcpStream};
use rustix::net::{RecvFlags, SendFlags, recv, send};

use crate::{error::default_message, http::json::ErrorJson};

/// The library's refusals are a head without a body, and the last thing that it writes. Returns what to send
/// instead of `bytes`, or `None` if they do not end in one. Answers of ours that stand before it stay; behind the
/// last answer of a connection nothing more is said.
pub(super) fn dress(bytes: &[u8], is_closing: bool) -> Option<Vec<u8>> {
    let (at, status) = bare_refusal(bytes)?;
    let mut instead = bytes[..at].to_vec();
    if !is_closing {
        instead.extend(head_and_body(status));
    }
    Some(instead)
}

/// Where a refusal of the library's begins that ends `bytes`, and its status. Ours never look like that: they
/// have a body, and what a client wrote stands within one.
fn bare_refusal(bytes: &[u8]) -> Option<(usize, StatusCode)> {
    const END: &[u8] = b"\r\n\r\n";
    /// Its head is a line and three headers at most.
    const LONGEST: usize = 256;
    let before = bytes.strip_suffix(END)?;
    let from = before.len().saturating_sub(LONGEST);
    let at = from + before[from..].windows(7).rposition(|word| word == b"HTTP/1.")?;
    let head = std::str::from_utf8(&bytes[at..]).ok()?;
    let status = StatusCode::from_bytes(head.get(9..12)?.as_bytes()).ok()?;
    let is_bare = head.find("\r\n\r\n") == Some(head.len() - END.len())
        && head.to_ascii_lowercase().contains("\r\ncontent-length: 0\r\n");
    (is_bare && (status.is_client_error() || status.is_server_error())).then_some((at, status))
}

/// Tells a client whose address has too many connections, if it can be told without waiting. What it has sent is
/// read first: the kernel would take the answer back with it.
pub(super) fn turn_away(stream: &TcpStream) {
    recv(stream, &mut [0; 4096], RecvFlags::DONTWAIT).ok();
    send(stream, &head_and_body(StatusCode::TOO_MANY_REQUESTS), SendFlags::DONTWAIT | SendFlags::NOSIGNAL).ok();
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

    const BARE: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\ndate: x\r\n\r\n";
    const DRESSED: &str = r#"{"status":400,"error_msg":"The request could not be understood."}"#;

    fn dressed(bytes: &[u8]) -> Option<String> {
        dress(bytes, false).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn the_librarys_refusals_get_a_body() {
        let text = dressed(BARE).unwrap();
        assert!(text.starts_with("HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n"), "{text}");
        assert!(text.ends_with(DRESSED), "{text}");
    }

    #[test]
    fn answers_before_it_stay_and_behind_the_last_nothing_is_said() {
        let ours = b"HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\n\r\nNot foundHTTP/1.1 404 Not Found\r\ncontent-length: 7\r\n\r\n";
        let both = [&ours[..], BARE].concat();
        let text = dressed(&both).unwrap();
        assert!(text.as_bytes().starts_with(ours) && text.ends_with(DRESSED), "{text}");
        assert_eq!(dress(&both, true).unwrap(), ours);
    }

    #[test]
    fn nothing_else_is_touched() {
        for other in [
            &b""[..],
            b"\r\n\r\n",
            b"HTTP/1.1 100 Continue\r\n\r\n",
            b"HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n",
            b"HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\n\r\nNot found",
            b"HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\n\r\n",
            b"HTTP/1.1 200 OK\r\ncontent-length: 80\r\n\r\n<p>HTTP/1.1 400 x\r\ncontent-length: 0\r\n\r\n</p>",
            b"\x1f\x8b\xff",
        ] {
            assert_eq!(dressed(other), None);
        }
    }
}
