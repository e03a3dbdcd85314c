//! Whether a SQLite file is what it should be, page by page, for `minitwit doctor`.

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

/// SQLite's `quick_check`, which reads the whole file (a second or two for each gigabyte that is in memory,
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
    let is_sound = found.quick_check == "ok";
    Ok(Some(if is_sound { Soundness::Sound(bytes) } else { Soundness::Damaged(found.quick_check) }))
}
