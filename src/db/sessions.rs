//! Sessions: who is signed in. Rows hold the SHA-256 of a token, never the token.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};

use super::{
    connection::DbConnection,
    notifications::{COUNTED, UNREAD},
    prepared::{Bind, Statement},
    schema::sessions,
};
use crate::domain::UserId;

/// A session with its user.
#[derive(Clone, Debug, QueryableByName)]
pub struct SessionRow {
    /// Who is signed in.
    #[diesel(sql_type = BigInt)]
    pub user_id: i64,
    /// Their name.
    #[diesel(sql_type = Text)]
    pub username: String,
    /// Seconds since the epoch.
    #[diesel(sql_type = BigInt)]
    pub expires_at: i64,
    /// How many notifications they have not seen; at most [`COUNTED`].
    #[diesel(sql_type = BigInt)]
    pub unread: i64,
}

const FIND: &str = "\
    SELECT u.id AS user_id, u.username, s.expires_at, {unread} AS unread \
    FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = ? AND s.expires_at > ?";

/// The session behind a token's hash, unless it has expired. Index: the primary key; for what is unread,
/// `notifications_by_user`.
///
/// # Errors
/// When the query fails; so for every function of this module.
pub fn find(conn: &mut DbConnection, token_hash: &str, now: i64) -> QueryResult<Option<SessionRow>> {
    let text = FIND.replace("{unread}", UNREAD).replace("{counted}", &COUNTED.to_string());
    let rows: Vec<SessionRow> = Statement::new(&text, &[Bind::Text(token_hash), Bind::Integer(now)]).load(conn)?;
    Ok(rows.into_iter().next())
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
