//! Settings: embedded defaults < a TOML file < environment variables.
//!
//! The only place that reads the environment. `defaults.toml`, beside this file, gives every
//! key's meaning and default; the structs in `settings.rs` give their types, and refuse unknown keys. What a
//! deployment must not start with is refused in `check.rs`. For operators: `docs/SETTINGS.md`.

mod check;
mod database_url;
mod durations;
mod effective;
mod layers;
mod listening;
mod settings;
mod sources;
mod values;
mod variables;
mod wrong_value;

pub use check::KNOWN_PASSWORD;
pub use database_url::{DatabaseUrl, PostgresUrl};
pub use effective::effective;
pub use layers::{load, read, secret_files};
pub use listening::cannot_listen;
pub use settings::{
    BackupSettings, DatabaseSettings, LimitSettings, LogSettings, MessageSettings, MetricsSettings, OpsSettings,
    PasswordSettings, ServerSettings, SessionSettings, Settings, SimulatorSettings,
};
pub use sources::{Source, Sources};
pub use values::{LogFormat, Mode, Origin, Synchronous};

/// The embedded defaults, as text.
pub const DEFAULTS: &str = include_str!("defaults.toml");
