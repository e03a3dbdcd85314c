//! Messages: everyone's and one author's timeline, posting, flagging. The home timeline is in `home.rs`.
//!
//! A timeline is ordered by (publication time, id), newest first, and is paged by a [`Cursor`] on
//! both: its cost does not grow with the page's depth.

use std::collections::HashMap;

use diesel::{
    dsl::not,
    prelude::*,
    sql_types::{BigInt, Text},
};

pub use super::posting::insert;
use super::{
    connection::DbConnection,
    marks, mentions, notifications,
    profiles::Header,
    schema::{messages, users},
    surroundings::Surroundings,
    users::UserKey,
    words,
};
use crate::domain::{MessageId, MessageText, UserId};

/// A message with its author, ready to be shown.
#[derive(Clone, Debug, Queryable, QueryableByName)]
pub struct AuthoredMessage {
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// Publication time of the last message seen.
    pub published_at: i64,
    /// Its id.
    pub id: i64,
}

impl AuthoredMessage {
    /// Its own place in a timeline.
    #[must_use]
    pub fn place(&self) -> Cursor {
        Cursor { published_at: self.published_at, id: self.id }
    }
}

impl Cursor {
    /// Before the first message.
    pub const START: Self = Self { published_at: i64::MAX, id: i64::MAX };
}

/// What is asked of a timeline: at most `limit` messages older than `before`.
#[derive(Clone, Copy, Debug)]
pub struct PageRequest {
    /// Where to begin.
    pub before: Cursor,
    /// How many at most.
    pub limit: i64,
}

/// A page of a timeline.
#[derive(Clone, Debug, Default)]
pub struct MessagePage {
    /// Newest first.
    pub messages: Vec<AuthoredMessage>,
    /// What stands around them, by their ids, as nobody in particular sees it; empty where it was not asked for.
    pub surroundings: HashMap<i64, Surroundings>,
    /// Who put a message here that is not the list's own: by the messages' ids.
    pub reposters: HashMap<i64, String>,
    /// Where the next page begins, if there is one.
    pub older: Option<Cursor>,
    /// Whose page it is, if it is one person's profile.
    pub owner: Option<Box<Header>>,
}

/// A message to be.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// What it says.
    pub text: MessageText,
    /// Seconds since the epoch.
    pub published_at: i64,
}

/// Everyone's unflagged messages. Index: `messages_by_time`, walked from the cursor.
///
/// # Errors
/// When the query fails; so for every function of this module.
pub fn list_public(conn: &mut DbConnection, page: PageRequest) -> QueryResult<Vec<AuthoredMessage>> {
    messages::table
        .inner_join(users::table)
        .filter(not(messages::flagged))
        .filter(messages::published_at.le(page.before.published_at))
        .filter(messages::published_at.lt(page.before.published_at).or(messages::id.lt(page.before.id)))
        .order((messages::published_at.desc(), messages::id.desc()))
        .limit(page.limit)
        .select((messages::id, messages::text, messages::published_at, users::id, users::username))
        .load(conn)
}

/// One author's unflagged messages. Index: `messages_by_author`, walked from the cursor.
pub fn list_by_author(conn: &mut DbConnection, author: UserId, page: PageRequest) -> QueryResult<Vec<AuthoredMessage>> {
    messages::table
        .inner_join(users::table)
        .filter(messages::author_id.eq(author.0))
        .filter(not(messages::flagged))
        .filter(messages::published_at.le(page.before.published_at))
        .filter(messages::published_at.lt(page.before.published_at).or(messages::id.lt(page.before.id)))
        .order((messages::published_at.desc(), messages::id.desc()))
        .limit(page.limit)
        .select((messages::id, messages::text, messages::published_at, users::id, users::username))
        .load(conn)
}

/// Whose message it is, unless that is hidden. Index: the primary keys.
pub fn find_author(conn: &mut DbConnection, id: MessageId) -> QueryResult<Option<(UserId, String)>> {
    let row: Option<(i64, String)> = messages::table
        .inner_join(users::table)
        .filter(messages::id.eq(id.0))
        .filter(not(messages::flagged))
        .select((users::id, users::username))
        .first(conn)
        .optional()?;
    Ok(row.map(|(id, name)| (UserId(id), name)))
}

/// Takes back a message of `author`'s, for good; `false` if there is no such message. In a transaction. What stays is
/// an empty message that is flagged: nobody can post an empty one, so that says what it is, and every list leaves
/// it out. Replies to it stay.
pub fn delete(conn: &mut DbConnection, author: &UserKey, id: MessageId) -> QueryResult<bool> {
    let Some(author) = author.find(conn)? else { return Ok(false) };
    let own = messages::table
        .filter(messages::id.eq(id.0))
        .filter(messages::author_id.eq(author.0))
        .filter(messages::text.ne(""));
    if diesel::update(own).set((messages::text.eq(""), messages::flagged.eq(true))).execute(conn)? == 0 {
        return Ok(false);
    }
    marks::forget(conn, id)?;
    mentions::forget(conn, id)?;
    words::forget(conn, id.0)?;
    notifications::remove_about(conn, id)?;
    Ok(true)
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

/// Hides a message or shows it again; `false` when there is none with this id, or its author has deleted it.
pub fn set_flagged(conn: &mut DbConnection, id: MessageId, flagged: bool) -> QueryResult<bool> {
    let changed = diesel::update(messages::table.filter(messages::id.eq(id.0)).filter(messages::text.ne("")))
        .set(messages::flagged.eq(flagged))
        .execute(conn)?;
    Ok(changed == 1)
}
