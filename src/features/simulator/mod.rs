//! The course's simulator: a guest with credentials who counts its actions.
//!
//! `guard.rs` knows the rules for every call under `/api`: who may, and when `latest` is stored.
//! `call.rs` is such a call, as handlers see it. `api.rs` answers `GET /latest`.

pub mod api;
pub mod call;
pub mod guard;

use crate::{db, error::Error, state::AppState};

/// The latest action seen, through whichever replica.
///
/// # Errors
/// When the database does not answer.
pub async fn latest(state: &AppState) -> Result<i64, Error> {
    state.db.read("find_latest", db::simulator::find_latest).await
}

/// Stores the latest action seen, with no work of its own.
///
/// # Errors
/// When the database does not answer.
pub async fn store_latest(state: &AppState, latest: i64) -> Result<(), Error> {
    let store = move |conn: &mut db::DbConnection| db::simulator::set_latest(conn, latest);
    let previous = state.db.write_one("set_latest", store).await?;
    observe_latest(state, previous, latest);
    Ok(())
}

/// Has the metrics say that `latest` is stored: where the simulator stands, and what it left out since `previous`.
fn observe_latest(state: &AppState, previous: i64, latest: i64) {
    state.metrics.simulator_latest.set(latest);
    if let Ok(skipped @ 1..) = u64::try_from(latest.saturating_sub(previous).saturating_sub(1)) {
        // A simulator that starts anew starts low; one that starts here may start anywhere.
        if previous >= 0 {
            state.metrics.simulator_skipped.inc_by(skipped);
        }
    }
}
