//! For operators: is it alive, is it ready, what is it, how is it.
//!
//! On a listener of their own (`ops.host`, `ops.port`), never on the public one.

pub mod api;
pub mod refresh;

use crate::{db, http::errors, state::AppState};

/// Why this replica should get no requests. `Display` is what the operator reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// SIGTERM has come.
    #[error("shutting down")]
    ShuttingDown,
    /// No answer from the database.
    #[error("database unavailable")]
    DatabaseUnavailable,
    /// The schema is older than this binary.
    #[error("migrations pending")]
    MigrationsPending,
}

/// Whether this replica should get requests.
///
/// # Errors
/// The first reason why not.
pub async fn readiness(state: &AppState) -> Result<(), NotReady> {
    if state.is_shutting_down() {
        return Err(NotReady::ShuttingDown);
    }
    match state.db.read("readiness", db::migrations::any_pending).await {
        Ok(false) => Ok(()),
        Ok(true) => Err(NotReady::MigrationsPending),
        Err(why) => {
            errors::note(state, &why);
            Err(NotReady::DatabaseUnavailable)
        }
    }
}
