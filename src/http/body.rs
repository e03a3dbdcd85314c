//! Reading a request's body: no larger than `server.body_limit`, no slower than `server.body_timeout`.

use std::time::Duration;

use actix_web::{Error as ActixError, FromRequest, HttpRequest, dev::Payload, http::StatusCode, web::Bytes};
use tokio::time::timeout;

use crate::{error::Error, state::AppState};

/// The whole body.
///
/// # Errors
/// [`Error::PayloadTooLarge`], [`Error::Timeout`], or [`Error::BadRequest`] when it broke off.
pub fn read(request: &HttpRequest, payload: &mut Payload) -> impl Future<Output = Result<Bytes, Error>> + 'static {
    let patience = Duration::from_secs(AppState::of(request).settings.server.body_timeout);
    let body = Bytes::from_request(request, payload);
    async move {
        let body = timeout(patience, body).await.map_err(|_| Error::Timeout)?;
        body.map_err(|why| refusal(&why))
    }
}

fn refusal(why: &ActixError) -> Error {
    if why.as_response_error().status_code() == StatusCode::PAYLOAD_TOO_LARGE {
        Error::PayloadTooLarge
    } else {
        Error::BadRequest("The body did not arrive whole.".into())
    }
}
