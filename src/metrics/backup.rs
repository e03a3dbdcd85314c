//! What `minitwit backup-service` counts, in a registry without a site's metrics: a 0 there would be a lie.

use prometheus::{Gauge, IntCounter, IntGauge, Registry};

use super::registry::{Adder, registry, render};

/// Handles to the metrics of backups; cloning shares them.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is documented by its metric's help text, below")]
pub struct BackupMetrics {
    registry: Registry,
    pub last_success: Gauge,
    pub last_verified: Gauge,
    pub size: IntGauge,
    pub duration: Gauge,
    pub files: IntGauge,
    pub failures: IntCounter,
}

impl BackupMetrics {
    /// A fresh registry with every metric in it.
    ///
    /// # Errors
    /// Never in practice: only if two metrics bore one name.
    pub fn new(version: &str, revision: &str) -> anyhow::Result<Self> {
        let registry = registry(version, revision)?;
        let add = Adder(&registry);
        Ok(Self {
            last_success: add.float(
                "minitwit_backup_last_success_timestamp_seconds",
                "When the newest backup was begun; 0: there is none.",
            )?,
            last_verified: add.float(
                "minitwit_backup_last_verified_timestamp_seconds",
                "When a backup was last restored elsewhere and compared; 0: not since the start.",
            )?,
            size: add.gauge("minitwit_backup_size_bytes", "Size of the newest backup.")?,
            duration: add.float(
                "minitwit_backup_duration_seconds",
                "Time that the last backup took to write, without its verification.",
            )?,
            files: add.gauge("minitwit_backup_files", "Backups that are kept.")?,
            failures: add.counter(
                "minitwit_backup_failures_total",
                "Backups that could not be made, verified or removed in time.",
            )?,
            registry,
        })
    }

    /// Everything, in Prometheus' text format.
    ///
    /// # Errors
    /// When a metric cannot be encoded, which no metric here can be.
    pub fn render(&self) -> anyhow::Result<String> {
        render(&self.registry)
    }
}
