//! One call under `/api`: who makes it, which action it is, and the `latest` that it brings.

use std::{cell::Cell, rc::Rc};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use futures_util::future::{Ready, ready};
use strum::IntoStaticStr;

use super::{observe_latest, store_latest};
use crate::{
    db::{QueryResult, Write},
    error::Error,
    http::query,
    state::AppState,
};

/// What a call asks for: in metrics the label `action`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
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

/// One call under `/api`, as the guard and the handler share it.
pub struct Call {
    is_simulator: bool,
    /// What it brings, until it is stored.
    latest: Cell<Option<i64>>,
    action: Cell<Action>,
}

impl Call {
    pub(super) fn new(request: &HttpRequest, is_simulator: bool) -> Rc<Self> {
        // -1 stands for "none" in the course's client.
        let latest = query::integer(request.query_string(), "latest").filter(|latest| *latest != -1);
        let latest = Cell::new(latest.filter(|_| is_simulator));
        Rc::new(Self { is_simulator, latest, action: Cell::new(Action::Other) })
    }

    /// Whether the call came with the right credentials.
    #[must_use]
    pub fn is_simulator(&self) -> bool {
        self.is_simulator
    }

    /// Says what the call turned out to be, for the metrics.
    pub fn set_action(&self, action: Action) {
        self.action.set(action);
    }

    pub(super) fn action(&self) -> Action {
        self.action.get()
    }

    /// Runs the call's own work, and stores its `latest` with it: in the same statement on Postgres, in the same
    /// transaction on SQLite.
    ///
    /// # Errors
    /// When the database does not answer. Then the guard stores `latest`.
    pub async fn write_one<T, F>(&self, state: &AppState, query: &'static str, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Write<'_>) -> QueryResult<T> + Send + 'static,
    {
        let (value, previous) = state.db.write_one_along(query, self.latest.get(), work).await?;
        if let Some((latest, previous)) = self.latest.take().zip(previous) {
            observe_latest(state, previous, latest);
        }
        Ok(value)
    }

    /// Stores the call's `latest` now, if nothing has.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn store_pending(&self, state: &AppState) -> Result<(), Error> {
        match self.latest.take() {
            Some(latest) => store_latest(state, latest).await,
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
    request.extensions().get::<Rc<Call>>().expect("the router puts the guard around the API").clone()
}
