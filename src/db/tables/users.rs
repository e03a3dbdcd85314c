//! A row of `users`, as it is moved from one database to another.

use diesel::prelude::*;
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::Row;
use crate::{
    db::{
        connection::DbConnection,
        people::PersonWord,
        schema::{people_words, users},
    },
    domain::lookalikes::skeleton,
};

/// A row of `users`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Serialize_tuple, Deserialize_tuple)]
pub struct UserRow {
    /// The id.
    pub id: i64,
    /// The name.
    pub username: String,
    /// The address.
    pub email: String,
    /// A PHC string.
    pub password_hash: String,
    /// Seconds since the epoch.
    pub created_at: i64,
}

/// The same as it is stored: with what follows from the others.
#[derive(Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
struct StoredUser<'a> {
    id: i64,
    username: &'a str,
    email: &'a str,
    password_hash: &'a str,
    created_at: i64,
    skeleton: String,
    is_findable: bool,
}

impl<'a> From<&'a UserRow> for StoredUser<'a> {
    fn from(user: &'a UserRow) -> Self {
        let UserRow { id, username, email, password_hash, created_at } = user;
        let skeleton = skeleton(username);
        Self { id: *id, username, email, password_hash, created_at: *created_at, skeleton, is_findable: true }
    }
}

impl Row for UserRow {
    const TABLE: &'static str = "users";
    const COLUMNS: &'static [&'static str] = &["id", "username", "email", "password_hash", "created_at"];
    const DERIVED: &'static [&'static str] = &["skeleton", "is_findable"];
    const HAS_IDENTITY: bool = true;
    const SINCE: u32 = 1;

    fn insert(conn: &mut DbConnection, rows: &[Self]) -> QueryResult<()> {
        let stored: Vec<StoredUser<'_>> = rows.iter().map(StoredUser::from).collect();
        insert!(users, conn, stored.as_slice())?;
        let words: Vec<PersonWord> =
            rows.iter().flat_map(|user| PersonWord::all(user.id, [user.username.as_str()])).collect();
        insert!(people_words, conn, words.as_slice())
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
}
