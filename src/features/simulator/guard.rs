//! The rules for every call under `/api`: credentials, `latest`, and what is counted.
//!
//! `latest` is stored once for a call that brings it with the right credentials, whatever the
//! answer. Posting and following store it in the same statement as their own work; whatever is
//! still pending when the handler is done, this stores.
//!
//! Wrong credentials are 403, and too many of them from one address 429, on calls that are open to all
//! too: what those do with `latest` would tell a guesser that he is right.

use std::rc::Rc;

use actix_web::{
    Error as ActixError, HttpMessage, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{StatusCode, header},
    middleware::Next,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::call::Call;
use crate::{
    config::SimulatorSettings, db, error::Error, http::client_address::ClientAddress, metrics::Label, state::AppState,
};

/// Middleware of the API: see the module.
///
/// # Errors
/// Those of the inner service.
pub async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, ActixError> {
    let state = AppState::of(request.request());
    let is_simulator = is_simulator(request.request(), &state);
    let call = Call::new(request.request(), matches!(is_simulator, Ok(true)));
    let mut response = match is_simulator {
        Ok(_) => {
            request.extensions_mut().insert(Rc::clone(&call));
            next.call(request).await?.map_into_boxed_body()
        }
        Err(too_many) => ServiceResponse::from_err(too_many, request.into_parts().0),
    };
    // A call that could not have its connection need not wait for another one to be refused again.
    let is_refused = response.status() == StatusCode::SERVICE_UNAVAILABLE;
    if !is_refused && let Err(why) = call.store_pending(&state).await {
        // Not an answer that hides a lost `latest`: the simulator counts this action as failed.
        let (request, _) = response.into_parts();
        response = ServiceResponse::from_err(why, request);
    }
    if call.is_simulator() {
        #[expect(clippy::cast_precision_loss, reason = "seconds fit for 280 million years")]
        state.metrics.simulator_last_seen.set(db::now() as f64);
    }
    let status = response.status();
    let labels = [call.action().label(), status.as_str()];
    state.metrics.simulator_actions.with_label_values(&labels).inc();
    Ok(response)
}

/// Whether the call came with the right credentials. Without any it may be one that is open to all.
///
/// # Errors
/// [`Error::TooManyRequests`] when too many wrong ones came from that address: it is not told whether these are.
fn is_simulator(request: &HttpRequest, state: &AppState) -> Result<bool, Error> {
    let settings = &state.settings;
    if !settings.simulator.enabled {
        return Ok(false);
    }
    let Some(given) = basic_credentials(request) else { return Ok(false) };
    let are_right = are_credentials(&given, &settings.simulator);
    state.throttle.credentials(ClientAddress::of(request).0, are_right)?;
    Ok(are_right)
}

/// Compares digests, in constant time: neither a wrong letter nor a wrong length shows.
fn are_credentials(given: &[u8], settings: &SimulatorSettings) -> bool {
    let expected = format!("{}:{}", settings.username, settings.password.expose_secret());
    Sha256::digest(given).ct_eq(&Sha256::digest(expected.as_bytes())).into()
}

fn basic_credentials(request: &HttpRequest) -> Option<Vec<u8>> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("basic").then(|| BASE64_STANDARD.decode(encoded.trim()).ok())?
}
