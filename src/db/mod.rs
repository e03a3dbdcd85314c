//! The data: all SQL, and the only way to a connection.
//!
//! [`Db::read`] and [`Db::write`] leave the async worker for a thread of their own, take a pooled
//! connection, run a closure on it and time it by its name. The closure calls the free functions
//! of the modules below, which take `&mut DbConnection` and return `QueryResult`.
//!
//! Through the enum over both backends there is no `ON CONFLICT`, no `UNION` and no `LATERAL`:
//! where a query needs one, the function matches on the backend, both arms side by side. Every list
//! has a limit, and an index that serves its order, named in its doc.
//! `docs/adr/0002-two-backends-by-an-enum.md` says why an enum.

pub mod capacity;
pub mod connection;
pub mod facts;
pub mod first_pages;
pub mod follows;
pub mod home;
pub mod indexes;
pub mod messages;
pub mod migrations;
mod pooled;
mod prepared;
pub mod schema;
pub mod sessions;
pub mod simulator;
pub mod skeletons;
mod sqlite;
pub mod stats;
mod stopping;
pub mod tables;
pub mod transfer;
mod trouble;
pub mod users;
mod writable;

use std::{
    thread::available_parallelism,
    time::{Duration, Instant},
};

use anyhow::anyhow;
use diesel::result::QueryResult;
use r2d2::{NopErrorHandler, Pool};
use tracing::warn;

use crate::{blocking::Gate, config::DatabaseSettings, error::Error, metrics::Metrics};
use connection::Access;
pub use connection::{Backend, DbConnection, Target};
use pooled::{Manager, Slot};
use trouble::{Failure, Trouble, diagnose};
use writable::LastTrial;

/// Both ways to the database. Cloning shares them.
#[derive(Clone)]
pub struct Db {
    reading: Lane,
    /// On Postgres the same as `reading`; on SQLite one connection, for there is one writer.
    writing: Lane,
    backend: Backend,
    target: Target,
    last_trial: LastTrial,
    slow: Duration,
    metrics: Metrics,
}

#[derive(Clone)]
struct Lane {
    pool: Pool<Manager>,
    gate: Gate,
    wait: Duration,
}

impl Db {
    /// Opens the pools, which connect in the background: a database that is away makes requests fail
    /// with 503. (It does stop a start that has to migrate first.)
    ///
    /// # Errors
    /// When the URL names no database that Minitwit knows.
    pub fn open(settings: &DatabaseSettings, metrics: &Metrics) -> anyhow::Result<Self> {
        let target = Target::parse(&settings.url)?;
        let backend = target.backend();
        let wait = Duration::from_millis(settings.wait_ms);
        let lane = |access, size: u32| {
            let pool = Pool::builder()
                .max_size(size)
                .connection_timeout(wait)
                // Failures show where they hurt: as a request's 503, logged with its cause.
                .error_handler(Box::new(NopErrorHandler));
            let pool = match backend {
                Backend::Postgres => pool,
                // A file stays as it was opened; and closing its last connection is no trifle: see `stopping.rs`.
                Backend::Sqlite => pool.max_lifetime(None).idle_timeout(None),
            };
            anyhow::Ok(Lane {
                pool: pool.build_unchecked(Manager::new(target.clone(), access, settings.statement_timeout_ms)),
                gate: Gate::new("database", size as usize, wait, &metrics.db_pool_waiting)?,
                wait,
            })
        };
        let (reading, writing) = match backend {
            Backend::Postgres => {
                let shared = lane(Access::ReadWrite(settings.synchronous), settings.pool_size)?;
                (shared.clone(), shared)
            }
            Backend::Sqlite => {
                // It computes in our process: more readers than cores keep memory, and answer no more
                // requests. Two at least, so that a count of all messages holds nobody up.
                let useful = available_parallelism().map_or(1, usize::from).max(2);
                let readers = settings.pool_size.min(u32::try_from(useful).unwrap_or(u32::MAX));
                (lane(Access::ReadOnly, readers)?, lane(Access::ReadWrite(settings.synchronous), 1)?)
            }
        };
        let slow = Duration::from_millis(settings.slow_query_ms);
        let (last_trial, metrics) = (LastTrial::never(), metrics.clone());
        let db = Self { reading, writing, backend, target, last_trial, slow, metrics };
        db.metrics.db_pool_max.set(db.lanes().map(|lane| i64::from(lane.pool.max_size())).sum());
        Ok(db)
    }

    /// Which database this is.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Runs `work`, which only reads; `query` names it in metrics and logs.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection was to be had in time or it broke;
    /// [`Error::Internal`] when a query failed.
    pub async fn read<T, F>(&self, query: &'static str, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection) -> QueryResult<T> + Send + 'static,
    {
        self.run(&self.reading, query, work).await
    }

    /// Runs `work` in a transaction, which on SQLite begins as a writer (`BEGIN IMMEDIATE`): it
    /// is stored wholly or, when `work` fails, not at all.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn write<T, F>(&self, query: &'static str, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection) -> QueryResult<T> + Send + 'static,
    {
        self.run(&self.writing, query, |conn| conn.in_transaction(work)).await
    }

    /// As [`Db::write`], for work that is **one statement** on Postgres and so needs no
    /// `BEGIN` and `COMMIT` there: two round trips less on the busiest paths.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn write_one<T, F>(&self, query: &'static str, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection) -> QueryResult<T> + Send + 'static,
    {
        match self.backend {
            Backend::Postgres => self.run(&self.writing, query, work).await,
            Backend::Sqlite => self.write(query, work).await,
        }
    }

    /// Brings the gauges of the pool, and of SQLite's journal, up to date. Costs the same whatever is stored.
    pub fn observe_pool(&self) {
        let (mut idle, mut open) = (0, 0);
        for lane in self.lanes() {
            let state = lane.pool.state();
            idle += i64::from(state.idle_connections);
            open += i64::from(state.connections);
        }
        let connections = &self.metrics.db_pool_connections;
        connections.with_label_values(&["idle"]).set(idle);
        connections.with_label_values(&["in_use"]).set(open - idle);
        if let Target::Sqlite(file) = &self.target {
            self.metrics.db_journal.set(i64::try_from(sqlite::journal_size(file)).unwrap_or(i64::MAX));
        }
    }

    fn lanes(&self) -> impl Iterator<Item = &Lane> {
        let writing = (self.backend == Backend::Sqlite).then_some(&self.writing);
        [&self.reading].into_iter().chain(writing)
    }

    async fn run<T, F>(&self, lane: &Lane, query: &'static str, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection) -> QueryResult<T> + Send + 'static,
    {
        let asked = Instant::now();
        let (pool, wait, slow, metrics) = (lane.pool.clone(), lane.wait, self.slow, self.metrics.clone());
        let last_trial = self.last_trial.clone();
        let outcome = lane.gate.run(move || {
            let left = wait.saturating_sub(asked.elapsed()).max(Duration::from_millis(1));
            let mut pooled = pool.get_timeout(left).map_err(|why| Trouble::NoConnection.counted(&metrics, why))?;
            metrics.db_pool_wait.observe(asked.elapsed().as_secs_f64());
            let timed = |conn: &mut DbConnection| {
                let begun = Instant::now();
                let outcome = work(conn);
                let took = begun.elapsed();
                metrics.db_query.with_label_values(&[query]).observe(took.as_secs_f64());
                if took >= slow {
                    warn!(query, duration_ms = took.as_secs_f64() * 1e3, "slow query");
                }
                outcome
            };
            attempt(&mut pooled, query, timed).map_err(|(trouble, why)| {
                if pooled.writes_to_a_file() && trouble.stops_writes() {
                    last_trial.fails(trouble);
                    metrics.db_writable.set(0);
                }
                trouble.counted(&metrics, why)
            })
        });
        outcome.await?
    }
}

/// Does `work` if the files of a connection that writes are in place, and believes it only if they are still.
fn attempt<T>(
    slot: &mut Slot,
    query: &'static str,
    work: impl FnOnce(&mut DbConnection) -> QueryResult<T>,
) -> Result<T, Failure> {
    let misplaced = |why| (Trouble::Misplaced, anyhow!("what is written would not be found again: {why}"));
    slot.look().map_err(misplaced)?;
    let value = work(&mut slot.connection).map_err(|why| diagnose(slot, query, why))?;
    slot.look().map_err(misplaced)?;
    Ok(value)
}

/// Seconds since 1970-01-01 UTC, as every time is stored.
#[must_use]
pub fn now() -> i64 {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX)
}
