//! The rules for every call under `/api`: credentials, `latest`, and what is counted.
//!
//! `latest` is stored once for a call that brings it with the right credentials, whatever the
//! answer. Posting and following store it in the same statement as their own work; whatever is
//! still pending when the handler is done, this stores.
//!
//! Wrong credentials are 403, and too many of them from one address 429, on calls that are open to all
//! too: what those do with `latest` would tell a guesser that he is right.

use std::{cell::Cell, rc::Rc};

use actix_web::{
    Error as ActixError, FromRequest, HttpMessage, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::{StatusCode, header},
    middleware::Next,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use futures_util::future::{Ready, ready};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{note, see};
use crate::{
    config::SimulatorSettings,
    db::{self, simulator::Recorded},
    error::Error,
    http::{client_address::client_address, query},
    state::AppState,
};

/// What a call asks for: the value of the label `action`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// `POST /register`.
    Register,
    /// `POST /msgs/{username}`.
    Tweet,
    /// `POST /fllws/{username}` with `follow`.
    Follow,
    /// `POST /fllws/{username}` with `unfollow`.
    Unfollow,
    /// Everything that only reads.
    Read,
    /// What was refused before it was understood.
    Other,
}

impl Action {
    fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Tweet => "tweet",
            Self::Follow => "follow",
            Self::Unfollow => "unfollow",
            Self::Read => "read",
            Self::Other => "other",
        }
    }
}

/// One call under `/api`, as the guard and the handler share it.
pub struct Call {
    is_simulator: bool,
    latest: Cell<Option<i64>>,
    action: Cell<Action>,
}

impl Call {
    fn new(request: &ServiceRequest, is_simulator: bool) -> Self {
        // -1 stands for "none" in the course's client.
        let latest = query::integer(request.query_string(), "latest").filter(|latest| *latest != -1);
        Self { is_simulator, latest: Cell::new(latest.filter(|_| is_simulator)), action: Cell::new(Action::Other) }
    }

    /// Says what the call turned out to be, for the metrics.
    pub fn is(&self, action: Action) {
        self.action.set(action);
    }

    /// Whether the call came with the right credentials.
    #[must_use]
    pub fn is_simulator(&self) -> bool {
        self.is_simulator
    }

    /// The latest action that the call brings, to be stored together with the call's own work.
    #[must_use]
    pub fn pending_latest(&self) -> Option<i64> {
        self.latest.get()
    }

    /// Takes note that it has been stored, and unwraps the outcome of the work.
    pub fn stored<T>(&self, state: &AppState, recorded: Recorded<T>) -> T {
        if let Some(latest) = self.latest.take() {
            note(state, recorded.previous, latest);
        }
        recorded.outcome
    }

    /// Stores it now, if it is still pending.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn store_pending(&self, state: &AppState) -> Result<(), Error> {
        match self.latest.take() {
            Some(latest) => see(state, latest).await,
            None => Ok(()),
        }
    }
}

/// Extractor for calls that are open to all.
pub struct Caller(pub Rc<Call>);

/// Extractor for calls that need credentials; [`Error::Forbidden`] without them. It must be a
/// handler's first argument, so that a call without them learns nothing else.
pub struct Simulator(pub Rc<Call>);

impl FromRequest for Caller {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(call_of(request))))
    }
}

impl FromRequest for Simulator {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let call = call_of(request);
        let refusal = Error::Forbidden("You are not authorized to use this resource!");
        ready(if call.is_simulator { Ok(Self(call)) } else { Err(refusal) })
    }
}

fn call_of(request: &HttpRequest) -> Rc<Call> {
    request.extensions().get::<Rc<Call>>().expect("startup puts the guard around the API").clone()
}

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
    let call = Rc::new(Call::new(&request, matches!(is_simulator, Ok(true))));
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
    if call.is_simulator {
        #[expect(clippy::cast_precision_loss, reason = "seconds fit for 280 million years")]
        state.metrics.simulator_last_seen.set(db::now() as f64);
    }
    let status = response.status();
    let labels = [call.action.get().as_str(), status.as_str()];
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
    state.throttle.credentials(client_address(request, &settings.server.trusted_proxies), are_right)?;
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
