//! Connections for one purpose, and the threads that use them.

use std::time::{Duration, Instant};

use r2d2::NopErrorHandler;

use super::{
    connection::Access,
    pooled::{Manager, PooledConnection},
    target::{Backend, Target},
};
use crate::{blocking::BlockingPool, config::DatabaseSettings, error::Error, metrics::Metrics};

/// So many connections, and a thread for each. Cloning shares them.
#[derive(Clone)]
pub(super) struct Pool {
    connections: r2d2::Pool<Manager>,
    threads: BlockingPool,
    /// For a thread and a connection together.
    wait: Duration,
}

impl Pool {
    /// A pool of `size` connections, which are opened in the background.
    pub(super) fn open(
        target: &Target,
        access: Access,
        size: u32,
        settings: &DatabaseSettings,
        metrics: &Metrics,
    ) -> anyhow::Result<Self> {
        let wait = settings.wait;
        let builder = r2d2::Pool::builder()
            .max_size(size)
            .connection_timeout(wait)
            // Failures show where they hurt: as a request's 503, logged with its cause.
            .error_handler(Box::new(NopErrorHandler));
        let builder = match target.backend() {
            Backend::Postgres => builder,
            // A file stays as it was opened; and closing its last connection is no trifle: see `stopping.rs`.
            Backend::Sqlite => builder.max_lifetime(None).idle_timeout(None),
        };
        Ok(Self {
            connections: builder.build_unchecked(Manager::new(target.clone(), access, settings.statement_timeout)),
            threads: BlockingPool::new("database", size as usize, wait, &metrics.db.pool_waiting)?,
            wait,
        })
    }

    /// Runs `work` on one of the threads, with a connection, or with the reason why there was none in time, and with
    /// the time that it waited.
    ///
    /// # Errors
    /// When no thread was free in time, or `work` panicked.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(Result<&mut PooledConnection, r2d2::Error>, Duration) -> T + Send + 'static,
    {
        let asked = Instant::now();
        let (connections, wait) = (self.connections.clone(), self.wait);
        let on_a_thread = move || {
            let left = wait.saturating_sub(asked.elapsed()).max(Duration::from_millis(1));
            match connections.get_timeout(left) {
                Ok(mut connection) => work(Ok(&mut *connection), asked.elapsed()),
                Err(why) => work(Err(why), asked.elapsed()),
            }
        };
        self.threads.run(on_a_thread).await
    }

    /// How many connections there may be, are open, and are idle.
    pub(super) fn sizes(&self) -> Sizes {
        let state = self.connections.state();
        Sizes {
            max: self.connections.max_size().into(),
            open: state.connections.into(),
            idle: state.idle_connections.into(),
        }
    }

    /// Closes none of its connections any more, whoever drops the pool: it lives as long as its last clone.
    pub(super) fn never_close(&self) {
        std::mem::forget(self.connections.clone());
    }
}

/// Connections of a pool.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub(super) max: i64,
    pub(super) open: i64,
    pub(super) idle: i64,
}
