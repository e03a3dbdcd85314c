//! The course's simulator: a guest with credentials who counts its actions.
//!
//! `guard.rs` knows the rules for every call under `/api`: who may, and when `latest` is stored.
//! `api.rs` answers `GET /latest`.

pub mod api;
pub mod guard;

use crate::{db, error::Error, state::AppState};

/// The latest action seen, through whichever replica.
///
/// # Errors
/// When the database does not answer.
pub async fn latest(state: &AppState) -> Result<i64, Error> {
    state.db.read("find_latest", db::simulator::find_latest).await
}

/// Stores the latest action seen, and notes it.
///
/// # Errors
/// When the database does not answer.
pub async fn see(state: &AppState, latest: i64) -> Result<(), Error> {
    let store = move |conn: &mut db::DbConnection| db::simulator::set_latest(conn, Some(latest));
    let previous = state.db.write_one("set_latest", store).await?;
    note(state, previous, latest);
    Ok(())
}

/// Notes a latest action that has been stored: where it stands, and what was left out before it.
pub fn note(state: &AppState, previous: i64, latest: i64) {
    state.metrics.simulator_latest.set(latest);
    if let Ok(skipped @ 1..) = u64::try_from(latest.saturating_sub(previous).saturating_sub(1)) {
        // A simulator that starts anew starts low; one that starts here may start anywhere.
        if previous >= 0 {
            state.metrics.simulator_skipped.inc_by(skipped);
        }
    }
}
