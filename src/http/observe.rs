//! What is noted about every request: its span, its line in the log if it deserves one, its place
//! among those in flight.
//!
//! The span holds the route's pattern, never the path: paths hold names, and queries anything.

use std::time::Instant;

use actix_web::{
    Error as ActixError, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::Method,
    middleware::Next,
};
use prometheus::IntGauge;
use tracing::{Span, debug, error_span, info};
use tracing_actix_web::{RequestId, RootSpanBuilder};

use super::limits::is_known;
use crate::{metrics::Surface, state::AppState};

/// Builds the span that every log line of a request stands in.
pub struct RequestSpan;

#[derive(Clone, Copy)]
struct Arrived(Instant);

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        request.extensions_mut().insert(Arrived(Instant::now()));
        let id = request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
        let method = if is_known(request.method()) { request.method().as_str() } else { "OTHER" };
        let route = request.match_pattern();
        // The highest level: a filter that drops it would take the id off the lines that it lets through.
        error_span!("request", request_id = id, method, route = route.as_deref().unwrap_or("UNKNOWN"))
    }

    fn on_request_end<B: MessageBody>(_: Span, outcome: &Result<ServiceResponse<B>, ActixError>) {
        let Ok(response) = outcome else { return };
        let arrived = response.request().extensions().get::<Arrived>().copied();
        let duration_ms = arrived.map_or(0.0, |arrived| arrived.0.elapsed().as_secs_f64() * 1e3);
        let status = response.status().as_u16();
        if status >= 400 {
            if let Some(line) = AppState::of(response.request()).refusal_lines.admit("answered", status) {
                info!(status, duration_ms, left_out = line.left_out, "answered");
            }
        } else if is_noteworthy(response.request().method(), duration_ms) {
            info!(status, duration_ms, "answered");
        } else {
            debug!(status, duration_ms, "answered");
        }
    }
}

/// What changed something, or was slower than the simulator waits. Pages that were simply read are counted in
/// the metrics; a line for each would fill a disk and say nothing.
fn is_noteworthy(method: &Method, duration_ms: f64) -> bool {
    let only_read = matches!(*method, Method::GET | Method::HEAD);
    !only_read || duration_ms >= 300.0
}

/// Lowers the gauge also when the client goes away and the future is dropped.
struct InFlight(IntGauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Middleware: counts the site's requests in flight.
///
/// # Errors
/// Those of the inner service.
pub async fn in_flight_web(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, ActixError> {
    let _in_flight = enter(&request, Surface::Web);
    next.call(request).await
}

/// Middleware: counts the API's requests in flight.
///
/// # Errors
/// Those of the inner service.
pub async fn in_flight_simulator(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, ActixError> {
    let _in_flight = enter(&request, Surface::Simulator);
    next.call(request).await
}

fn enter(request: &ServiceRequest, surface: Surface) -> InFlight {
    let state = AppState::of(request.request());
    let gauge = state.metrics.in_flight(surface).clone();
    gauge.inc();
    InFlight(gauge)
}
