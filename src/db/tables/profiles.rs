//! A row of `profiles`, as it is moved from one database to another.

use diesel::prelude::*;
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::Row;
use crate::db::{connection::DbConnection, people, schema::profiles};

/// A row of `profiles`.
#[derive(Clone, Debug, PartialEq, Eq, Insertable, Queryable, Serialize_tuple, Deserialize_tuple)]
#[diesel(table_name = profiles, treat_none_as_default_value = false)]
pub struct ProfileRow {
    /// Whose.
    pub user_id: i64,
    /// A name beside the username.
    pub display_name: Option<String>,
    /// A few lines.
    pub bio: Option<String>,
    /// An address.
    pub website: Option<String>,
    /// The newest notification that they have seen.
    pub notifications_seen: i64,
}

impl Row for ProfileRow {
    const TABLE: &'static str = "profiles";
    const COLUMNS: &'static [&'static str] = &["user_id", "display_name", "bio", "website", "notifications_seen"];
    const HAS_IDENTITY: bool = false;
    const SINCE: u32 = 2;

    fn insert(conn: &mut DbConnection, rows: &[Self]) -> QueryResult<()> {
        insert!(profiles, conn, rows)?;
        // Their usernames' words came with the users.
        let names = rows.iter().filter_map(|row| Some((row.user_id, row.display_name.as_deref()?)));
        names.into_iter().try_for_each(|(user, name)| people::add(conn, user, name))
    }

    fn page(conn: &mut DbConnection, last: Option<&Self>, limit: i64) -> QueryResult<Vec<Self>> {
        let after = last.map_or(i64::MIN, |profile| profile.user_id);
        profiles::table.filter(profiles::user_id.gt(after)).order(profiles::user_id).limit(limit).load(conn)
    }
}
