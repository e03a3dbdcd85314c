//! One piece of database work: timed by its name, believed only where SQLite's files are in place, and its failure
//! counted by its kind.

use std::time::Instant;

use anyhow::anyhow;
use diesel::result::QueryResult;
use tracing::warn;

use super::{
    Db,
    connection::DbConnection,
    pool::Pool,
    pooled::PooledConnection,
    trouble::{Failure, Trouble, diagnose},
};
use crate::error::Error;

impl Db {
    /// Runs `work` on a connection of `pool`; `query` names it in metrics and logs.
    pub(super) async fn run<T, F>(&self, pool: &Pool, query: &'static str, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection) -> QueryResult<T> + Send + 'static,
    {
        let (slow, metrics, last_trial) = (self.slow, self.metrics.clone(), self.last_trial.clone());
        let outcome = pool.run(move |pooled, waited| {
            let pooled = pooled.map_err(|why| Trouble::NoConnection.counted(&metrics, why))?;
            metrics.db.pool_wait.observe(waited.as_secs_f64());
            let timed = |conn: &mut DbConnection| {
                let begun = Instant::now();
                let outcome = work(conn);
                let took = begun.elapsed();
                metrics.db.query.with_label_values(&[query]).observe(took.as_secs_f64());
                if took >= slow {
                    warn!(query, duration_ms = took.as_secs_f64() * 1e3, "slow query");
                }
                outcome
            };
            attempt(pooled, query, timed).map_err(|(trouble, why)| {
                if pooled.writes_to_a_file() && trouble.stops_writes() {
                    last_trial.set_fails(trouble);
                    metrics.db.writable.set(0);
                }
                trouble.counted(&metrics, why)
            })
        });
        outcome.await?
    }
}

/// Does `work` if the files of a connection that writes are in place, and believes it only if they are still.
fn attempt<T>(
    pooled: &mut PooledConnection,
    query: &'static str,
    work: impl FnOnce(&mut DbConnection) -> QueryResult<T>,
) -> Result<T, Failure> {
    let misplaced = |why| (Trouble::Misplaced, anyhow!("what is written would not be found again: {why}"));
    pooled.look().map_err(misplaced)?;
    let value = work(&mut pooled.connection).map_err(|why| diagnose(pooled, query, why))?;
    pooled.look().map_err(misplaced)?;
    Ok(value)
}
