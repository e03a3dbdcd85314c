//! Bulk loading, for benchmarks: many rows with ids of their own into an empty database.
//!
//! Postgres takes them by binary `COPY`, SQLite by one prepared `INSERT` a table; both in chunks, so
//! that memory does not grow with the rows. Indexes stay in force meanwhile: building them afterwards
//! would take half the time, and would leave denser ones than a live site ever has. What the rows say
//! is the command's business (`cli/seed`).

use diesel::{
    connection::SimpleConnection, dsl::exists, pg::PgConnection, prelude::*, select, sql_query, sql_types::Text,
    sqlite::SqliteConnection,
};

use super::{
    connection::DbConnection,
    schema::{follows, messages, users},
};

/// Rows held in memory at once: a megabyte or two.
const CHUNK: usize = 10_000;

/// A row of `users`.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
pub struct SeedUser<'a> {
    /// The id.
    pub id: i64,
    /// The name.
    pub username: String,
    /// The address.
    pub email: String,
    /// A PHC string.
    pub password_hash: &'a str,
    /// Seconds since the epoch.
    pub created_at: i64,
}

/// A row of `messages`.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = messages, treat_none_as_default_value = false)]
pub struct SeedMessage {
    /// The id.
    pub id: i64,
    /// The author's id.
    pub author_id: i64,
    /// What it says.
    pub text: String,
    /// Seconds since the epoch.
    pub published_at: i64,
    /// Whether it is hidden.
    pub flagged: bool,
}

/// A row of `follows`.
#[derive(Clone, Copy, Debug, Insertable)]
#[diesel(table_name = follows, treat_none_as_default_value = false)]
pub struct SeedFollow {
    /// Who follows.
    pub follower_id: i64,
    /// Who is followed.
    pub followee_id: i64,
}

/// Runs `work`, which inserts, in a transaction; `false` when there is somebody already, and so
/// nothing was done. Afterwards the next user and the next message get the next ids.
///
/// # Errors
/// When a query fails, and then nothing is stored; so for every function of this module.
pub fn load(conn: &mut DbConnection, work: impl FnOnce(&mut DbConnection) -> QueryResult<()>) -> QueryResult<bool> {
    if let DbConnection::Sqlite(conn) = conn {
        // KiB, of which only as much is taken as there is to hold: a million messages fit.
        conn.batch_execute("PRAGMA cache_size = -262144")?;
    }
    conn.in_transaction(|conn| {
        // Every other row belongs to a user.
        let is_taken: bool = select(exists(users::table.select(users::id))).get_result(conn)?;
        if is_taken {
            return Ok(false);
        }
        let keys = match conn {
            DbConnection::Postgres(conn) => suspend_keys(conn)?,
            DbConnection::Sqlite(_) => Vec::new(),
        };
        work(conn)?;
        // On SQLite AUTOINCREMENT has seen every id, and every key has been checked.
        if let DbConnection::Postgres(conn) = conn {
            keys.iter().try_for_each(|key| conn.batch_execute(key))?;
            advance_ids(conn)?;
        }
        Ok(true)
    })
}

/// Stores users.
pub fn insert_users<'a>(conn: &mut DbConnection, rows: impl Iterator<Item = SeedUser<'a>>) -> QueryResult<()> {
    in_chunks(rows, |chunk| match conn {
        DbConnection::Postgres(conn) => diesel::copy_from(users::table).from_insertable(chunk).execute(conn).map(drop),
        DbConnection::Sqlite(conn) => {
            chunk.iter().try_for_each(|row| diesel::insert_into(users::table).values(row).execute(conn).map(drop))
        }
    })
}

/// Stores messages, whose authors are there.
pub fn insert_messages(conn: &mut DbConnection, rows: impl Iterator<Item = SeedMessage>) -> QueryResult<()> {
    in_chunks(rows, |chunk| match conn {
        DbConnection::Postgres(conn) => {
            diesel::copy_from(messages::table).from_insertable(chunk).execute(conn).map(drop)
        }
        DbConnection::Sqlite(conn) => {
            chunk.iter().try_for_each(|row| diesel::insert_into(messages::table).values(row).execute(conn).map(drop))
        }
    })
}

/// Stores follows between users who are there.
pub fn insert_follows(conn: &mut DbConnection, rows: impl Iterator<Item = SeedFollow>) -> QueryResult<()> {
    in_chunks(rows, |chunk| match conn {
        DbConnection::Postgres(conn) => {
            diesel::copy_from(follows::table).from_insertable(chunk).execute(conn).map(drop)
        }
        DbConnection::Sqlite(conn) => {
            chunk.iter().try_for_each(|row| diesel::insert_into(follows::table).values(row).execute(conn).map(drop))
        }
    })
}

fn in_chunks<T>(
    mut rows: impl Iterator<Item = T>,
    mut write: impl FnMut(&Vec<T>) -> QueryResult<()>,
) -> QueryResult<()> {
    let mut chunk = Vec::with_capacity(CHUNK);
    loop {
        chunk.extend(rows.by_ref().take(CHUNK));
        if chunk.is_empty() {
            return Ok(());
        }
        write(&chunk)?;
        chunk.clear();
    }
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
    let keys: Vec<Key> = sql_query(
        "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS remove, \
                format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) \
                    AS restore \
         FROM pg_constraint WHERE contype = 'f' AND conrelid IN ('messages'::regclass, 'follows'::regclass)",
    )
    .load(conn)?;
    keys.into_iter().map(|key| conn.batch_execute(&key.remove).map(|()| key.restore)).collect()
}

/// Lets the next rows have the next ids.
fn advance_ids(conn: &mut PgConnection) -> QueryResult<()> {
    for table in ["users", "messages"] {
        // No rows, no maximum; and setval of NULL does nothing.
        sql_query(format!("SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"))
            .execute(conn)?;
    }
    Ok(())
}

/// Leaves the tables as weeks of service would: statistics for the planner, and on Postgres the
/// visibility map, for which autovacuum would otherwise come in the middle of the first measurement.
/// After the load, as `VACUUM` wants no transaction around it.
pub fn settle(conn: &mut DbConnection) -> QueryResult<()> {
    match conn {
        DbConnection::Postgres(conn) => conn.batch_execute("VACUUM (ANALYZE) users, messages, follows"),
        DbConnection::Sqlite(conn) => settle_sqlite(conn),
    }
}

fn settle_sqlite(conn: &mut SqliteConnection) -> QueryResult<()> {
    conn.batch_execute("ANALYZE")?;
    // The journal holds the whole load by now: back into the file with it.
    conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")
}
