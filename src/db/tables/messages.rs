//! A row of `messages`, as it is moved from one database to another.

use diesel::prelude::*;
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::Row;
use crate::{
    db::{
        connection::DbConnection,
        prepared::{Bind, Statement},
        schema::{message_tags, messages, messages_with_words},
        tsvector::Words,
        words,
    },
    domain::segments,
};

/// A row of `messages`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Serialize_tuple, Deserialize_tuple)]
pub struct MessageRow {
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

/// The same as Postgres stores it: with its words.
#[derive(Insertable)]
#[diesel(table_name = messages_with_words, treat_none_as_default_value = false)]
struct StoredMessage<'a> {
    id: i64,
    author_id: i64,
    text: &'a str,
    published_at: i64,
    flagged: bool,
    words: Words,
}

impl<'a> From<&'a MessageRow> for StoredMessage<'a> {
    fn from(message: &'a MessageRow) -> Self {
        let MessageRow { id, author_id, text, published_at, flagged } = message;
        let words = Words::from(text.as_str());
        Self { id: *id, author_id: *author_id, text, published_at: *published_at, flagged: *flagged, words }
    }
}

fn insert_on_sqlite(conn: &mut DbConnection, message: &MessageRow) -> QueryResult<()> {
    const INSERT: &str = "\
        INSERT INTO messages (id, author_id, text, published_at, flagged, words) VALUES (?, ?, ?, ?, ?, TRUE)";
    let MessageRow { id, author_id, text, published_at, flagged } = message;
    let values = [
        Bind::Integer(*id),
        Bind::Integer(*author_id),
        Bind::Text(text),
        Bind::Integer(*published_at),
        Bind::Integer((*flagged).into()),
    ];
    Statement::new(INSERT, &values).execute(conn)?;
    words::store_on_sqlite(conn, *id, *published_at, text)
}

/// A tag of a message.
#[derive(Insertable)]
#[diesel(table_name = message_tags, treat_none_as_default_value = false)]
struct StoredTag {
    tag: String,
    published_at: i64,
    message_id: i64,
}

impl StoredTag {
    fn all(message: &MessageRow) -> impl Iterator<Item = Self> {
        let MessageRow { id: message_id, published_at, .. } = *message;
        segments::tags(&message.text).into_iter().map(move |tag| Self {
            tag: tag.as_str().to_owned(),
            published_at,
            message_id,
        })
    }
}

impl Row for MessageRow {
    const TABLE: &'static str = "messages";
    const COLUMNS: &'static [&'static str] = &["id", "author_id", "text", "published_at", "flagged"];
    const DERIVED: &'static [&'static str] = &["words"];
    const HAS_IDENTITY: bool = true;
    const SINCE: u32 = 1;

    fn insert(conn: &mut DbConnection, rows: &[Self]) -> QueryResult<()> {
        match conn {
            DbConnection::Postgres(conn) => {
                let stored: Vec<StoredMessage<'_>> = rows.iter().map(StoredMessage::from).collect();
                diesel::copy_from(messages_with_words::table).from_insertable(stored.as_slice()).execute(conn)?;
                let tags: Vec<StoredTag> = rows.iter().flat_map(StoredTag::all).collect();
                diesel::copy_from(message_tags::table).from_insertable(tags.as_slice()).execute(conn).map(drop)
            }
            DbConnection::Sqlite(_) => rows.iter().try_for_each(|row| insert_on_sqlite(conn, row)),
        }
    }

    fn page(conn: &mut DbConnection, last: Option<&Self>, limit: i64) -> QueryResult<Vec<Self>> {
        let after = last.map_or(i64::MIN, |message| message.id);
        messages::table
            .filter(messages::id.gt(after))
            .order(messages::id)
            .limit(limit)
            .select((messages::id, messages::author_id, messages::text, messages::published_at, messages::flagged))
            .load(conn)
    }
}
