//! Users: who there is.

use diesel::prelude::*;

use super::{connection::DbConnection, schema::users};
use crate::domain::{Email, UserId, Username};

/// What signing in needs to know.
pub struct Credentials {
    /// The user.
    pub id: UserId,
    /// Hash of the password, as a PHC string.
    pub password_hash: String,
}

/// A user to be.
pub struct NewUser<'a> {
    /// Unique.
    pub username: &'a Username,
    /// Stored, never shown.
    pub email: &'a Email,
    /// A PHC string.
    pub password_hash: &'a str,
    /// Seconds since the epoch.
    pub created_at: i64,
}

/// The id behind a name. Index: the unique one on `username`.
///
/// # Errors
/// When the query fails; so for every function of this module.
pub fn find_id(conn: &mut DbConnection, username: &str) -> QueryResult<Option<UserId>> {
    let id = users::table.filter(users::username.eq(username)).select(users::id).first(conn).optional()?;
    Ok(id.map(UserId))
}

/// What signing in as `username` needs.
pub fn find_credentials(conn: &mut DbConnection, username: &str) -> QueryResult<Option<Credentials>> {
    let row: Option<(i64, String)> = users::table
        .filter(users::username.eq(username))
        .select((users::id, users::password_hash))
        .first(conn)
        .optional()?;
    Ok(row.map(|(id, password_hash)| Credentials { id: UserId(id), password_hash }))
}

/// Stores a user; `None` when the name is taken. Two at once for one name: one gets it.
pub fn insert(conn: &mut DbConnection, user: &NewUser<'_>) -> QueryResult<Option<UserId>> {
    let row = (
        users::username.eq(user.username.as_str()),
        users::email.eq(user.email.as_str()),
        users::password_hash.eq(user.password_hash),
        users::created_at.eq(user.created_at),
    );
    // Through the enum there is no ON CONFLICT; and catching the violation instead would abort
    // the transaction around it on Postgres.
    let id = match conn {
        DbConnection::Postgres(conn) => diesel::insert_into(users::table)
            .values(row)
            .on_conflict(users::username)
            .do_nothing()
            .returning(users::id)
            .get_result::<i64>(conn)
            .optional()?,
        DbConnection::Sqlite(conn) => diesel::insert_into(users::table)
            .values(row)
            .on_conflict(users::username)
            .do_nothing()
            .returning(users::id)
            .get_result::<i64>(conn)
            .optional()?,
    };
    Ok(id.map(UserId))
}

/// Replaces a hash, unless the password has been changed since `old_hash` was read.
pub fn replace_hash(conn: &mut DbConnection, user: UserId, old_hash: &str, new_hash: &str) -> QueryResult<()> {
    diesel::update(users::table.filter(users::id.eq(user.0)).filter(users::password_hash.eq(old_hash)))
        .set(users::password_hash.eq(new_hash))
        .execute(conn)
        .map(drop)
}
