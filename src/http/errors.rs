//! How an error looks: a page on the site, JSON under `/api`.
//!
//! One middleware a door, [`as_page`] and [`as_json`]. They dress every answer of 400 and above
//! that is not dressed yet: our own [`Error`]s, the framework's (bad path, body too large), unknown
//! routes and wrong methods. They are also the boundary where what is ours to mend is logged, once,
//! with its causes. The error page needs no database: it says who is signed in where that can be found out.

use actix_web::{
    Error as ActixError, HttpRequest, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{StatusCode, header},
    middleware::Next,
};
use futures_util::FutureExt;
use tracing::{error, warn};

use super::{html, json::ErrorJson, rejected::Rejected};
use crate::{
    error::{Error, default_message},
    state::AppState,
};

/// Middleware of the site: errors become pages in the site's layout.
///
/// # Errors
/// Those of the inner service that come without a response; ours never do.
pub async fn as_page(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, ActixError> {
    let response = next.call(request).await?.map_into_boxed_body();
    if !is_bare(&response) {
        return Ok(response);
    }
    let layout = html::Layout::of_refusal(response.request(), response.status()).await;
    Ok(dress(response, |request, status, message| html::error_page(request, layout, status, message)))
}

/// Middleware of the API: errors become `{"status":N,"error_msg":TEXT}`.
///
/// # Errors
/// As [`as_page`].
pub async fn as_json(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, ActixError> {
    let response = next.call(request).await?.map_into_boxed_body();
    let json = |_: &_, status: StatusCode, error_msg: String| {
        HttpResponse::build(status).json(ErrorJson { status: status.as_u16(), error_msg })
    };
    Ok(if is_bare(&response) { dress(response, json) } else { response })
}

/// Middleware of each route: a panic in a handler becomes an [`Error::Internal`].
///
/// It stands innermost, because a response needs the request, and only behind the router may a
/// second handle on it be held. The panic hook has logged where it happened.
///
/// # Errors
/// As [`as_page`].
pub async fn catch_panics(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, ActixError> {
    let handle = request.request().clone();
    match std::panic::AssertUnwindSafe(next.call(request)).catch_unwind().await {
        Ok(outcome) => outcome.map(ServiceResponse::map_into_boxed_body),
        Err(_panic) => {
            let error = Error::Internal(anyhow::anyhow!("a handler panicked"));
            Ok(ServiceResponse::from_err(error, handle))
        }
    }
}

fn is_bare(response: &ServiceResponse) -> bool {
    let status = response.status();
    let undressed = response.response().error().is_some() || !response.headers().contains_key(header::CONTENT_TYPE);
    (status.is_client_error() || status.is_server_error()) && undressed
}

/// Replaces the body and keeps what only the original knows.
fn dress(
    bare: ServiceResponse,
    look: impl FnOnce(&HttpRequest, StatusCode, String) -> HttpResponse,
) -> ServiceResponse {
    let status = bare.status();
    let ours = bare.response().error().and_then(ActixError::as_error::<Error>);
    note_any(&AppState::of(bare.request()), status, ours, bare.response().error());
    let message = ours.map_or_else(|| default_message(status).into(), Error::public_message).into_owned();
    let mut dressed = look(bare.request(), status, message);
    for name in [header::ACCEPT_ENCODING, header::ALLOW, header::RETRY_AFTER] {
        if let Some(value) = bare.headers().get(&name) {
            dressed.headers_mut().insert(name, value.clone());
        }
    }
    let (request, _) = bare.into_parts();
    ServiceResponse::new(request, dressed)
}

/// Takes note of an error: logs what is ours to mend, with its causes, and counts what was refused
/// unseen. For those who answer an error with more than a page.
pub fn note(state: &AppState, why: &Error) {
    let status = why.status().as_u16();
    if matches!(why, Error::Unavailable { .. } | Error::Internal(_))
        && let Some(line) = state.refusal_lines.admit("failed", status)
    {
        let (causes, left_out) = (causes(why), line.left_out);
        if let Error::Internal(_) = why {
            error!(status, causes, left_out, "request failed");
        } else {
            warn!(status, causes, left_out, "request refused: unavailable");
        }
    }
    let reason = match why {
        Error::TooManyRequests { .. } => Rejected::RateLimit,
        Error::Unavailable { source: None, .. } => Rejected::Overload,
        Error::PayloadTooLarge => Rejected::BodySize,
        _ => return,
    };
    reason.count(&state.metrics);
}

/// Answers an error with a page that says more than the error's own: a form with what was typed into it.
pub fn answer(request: &HttpRequest, why: &Error, page: impl html::Page) -> HttpResponse {
    note(&AppState::of(request), why);
    let mut response = html::answer(request, why.status(), page);
    if let Some(seconds) = why.retry_after() {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn note_any(state: &AppState, status: StatusCode, ours: Option<&Error>, any: Option<&ActixError>) {
    match ours {
        Some(why) => note(state, why),
        None if status.is_server_error() => {
            let causes = any.map(ToString::to_string).unwrap_or_default();
            error!(status = status.as_u16(), causes, "request failed");
        }
        None => {}
    }
}

/// An error and what caused it, outermost first.
#[must_use]
pub fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
