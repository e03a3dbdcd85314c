//! JSON in and out of the API.

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::future::LocalBoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

use super::body;
use crate::error::Error;

/// The body of every error under `/api`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorJson {
    /// The answer's status, again.
    #[schema(example = 400, minimum = 400, maximum = 599)]
    pub status: u16,
    /// What was wrong, for people.
    #[schema(example = "The username is already taken")]
    pub error_msg: String,
}

/// Extractor: a JSON object, whatever the content type says.
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for JsonBody<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = body::read(request, payload);
        Box::pin(async move { parse(&body.await?).map(Self) })
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    // RFC 8259 lets a reader ignore a byte order mark, and some clients write one.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    // Serde would also fill a struct from an array, field by field.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Error::BadRequest("The body has to be a JSON object.".into()));
    }
    serde_json::from_slice(body)
        .map_err(|why| Error::BadRequest(format!("The body is no such JSON object: {why}").into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Body {
        content: Option<String>,
    }

    #[test]
    fn objects_are_read_with_unknown_keys_and_without_known_ones() {
        assert_eq!(parse::<Body>(br#" {"content":"a","x":[1]}"#).unwrap().content.as_deref(), Some("a"));
        assert_eq!(parse::<Body>(br#"{"content":null}"#).unwrap().content, None);
        assert_eq!(parse::<Body>(b"{}").unwrap().content, None);
        assert_eq!(parse::<Body>(b"\xef\xbb\xbf {\"content\":\"a\"}").unwrap().content.as_deref(), Some("a"));
    }

    #[test]
    fn everything_else_is_refused() {
        let deep = [b"{\"content\":".as_slice(), &b"[".repeat(10_000)].concat();
        for bad in [
            &b""[..],
            b"null",
            b"\xef\xbb\xbf\xef\xbb\xbf{}",
            b"\xff\xfe{\0}\0",
            b"[\"a\"]",
            b"\"a\"",
            b"{",
            b"{\"content\":1}",
            b"{\"content\":\"\xff\"}",
            br#"{"content":"\ud800"}"#,
            br#"{"content":"a","content":"b"}"#,
            b"{} {}",
            &deep,
        ] {
            assert!(matches!(parse::<Body>(bad), Err(Error::BadRequest(_))), "{}", String::from_utf8_lossy(bad));
        }
    }
}
