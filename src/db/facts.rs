//! What a database is, for `minitwit doctor`.

use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Bool, Double, Integer, Text},
};
use secrecy::ExposeSecret;

use super::connection::{DbConnection, Target};

/// What a server says of itself, and of us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// For people: product and version.
    pub product: String,
    /// Postgres' major version; `None` on SQLite.
    pub major: Option<i32>,
    /// Our role on Postgres, and whether it may do everything.
    pub role: Option<(String, bool)>,
}

#[derive(QueryableByName)]
struct PostgresFacts {
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = Integer)]
    number: i32,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Bool)]
    is_superuser: bool,
}

#[derive(QueryableByName)]
struct SqliteFacts {
    #[diesel(sql_type = Text)]
    version: String,
}

#[derive(QueryableByName)]
struct Clock {
    #[diesel(sql_type = Double)]
    now: f64,
}

/// Asks.
///
/// # Errors
/// When the query fails; so for every function of this module.
pub fn find(conn: &mut DbConnection) -> QueryResult<Facts> {
    match conn {
        DbConnection::Postgres(conn) => {
            let facts: PostgresFacts = sql_query(
                "SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number, \
                        rolname::text AS role, rolsuper AS is_superuser FROM pg_roles WHERE rolname = current_user",
            )
            .get_result(conn)?;
            let PostgresFacts { version, number, role, is_superuser } = facts;
            let product = format!("Postgres {version}");
            Ok(Facts { product, major: Some(number / 10_000), role: Some((role, is_superuser)) })
        }
        DbConnection::Sqlite(conn) => {
            let facts: SqliteFacts = sql_query("SELECT sqlite_version() AS version").get_result(conn)?;
            Ok(Facts { product: format!("SQLite {}", facts.version), major: None, role: None })
        }
    }
}

/// The server's clock, in seconds since the epoch; `None` on SQLite, which has ours.
pub fn clock(conn: &mut DbConnection) -> QueryResult<Option<f64>> {
    let DbConnection::Postgres(conn) = conn else { return Ok(None) };
    let query = sql_query("SELECT extract(epoch FROM clock_timestamp())::float8 AS now");
    query.get_result(conn).map(|clock: Clock| Some(clock.now))
}

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
pub fn soundness(conn: &mut DbConnection, limit: i64) -> QueryResult<Option<Soundness>> {
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

impl Target {
    /// Where it is, without user and password.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Sqlite(file) => file.display().to_string(),
            Self::Postgres(url) => {
                let url = url.expose_secret();
                let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
                let rest = rest.split('?').next().unwrap_or_default();
                rest.rsplit('@').next().unwrap_or_default().to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_gives_no_secret_away() {
        let place = |url: &str| Target::parse(&url.into()).unwrap().place();
        assert_eq!(place("postgres://me:s3:cr@t@db:5432/minitwit?options=x"), "db:5432/minitwit");
        assert_eq!(place("postgresql://db/minitwit"), "db/minitwit");
        assert_eq!(place("sqlite:///srv/a.db"), "/srv/a.db");
    }
}
