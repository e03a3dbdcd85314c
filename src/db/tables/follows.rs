//! A row of `follows`, as it is moved from one database to another.

use diesel::prelude::*;
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::Row;
use crate::db::{connection::DbConnection, schema::follows};

/// A row of `follows`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Insertable, Queryable, Serialize_tuple, Deserialize_tuple)]
#[diesel(table_name = follows, treat_none_as_default_value = false)]
pub struct FollowRow {
    /// Who follows.
    pub follower_id: i64,
    /// Who is followed.
    pub followee_id: i64,
}

impl Row for FollowRow {
    const TABLE: &'static str = "follows";
    const COLUMNS: &'static [&'static str] = &["follower_id", "followee_id"];
    const HAS_IDENTITY: bool = false;
    const SINCE: u32 = 1;

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
}
