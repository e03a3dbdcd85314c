//! Whether the connections of all replicas fit into what Postgres allows.

use anyhow::bail;
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Nullable},
};
use tracing::warn;

use super::{Backend, DbConnection, Target};
use crate::config::{Mode, Settings};

/// What a Postgres allows us, in connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct Capacity {
    /// Those we may have when nobody else has any: `max_connections` without those that are reserved for
    /// superusers, or the limit of our role or our database if that is lower.
    #[diesel(sql_type = BigInt)]
    pub usable: i64,
    /// Those we may have beside what others have now.
    #[diesel(sql_type = BigInt)]
    pub left_by_others: i64,
    /// Those that Minitwits have now, known by their `application_name`; without the asking one.
    #[diesel(sql_type = BigInt)]
    pub ours: i64,
    /// The limit of our role or database that makes `usable` lower than the server does.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub own_limit: Option<i64>,
}

/// Asks Postgres; `None` on SQLite, which has no such limit.
///
/// # Errors
/// When the query fails.
pub fn find(conn: &mut DbConnection) -> QueryResult<Option<Capacity>> {
    let DbConnection::Postgres(conn) = conn else { return Ok(None) };
    // Nobody needs a privilege for these columns. Processes without a user are the server's own.
    let query = "
        WITH others AS (
            SELECT datid = (SELECT oid FROM pg_database WHERE datname = current_database()) AS in_database,
                   usesysid = (SELECT oid FROM pg_roles WHERE rolname = current_user) AS of_role,
                   application_name = 'minitwit' AS is_ours
            FROM pg_stat_activity
            WHERE datid IS NOT NULL AND usesysid IS NOT NULL AND pid <> pg_backend_pid()
        ), limits AS (
            SELECT current_setting('max_connections')::bigint
                     - current_setting('superuser_reserved_connections')::bigint
                     - coalesce(current_setting('reserved_connections', true)::bigint, 0) AS server,
                   (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()) AS database,
                   (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user) AS role
        )
        SELECT least(server, database, role)::bigint AS usable,
               least(
                   server - (SELECT count(*) FROM others WHERE NOT is_ours),
                   database - (SELECT count(*) FROM others WHERE NOT is_ours AND in_database),
                   role - (SELECT count(*) FROM others WHERE NOT is_ours AND of_role)
               )::bigint AS left_by_others,
               (SELECT count(*) FROM others WHERE is_ours) AS ours,
               CASE WHEN least(database, role) < server THEN least(database, role)::bigint END AS own_limit
        FROM limits";
    sql_query(query).get_result(conn).map(Some)
}

/// Before the pools open: in production refuses to start when all replicas' pools together can never fit;
/// otherwise, and when they would not fit beside what others have now, warns. A Postgres that does not
/// answer is not asked again: requests will tell.
///
/// # Errors
/// A sentence that says what does not fit, and what to set.
pub fn check_at_start(settings: &Settings) -> anyhow::Result<()> {
    let target = Target::parse(&settings.database.url)?;
    if target.backend() == Backend::Sqlite {
        return Ok(());
    }
    let found = target.connect().and_then(|mut conn| Ok(find(&mut conn)?));
    let capacity = match found {
        Ok(Some(capacity)) => capacity,
        Ok(None) => return Ok(()),
        Err(why) => {
            warn!(causes = format!("{why:#}"), "not known whether the pool fits: the database does not answer");
            return Ok(());
        }
    };
    let (pool, replicas) = (i64::from(settings.database.pool_size), i64::from(settings.database.replicas));
    let (all, usable) = (pool.saturating_mul(replicas), capacity.usable);
    if all > usable {
        if settings.mode == Mode::Production {
            bail!(
                "{replicas} replicas with {pool} connections each do not fit into the {usable} that Postgres allows \
                 us: lower MINITWIT__DATABASE__POOL_SIZE or MINITWIT__DATABASE__REPLICAS, or raise max_connections"
            );
        }
        warn!(pool, replicas, usable, "the pools of all replicas do not fit into what Postgres allows");
    } else if pool > capacity.left_by_others - capacity.ours {
        let left = capacity.left_by_others - capacity.ours;
        warn!(pool, left, "fewer connections are left in Postgres at the moment than the pool has");
    }
    Ok(())
}
