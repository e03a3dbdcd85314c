//! Whether the connections of all replicas fit into what Postgres allows.

use anyhow::bail;
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Nullable},
};
use tracing::warn;

use super::{Backend, DbConnection, Target};
use crate::config::{DatabaseSettings, Mode, Settings};

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

/// Whether the pools of all replicas together fit, the worst that is true of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// There are more connections than Postgres ever allows us.
    Never,
    /// There are more than others leave us at the moment.
    NotBesideOthers,
    /// Several replicas fit, but not the one more that a roll-out has for a while.
    NotInARollOut,
    /// As it should be.
    Always,
}

impl Capacity {
    /// How the pools that these settings ask for fit: for a start, and for the doctor.
    #[must_use]
    pub fn judge(&self, settings: &DatabaseSettings) -> Fit {
        let (pool, replicas) = (i64::from(settings.pool_size), i64::from(settings.replicas));
        let all = pool.saturating_mul(replicas);
        if all > self.usable {
            Fit::Never
        } else if all > self.left_by_others {
            Fit::NotBesideOthers
        } else if replicas > 1 && all.saturating_add(pool) > self.left_by_others {
            Fit::NotInARollOut
        } else {
            Fit::Always
        }
    }

    /// The connections that nobody has now.
    fn left(&self) -> i64 {
        self.left_by_others - self.ours
    }
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

/// Before the pools open: in production refuses to start when all replicas' pools together can never fit; otherwise,
/// and when this process's own pool does not fit into what is left at the moment, warns. A Postgres that does not
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
    let (pool, replicas) = (settings.database.pool_size, settings.database.replicas);
    let (usable, left) = (capacity.usable, capacity.left());
    if capacity.judge(&settings.database) == Fit::Never {
        if settings.mode == Mode::Production {
            bail!(
                "{replicas} replicas with {pool} connections each do not fit into the {usable} that Postgres allows \
                 us: lower MINITWIT__DATABASE__POOL_SIZE or MINITWIT__DATABASE__REPLICAS, or raise max_connections"
            );
        }
        warn!(pool, replicas, usable, "the pools of all replicas do not fit into what Postgres allows");
    } else if i64::from(pool) > left {
        warn!(pool, left, "fewer connections are left in Postgres at the moment than the pool has");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools_fit_always_not_now_not_in_a_roll_out_or_never() {
        let capacity = Capacity { usable: 20, left_by_others: 16, ours: 3, own_limit: None };
        let mut settings = Settings::defaults().database;
        for (pool, replicas, fit) in [
            (16, 1, Fit::Always),
            (4, 3, Fit::Always),
            (8, 2, Fit::NotInARollOut),
            (9, 2, Fit::NotBesideOthers),
            (17, 1, Fit::NotBesideOthers),
            (21, 1, Fit::Never),
            (7, 3, Fit::Never),
        ] {
            (settings.pool_size, settings.replicas) = (pool, replicas);
            assert_eq!(capacity.judge(&settings), fit, "{replicas} x {pool}");
        }
        assert_eq!(capacity.left(), 13);
    }
}
