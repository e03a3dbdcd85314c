//! The sizes of a request that no handler should see exceeded. Bodies have their limit where they
//! are read (`server.body_limit`, set in `router.rs`).

use actix_web::{
    Error as ActixError,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::Method,
    middleware::Next,
};

use super::rejected::Rejected;
use crate::{config::ServerSettings, error::Error, state::AppState};

/// Middleware: refuses what is too long (414, 431), and methods that HTTP does not know (405),
/// which would each become a label in the metrics.
///
/// # Errors
/// Those of the inner service.
pub async fn refuse_oversize(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, ActixError> {
    let state = AppState::of(request.request());
    if let Some((reason, refusal)) = refusal(&request, &state.settings.server) {
        reason.count(&state.metrics);
        return Ok(request.error_response(refusal).map_into_right_body());
    }
    Ok(next.call(request).await?.map_into_left_body())
}

fn refusal(request: &ServiceRequest, limits: &ServerSettings) -> Option<(Rejected, Error)> {
    let headers = || request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>();
    if request.path().len() > limits.path_limit || request.query_string().len() > limits.query_limit {
        Some((Rejected::UriSize, Error::UriTooLong))
    } else if headers() > limits.header_limit {
        Some((Rejected::HeaderSize, Error::HeadersTooLarge))
    } else if !is_known(request.method()) {
        Some((Rejected::Method, Error::MethodNotAllowed { allow: "GET, HEAD, POST" }))
    } else {
        None
    }
}

/// The methods of RFC 9110 and 5789.
#[must_use]
pub fn is_known(method: &Method) -> bool {
    [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
        Method::OPTIONS,
        Method::TRACE,
        Method::CONNECT,
    ]
    .contains(method)
}
