//! The simulator's latest action: one number, the same for every replica.
//!
//! On Postgres a sequence: setting it takes no lock that others would queue for, so that actions
//! keep their rate with many clients (`docs/adr/0004-latest-is-a-sequence.md`). On SQLite a row.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Nullable},
};

use super::{
    connection::DbConnection,
    prepared::{Bind, Statement},
    schema::simulator_latest,
};

const SET_ON_POSTGRES: &str =
    "SELECT setval('simulator_latest', ?) AS outcome, seen.last_value AS previous FROM simulator_latest seen";

/// What an action did, and which action was the latest before it.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<T> {
    /// What the action did.
    pub outcome: T,
    /// The latest action before this one.
    pub previous: i64,
}

/// A row of the one-statement actions on Postgres.
#[derive(QueryableByName)]
pub(super) struct RecordedRow {
    #[diesel(sql_type = Nullable<BigInt>)]
    outcome: Option<i64>,
    #[diesel(sql_type = BigInt)]
    previous: i64,
}

impl RecordedRow {
    pub(super) fn into_recorded<T>(self, outcome: impl FnOnce(Option<i64>) -> T) -> Recorded<T> {
        Recorded { outcome: outcome(self.outcome), previous: self.previous }
    }
}

/// The latest action; -1 before the first.
///
/// # Errors
/// When the query fails; so for every function of this module.
pub fn find_latest(conn: &mut DbConnection) -> QueryResult<i64> {
    simulator_latest::table.select(simulator_latest::last_value).first(conn)
}

/// Makes `latest` the latest action, if there is one, and returns the one before. The last one to
/// come wins, not the largest. One statement on Postgres.
pub fn set_latest(conn: &mut DbConnection, latest: Option<i64>) -> QueryResult<i64> {
    match (conn, latest) {
        (conn, None) => find_latest(conn),
        (DbConnection::Postgres(conn), Some(latest)) => {
            let row: RecordedRow = Statement::new(SET_ON_POSTGRES, &[Bind::Integer(latest)]).get_result(conn)?;
            Ok(row.previous)
        }
        (conn @ DbConnection::Sqlite(_), Some(latest)) => {
            let previous = find_latest(conn)?;
            diesel::update(simulator_latest::table).set(simulator_latest::last_value.eq(latest)).execute(conn)?;
            Ok(previous)
        }
    }
}
