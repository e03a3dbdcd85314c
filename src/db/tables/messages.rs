//! A row of `messages`, as it is moved from one database to another.

use diesel::prelude::*;
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::Row;
use crate::db::{connection::DbConnection, schema::messages};

/// A row of `messages`.
#[derive(Clone, Debug, PartialEq, Eq, Insertable, Queryable, Serialize_tuple, Deserialize_tuple)]
#[diesel(table_name = messages, treat_none_as_default_value = false)]
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

impl Row for MessageRow {
    const TABLE: &'static str = "messages";
    const COLUMNS: &'static [&'static str] = &["id", "author_id", "text", "published_at", "flagged"];
    const HAS_IDENTITY: bool = true;
    const SINCE: u32 = 1;

    fn insert(conn: &mut DbConnection, rows: &[Self]) -> QueryResult<()> {
        insert!(messages, conn, rows)
    }

    fn page(conn: &mut DbConnection, last: Option<&Self>, limit: i64) -> QueryResult<Vec<Self>> {
        let after = last.map_or(i64::MIN, |message| message.id);
        messages::table.filter(messages::id.gt(after)).order(messages::id).limit(limit).load(conn)
    }
}
