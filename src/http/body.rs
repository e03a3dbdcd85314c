//! Reading a request's body: no larger than `server.body_limit`, no slower than `server.body_timeout`.

use actix_web::{
    Error as ActixError, FromRequest, HttpRequest,
    dev::Payload,
    http::{
        StatusCode,
        header::{self, HeaderMap},
    },
    web::{Bytes, BytesMut},
};
use futures_util::StreamExt;
use tokio::time::timeout;

use crate::{error::Error, state::AppState};

/// The whole body.
///
/// # Errors
/// [`Error::EncodedBody`], [`Error::PayloadTooLarge`], [`Error::Timeout`], or [`Error::BadRequest`] when it
/// broke off.
pub fn read(request: &HttpRequest, payload: &mut Payload) -> impl Future<Output = Result<Bytes, Error>> + 'static {
    let patience = AppState::of(request).settings.server.body_timeout;
    let is_plain = is_plain(request.headers());
    let body = Bytes::from_request(request, payload);
    async move {
        if !is_plain {
            return Err(Error::EncodedBody);
        }
        let body = timeout(patience, body).await.map_err(|_| Error::Timeout)?;
        body.map_err(|why| refusal(&why))
    }
}

/// A body that was not read to its end.
pub struct Unread {
    /// Why: see [`read`].
    pub why: Error,
    /// What had come of it when it became too much, no more than the limit: for whoever has somebody's words to
    /// give back.
    pub beginning: Bytes,
}

impl From<Error> for Unread {
    fn from(why: Error) -> Self {
        Self { why, beginning: Bytes::new() }
    }
}

/// The whole body, or why not and as much of it as may be read.
///
/// # Errors
/// Those of [`read`].
pub fn read_or_begin(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<Bytes, Unread>> + 'static {
    let server = &AppState::of(request).settings.server;
    let (patience, limit) = (server.body_timeout, server.body_limit);
    let is_plain = is_plain(request.headers());
    let payload = payload.take();
    async move {
        if !is_plain {
            return Err(Error::EncodedBody.into());
        }
        timeout(patience, collect(payload, limit)).await.map_err(|_| Error::Timeout)?
    }
}

async fn collect(mut payload: Payload, limit: usize) -> Result<Bytes, Unread> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| broken_off())?;
        let room = limit - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            return Err(Unread { why: Error::PayloadTooLarge, beginning: body.freeze() });
        }
    }
    Ok(body.freeze())
}

/// Whether the body is what it says: no `Content-Encoding` but `identity`.
fn is_plain(headers: &HeaderMap) -> bool {
    headers.get_all(header::CONTENT_ENCODING).all(|value| {
        let codings = value.to_str().unwrap_or("unreadable");
        codings.split(',').map(str::trim).all(|coding| coding.is_empty() || coding.eq_ignore_ascii_case("identity"))
    })
}

fn refusal(why: &ActixError) -> Error {
    if why.as_response_error().status_code() == StatusCode::PAYLOAD_TOO_LARGE {
        Error::PayloadTooLarge
    } else {
        broken_off()
    }
}

fn broken_off() -> Error {
    Error::BadRequest("The body did not arrive whole.".into())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn only_bodies_that_are_what_they_say_are_read() {
        let passes = |codings: &[&str]| {
            let request = codings.iter().fold(TestRequest::post(), |request, coding| {
                request.append_header((header::CONTENT_ENCODING, *coding))
            });
            is_plain(request.to_http_request().headers())
        };
        for plain in [&[][..], &["identity"], &["Identity"], &[""], &["identity, identity"], &["identity", "identity"]]
        {
            assert!(passes(plain), "{plain:?}");
        }
        for encoded in [
            &["gzip"][..],
            &["br"],
            &["deflate"],
            &["zstd"],
            &["x-gzip"],
            &["identity, gzip"],
            &["identity", "br"],
            &["\u{e9}"],
        ] {
            assert!(!passes(encoded), "{encoded:?}");
        }
    }
}
