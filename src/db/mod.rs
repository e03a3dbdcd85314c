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
pub mod circles;
pub mod connection;
pub mod follows;
pub mod home;
pub mod indexes;
pub mod marks;
pub mod mentions;
pub mod messages;
pub mod migrations;
pub mod notifications;
pub mod people;
mod pool;
mod pooled;
mod posting;
mod prepared;
pub mod profiles;
pub mod replies;
mod running;
pub mod schema;
pub mod search;
pub mod server_info;
pub mod sessions;
pub mod simulator;
pub mod skeletons;
pub mod soundness;
mod sqlite;
pub mod stats;
mod stopping;
pub mod suggestions;
pub mod surroundings;
pub mod tables;
mod target;
pub mod threads;
pub mod transfer;
mod trouble;
mod tsvector;
pub mod users;
pub mod words;
mod writable;

use std::{thread::available_parallelism, time::Duration};

pub use diesel::result::QueryResult;

use self::{connection::Access, pool::Pool, trouble::Trouble, writable::LastTrial};
pub use self::{
    connection::DbConnection,
    simulator::Write,
    target::{Backend, Target},
};
use crate::{config::DatabaseSettings, error::Error, metrics::Metrics};

/// Both ways to the database. Cloning shares them.
#[derive(Clone)]
pub struct Db {
    reading: Pool,
    /// On Postgres the same as `reading`; on SQLite one connection, for there is one writer.
    writing: Pool,
    backend: Backend,
    target: Target,
    last_trial: LastTrial,
    slow: Duration,
    metrics: Metrics,
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
        let pool = |access, size| Pool::open(&target, access, size, settings, metrics);
        let (reading, writing) = match backend {
            Backend::Postgres => {
                let shared = pool(Access::ReadWrite(settings.synchronous), settings.pool_size)?;
                (shared.clone(), shared)
            }
            Backend::Sqlite => {
                // It computes in our process: more readers than cores keep memory, and answer no more
                // requests. Two at least, so that a count of all messages holds nobody up.
                let useful = available_parallelism().map_or(1, usize::from).max(2);
                let readers = settings.pool_size.min(u32::try_from(useful).unwrap_or(u32::MAX));
                (pool(Access::ReadOnly, readers)?, pool(Access::ReadWrite(settings.synchronous), 1)?)
            }
        };
        Trouble::begin_at_zero(metrics);
        let (slow, last_trial, metrics) = (settings.slow_query, LastTrial::never(), metrics.clone());
        let db = Self { reading, writing, backend, target, last_trial, slow, metrics };
        db.metrics.db.pool_max.set(db.pools().map(|pool| pool.sizes().max).sum());
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
        for sizes in self.pools().map(Pool::sizes) {
            idle += sizes.idle;
            open += sizes.open;
        }
        let connections = &self.metrics.db.pool_connections;
        connections.with_label_values(&["idle"]).set(idle);
        connections.with_label_values(&["in_use"]).set(open - idle);
        if let Target::Sqlite(file) = &self.target {
            self.metrics.db.journal.set(i64::try_from(sqlite::journal_size(file)).unwrap_or(i64::MAX));
        }
    }

    fn pools(&self) -> impl Iterator<Item = &Pool> {
        let writing = (self.backend == Backend::Sqlite).then_some(&self.writing);
        [&self.reading].into_iter().chain(writing)
    }
}

/// Seconds since 1970-01-01 UTC, as every time is stored.
#[must_use]
pub fn now() -> i64 {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX)
}
