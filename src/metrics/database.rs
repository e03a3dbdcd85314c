//! What database work counts.

use prometheus::{Histogram, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec};

use super::registry::Adder;

/// Handles to the metrics of the database; cloning shares them.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is documented by its metric's help text, below")]
pub struct DbMetrics {
    pub pool_connections: IntGaugeVec,
    pub pool_max: IntGauge,
    pub pool_waiting: IntGauge,
    pub pool_wait: Histogram,
    pub query: HistogramVec,
    pub errors: IntCounterVec,
    pub writable: IntGauge,
    pub journal: IntGauge,
}

impl DbMetrics {
    pub(super) fn new(add: &Adder<'_>) -> anyhow::Result<Self> {
        Ok(Self {
            pool_connections: add.gauges(
                "minitwit_db_pool_connections",
                "Database connections of this process.",
                &["state"],
            )?,
            pool_max: add.gauge("minitwit_db_pool_max_connections", "Connections this process may open.")?,
            pool_waiting: add.gauge("minitwit_db_pool_waiting", "Requests waiting for a connection.")?,
            pool_wait: add
                .histogram("minitwit_db_pool_wait_seconds", "Time from asking for a connection to having it.")?,
            query: add.histograms(
                "minitwit_db_query_duration_seconds",
                "Time of a piece of database work, by its name.",
                &["query"],
            )?,
            errors: add.counters("minitwit_db_errors_total", "Failed database work.", &["kind"])?,
            writable: add.gauge(
                "minitwit_db_writable",
                "1 when the last trial to write to the database succeeded, 0 when not, or before the first.",
            )?,
            journal: add.gauge("minitwit_db_journal_bytes", "Size of SQLite's journal (-wal); 0 on Postgres.")?,
        })
    }
}
