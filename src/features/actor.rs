//! Who posts and follows, and on what terms.
//!
//! The cores of posting and following know an [`Actor`] and not who that is. What people may not and the
//! simulator may stands here, and so does what is stored and counted beside the work. A further kind of actor
//! (a program with somebody's access token, say) is a variant more.

use std::{net::IpAddr, rc::Rc};

use super::{Source, simulator::call::Call};
use crate::{
    db::{DbConnection, QueryResult, Write, users::UserKey},
    domain::Username,
    error::Error,
    http::session::Viewer,
    state::AppState,
};

/// Somebody who changes something.
pub enum Actor {
    /// A person, signed in on the site, who comes from this address.
    Person(Rc<Viewer>, IpAddr),
    /// One of the simulator's users, who may exist, and the call that speaks for them.
    Simulated(Username, Rc<Call>),
}

impl Actor {
    /// The user whom `call` names.
    ///
    /// # Errors
    /// [`Error::NotFound`] when nobody can have that name.
    pub fn simulated(name: &str, call: Rc<Call>) -> Result<Self, Error> {
        Ok(Self::Simulated(Username::parse(name).ok_or(Error::NotFound)?, call))
    }

    /// Their name.
    #[must_use]
    pub fn username(&self) -> &Username {
        match self {
            Self::Person(viewer, _) => &viewer.username,
            Self::Simulated(name, _) => name,
        }
    }

    /// How the database knows them.
    #[must_use]
    pub fn key(&self) -> UserKey {
        match self {
            Self::Person(viewer, _) => UserKey::Id(viewer.id),
            Self::Simulated(name, _) => UserKey::Name(name.clone()),
        }
    }

    /// The door that they came through.
    #[must_use]
    pub fn source(&self) -> Source {
        match self {
            Self::Person(..) => Source::Web,
            Self::Simulated(..) => Source::Simulator,
        }
    }

    /// Counts a message that they are about to post. The simulator posts as fast as it likes.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] when the account or its address posts faster than people do.
    pub fn count_post(&self, state: &AppState) -> Result<(), Error> {
        match self {
            Self::Person(viewer, address) => state.throttle.acts.post(viewer.id, *address),
            Self::Simulated(..) => Ok(()),
        }
    }

    /// Counts a follow or unfollow that they are about to make. The simulator makes as many as it likes.
    ///
    /// # Errors
    /// As [`Actor::count_post`].
    pub fn count_follow(&self, state: &AppState) -> Result<(), Error> {
        match self {
            Self::Person(viewer, address) => state.throttle.acts.follow(viewer.id, *address),
            Self::Simulated(..) => Ok(()),
        }
    }

    /// How many they may follow; `None`: as many as there are. The simulator's follows are its own business.
    #[must_use]
    pub fn most_follows(&self, state: &AppState) -> Option<u32> {
        match self {
            Self::Person(..) => Some(state.settings.limits.max_follows).filter(|most| *most > 0),
            Self::Simulated(..) => None,
        }
    }

    /// Runs their work in a transaction. A call of the simulator has its `latest` stored by the guard, afterwards.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn write<T, F>(&self, state: &AppState, query: &'static str, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection) -> QueryResult<T> + Send + 'static,
    {
        state.db.write(query, work).await
    }

    /// Runs their work on the database, and with it what has to be stored beside it: the `latest` of a call of
    /// the simulator.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn write_one<T, F>(&self, state: &AppState, query: &'static str, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Write<'_>) -> QueryResult<T> + Send + 'static,
    {
        match self {
            Self::Person(..) => Ok(state.db.write_one_along(query, None, work).await?.0),
            Self::Simulated(_, call) => call.write_one(state, query, work).await,
        }
    }
}
