//! What people and the simulator can do: a folder a feature.
//!
//! `mod.rs` of a folder is the core: what happens, in the words of `domain`. `html.rs` and `api.rs`
//! are its doors: they parse, call **one** core function, and map the outcome. No SQL and no rule
//! lives in a door, and no door knows another feature's.
//!
//! A core function returns a flat `Result` (`docs/adr/0007-outcomes-are-not-errors.md`):
//!
//! - Where its caller can do something wrong that a door answers in its own way, the error is an enum of the
//!   feature, with a variant for each such thing, whose `Display` is what the user reads, and one more,
//!   `Failed(Error)`, for the rest. A `match` on it cannot forget a case; a door with no better answer has `?`,
//!   which makes an [`Error`](crate::error::Error) of it.
//! - Where every door answers alike (404, 429, 503, …) it is [`Error`](crate::error::Error) itself.

pub mod accounts;
pub mod actor;
pub mod api_docs;
pub mod avatars;
pub mod conversation;
pub mod follows;
pub mod marks;
pub mod notifications;
pub mod ops;
pub mod profiles;
pub mod search;
pub mod simulator;
pub mod suggestions;
pub mod tabs;
pub mod tags;
pub mod timeline;

use strum::{IntoStaticStr, VariantArray};

use crate::metrics::Metrics;

/// Which door somebody came through: in metrics the label `source`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Source {
    /// The site.
    Web,
    /// The simulator API.
    Simulator,
}

/// What people and the simulator do stands at 0 from the start.
pub fn begin_at_zero(metrics: &Metrics) {
    accounts::begin_at_zero(metrics);
    conversation::begin_at_zero(metrics);
    follows::begin_at_zero(metrics);
    marks::begin_at_zero(metrics);
    notifications::begin_at_zero(metrics);
    profiles::begin_at_zero(metrics);
    search::begin_at_zero(metrics);
    timeline::begin_at_zero(metrics);
}
