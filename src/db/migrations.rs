//! The schema's versions, embedded in the binary, and how they are applied.

use anyhow::anyhow;
use diesel::{RunQueryDsl, migration::MigrationVersion, sql_query, sql_types::BigInt};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::{DbConnection, Target};

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// The advisory lock that replicas starting together queue for: "minitwit" in ASCII.
const LOCK: i64 = 0x6d69_6e69_7477_6974;

/// Applies what is pending and returns the names applied. Safe to call from many processes at
/// once: on Postgres under an advisory lock (Diesel takes none), on SQLite one writer at a time.
///
/// # Errors
/// When the database cannot be reached, or a migration fails; those before it stay applied.
pub fn run(target: &Target) -> anyhow::Result<Vec<String>> {
    let applied = match target.connect()? {
        DbConnection::Postgres(mut conn) => {
            sql_query("SELECT pg_advisory_lock($1)").bind::<BigInt, _>(LOCK).execute(&mut conn)?;
            let applied = names(conn.run_pending_migrations(POSTGRES));
            // The lock also goes with the connection; this lets go on the way of an error too.
            sql_query("SELECT pg_advisory_unlock($1)").bind::<BigInt, _>(LOCK).execute(&mut conn)?;
            applied
        }
        DbConnection::Sqlite(mut conn) => conn
            .exclusive_transaction(|conn| Ok::<_, diesel::result::Error>(names(conn.run_pending_migrations(SQLITE))))?,
    };
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
pub fn any_pending(conn: &mut DbConnection) -> Result<bool, diesel::result::Error> {
    let pending = match conn {
        DbConnection::Postgres(conn) => conn.has_pending_migration(POSTGRES),
        DbConnection::Sqlite(conn) => conn.has_pending_migration(SQLITE),
    };
    pending.map_err(diesel::result::Error::QueryBuilderError)
}

type Boxed = Box<dyn std::error::Error + Send + Sync>;

fn names(versions: Result<Vec<MigrationVersion<'_>>, Boxed>) -> Result<Vec<String>, Boxed> {
    Ok(versions?.iter().map(ToString::to_string).collect())
}
