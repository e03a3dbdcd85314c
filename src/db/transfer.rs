//! A whole database in one transaction: read as of one moment, or filled, wholly or not at all.
//!
//! Whoever calls says with what; which tables there are is in [`super::tables`].

use anyhow::Context;
use diesel::{
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
    dsl::exists,
    pg::PgConnection,
    prelude::*,
    select, sql_query,
    sql_types::Text,
    sqlite::SqliteConnection,
};

use super::{
    connection::DbConnection,
    schema::{simulator_latest, users},
    tables::{BACKED_UP, LEFT_OUT, Table},
};

/// What to do with a database that has users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occupied {
    /// Leave it alone.
    Refuse,
    /// Empty it first, in the same transaction.
    Replace,
}

/// How a transaction that went well ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// What was done stays.
    Commit,
    /// It was a trial.
    RollBack,
}

/// Runs `work`, which only reads, in a transaction that sees the rows of one moment, whatever is
/// written meanwhile. On Postgres the simulator's latest action, a sequence, is the newest even so.
///
/// # Errors
/// What `work` returned, or what beginning did.
pub fn snapshot<T>(
    conn: &mut DbConnection,
    work: impl FnOnce(&mut DbConnection) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    match conn {
        DbConnection::Postgres(conn) => {
            // Only a change of the schema is ever waited for.
            conn.batch_execute("SET lock_timeout = '10s'")?;
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        }
        // The first read fixes what is seen.
        DbConnection::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN"),
    }?;
    let outcome = work(conn);
    end(conn, Ending::RollBack).ok();
    outcome
}

/// Runs `work`, which inserts rows of the tables that are backed up, in a transaction; `None` when there is
/// somebody already and that is refused, and then nothing was done. Afterwards every foreign key holds
/// and the next row of a table that gives ids out gets the next one.
///
/// # Errors
/// What `work` returned, or a query; then nothing is stored.
pub fn load<T>(
    conn: &mut DbConnection,
    occupied: Occupied,
    ending: Ending,
    work: impl FnOnce(&mut DbConnection) -> anyhow::Result<T>,
) -> anyhow::Result<Option<T>> {
    match conn {
        DbConnection::Postgres(conn) => AnsiTransactionManager::begin_transaction(conn)?,
        DbConnection::Sqlite(conn) => {
            // KiB: the index by author of a million messages fits, and so does all of it into a small container.
            conn.batch_execute("PRAGMA cache_size = -65536")?;
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")?;
        }
    }
    match fill(conn, occupied, work) {
        Ok(outcome) => end(conn, ending).map(|()| outcome).context("cannot commit"),
        Err(why) => {
            // On a broken connection it fails, and there the server does it.
            end(conn, Ending::RollBack).ok();
            Err(why)
        }
    }
}

fn end(conn: &mut DbConnection, ending: Ending) -> QueryResult<()> {
    match (conn, ending) {
        (DbConnection::Postgres(conn), Ending::Commit) => AnsiTransactionManager::commit_transaction(conn),
        (DbConnection::Sqlite(conn), Ending::Commit) => AnsiTransactionManager::commit_transaction(conn),
        (DbConnection::Postgres(conn), Ending::RollBack) => AnsiTransactionManager::rollback_transaction(conn),
        (DbConnection::Sqlite(conn), Ending::RollBack) => AnsiTransactionManager::rollback_transaction(conn),
    }
}

fn fill<T>(
    conn: &mut DbConnection,
    occupied: Occupied,
    work: impl FnOnce(&mut DbConnection) -> anyhow::Result<T>,
) -> anyhow::Result<Option<T>> {
    if let DbConnection::Postgres(conn) = conn {
        lock(conn).context("the tables are in use: stop Minitwit, and a backup that is running, first")?;
    }
    // Every other row belongs to a user.
    let is_taken: bool = select(exists(users::table.select(users::id))).get_result(conn)?;
    if is_taken && occupied == Occupied::Refuse {
        return Ok(None);
    }
    if occupied == Occupied::Replace {
        empty(conn)?;
    }
    let keys = match conn {
        DbConnection::Postgres(conn) => suspend_keys(conn)?,
        DbConnection::Sqlite(_) => Vec::new(),
    };
    let outcome = work(conn)?;
    // On SQLite AUTOINCREMENT has seen every id, and every key has been checked.
    if let DbConnection::Postgres(conn) = conn {
        keys.iter().try_for_each(|key| conn.batch_execute(key)).context("rows refer to rows that are not there")?;
        advance_ids(conn)?;
    }
    Ok(Some(outcome))
}

/// Keeps everybody else out. Those who come meanwhile queue behind this lock, so it must not wait long itself.
fn lock(conn: &mut PgConnection) -> QueryResult<()> {
    conn.batch_execute("SET LOCAL lock_timeout = '5s'")?;
    conn.batch_execute(&format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", replaced().join(", ")))
}

fn empty(conn: &mut DbConnection) -> QueryResult<()> {
    match conn {
        DbConnection::Postgres(conn) => conn.batch_execute(&format!("TRUNCATE {}", replaced().join(", "))),
        DbConnection::Sqlite(conn) => {
            // Rows before those that they refer to.
            replaced().iter().rev().try_for_each(|table| conn.batch_execute(&format!("DELETE FROM {table}")))?;
            // An index of FTS5, which is no table with rows.
            conn.batch_execute("INSERT INTO message_words (message_words) VALUES ('delete-all')")?;
            with_identity().try_for_each(|table| {
                conn.batch_execute(&format!("DELETE FROM sqlite_sequence WHERE name = '{}'", table.name))
            })
        }
    }
}

/// The tables that are not what they were after a restore.
fn replaced() -> Vec<&'static str> {
    let left_out = LEFT_OUT.iter().filter(|table| table.is_emptied).map(|table| table.name);
    BACKED_UP.iter().map(|table| table.name).chain(left_out).collect()
}

fn with_identity() -> impl Iterator<Item = &'static Table> {
    BACKED_UP.iter().filter(|table| table.has_identity)
}

/// How a foreign key goes and comes back.
#[derive(QueryableByName)]
struct Key {
    #[diesel(sql_type = Text)]
    remove: String,
    #[diesel(sql_type = Text)]
    restore: String,
}

/// Takes the foreign keys away and returns the statements that put them back. Postgres checks each
/// row by a query of its own (25 of 40 seconds for a million messages and a million follows), but
/// a key that is put back by one join over all rows (0.7 s).
fn suspend_keys(conn: &mut PgConnection) -> QueryResult<Vec<String>> {
    let tables = replaced().iter().map(|table| format!("'{table}'::regclass")).collect::<Vec<_>>().join(", ");
    let keys: Vec<Key> = sql_query(format!(
        "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS remove, \
                format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) \
                    AS restore \
         FROM pg_constraint WHERE contype = 'f' AND conrelid IN ({tables})",
    ))
    .load(conn)?;
    keys.into_iter().map(|key| conn.batch_execute(&key.remove).map(|()| key.restore)).collect()
}

/// Lets the next rows have the next ids. By `RESTART`, which rolls back; `setval` would not.
fn advance_ids(conn: &mut PgConnection) -> QueryResult<()> {
    for Table { name, .. } in with_identity() {
        let next: Next = sql_query(format!("SELECT coalesce(max(id), 0) + 1 AS id FROM {name}")).get_result(conn)?;
        conn.batch_execute(&format!("ALTER TABLE {name} ALTER COLUMN id RESTART WITH {}", next.id))?;
    }
    Ok(())
}

/// The id that the next row gets.
#[derive(QueryableByName)]
struct Next {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    id: i64,
}

/// Makes `latest` the simulator's latest action, as part of a transaction: `setval`, which the
/// simulator's own actions use, would outlive its rollback.
///
/// # Errors
/// When the query fails.
pub fn restore_latest(conn: &mut DbConnection, latest: i64) -> QueryResult<()> {
    match conn {
        DbConnection::Postgres(conn) => {
            conn.batch_execute(&format!("ALTER SEQUENCE simulator_latest RESTART WITH {latest}"))
        }
        conn @ DbConnection::Sqlite(_) => {
            diesel::update(simulator_latest::table).set(simulator_latest::last_value.eq(latest)).execute(conn).map(drop)
        }
    }
}

/// Leaves the tables as weeks of service would: statistics for the planner, and on Postgres the
/// visibility map, for which autovacuum would otherwise come in the middle of the first hour.
/// After the load, as `VACUUM` wants no transaction around it.
///
/// # Errors
/// When the query fails.
pub fn settle(conn: &mut DbConnection) -> QueryResult<()> {
    match conn {
        DbConnection::Postgres(conn) => conn.batch_execute(&format!("VACUUM (ANALYZE) {}", replaced().join(", "))),
        DbConnection::Sqlite(conn) => settle_sqlite(conn),
    }
}

fn settle_sqlite(conn: &mut SqliteConnection) -> QueryResult<()> {
    conn.batch_execute("ANALYZE")?;
    // The journal holds the whole load by now: back into the file with it.
    conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")
}
