//! Whether a SQLite file is what it should be, page by page and row by row, for `minitwit doctor`.

use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Text},
};

use super::connection::DbConnection;

/// What a look into every page of a SQLite file tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Soundness {
    /// It is not looked into: so many bytes take too long.
    TooLarge(i64),
    /// Nothing wrong in so many bytes.
    Sound(i64),
    /// The first thing that is wrong.
    Damaged(String),
    /// Some row of this table refers to one that is not there: a program wrote without `PRAGMA foreign_keys = ON`. A
    /// backup of it cannot be restored.
    Orphans(String),
}

#[derive(QueryableByName)]
struct Orphan {
    #[diesel(sql_type = Text)]
    table: String,
}

#[derive(QueryableByName)]
struct Size {
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    quick_check: String,
}

/// SQLite's `quick_check` and `foreign_key_check`, which read the whole file (a second or two for each gigabyte that is in memory,
/// longer from a slow disk), if that has at most `limit` bytes; `None` on Postgres. It holds nobody up.
///
/// # Errors
/// When a query fails; on a file that is badly damaged it does.
pub fn look_into_pages(conn: &mut DbConnection, limit: i64) -> QueryResult<Option<Soundness>> {
    let DbConnection::Sqlite(conn) = conn else { return Ok(None) };
    let size = sql_query("SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()");
    let Size { bytes } = size.get_result(conn)?;
    if bytes > limit {
        return Ok(Some(Soundness::TooLarge(bytes)));
    }
    let found: Found = sql_query("PRAGMA quick_check(1)").get_result(conn)?;
    if found.quick_check != "ok" {
        return Ok(Some(Soundness::Damaged(found.quick_check)));
    }
    let orphan = sql_query("SELECT \"table\" FROM pragma_foreign_key_check() LIMIT 1").get_result(conn).optional()?;
    Ok(Some(orphan.map_or(Soundness::Sound(bytes), |Orphan { table }| Soundness::Orphans(table))))
}
