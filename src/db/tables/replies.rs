//! A row of `replies`, as it is moved from one database to another.

use diesel::prelude::*;
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::Row;
use crate::db::{connection::DbConnection, schema::replies};

/// A row of `replies`.
#[derive(Clone, Debug, PartialEq, Eq, Insertable, Queryable, Serialize_tuple, Deserialize_tuple)]
#[diesel(table_name = replies, treat_none_as_default_value = false)]
pub struct ReplyRow {
    /// The reply.
    pub message_id: i64,
    /// The message that it answers, which may be gone.
    pub parent_id: i64,
}

impl Row for ReplyRow {
    const TABLE: &'static str = "replies";
    const COLUMNS: &'static [&'static str] = &["message_id", "parent_id"];
    const HAS_IDENTITY: bool = false;
    const SINCE: u32 = 2;

    fn insert(conn: &mut DbConnection, rows: &[Self]) -> QueryResult<()> {
        insert!(replies, conn, rows)
    }

    fn page(conn: &mut DbConnection, last: Option<&Self>, limit: i64) -> QueryResult<Vec<Self>> {
        let after = last.map_or(i64::MIN, |reply| reply.message_id);
        replies::table.filter(replies::message_id.gt(after)).order(replies::message_id).limit(limit).load(conn)
    }
}
