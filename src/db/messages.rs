//! Messages: everyone's and one author's timeline, posting, flagging. The home timeline is in `home.rs`.
//!
//! A timeline is ordered by (publication time, id), newest first, and is paged by a [`Cursor`] on
//! both: its cost does not grow with the page's depth.

use diesel::{
    dsl::not,
    prelude::*,
    sql_types::{BigInt, Text},
};

use super::{
    connection::DbConnection,
    prepared::{Bind, Statement},
    schema::{messages, users},
    simulator::{Recorded, RecordedRow, set_latest},
};
use crate::domain::{MessageId, MessageText, UserId};

/// A message with its author, ready to be shown.
#[derive(Clone, Debug, Queryable, QueryableByName)]
pub struct MessageRow {
    /// The message's id.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// What it says.
    #[diesel(sql_type = Text)]
    pub text: String,
    /// Seconds since the epoch.
    #[diesel(sql_type = BigInt)]
    pub published_at: i64,
    /// The author's id.
    #[diesel(sql_type = BigInt)]
    pub author_id: i64,
    /// The author's name.
    #[diesel(sql_type = Text)]
    pub author: String,
}

/// A place in a timeline: what comes after it is older.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Publication time of the last message seen.
    pub published_at: i64,
    /// Its id.
    pub id: i64,
}

impl Cursor {
    /// Before the first message.
    pub const START: Self = Self { published_at: i64::MAX, id: i64::MAX };
}

/// A part of a timeline: at most `limit` messages older than `before`.
#[derive(Clone, Copy, Debug)]
pub struct Slice {
    /// Where to begin.
    pub before: Cursor,
    /// How many at most.
    pub limit: i64,
}

/// A message to be.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// The author's name.
    pub author: String,
    /// What it says.
    pub text: MessageText,
    /// Seconds since the epoch.
    pub published_at: i64,
}

/// Everyone's unflagged messages. Index: `messages_by_time`, walked from the cursor.
///
/// # Errors
/// When the query fails; so for every function of this module.
pub fn list_public(conn: &mut DbConnection, slice: Slice) -> QueryResult<Vec<MessageRow>> {
    messages::table
        .inner_join(users::table)
        .filter(not(messages::flagged))
        .filter(messages::published_at.le(slice.before.published_at))
        .filter(messages::published_at.lt(slice.before.published_at).or(messages::id.lt(slice.before.id)))
        .order((messages::published_at.desc(), messages::id.desc()))
        .limit(slice.limit)
        .select((messages::id, messages::text, messages::published_at, users::id, users::username))
        .load(conn)
}

/// One author's unflagged messages. Index: `messages_by_author`, walked from the cursor.
pub fn list_by_author(conn: &mut DbConnection, author: UserId, slice: Slice) -> QueryResult<Vec<MessageRow>> {
    messages::table
        .inner_join(users::table)
        .filter(messages::author_id.eq(author.0))
        .filter(not(messages::flagged))
        .filter(messages::published_at.le(slice.before.published_at))
        .filter(messages::published_at.lt(slice.before.published_at).or(messages::id.lt(slice.before.id)))
        .order((messages::published_at.desc(), messages::id.desc()))
        .limit(slice.limit)
        .select((messages::id, messages::text, messages::published_at, users::id, users::username))
        .load(conn)
}

/// Postgres: the name resolved, the message stored, the latest action set, in one round trip. `setval`
/// of NULL does nothing.
const INSERT_ON_POSTGRES: &str = "\
    WITH author AS (SELECT id AS author_id FROM users WHERE username = ?), \
    posted AS (INSERT INTO messages (author_id, text, published_at) \
               SELECT author_id, ?, ? FROM author RETURNING id) \
    SELECT (SELECT id FROM posted) AS outcome, seen.last_value AS previous, setval('simulator_latest', ?) \
    FROM simulator_latest seen";

/// Stores a message and, with it, the simulator's latest action. The outcome is `None` when there
/// is no such author. One statement on Postgres.
pub fn insert(
    conn: &mut DbConnection,
    new: &NewMessage,
    latest: Option<i64>,
) -> QueryResult<Recorded<Option<MessageId>>> {
    match conn {
        DbConnection::Postgres(conn) => {
            let values = [
                Bind::Text(&new.author),
                Bind::Text(new.text.as_str()),
                Bind::Integer(new.published_at),
                Bind::MaybeInteger(latest),
            ];
            let row: RecordedRow = Statement::new(INSERT_ON_POSTGRES, &values).get_result(conn)?;
            Ok(row.into_recorded(|id| id.map(MessageId)))
        }
        DbConnection::Sqlite(_) => {
            let previous = set_latest(conn, latest)?;
            let author = super::users::find_id(conn, &new.author)?;
            let outcome = author.map(|author| insert_for(conn, author, new)).transpose()?;
            Ok(Recorded { outcome, previous })
        }
    }
}

fn insert_for(conn: &mut DbConnection, author: UserId, new: &NewMessage) -> QueryResult<MessageId> {
    diesel::insert_into(messages::table)
        .values((
            messages::author_id.eq(author.0),
            messages::text.eq(new.text.as_str()),
            messages::published_at.eq(new.published_at),
        ))
        .returning(messages::id)
        .get_result(conn)
        .map(MessageId)
}

/// A message as the flag tool prints it.
#[derive(Clone, Debug, Queryable)]
pub struct FlagRow {
    /// The message's id.
    pub id: i64,
    /// The author's id.
    pub author_id: i64,
    /// What it says.
    pub text: String,
    /// Whether it is hidden.
    pub flagged: bool,
}

/// Messages in order of id, `limit` of them after `after`, flagged ones too. Index: the primary key.
pub fn list_for_flagging(conn: &mut DbConnection, after: MessageId, limit: i64) -> QueryResult<Vec<FlagRow>> {
    messages::table
        .filter(messages::id.gt(after.0))
        .order(messages::id)
        .limit(limit)
        .select((messages::id, messages::author_id, messages::text, messages::flagged))
        .load(conn)
}

/// Hides a message or shows it again; `false` when there is none with this id.
pub fn set_flagged(conn: &mut DbConnection, id: MessageId, flagged: bool) -> QueryResult<bool> {
    let changed = diesel::update(messages::table.filter(messages::id.eq(id.0)))
        .set(messages::flagged.eq(flagged))
        .execute(conn)?;
    Ok(changed == 1)
}
