//! Sessions: who is signed in. Rows hold the SHA-256 of a token, never the token.

use diesel::prelude::*;

use super::{
    connection::DbConnection,
    schema::{sessions, users},
};
use crate::domain::UserId;

/// A session with its user.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// Who is signed in.
    pub user_id: UserId,
    /// Their name.
    pub username: String,
    /// Seconds since the epoch.
    pub expires_at: i64,
}

/// The session behind a token's hash, unless it has expired. Index: the primary key.
///
/// # Errors
/// When the query fails; so for every function of this module.
pub fn find(conn: &mut DbConnection, token_hash: &str, now: i64) -> QueryResult<Option<SessionRow>> {
    let row: Option<(i64, String, i64)> = sessions::table
        .inner_join(users::table)
        .filter(sessions::token_hash.eq(token_hash))
        .filter(sessions::expires_at.gt(now))
        .select((users::id, users::username, sessions::expires_at))
        .first(conn)
        .optional()?;
    Ok(row.map(|(id, username, expires_at)| SessionRow { user_id: UserId(id), username, expires_at }))
}

/// Opens a session.
pub fn insert(conn: &mut DbConnection, token_hash: &str, user: UserId, now: i64, expires_at: i64) -> QueryResult<()> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::token_hash.eq(token_hash),
            sessions::user_id.eq(user.0),
            sessions::created_at.eq(now),
            sessions::expires_at.eq(expires_at),
        ))
        .execute(conn)
        .map(drop)
}

/// Moves a session's end.
pub fn extend(conn: &mut DbConnection, token_hash: &str, expires_at: i64) -> QueryResult<()> {
    diesel::update(sessions::table.find(token_hash)).set(sessions::expires_at.eq(expires_at)).execute(conn).map(drop)
}

/// Ends a session.
pub fn delete(conn: &mut DbConnection, token_hash: &str) -> QueryResult<()> {
    diesel::delete(sessions::table.find(token_hash)).execute(conn).map(drop)
}

/// Removes the sessions that ended before `now` and returns how many. Index: `sessions_by_expiry`.
pub fn delete_expired(conn: &mut DbConnection, now: i64) -> QueryResult<usize> {
    diesel::delete(sessions::table.filter(sessions::expires_at.le(now))).execute(conn)
}
