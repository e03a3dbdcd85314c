//! What a database server says of itself, for `minitwit doctor`.

use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Bool, Double, Integer, Text},
};

use super::connection::DbConnection;

/// What a server says of itself, and of us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerInfo {
    /// For people: product and version.
    pub product: String,
    /// Postgres' major version; `None` on SQLite.
    pub major: Option<i32>,
    /// Our role on Postgres, and whether it may do everything.
    pub role: Option<(String, bool)>,
}

#[derive(QueryableByName)]
struct PostgresInfo {
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
struct SqliteInfo {
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
pub fn find(conn: &mut DbConnection) -> QueryResult<ServerInfo> {
    match conn {
        DbConnection::Postgres(conn) => {
            let info: PostgresInfo = sql_query(
                "SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number, \
                        rolname::text AS role, rolsuper AS is_superuser FROM pg_roles WHERE rolname = current_user",
            )
            .get_result(conn)?;
            let PostgresInfo { version, number, role, is_superuser } = info;
            let product = format!("Postgres {version}");
            Ok(ServerInfo { product, major: Some(number / 10_000), role: Some((role, is_superuser)) })
        }
        DbConnection::Sqlite(conn) => {
            let info: SqliteInfo = sql_query("SELECT sqlite_version() AS version").get_result(conn)?;
            Ok(ServerInfo { product: format!("SQLite {}", info.version), major: None, role: None })
        }
    }
}

/// The server's clock, in seconds since the epoch; `None` on SQLite, which has ours.
pub fn find_clock(conn: &mut DbConnection) -> QueryResult<Option<f64>> {
    let DbConnection::Postgres(conn) = conn else { return Ok(None) };
    let query = sql_query("SELECT extract(epoch FROM clock_timestamp())::float8 AS now");
    query.get_result(conn).map(|clock: Clock| Some(clock.now))
}
