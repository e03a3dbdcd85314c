//! Every key and its type.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use ipnet::IpNet;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{
    LogFormat, Mode, Origin, Synchronous,
    durations::{Days, Hours, Milliseconds, Seconds},
    effective,
    values::{comma_list, own_address, word},
};

/// Every setting of a running Minitwit. Field by field as in `defaults.toml`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Development or production.
    #[serde(deserialize_with = "word")]
    pub mode: Mode,
    /// The public listener.
    pub server: ServerSettings,
    /// The operators' listener.
    pub ops: OpsSettings,
    /// The database.
    pub database: DatabaseSettings,
    /// The cost and rules of passwords.
    pub passwords: PasswordSettings,
    /// How long people stay signed in.
    pub sessions: SessionSettings,
    /// The size of messages and pages.
    pub messages: MessageSettings,
    /// Throttles.
    pub limits: LimitSettings,
    /// The simulator API.
    pub simulator: SimulatorSettings,
    /// How metrics are gathered.
    pub metrics: MetricsSettings,
    /// Regular backups.
    pub backup: BackupSettings,
    /// What is logged, and how.
    pub log: LogSettings,
}

/// `[server]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    /// Address to listen on. A network in the settings becomes this machine's own address in it.
    #[serde(deserialize_with = "own_address")]
    pub host: IpAddr,
    /// Port to listen on; 0 takes a free one.
    pub port: u16,
    /// Scheme, host and port that people type.
    pub origin: Origin,
    /// Serving threads; 0: one a core.
    pub workers: usize,
    /// Open connections, over all workers.
    pub max_connections: usize,
    /// Open connections of one address; 0: no limit.
    pub max_connections_per_address: usize,
    /// Bytes of a body.
    pub body_limit: usize,
    /// Bytes of all headers.
    pub header_limit: usize,
    /// Bytes of a path.
    pub path_limit: usize,
    /// Bytes of a query string.
    pub query_limit: usize,
    /// To send a request's head; 0: as long as it takes.
    #[serde(with = "Seconds")]
    pub header_timeout: Duration,
    /// To send a request's body.
    #[serde(with = "Seconds")]
    pub body_timeout: Duration,
    /// An idle connection is kept so long; 0: none is.
    #[serde(with = "Seconds")]
    pub keep_alive: Duration,
    /// From a request's head to the moment when its answer has been taken; 0: as long as it takes.
    #[serde(with = "Seconds")]
    pub response_timeout: Duration,
    /// Bytes of an answer that the kernel keeps for a client; 0: as many as it likes.
    pub send_buffer: usize,
    /// To wait for a client to close.
    #[serde(with = "Seconds")]
    pub disconnect_timeout: Duration,
    /// Failing readiness before the listener stops.
    #[serde(with = "Seconds")]
    pub drain_delay: Duration,
    /// That running requests may take to finish.
    #[serde(with = "Seconds")]
    pub shutdown_grace: Duration,
    /// Networks whose `X-Forwarded-For` is believed.
    #[serde(deserialize_with = "comma_list")]
    pub trusted_proxies: Vec<IpNet>,
    /// Origins whose cross-site requests pass.
    #[serde(deserialize_with = "comma_list")]
    pub trusted_origins: Vec<Origin>,
}

/// `[ops]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OpsSettings {
    /// Address to listen on.
    pub host: IpAddr,
    /// Port to listen on; 0 takes a free one.
    pub port: u16,
}

/// `[database]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    /// Where the data is; its scheme chooses the backend.
    #[serde(serialize_with = "effective::hide_password")]
    pub url: SecretString,
    /// Connections of this process.
    pub pool_size: u32,
    /// To wait for a connection.
    #[serde(rename = "wait_ms", with = "Milliseconds")]
    pub wait: Duration,
    /// That a statement may run, on Postgres; 0: for ever.
    #[serde(rename = "statement_timeout_ms", with = "Milliseconds")]
    pub statement_timeout: Duration,
    /// From so long on a query is slow.
    #[serde(rename = "slow_query_ms", with = "Milliseconds")]
    pub slow_query: Duration,
    /// Processes that serve from this database.
    pub replicas: u32,
    /// When SQLite waits for the disk.
    #[serde(deserialize_with = "word")]
    pub synchronous: Synchronous,
    /// Whether `serve` migrates.
    pub migrate_at_start: bool,
}

/// `[passwords]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordSettings {
    /// argon2id's memory.
    pub memory_kib: u32,
    /// argon2id's passes.
    pub iterations: u32,
    /// argon2id's lanes.
    pub parallelism: u32,
    /// People's hashes at once; 0: half the cores.
    pub permits: usize,
    /// People who wait for a turn, at most.
    pub queue: usize,
    /// That whoever finds the queue full waits for a place in it.
    #[serde(rename = "refuse_after_ms", with = "Milliseconds")]
    pub refuse_after: Duration,
    /// To wait for a turn.
    #[serde(rename = "wait_ms", with = "Milliseconds")]
    pub wait: Duration,
    /// Least number of characters.
    pub min_length: usize,
}

/// `[sessions]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SessionSettings {
    /// After the last visit.
    #[serde(rename = "lifetime_days", with = "Days")]
    pub lifetime: Duration,
    /// Between sweeps.
    #[serde(with = "Seconds")]
    pub sweep_interval: Duration,
}

/// `[messages]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MessageSettings {
    /// Characters of a message.
    pub max_length: usize,
    /// Bytes of a message; 0: no limit of its own.
    pub max_bytes: usize,
    /// Messages a page.
    pub page_size: u32,
}

/// `[limits]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LimitSettings {
    /// Wrong sign-ins for one name from one address at once.
    pub login_burst: u32,
    /// The same, a minute, afterwards.
    pub login_per_minute: u32,
    /// Sign-ins from one address at once.
    pub address_burst: u32,
    /// The same, a minute, afterwards.
    pub address_per_minute: u32,
    /// Registrations from one address at once.
    pub register_burst: u32,
    /// The same, a minute, afterwards.
    pub register_per_minute: u32,
    /// Messages of one account at once.
    pub post_burst: u32,
    /// The same, a minute, afterwards.
    pub post_per_minute: u32,
    /// Messages from one address at once.
    pub post_address_burst: u32,
    /// The same, a minute, afterwards.
    pub post_address_per_minute: u32,
    /// Follows and unfollows of one account at once.
    pub follow_burst: u32,
    /// The same, a minute, afterwards.
    pub follow_per_minute: u32,
    /// Follows and unfollows from one address at once.
    pub follow_address_burst: u32,
    /// The same, a minute, afterwards.
    pub follow_address_per_minute: u32,
    /// Searches from one address at once.
    pub search_burst: u32,
    /// The same, a minute, afterwards.
    pub search_per_minute: u32,
    /// People whom one account follows on the site; 0: no limit.
    pub max_follows: u32,
    /// Home timelines of one account that are worked on at once; 0: no limit.
    pub home_pages_at_once: usize,
    /// Wrong credentials for the API from one address at once.
    pub credentials_burst: u32,
    /// The same, a minute, afterwards.
    pub credentials_per_minute: u32,
    /// How many times as much an IPv6 /48 may do as one /64 of it; 0: any number of times.
    pub ipv6_site_factor: u32,
}

/// `[simulator]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatorSettings {
    /// Whether `/api` exists.
    pub enabled: bool,
    /// Basic user name.
    pub username: String,
    /// Basic password.
    #[serde(serialize_with = "effective::hide")]
    pub password: SecretString,
}

/// `[metrics]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsSettings {
    /// Between counts.
    #[serde(with = "Seconds")]
    pub refresh_interval: Duration,
}

/// `[backup]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BackupSettings {
    /// Where backups are kept.
    pub directory: PathBuf,
    /// Between two.
    #[serde(rename = "interval_hours", with = "Hours")]
    pub interval: Duration,
    /// How many to keep.
    pub keep: usize,
    /// Until a failed one is tried again.
    #[serde(with = "Seconds")]
    pub retry_interval: Duration,
}

/// `[log]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// Lines for people or for machines.
    #[serde(deserialize_with = "word")]
    pub format: LogFormat,
    /// An `EnvFilter`.
    pub filter: String,
    /// Lines a second about refused requests of one status; 0: all.
    pub refusals_per_second: u32,
}
