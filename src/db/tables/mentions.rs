//! A row of `mentions`, as it is moved from one database to another.

use diesel::prelude::*;
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::Row;
use crate::db::{connection::DbConnection, schema::mentions};

/// A row of `mentions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Insertable, Queryable, Serialize_tuple, Deserialize_tuple)]
#[diesel(table_name = mentions, treat_none_as_default_value = false)]
pub struct MentionRow {
    /// The message.
    pub message_id: i64,
    /// Whom it mentions.
    pub user_id: i64,
}

impl Row for MentionRow {
    const TABLE: &'static str = "mentions";
    const COLUMNS: &'static [&'static str] = &["message_id", "user_id"];
    const HAS_IDENTITY: bool = false;
    const SINCE: u32 = 2;

    fn insert(conn: &mut DbConnection, rows: &[Self]) -> QueryResult<()> {
        insert!(mentions, conn, rows)
    }

    fn page(conn: &mut DbConnection, last: Option<&Self>, limit: i64) -> QueryResult<Vec<Self>> {
        let after = last.map_or((i64::MIN, i64::MIN), |mention| (mention.message_id, mention.user_id));
        mentions::table
            // The first is for the index, which an OR alone would not narrow.
            .filter(mentions::message_id.ge(after.0))
            .filter(mentions::message_id.gt(after.0).or(mentions::user_id.gt(after.1)))
            .order((mentions::message_id, mentions::user_id))
            .limit(limit)
            .load(conn)
    }
}
