//! Reading a request's body: no larger than `server.body_limit`, no slower than `server.body_timeout`.

use actix_web::{
    Error as ActixError, FromRequest, HttpRequest,
    dev::Payload,
    http::{
        StatusCode,
        header::{self, HeaderMap},
    },
    web::Bytes,
};
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
        Error::BadRequest("The body did not arrive whole.".into())
    }
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
