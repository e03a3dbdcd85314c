//! Whether what is written is stored: tried, not guessed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use diesel::{
    QueryResult, SqliteConnection,
    connection::SimpleConnection,
    prelude::*,
    result::{DatabaseErrorKind, Error as QueryError},
    sql_query,
    sql_types::Bool,
};

use super::{Backend, Db, connection::DbConnection, now};
use crate::error::Error;

/// So long one trial on SQLite speaks for all who ask.
const FRESH: Duration = Duration::from_secs(2);

/// As metrics and logs name it.
const QUERY: &str = "try_to_write";

/// When a trial last went well, for all who share it.
#[derive(Clone)]
pub(super) struct LastTrial {
    begun: Instant,
    /// Milliseconds after `begun`; 0: never.
    at: Arc<AtomicU64>,
}

impl LastTrial {
    pub(super) fn never() -> Self {
        Self { begun: Instant::now(), at: Arc::new(AtomicU64::new(0)) }
    }

    fn clock(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX).max(1)
    }

    fn note(&self) {
        self.at.store(self.clock(), Ordering::Relaxed);
    }

    fn is_fresh(&self) -> bool {
        let at = self.at.load(Ordering::Relaxed);
        at > 0 && u128::from(self.clock().saturating_sub(at)) < FRESH.as_millis()
    }
}

impl Db {
    /// Tries to write, on the connection that writes, and says so in `minitwit_db_writable`.
    ///
    /// On SQLite it is a real commit of one page (the number `user_version`, which nobody reads), at most one
    /// in two seconds whoever asks: a full disk, a lock that somebody holds, a journal that has been removed
    /// all show. On Postgres a question: does the server take writes?
    ///
    /// # Errors
    /// [`Error::Unavailable`], which says what is the matter; as [`Db::read`].
    pub async fn try_to_write(&self) -> Result<(), Error> {
        let outcome = match self.backend {
            Backend::Postgres => self.run(&self.writing, QUERY, takes_writes).await,
            Backend::Sqlite if self.last_trial.is_fresh() => Ok(()),
            Backend::Sqlite => self.try_on_sqlite().await,
        };
        self.metrics.db_writable.set(outcome.is_ok().into());
        outcome
    }

    async fn try_on_sqlite(&self) -> Result<(), Error> {
        let last = self.last_trial.clone();
        let trial = move |conn: &mut DbConnection| match conn {
            // Several may have queued for one trial.
            DbConnection::Sqlite(conn) if !last.is_fresh() => write_a_page(conn).map(|()| true),
            _ => Ok(false),
        };
        if self.run(&self.writing, QUERY, trial).await? {
            self.last_trial.note();
        }
        Ok(())
    }
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    is_read_only: bool,
}

fn takes_writes(conn: &mut DbConnection) -> QueryResult<()> {
    let question = "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS is_read_only";
    let answer: Answer = sql_query(question).get_result(conn)?;
    if answer.is_read_only {
        let why = "the server is in recovery, or default_transaction_read_only is on".to_owned();
        return Err(QueryError::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, Box::new(why)));
    }
    Ok(())
}

/// Waits for a stranger's lock for less time than those who ask do.
fn write_a_page(conn: &mut SqliteConnection) -> QueryResult<()> {
    conn.batch_execute("PRAGMA busy_timeout = 500")?;
    let number = now() % i64::from(i32::MAX);
    // One that failed is rolled back by itself: it is a single statement.
    let outcome = conn.batch_execute(&format!("PRAGMA user_version = {number}"));
    conn.batch_execute("PRAGMA busy_timeout = 5000")?;
    outcome
}
