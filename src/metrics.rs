//! Every metric of this process, in a registry of its own.
//!
//! Names and labels follow Prometheus' practice: prefix `minitwit_`, base units, `_total` on
//! counters. Label values come from enums and route patterns, never from what a client sends. Each enum stands
//! where the thing happens, and says there which series begin at zero ([`begin_at_zero`]).
//! The request counter and histogram are actix-web-prom's, one instance a [`Surface`]
//! (`docs/adr/0003-metrics-with-actix-web-prom.md`). For operators: `docs/METRICS.md`.

mod backup;
mod database;
mod registry;

use std::collections::HashMap;

use actix_web_prom::{ActixMetricsConfiguration, LabelsConfiguration, PrometheusMetrics, PrometheusMetricsBuilder};
use anyhow::anyhow;
use prometheus::{Gauge, Histogram, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry};
use strum::IntoStaticStr;

pub use backup::BackupMetrics;
pub use database::DbMetrics;
use registry::{Adder, registry, render};

/// Seconds. 0.3 is the simulator's patience: what is slower is lost.
const REQUEST_BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5];

/// Who is served: the label `surface`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Surface {
    /// The site.
    Web,
    /// The simulator API.
    #[strum(serialize = "sim")]
    Simulator,
    /// The operators' listener.
    Ops,
}

impl Surface {
    const ALL: [Self; 3] = [Self::Web, Self::Simulator, Self::Ops];
}

/// A value of a label: a variant of an enum that stands beside what happens, and bears its name by `strum`.
pub trait Label: Copy + Into<&'static str> {
    /// As Prometheus sees it.
    fn label(self) -> &'static str {
        self.into()
    }
}

impl<T: Copy + Into<&'static str>> Label for T {}

/// Makes a series of a counter. Prometheus counts rises: a series that first appears at 1 has never risen, and
/// its first event would be missing from every sum. So those that can be listed are made before anything happens.
pub fn begin_at_zero<const N: usize>(counters: &IntCounterVec, labels: [&str; N]) {
    counters.with_label_values(&labels).inc_by(0);
}

/// Handles to all metrics; cloning shares them.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is documented by its metric's help text, below")]
pub struct Metrics {
    registry: Registry,
    in_flight: [IntGauge; 3],
    pub http_rejected: IntCounterVec,
    pub http_connections: IntGauge,
    pub open_files_needed: IntGauge,
    pub panics: IntCounter,
    pub registrations: IntCounterVec,
    pub messages_posted: IntCounterVec,
    pub messages_deleted: IntCounterVec,
    pub follow_actions: IntCounterVec,
    pub searches: IntCounterVec,
    pub marks: IntCounterVec,
    pub profiles_changed: IntCounterVec,
    pub notification_visits: IntCounterVec,
    pub logins: IntCounterVec,
    pub users: IntGauge,
    pub messages: IntGauge,
    pub messages_flagged: IntGauge,
    pub follows: IntGauge,
    pub active_users: IntGaugeVec,
    pub business_refreshed: Gauge,
    pub simulator_enabled: IntGauge,
    pub simulator_latest: IntGauge,
    pub simulator_last_seen: Gauge,
    pub simulator_skipped: IntCounter,
    pub simulator_actions: IntCounterVec,
    pub first_page_hits: IntCounter,
    pub first_page_misses: IntCounter,
    pub db: DbMetrics,
    pub hash_duration: Histogram,
    pub hash_queue: IntGaugeVec,
    pub cpu_load: Gauge,
}

impl Metrics {
    /// A fresh registry with every metric in it.
    ///
    /// # Errors
    /// Never in practice: only if two metrics bore one name.
    pub fn new(version: &str, revision: &str) -> anyhow::Result<Self> {
        let registry = registry(version, revision)?;
        let add = Adder(&registry);
        let in_flight = add.gauges("minitwit_http_requests_in_flight", "Requests being answered.", &["surface"])?;
        let lookups = add.counters(
            "minitwit_first_page_lookups_total",
            "First pages asked for: kept (hit) or loaded (miss).",
            &["result"],
        )?;
        let metrics = Self {
            in_flight: Surface::ALL.map(|surface| in_flight.with_label_values(&[surface.label()])),
            http_rejected: add.counters(
                "minitwit_http_rejected_total",
                "Requests refused before a handler saw them.",
                &["reason"],
            )?,
            http_connections: add.gauge("minitwit_http_connections", "Connections of clients that are open.")?,
            open_files_needed: add.gauge(
                "minitwit_open_files_needed",
                "Files that this process can have open at once with its settings; process_max_fds should be more.",
            )?,
            panics: add.counter(
                "minitwit_panics_total",
                "Panics anywhere in the process. One in a handler or in the work it waits for is answered 500.",
            )?,
            registrations: add.counters("minitwit_registrations_total", "Registrations.", &["source", "result"])?,
            messages_posted: add.counters("minitwit_messages_posted_total", "Messages stored.", &["source"])?,
            messages_deleted: add.counters(
                "minitwit_messages_deleted_total",
                "Messages taken back by their authors.",
                &["source"],
            )?,
            follow_actions: add.counters(
                "minitwit_follow_actions_total",
                "Follows and unfollows; noop: nothing changed; refused: one follows as many as one may.",
                &["action", "effect", "source"],
            )?,
            searches: add.counters("minitwit_searches_total", "Searches, by what was to be listed.", &["kind"])?,
            marks: add.counters(
                "minitwit_mark_actions_total",
                "Likes, reposts and bookmarks made and taken back; noop: nothing changed.",
                &["kind", "action", "effect", "source"],
            )?,
            profiles_changed: add.counters("minitwit_profiles_changed_total", "Changes of profiles.", &["source"])?,
            notification_visits: add.counters(
                "minitwit_notification_visits_total",
                "Times that people looked at their notifications, and found news or nothing new.",
                &["result"],
            )?,
            logins: add.counters("minitwit_logins_total", "Attempts to sign in.", &["result"])?,
            users: add.gauge("minitwit_users", "Users in the database.")?,
            messages: add.gauge("minitwit_messages", "Messages in the database, flagged ones included.")?,
            messages_flagged: add.gauge("minitwit_messages_flagged", "Flagged messages in the database.")?,
            follows: add.gauge("minitwit_follows", "Follows in the database.")?,
            active_users: add.gauges(
                "minitwit_active_users",
                "Users who posted or came back signed in within the window.",
                &["window"],
            )?,
            business_refreshed: add.float(
                "minitwit_business_refresh_timestamp_seconds",
                "When users, messages and follows were last counted.",
            )?,
            simulator_enabled: add.gauge("minitwit_simulator_enabled", "1 when /api is served, 0 when it is off.")?,
            simulator_latest: add.gauge(
                "minitwit_simulator_latest_id",
                "The latest action, as this replica stored it or read it with its last count.",
            )?,
            simulator_last_seen: add.float(
                "minitwit_simulator_last_seen_timestamp_seconds",
                "When this replica last saw a call with the simulator's credentials; 0: never.",
            )?,
            simulator_skipped: add.counter(
                "minitwit_simulator_skipped_actions_total",
                "Ids left out when the latest id grew by more than 1.",
            )?,
            simulator_actions: add.counters(
                "minitwit_simulator_actions_total",
                "Calls under /api by kind and status.",
                &["action", "status"],
            )?,
            first_page_hits: lookups.with_label_values(&["hit"]),
            first_page_misses: lookups.with_label_values(&["miss"]),
            db: DbMetrics::new(&add)?,
            hash_duration: add.histogram("minitwit_password_hash_duration_seconds", "Time to make or check a hash.")?,
            hash_queue: add.gauges(
                "minitwit_password_hash_queue_length",
                "Requests waiting for their turn to hash.",
                &["lane"],
            )?,
            cpu_load: add.float(
                "minitwit_cpu_load_percent",
                "Load of this machine's processors since the last refresh, 0 to 100.",
            )?,
            registry,
        };
        metrics.simulator_latest.set(-1);
        Ok(metrics)
    }

    /// The requests of a surface that are being answered.
    #[must_use]
    pub fn in_flight(&self, surface: Surface) -> &IntGauge {
        &self.in_flight[surface as usize]
    }

    /// The middleware that counts and times the requests of one surface: build it once, clone it
    /// for each worker.
    ///
    /// # Errors
    /// When the surface has been built before.
    pub fn requests(&self, surface: Surface) -> anyhow::Result<PrometheusMetrics> {
        PrometheusMetricsBuilder::new("minitwit")
            .registry(self.registry.clone())
            .const_labels(HashMap::from([("surface".to_owned(), surface.label().to_owned())]))
            .buckets(&REQUEST_BUCKETS)
            .mask_unmatched_patterns("UNKNOWN")
            .metrics_configuration(
                ActixMetricsConfiguration::default()
                    .http_requests_duration_seconds_name("http_request_duration_seconds")
                    .labels(LabelsConfiguration::default().endpoint("route")),
            )
            .build()
            .map_err(|why| anyhow!("cannot register the metrics of {surface:?}: {why}"))
    }

    /// Everything, in Prometheus' text format.
    ///
    /// # Errors
    /// When a metric cannot be encoded, which no metric here can be.
    pub fn render(&self) -> anyhow::Result<String> {
        render(&self.registry)
    }
}
