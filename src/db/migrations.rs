//! The schema's versions, embedded in the binary, and how they are applied.

use anyhow::anyhow;
use diesel::{
    QueryResult, QueryableByName, RunQueryDsl, SqliteConnection,
    migration::{MigrationSource, MigrationVersion},
    sql_query,
    sql_types::{BigInt, Bool, Text},
    sqlite::Sqlite,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{DbConnection, Target, skeletons};

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// The advisory lock that replicas starting together queue for: "minitwit" in ASCII.
const LOCK: i64 = 0x6d69_6e69_7477_6974;

/// Applies what is pending, works out the skeletons of names that have none, and returns the names applied. What
/// messages and people are found by may be missing afterwards: that takes minutes for a million messages, and the
/// regular sweep does it beside everything else.
/// Safe to call from many processes at once: on Postgres under an advisory lock (Diesel takes none), on
/// SQLite one writer at a time.
///
/// # Errors
/// When the database cannot be reached, or a migration fails; those before it stay applied.
pub fn run(target: &Target) -> anyhow::Result<Vec<String>> {
    let mut conn = target.connect()?;
    if let DbConnection::Postgres(conn) = &mut conn {
        sql_query("SELECT pg_advisory_lock($1)").bind::<BigInt, _>(LOCK).execute(conn)?;
    }
    let applied = match &mut conn {
        DbConnection::Postgres(conn) => names(conn.run_pending_migrations(POSTGRES)),
        DbConnection::Sqlite(conn) => conn
            .exclusive_transaction(|conn| Ok::<_, diesel::result::Error>(names(conn.run_pending_migrations(SQLITE))))?,
    };
    let filled = if applied.is_ok() { skeletons::fill(&mut conn) } else { Ok(0) };
    if let DbConnection::Postgres(conn) = &mut conn {
        // The lock also goes with the connection; this lets go on the way of an error too.
        sql_query("SELECT pg_advisory_unlock($1)").bind::<BigInt, _>(LOCK).execute(conn)?;
    }
    filled?;
    applied.map_err(|why| anyhow!(why).context("a migration failed"))
}

/// Undoes every migration: all data goes. For tests and for starting over.
///
/// # Errors
/// When a down migration fails.
pub fn revert_all(target: &Target) -> anyhow::Result<Vec<String>> {
    let reverted = match target.connect()? {
        DbConnection::Postgres(mut conn) => names(conn.revert_all_migrations(POSTGRES)),
        DbConnection::Sqlite(mut conn) => names(conn.revert_all_migrations(SQLITE)),
    };
    reverted.map_err(|why| anyhow!(why).context("a down migration failed"))
}

/// Whether this binary knows migrations that the database lacks. The other way round is fine:
/// during a roll-out the old release runs on the new schema.
///
/// # Errors
/// When the database cannot be asked.
pub fn is_any_pending(conn: &mut DbConnection) -> Result<bool, diesel::result::Error> {
    let pending = match conn {
        DbConnection::Postgres(conn) => conn.has_pending_migration(POSTGRES),
        DbConnection::Sqlite(conn) => conn.has_pending_migration(SQLITE),
    };
    pending.map_err(diesel::result::Error::QueryBuilderError)
}

/// A row of Diesel's own table.
#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = Text)]
    version: String,
}

#[derive(QueryableByName)]
struct Presence {
    #[diesel(sql_type = Bool)]
    is_there: bool,
}

/// The versions that the database has, oldest first; none when it was never migrated. Only reads.
///
/// # Errors
/// When the query fails.
pub fn applied(conn: &mut DbConnection) -> QueryResult<Vec<String>> {
    let presence = match conn {
        DbConnection::Postgres(_) => "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL AS is_there",
        DbConnection::Sqlite(_) => {
            "SELECT count(*) > 0 AS is_there FROM sqlite_master WHERE name = '__diesel_schema_migrations'"
        }
    };
    let presence: Presence = sql_query(presence).get_result(conn)?;
    if !presence.is_there {
        return Ok(Vec::new());
    }
    let rows: Vec<Applied> = sql_query("SELECT version FROM __diesel_schema_migrations ORDER BY version").load(conn)?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}

/// The versions that this binary knows, oldest first; the same for both databases.
#[must_use]
pub fn known() -> Vec<String> {
    let migrations = MigrationSource::<Sqlite>::migrations(&SQLITE).unwrap_or_default();
    let mut versions: Vec<String> = migrations.iter().map(|migration| migration.name().version().to_string()).collect();
    versions.sort();
    versions
}

/// Migrates a SQLite database that is open already; for one in memory.
///
/// # Errors
/// When a migration fails.
pub(super) fn run_on(conn: &mut SqliteConnection) -> anyhow::Result<()> {
    names(conn.run_pending_migrations(SQLITE)).map(drop).map_err(|why| anyhow!(why).context("a migration failed"))
}

type Boxed = Box<dyn std::error::Error + Send + Sync>;

fn names(versions: Result<Vec<MigrationVersion<'_>>, Boxed>) -> Result<Vec<String>, Boxed> {
    Ok(versions?.iter().map(ToString::to_string).collect())
}
