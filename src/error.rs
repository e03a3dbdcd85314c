//! What went wrong, as one type: the only table of statuses.
//!
//! Outcomes that a user can cause in a use case (a name that is taken, a text that is too long)
//! are enums of their own in `features/`; this is for the rest. How an [`Error`] looks (a page on
//! the site, JSON under `/api`) is decided where it is rendered: `http/errors.rs`.

use std::borrow::Cow;

use actix_web::{HttpResponse, ResponseError, http::StatusCode};

/// An answer that is not the wished one.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 404: no such user, message or route.
    #[error("not found")]
    NotFound,
    /// 401: the page is for people who are signed in.
    #[error("login required")]
    LoginRequired,
    /// 403: the reader may see why, but not pass.
    #[error("forbidden: {0}")]
    Forbidden(&'static str),
    /// 400: what came cannot be understood; the text says why.
    #[error("bad request: {0}")]
    BadRequest(Cow<'static, str>),
    /// 405: the route exists, with these methods.
    #[error("method not allowed")]
    MethodNotAllowed {
        /// Value of the `Allow` header.
        allow: &'static str,
    },
    /// 408: the body took longer than `server.body_timeout`.
    #[error("request timeout")]
    Timeout,
    /// 413: the body is over `server.body_limit`.
    #[error("payload too large")]
    PayloadTooLarge,
    /// 415: the body is compressed (`Content-Encoding`). We read bodies as they are: what a limit
    /// bounds is then what came, and no small body grows into a large one.
    #[error("encoded body")]
    EncodedBody,
    /// 414: path or query are over their limits.
    #[error("uri too long")]
    UriTooLong,
    /// 415: the body is in a format that nothing here reads.
    #[error("unsupported media type")]
    UnsupportedMediaType,
    /// 431: the headers are over `server.header_limit`.
    #[error("request header fields too large")]
    HeadersTooLarge,
    /// 429: too many attempts.
    #[error("too many requests")]
    TooManyRequests {
        /// Seconds until the next one may pass.
        retry_after: u64,
    },
    /// 503: a resource is busy or away; the same request may succeed soon. Logged with its source.
    #[error("unavailable: {what}")]
    Unavailable {
        /// Which resource, for the log.
        what: &'static str,
        /// Why, for the log.
        #[source]
        source: Option<anyhow::Error>,
    },
    /// 500: our fault. Logged with its chain, shown without.
    #[error("internal error")]
    Internal(#[source] anyhow::Error),
}

/// Seconds to wait before asking again while a resource is busy or away.
const RETRY_AFTER: u64 = 2;

impl Error {
    /// A resource is busy: nothing is broken.
    #[must_use]
    pub fn busy(what: &'static str) -> Self {
        Self::Unavailable { what, source: None }
    }

    /// A resource is away.
    #[must_use]
    pub fn away(what: &'static str, source: impl Into<anyhow::Error>) -> Self {
        Self::Unavailable { what, source: Some(source.into()) }
    }

    /// The status, for every door.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::LoginRequired => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::EncodedBody | Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What anybody may read. Never carries a source.
    #[must_use]
    pub fn public_message(&self) -> Cow<'static, str> {
        match self {
            Self::Forbidden(why) => Cow::Borrowed(why),
            Self::BadRequest(why) => why.clone(),
            Self::TooManyRequests { retry_after } => {
                format!("Too many attempts: wait {} and try again.", shown_wait(*retry_after)).into()
            }
            Self::EncodedBody => {
                "Send the body as it is (Content-Encoding: identity): compressed ones are not read.".into()
            }
            other => default_message(other.status()).into(),
        }
    }

    /// Value of `Retry-After`, in seconds.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooManyRequests { retry_after } => Some(*retry_after),
            Self::Unavailable { .. } => Some(RETRY_AFTER),
            _ => None,
        }
    }
}

/// Seconds as people count them; beyond two minutes, in minutes that are over then.
fn shown_wait(seconds: u64) -> String {
    match seconds {
        1 => "1 second".to_owned(),
        0..=120 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

/// The sentence that goes with a status when nobody knows a better one.
#[must_use]
pub fn default_message(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "The request could not be understood.",
        401 => "You have to sign in to do this.",
        403 => "This is not allowed.",
        404 => "There is nothing here.",
        405 => "This address does not take that kind of request.",
        408 => "The request took too long to arrive.",
        413 => "That is more than this server takes at once.",
        414 => "The address is too long.",
        415 => "The request is in a format this server does not read.",
        429 => "Too many attempts: wait a moment and try again.",
        431 => "The request's headers are too large.",
        503 => "Minitwit is busy: try again in a moment.",
        _ if status.is_server_error() => "Something went wrong on our side.",
        _ => "The request was refused.",
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    /// Bare: `http/errors.rs` puts the page or the JSON on it, which needs the request's path.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status());
        if let Some(seconds) = self.retry_after() {
            response.insert_header(("retry-after", seconds));
        }
        match self {
            Self::MethodNotAllowed { allow } => _ = response.insert_header(("allow", *allow)),
            // RFC 7694: this says that the coding was at fault, and which one is read.
            Self::EncodedBody => _ = response.insert_header(("accept-encoding", "identity")),
            _ => {}
        }
        response.finish()
    }
}

/// The last resort for a query's error. What a query can mean (no row, a name that is taken) its
/// caller has read before; a database that is away has been told apart in `db`.
impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Internal(anyhow::Error::new(error).context("a query failed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_to_wait_is_told_how_long() {
        let told = |retry_after| Error::TooManyRequests { retry_after }.public_message().into_owned();
        assert_eq!(told(1), "Too many attempts: wait 1 second and try again.");
        assert_eq!(told(61), "Too many attempts: wait 61 seconds and try again.");
        assert_eq!(told(121), "Too many attempts: wait 3 minutes and try again.");
    }
}
