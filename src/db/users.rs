//! Users: who there is.

use diesel::{
    dsl::exists,
    prelude::*,
    select, sql_query,
    sql_types::{Integer, Text},
};

use super::{connection::DbConnection, people, prepared::Bind, schema::users};
use crate::domain::{Email, UserId, Username, lookalikes};

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

/// Who does something: known by their id where they are signed in, by their name where the simulator says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserKey {
    /// Somebody who was there a moment ago.
    Id(UserId),
    /// Somebody who may never have been there.
    Name(Username),
}

impl UserKey {
    /// The column of `users` that has to be [`UserKey::bind`].
    pub(super) fn column(&self) -> &'static str {
        match self {
            Self::Id(_) => "id",
            Self::Name(_) => "username",
        }
    }

    /// The value to look for.
    pub(super) fn bind(&self) -> Bind<'_> {
        match self {
            Self::Id(id) => Bind::Integer(id.0),
            Self::Name(name) => Bind::Text(name.as_str()),
        }
    }

    /// Their id; `None` if there is no such user, or no longer. Index: the primary key, or the one on `username`.
    pub(super) fn find(&self, conn: &mut DbConnection) -> QueryResult<Option<UserId>> {
        match self {
            Self::Id(id) => Ok(users::table.find(id.0).select(users::id).first(conn).optional()?.map(UserId)),
            Self::Name(name) => find_id(conn, name.as_str()),
        }
    }
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

/// What stands in the way of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Somebody has it.
    Name,
    /// Somebody has one that looks like it, or the site does.
    Look,
}

/// Whether a name can be had; the simulator's may look like another. Index: `users_by_skeleton`.
pub fn check_free(conn: &mut DbConnection, name: &Username, is_simulators: bool) -> QueryResult<Result<(), Taken>> {
    if find_id(conn, name.as_str())?.is_some() {
        return Ok(Err(Taken::Name));
    }
    if is_simulators {
        return Ok(Ok(()));
    }
    let look = lookalikes::skeleton(name.as_str());
    let is_taken = lookalikes::looks_reserved(name)
        || select(exists(users::table.filter(users::skeleton.eq(look)))).get_result(conn)?;
    Ok(if is_taken { Err(Taken::Look) } else { Ok(()) })
}

/// Stores a user whose name looks like nobody else's, in a transaction. Two at once whose names look
/// alike: one gets in. (The simulator's names are not waited for.)
pub fn insert_distinct(conn: &mut DbConnection, user: &NewUser<'_>) -> QueryResult<Result<UserId, Taken>> {
    if let DbConnection::Postgres(conn) = conn {
        // Before the look: on SQLite there is one writer anyway.
        sql_query("SELECT pg_advisory_xact_lock($1, hashtext($2))")
            .bind::<Integer, _>(LOOKS)
            .bind::<Text, _>(lookalikes::skeleton(user.username.as_str()))
            .execute(conn)?;
    }
    match check_free(conn, user.username, false)? {
        Ok(()) => insert(conn, user),
        Err(taken) => Ok(Err(taken)),
    }
}

/// The class of the advisory locks on looks: "look" in ASCII.
const LOOKS: i32 = 0x6c6f_6f6b;

/// Stores a user, whatever the name looks like, in a transaction. Two at once for one name: one gets it.
pub fn insert(conn: &mut DbConnection, user: &NewUser<'_>) -> QueryResult<Result<UserId, Taken>> {
    let row = (
        users::username.eq(user.username.as_str()),
        users::email.eq(user.email.as_str()),
        users::password_hash.eq(user.password_hash),
        users::created_at.eq(user.created_at),
        users::skeleton.eq(lookalikes::skeleton(user.username.as_str())),
        users::is_findable.eq(true),
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
    let Some(id) = id else { return Ok(Err(Taken::Name)) };
    people::insert(conn, id, &[user.username.as_str()])?;
    Ok(Ok(UserId(id)))
}

/// Replaces a hash, unless the password has been changed since `old_hash` was read.
pub fn replace_hash(conn: &mut DbConnection, user: UserId, old_hash: &str, new_hash: &str) -> QueryResult<()> {
    diesel::update(users::table.filter(users::id.eq(user.0)).filter(users::password_hash.eq(old_hash)))
        .set(users::password_hash.eq(new_hash))
        .execute(conn)
        .map(drop)
}
