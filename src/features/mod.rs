//! What people and the simulator can do: a folder a feature.
//!
//! `mod.rs` of a folder is the core: what happens, in the words of `domain`. `html.rs` and `api.rs`
//! are its doors: they parse, call **one** core function, and map the outcome. No SQL and no rule
//! lives in a door, and no door knows another feature's.

pub mod accounts;
pub mod api_docs;
pub mod avatars;
pub mod follows;
pub mod ops;
pub mod simulator;
pub mod timeline;

/// Which door somebody came through: the value of the label `source`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The site.
    Web,
    /// The simulator API.
    Simulator,
}

impl Source {
    /// The label's value.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Simulator => "simulator",
        }
    }
}
