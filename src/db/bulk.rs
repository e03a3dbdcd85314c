//! Whole tables, row by row with their ids: how a seed and a restore fill them, how a backup reads them.
//!
//! Postgres takes rows by binary `COPY`, SQLite by one prepared `INSERT` a table; both in chunks, so that
//! memory does not grow with the rows. Indexes stay in force meanwhile: building them afterwards would take
//! half the time, and would leave denser ones than a live site ever has. Reading is in pages along the
//! primary key, the same on both. What the rows say is the commands' business (`cli/seed`, `cli/backup`).

use std::borrow::Cow;

use diesel::prelude::*;

use super::{
    connection::DbConnection,
    schema::{follows, messages, users},
};
use crate::domain::lookalikes::skeleton;

/// Rows held in memory at once: a megabyte or two.
pub const CHUNK: usize = 10_000;

/// A row of a table that is filled and read as a whole.
pub trait Row: Sized {
    /// Stores rows; those they refer to are there already.
    ///
    /// # Errors
    /// When a query fails; so for every function of this module.
    fn insert(conn: &mut DbConnection, rows: &[Self]) -> QueryResult<()>;

    /// The first `limit` rows after `last` in the order of the primary key, which is also the index.
    fn page(conn: &mut DbConnection, last: Option<&Self>, limit: i64) -> QueryResult<Vec<Self>>;

    /// How many there are.
    fn count(conn: &mut DbConnection) -> QueryResult<i64>;
}

/// A row of `users`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct User<'a> {
    /// The id.
    pub id: i64,
    /// The name.
    pub username: String,
    /// The address.
    pub email: String,
    /// A PHC string.
    #[diesel(deserialize_as = String)]
    pub password_hash: Cow<'a, str>,
    /// Seconds since the epoch.
    pub created_at: i64,
}

/// A row of `users` as it is stored: with what follows from the others.
#[derive(Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
struct StoredUser<'a> {
    id: i64,
    username: &'a str,
    email: &'a str,
    password_hash: &'a str,
    created_at: i64,
    skeleton: String,
}

/// A row of `messages`.
#[derive(Clone, Debug, PartialEq, Eq, Insertable, Queryable)]
#[diesel(table_name = messages, treat_none_as_default_value = false)]
pub struct Message {
    /// The id.
    pub id: i64,
    /// The author's id.
    pub author_id: i64,
    /// What it says.
    pub text: String,
    /// Seconds since the epoch.
    pub published_at: i64,
    /// Whether it is hidden.
    pub flagged: bool,
}

/// A row of `follows`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Insertable, Queryable)]
#[diesel(table_name = follows, treat_none_as_default_value = false)]
pub struct Follow {
    /// Who follows.
    pub follower_id: i64,
    /// Who is followed.
    pub followee_id: i64,
}

/// The two ways in, for one table.
macro_rules! insert {
    ($table:ident, $conn:ident, $rows:ident) => {
        match $conn {
            DbConnection::Postgres(conn) => {
                diesel::copy_from($table::table).from_insertable($rows).execute(conn).map(drop)
            }
            DbConnection::Sqlite(conn) => {
                $rows.iter().try_for_each(|row| diesel::insert_into($table::table).values(row).execute(conn).map(drop))
            }
        }
    };
}

impl Row for User<'_> {
    fn insert(conn: &mut DbConnection, rows: &[Self]) -> QueryResult<()> {
        let stored = rows.iter().map(|user| StoredUser {
            id: user.id,
            username: &user.username,
            email: &user.email,
            password_hash: &user.password_hash,
            created_at: user.created_at,
            skeleton: skeleton(&user.username),
        });
        let stored: Vec<StoredUser<'_>> = stored.collect();
        let rows = stored.as_slice();
        insert!(users, conn, rows)
    }

    fn page(conn: &mut DbConnection, last: Option<&Self>, limit: i64) -> QueryResult<Vec<Self>> {
        let after = last.map_or(i64::MIN, |user| user.id);
        users::table
            .filter(users::id.gt(after))
            .order(users::id)
            .limit(limit)
            .select((users::id, users::username, users::email, users::password_hash, users::created_at))
            .load(conn)
    }

    fn count(conn: &mut DbConnection) -> QueryResult<i64> {
        users::table.count().get_result(conn)
    }
}

impl Row for Message {
    fn insert(conn: &mut DbConnection, rows: &[Self]) -> QueryResult<()> {
        insert!(messages, conn, rows)
    }

    fn page(conn: &mut DbConnection, last: Option<&Self>, limit: i64) -> QueryResult<Vec<Self>> {
        let after = last.map_or(i64::MIN, |message| message.id);
        messages::table.filter(messages::id.gt(after)).order(messages::id).limit(limit).load(conn)
    }

    fn count(conn: &mut DbConnection) -> QueryResult<i64> {
        messages::table.count().get_result(conn)
    }
}

impl Row for Follow {
    fn insert(conn: &mut DbConnection, rows: &[Self]) -> QueryResult<()> {
        insert!(follows, conn, rows)
    }

    fn page(conn: &mut DbConnection, last: Option<&Self>, limit: i64) -> QueryResult<Vec<Self>> {
        let after = last.map_or((i64::MIN, i64::MIN), |follow| (follow.follower_id, follow.followee_id));
        follows::table
            // The first is for the index, which an OR alone would not narrow.
            .filter(follows::follower_id.ge(after.0))
            .filter(follows::follower_id.gt(after.0).or(follows::followee_id.gt(after.1)))
            .order((follows::follower_id, follows::followee_id))
            .limit(limit)
            .load(conn)
    }

    fn count(conn: &mut DbConnection) -> QueryResult<i64> {
        follows::table.count().get_result(conn)
    }
}

/// Stores all `rows`, however many.
pub fn insert_all<R: Row>(conn: &mut DbConnection, mut rows: impl Iterator<Item = R>) -> QueryResult<()> {
    let mut chunk = Vec::with_capacity(CHUNK);
    loop {
        chunk.extend(rows.by_ref().take(CHUNK));
        if chunk.is_empty() {
            return Ok(());
        }
        R::insert(conn, &chunk)?;
        chunk.clear();
    }
}
