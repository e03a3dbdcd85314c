//! How much there is: for the gauges, in the background, never in a request or a scrape.

use diesel::{dsl::not, prelude::*};

use super::{
    connection::DbConnection,
    schema::{follows, messages, users},
};

/// Rows in the tables that matter to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Users.
    pub users: i64,
    /// Messages, flagged ones included.
    pub messages: i64,
    /// Flagged messages.
    pub flagged: i64,
    /// Follows.
    pub follows: i64,
}

/// Counts all. Reads indexes from end to end: linear in the rows.
///
/// # Errors
/// When a query fails.
pub fn count(conn: &mut DbConnection) -> QueryResult<Counts> {
    let all: i64 = messages::table.count().get_result(conn)?;
    let shown: i64 = messages::table.filter(not(messages::flagged)).count().get_result(conn)?;
    Ok(Counts {
        users: users::table.count().get_result(conn)?,
        messages: all,
        flagged: all - shown,
        follows: follows::table.count().get_result(conn)?,
    })
}
