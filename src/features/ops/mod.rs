//! For operators: is it alive, is it ready, what is it, how is it.
//!
//! On a listener of their own (`ops.host`, `ops.port`), never on the public one.

pub mod api;
pub mod refresh;

use crate::{db, error::Error, http::errors, state::AppState};

/// Why this replica should get no requests. `Display` is what the operator reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// SIGTERM has come.
    #[error("shutting down")]
    ShuttingDown,
    /// No answer from the database.
    #[error("database unavailable")]
    DatabaseUnavailable,
    /// It answers, and takes no writes: why.
    #[error("no writes: {0}")]
    NotWritable(&'static str),
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
    let pending = state.db.read("readiness", db::migrations::is_any_pending).await;
    // Without tables there is nothing to write to.
    if matches!(pending, Ok(true)) {
        return Err(NotReady::MigrationsPending);
    }
    // What stops writes may spoil reading, too, and names itself here.
    state.db.try_to_write().await.map_err(|why| not_ready(state, &why))?;
    pending.map(|_| ()).map_err(|why| not_ready(state, &why))
}

fn not_ready(state: &AppState, why: &Error) -> NotReady {
    errors::note(state, why);
    match why {
        Error::Unavailable { what: "database", .. } => NotReady::DatabaseUnavailable,
        Error::Unavailable { what, .. } => NotReady::NotWritable(what),
        _ => NotReady::NotWritable("database: a query failed, and the log says why"),
    }
}
