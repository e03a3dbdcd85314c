//! How much there is: for the gauges, in the background, never in a request or a scrape.

use diesel::{QueryableByName, dsl::not, prelude::*, sql_query, sql_types::BigInt};

use super::{
    connection::DbConnection,
    schema::messages,
    tables::{self, FollowRow, MessageRow, UserRow},
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
    let all = tables::count::<MessageRow>(conn)?;
    let shown: i64 = messages::table.filter(not(messages::flagged)).count().get_result(conn)?;
    Ok(Counts {
        users: tables::count::<UserRow>(conn)?,
        messages: all,
        flagged: all - shown,
        follows: tables::count::<FollowRow>(conn)?,
    })
}

/// Users who posted (what is shown), or came back signed in, since a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct Active {
    /// Within a day.
    #[diesel(sql_type = BigInt)]
    pub day: i64,
    /// Within 7 days.
    #[diesel(sql_type = BigInt)]
    pub week: i64,
    /// Within 30 days.
    #[diesel(sql_type = BigInt)]
    pub month: i64,
}

/// Counts who was active before `now`. A session tells its last visit by its end, which lies
/// `session_lifetime` seconds later. Linear in the users, whatever they have written: each costs a
/// look into `messages_by_author` and one into `sessions_by_user`.
///
/// # Errors
/// When the query fails.
pub fn count_active(conn: &mut DbConnection, now: i64, session_lifetime: i64) -> QueryResult<Active> {
    const DAY: i64 = 24 * 60 * 60;
    // Materialised, or SQLite would look three times.
    sql_query(
        "WITH seen AS MATERIALIZED (SELECT \
            (SELECT m.published_at FROM messages m WHERE m.author_id = u.id AND NOT m.flagged \
             ORDER BY m.published_at DESC, m.id DESC LIMIT 1) AS posted, \
            (SELECT max(s.expires_at) FROM sessions s WHERE s.user_id = u.id) - $1 AS visited \
         FROM users u) \
         SELECT count(CASE WHEN posted >= $2 OR visited >= $2 THEN 1 END) AS day, \
                count(CASE WHEN posted >= $3 OR visited >= $3 THEN 1 END) AS week, \
                count(CASE WHEN posted >= $4 OR visited >= $4 THEN 1 END) AS month \
         FROM seen",
    )
    .bind::<BigInt, _>(session_lifetime)
    .bind::<BigInt, _>(now - DAY)
    .bind::<BigInt, _>(now - 7 * DAY)
    .bind::<BigInt, _>(now - 30 * DAY)
    .get_result(conn)
}
