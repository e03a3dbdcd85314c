//! Extractor for HTML forms, strict about bytes and lenient about the rest.

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::future::LocalBoxFuture;
use percent_encoding::percent_decode;
use serde::de::DeserializeOwned;

use super::body;
use crate::error::Error;

/// A form's fields, from an `application/x-www-form-urlencoded` body whatever its content type
/// says. `web::Form` would turn invalid UTF-8 into replacement characters and store those.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = body::read(request, payload);
        Box::pin(async move { parse(&body.await?).map(Self) })
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    percent_decode(body).decode_utf8().map_err(|_| Error::BadRequest("The form is not in UTF-8.".into()))?;
    serde_urlencoded::from_bytes(body).map_err(|_| Error::BadRequest("The form could not be read.".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Fields {
        #[serde(default)]
        text: String,
    }

    #[test]
    fn forms_are_read_and_bad_ones_refused() {
        assert_eq!(parse::<Fields>(b"text=a+%C3%A9&other=1").unwrap().text, "a é");
        assert_eq!(parse::<Fields>(b"").unwrap().text, "");
        for bad in [&b"text=%ff"[..], b"text=\xff", b"text=1&text=2"] {
            assert!(matches!(parse::<Fields>(bad), Err(Error::BadRequest(_))), "{bad:?}");
        }
    }
}
