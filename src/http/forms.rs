//! Extractor for HTML forms, strict about bytes and lenient about the rest.

use std::convert::Infallible;

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderValue},
    web::Bytes,
};
use futures_util::{future::LocalBoxFuture, stream};
use multer::Multipart;
use percent_encoding::percent_decode;
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use super::{body, html::Typed};
use crate::error::Error;

/// A form's fields, from a body in either format that browsers have for them: as our own pages send it,
/// which is also what a body without a content type is taken for, or as `multipart/form-data`. Any other
/// is 415: read as a form it would seem to have no fields. `web::Form` would turn invalid UTF-8 into
/// replacement characters and store those.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let format = Format::of(request.headers().get(header::CONTENT_TYPE));
        let body = body::read_or_begin(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let format = format?;
            let body = body.await.map_err(|unread| {
                if let Some(text) = beginning_of_text(&unread.beginning) {
                    request.extensions_mut().insert(Typed(text));
                }
                unread.why
            })?;
            let fields = match format {
                Format::UrlEncoded => parse(&body),
                Format::Multipart { boundary } => parse(url_encoded(body, boundary).await?.as_bytes()),
            };
            fields.map(Self)
        })
    }
}

#[derive(Debug, PartialEq)]
enum Format {
    UrlEncoded,
    Multipart { boundary: String },
}

impl Format {
    fn of(content_type: Option<&HeaderValue>) -> Result<Self, Error> {
        let Some(content_type) = content_type else { return Ok(Self::UrlEncoded) };
        let text = content_type.to_str().map_err(|_| Error::UnsupportedMediaType)?;
        let kind = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "application/x-www-form-urlencoded" => Ok(Self::UrlEncoded),
            "multipart/form-data" => {
                let boundary = multer::parse_boundary(text).map_err(|_| unreadable())?;
                Ok(Self::Multipart { boundary })
            }
            _ => Err(Error::UnsupportedMediaType),
        }
    }
}

/// The same fields in the other format. No form here takes a file, and none is dropped in silence.
async fn url_encoded(body: Bytes, boundary: String) -> Result<String, Error> {
    let whole = stream::once(async { Ok::<_, Infallible>(body) });
    let mut parts = Multipart::new(whole, boundary);
    let mut fields: Vec<(String, String)> = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(|_| unreadable())? {
        if part.file_name().is_some() {
            return Err(Error::BadRequest("This form takes no files.".into()));
        }
        let name = part.name().ok_or_else(unreadable)?.to_owned();
        let value = part.bytes().await.map_err(|_| unreadable())?;
        fields.push((name, String::from_utf8(value.into()).map_err(|_| not_in_utf_8())?));
    }
    serde_urlencoded::to_string(fields).map_err(|_| unreadable())
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    percent_decode(body).decode_utf8().map_err(|_| not_in_utf_8())?;
    serde_urlencoded::from_bytes(body).map_err(|_| unreadable())
}

/// What came of the field in which our forms take people's words, of a body that was cut off: those are given
/// back, as far as they go.
fn beginning_of_text(body: &[u8]) -> Option<String> {
    let escape = body.iter().rev().take(2).position(|byte| *byte == b'%').map_or(0, |place| place + 1);
    let whole = &body[..body.len() - escape];
    let (_, text) = form_urlencoded::parse(whole).find(|(name, _)| name == "text")?;
    // The last character may have been cut in two.
    Some(text.trim_end_matches(char::REPLACEMENT_CHARACTER).to_owned())
}

fn unreadable() -> Error {
    Error::BadRequest("The form could not be read.".into())
}

fn not_in_utf_8() -> Error {
    Error::BadRequest("The form is not in UTF-8.".into())
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

    #[test]
    fn the_content_type_says_how_to_read_or_that_nobody_can() {
        let format = |text: &'static str| Format::of(Some(&HeaderValue::from_static(text)));
        assert_eq!(Format::of(None).unwrap(), Format::UrlEncoded);
        assert_eq!(format("Application/X-WWW-Form-Urlencoded; charset=UTF-8").unwrap(), Format::UrlEncoded);
        let boundary = "a b".to_owned();
        assert_eq!(format("Multipart/Form-Data; boundary=\"a b\"").unwrap(), Format::Multipart { boundary });
        assert!(matches!(format("multipart/form-data"), Err(Error::BadRequest(_))));
        for other in ["text/plain", "application/json", "multipart/mixed; boundary=x", ""] {
            assert!(matches!(format(other), Err(Error::UnsupportedMediaType)), "{other}");
        }
    }

    #[test]
    fn words_that_were_cut_off_are_given_back_as_far_as_they_go() {
        let found = |body: &[u8]| beginning_of_text(body);
        assert_eq!(found(b"text=a+%C3%A9%20b").as_deref(), Some("a é b"));
        for cut in [&b"text=ab%C3%A"[..], b"text=ab%C3%", b"text=ab%C3", b"text=ab%C", b"text=ab%"] {
            assert_eq!(found(cut).as_deref(), Some("ab"), "{}", String::from_utf8_lossy(cut));
        }
        assert_eq!(found(b"username=a&password=b"), None, "nothing that is not meant for others' eyes");
        assert_eq!(found(b""), None);
    }

    #[tokio::test]
    async fn multipart_is_the_same_form_in_another_format() {
        let read = async |body: &'static [u8]| {
            let encoded = url_encoded(Bytes::from_static(body), "x".to_owned()).await?;
            parse::<Fields>(encoded.as_bytes())
        };
        let part = b"--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\na &=+% \xc3\xa9\r\nb\r\n--x--\r\n";
        assert_eq!(read(part).await.unwrap().text, "a &=+% é\r\nb");
        assert_eq!(read(b"--x--\r\n").await.unwrap().text, "");
        for bad in [
            &b"text=a"[..],
            b"",
            b"--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nbroken off",
            b"--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n\xff\r\n--x--\r\n",
            b"--x\r\nContent-Disposition: form-data; name=\"text\"; filename=\"a\"\r\n\r\na\r\n--x--\r\n",
            b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n",
        ] {
            assert!(matches!(read(bad).await, Err(Error::BadRequest(_))), "{}", String::from_utf8_lossy(bad));
        }
    }
}
