//! Whether what is written is stored: tried, not guessed.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use diesel::{
    QueryResult,
    connection::SimpleConnection,
    prelude::*,
    result::{DatabaseErrorKind, Error as QueryError},
    sql_query,
    sql_types::Bool,
};

use super::{
    Backend, Db,
    connection::DbConnection,
    sqlite::{IMPATIENT, PATIENT},
    trouble::Trouble,
};
use crate::error::Error;

/// So long one trial on SQLite speaks for all who ask.
const FRESH: Duration = Duration::from_secs(2);

/// As metrics and logs name it.
const QUERY: &str = "try_to_write";

/// Some eleven pages, zeroed again when they are given up: more than a post writes that has to split some. On
/// a disk that is nearly full one page still fits where a post does not.
const PAGES: &str = "
    INSERT INTO simulator_latest (last_value) VALUES (zeroblob(32768));
    DELETE FROM simulator_latest WHERE rowid = last_insert_rowid()";

/// What the last trial, or a write that failed since, says of writes to SQLite's file; shared.
#[derive(Clone)]
pub(super) struct LastTrial(Arc<Mutex<Verdict>>);

#[derive(Clone, Copy)]
enum Verdict {
    Untried,
    /// As of then.
    Stores(Instant),
    Fails(Trouble),
}

impl LastTrial {
    pub(super) fn never() -> Self {
        Self(Arc::new(Mutex::new(Verdict::Untried)))
    }

    fn verdict(&self) -> MutexGuard<'_, Verdict> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_fresh(&self) -> bool {
        matches!(*self.verdict(), Verdict::Stores(when) if when.elapsed() < FRESH)
    }

    fn set_stores(&self) {
        *self.verdict() = Verdict::Stores(Instant::now());
    }

    /// A write has failed: whoever asks now tries anew.
    pub(super) fn set_fails(&self, trouble: Trouble) {
        *self.verdict() = Verdict::Fails(trouble);
    }

    /// Who gets no turn, as others wait for what stops writes, is told that.
    fn explain(&self, why: Error) -> Error {
        match (why, *self.verdict()) {
            (Error::Unavailable { what: "database", source }, Verdict::Fails(trouble)) => {
                Error::Unavailable { what: trouble.what(), source }
            }
            (why, _) => why,
        }
    }
}

impl Db {
    /// Tries to write, on the connection that writes, and says so in `minitwit_db_writable`.
    ///
    /// On SQLite it is a real commit of some pages, which are free again after it, at most one in two seconds
    /// whoever asks, unless a write has failed since: a full disk, a lock that somebody holds, a journal that has
    /// been removed all show. On Postgres a question: does the server take writes?
    ///
    /// # Errors
    /// [`Error::Unavailable`], which says what is the matter; as [`Db::read`].
    pub async fn try_to_write(&self) -> Result<(), Error> {
        let outcome = match self.backend {
            Backend::Postgres => self.run(&self.writing, QUERY, takes_writes).await,
            Backend::Sqlite if self.last_trial.is_fresh() => return Ok(()),
            Backend::Sqlite => self.try_on_sqlite().await.map_err(|why| self.last_trial.explain(why)),
        };
        self.metrics.db.writable.set(outcome.is_ok().into());
        outcome
    }

    async fn try_on_sqlite(&self) -> Result<(), Error> {
        let last = self.last_trial.clone();
        let trial = move |conn: &mut DbConnection| {
            // Several may have queued for one trial. A write after it may fail before its caller hears of it: so it
            // is noted here, where one follows the other.
            if !last.is_fresh() {
                write_pages(conn)?;
                last.set_stores();
            }
            Ok(())
        };
        self.run(&self.writing, QUERY, trial).await
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
fn write_pages(conn: &mut DbConnection) -> QueryResult<()> {
    conn.batch_execute(IMPATIENT)?;
    // Otherwise SQLite writes no page that the same transaction gives up.
    conn.batch_execute("PRAGMA secure_delete = ON")?;
    let outcome = conn.in_transaction(|conn| conn.batch_execute(PAGES));
    conn.batch_execute("PRAGMA secure_delete = OFF")?;
    conn.batch_execute(PATIENT)?;
    outcome
}
