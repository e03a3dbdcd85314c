#![doc = include_str!("../docs/ARCHITECTURE.md")]

pub mod cli;
pub mod router;
pub mod startup;

pub mod listener;

pub mod features;
pub mod http;

pub mod state;

pub mod backup;

pub mod first_pages;
pub mod passwords;

pub mod db;
pub mod domain;

pub mod blocking;
pub mod config;
pub mod error;
pub mod metrics;
pub mod sampling;
pub mod telemetry;
pub mod throttle;
pub mod turns;

/// What this binary was built from.
pub struct Version {
    /// As in the manifest.
    pub number: &'static str,
    /// The commit, or `unknown`.
    pub commit: &'static str,
}

/// The version of this binary.
pub const VERSION: Version = Version { number: env!("CARGO_PKG_VERSION"), commit: env!("MINITWIT_COMMIT") };

/// The same in one line, as `--version` prints it.
pub const LONG_VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (commit ", env!("MINITWIT_COMMIT"), ")");
