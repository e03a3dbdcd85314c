//! A row of `notifications`, as it is moved from one database to another.

use diesel::prelude::*;
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::Row;
use crate::db::{connection::DbConnection, schema::notifications};

/// A row of `notifications`.
#[derive(Clone, Debug, PartialEq, Eq, Insertable, Queryable, Serialize_tuple, Deserialize_tuple)]
#[diesel(table_name = notifications, treat_none_as_default_value = false)]
pub struct NotificationRow {
    /// The id.
    pub id: i64,
    /// Who is told.
    pub user_id: i64,
    /// What happened: `reply`, `mention`, `like`, `repost` or `follow`.
    pub kind: String,
    /// Who did it.
    pub actor_id: i64,
    /// The message that it is about, if it is about one.
    pub message_id: Option<i64>,
    /// Seconds since the epoch.
    pub created_at: i64,
}

impl Row for NotificationRow {
    const TABLE: &'static str = "notifications";
    const COLUMNS: &'static [&'static str] = &["id", "user_id", "kind", "actor_id", "message_id", "created_at"];
    const HAS_IDENTITY: bool = true;
    const SINCE: u32 = 2;

    fn insert(conn: &mut DbConnection, rows: &[Self]) -> QueryResult<()> {
        insert!(notifications, conn, rows)
    }

    fn page(conn: &mut DbConnection, last: Option<&Self>, limit: i64) -> QueryResult<Vec<Self>> {
        let after = last.map_or(i64::MIN, |notification| notification.id);
        notifications::table.filter(notifications::id.gt(after)).order(notifications::id).limit(limit).load(conn)
    }
}
