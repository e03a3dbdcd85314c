//! Headers that every answer bears, errors too.

use actix_web::{
    Error as ActixError, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        ConnectionType,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::{DefaultHeaders, Next},
};
use tracing_actix_web::RequestId;

use crate::state::AppState;

/// Nothing from elsewhere, nothing inline, no frames. The pages need no script at all; the one they have is ours.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Middleware: the security headers, where the answer has none of its own.
#[must_use]
pub fn security() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((header::REFERRER_POLICY, "same-origin"))
        .add((header::X_FRAME_OPTIONS, "DENY"))
        .add((OPENER_POLICY, "same-origin"))
        .add((PERMISSIONS_POLICY, "camera=(), geolocation=(), microphone=()"))
}

/// Middleware: the request's id, and while the server drains `Connection: close`. A proxy that kept the
/// connection might send a POST on it at the moment when it is closed, and could neither know whether it
/// arrived nor repeat it.
///
/// # Errors
/// Those of the inner service.
pub async fn about_the_request(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, ActixError> {
    let id = request.extensions().get::<RequestId>().map(ToString::to_string);
    let state = AppState::of(request.request());
    let mut response = next.call(request).await?;
    // Asked now, not when the request came: the answer may have taken a while.
    if state.is_shutting_down() {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    if let Some(id) = id.and_then(|id| HeaderValue::try_from(id).ok()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    Ok(response)
}
