//! A row of `marks`, as it is moved from one database to another.

use diesel::prelude::*;
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::Row;
use crate::db::{connection::DbConnection, schema::marks};

/// A row of `marks`.
#[derive(Clone, Debug, PartialEq, Eq, Insertable, Queryable, Serialize_tuple, Deserialize_tuple)]
#[diesel(table_name = marks, treat_none_as_default_value = false)]
pub struct MarkRow {
    /// What is marked.
    pub message_id: i64,
    /// As what: `like`, `repost` or `bookmark`.
    pub kind: String,
    /// Who marked it.
    pub user_id: i64,
    /// Seconds since the epoch.
    pub created_at: i64,
}

impl Row for MarkRow {
    const TABLE: &'static str = "marks";
    const COLUMNS: &'static [&'static str] = &["message_id", "kind", "user_id", "created_at"];
    const HAS_IDENTITY: bool = false;
    const SINCE: u32 = 2;

    fn insert(conn: &mut DbConnection, rows: &[Self]) -> QueryResult<()> {
        insert!(marks, conn, rows)
    }

    fn page(conn: &mut DbConnection, last: Option<&Self>, limit: i64) -> QueryResult<Vec<Self>> {
        let query = marks::table.order((marks::message_id, marks::kind, marks::user_id)).limit(limit);
        let Some(last) = last else { return query.load(conn) };
        // Postgres and SQLite compare texts by other rules, and both of them as their own key does.
        let is_later = marks::message_id.gt(last.message_id).or(marks::message_id
            .eq(last.message_id)
            .and(marks::kind.gt(&last.kind).or(marks::kind.eq(&last.kind).and(marks::user_id.gt(last.user_id)))));
        query.filter(marks::message_id.ge(last.message_id)).filter(is_later).load(conn)
    }
}
