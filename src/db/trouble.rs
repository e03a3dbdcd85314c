//! Why database work failed: what is counted, what is answered, and whether the connection is given up.

use diesel::result::{DatabaseErrorKind, Error as QueryError};
use strum::{IntoStaticStr, VariantArray};

use super::pooled::PooledConnection;
use crate::{
    error::Error,
    metrics::{self, Label, Metrics},
};

/// What failed, and its causes for the log.
pub(super) type Failure = (Trouble, anyhow::Error);

/// A way of failing: in metrics the label `kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub(super) enum Trouble {
    /// No connection was to be had in time.
    NoConnection,
    /// The server has gone, or the connection to it.
    ConnectionLost,
    /// SQLite: another program holds the write lock.
    Locked,
    /// Postgres gave the statement up.
    Timeout,
    /// No room on the disk.
    Full,
    /// The database, or the file system that it is on, takes no writes.
    ReadOnly,
    /// The disk fails otherwise.
    Disk,
    /// SQLite: the files that are open are not those that lie there.
    Misplaced,
    /// SQLite: what is in the file is no database, or a damaged one.
    Corrupt,
    /// A bug of ours, or a schema that is not this release's.
    Query,
}

impl Trouble {
    /// Failures stand at 0 from the start.
    pub(super) fn begin_at_zero(metrics: &Metrics) {
        for trouble in Self::VARIANTS {
            metrics::begin_at_zero(&metrics.db.errors, [trouble.label()]);
        }
    }

    /// What an operator reads, in the log and as the reason of `/readyz`.
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::NoConnection | Self::ConnectionLost | Self::Timeout | Self::Query => "database",
            Self::Locked => "database: locked by another program",
            Self::Full => "database: its disk is full",
            Self::ReadOnly => "database: it is read-only",
            Self::Disk => "database: its disk fails",
            Self::Misplaced => "database: its files are not the ones that lie on the disk",
            Self::Corrupt => "database: its file is damaged",
        }
    }

    /// Whether whoever writes next to the same file will probably fail, too.
    pub(super) fn stops_writes(self) -> bool {
        matches!(self, Self::Locked | Self::Full | Self::ReadOnly | Self::Disk | Self::Misplaced)
    }

    /// Neither backend gives all of these a kind of their own.
    fn of(why: &QueryError) -> Self {
        let QueryError::DatabaseError(kind, info) = why else { return Self::Query };
        let says = |words: &[&str]| words.iter().any(|words| info.message().contains(words));
        match kind {
            DatabaseErrorKind::ClosedConnection => Self::ConnectionLost,
            DatabaseErrorKind::ReadOnlyTransaction => Self::ReadOnly,
            _ if says(&["database is locked", "locking protocol"]) => Self::Locked,
            _ if says(&["statement timeout"]) => Self::Timeout,
            _ if says(&["database or disk is full", "No space left on device"]) => Self::Full,
            _ if says(&["attempt to write a readonly database"]) => Self::ReadOnly,
            _ if says(&["disk I/O error", "unable to open database file"]) => Self::Disk,
            _ if says(&["database disk image is malformed", "file is not a database"]) => Self::Corrupt,
            _ => Self::Query,
        }
    }

    /// Counts it, and makes the answer: 503 when the same request may succeed later, else 500.
    pub(super) fn counted(self, metrics: &Metrics, why: impl Into<anyhow::Error>) -> Error {
        metrics.db.errors.with_label_values(&[self.label()]).inc();
        match self {
            Self::Query | Self::Corrupt => Error::Internal(why.into()),
            other => Error::away(other.what(), why),
        }
    }
}

/// Tells a broken connection, which is nobody's bug and will be replaced, from a failed query.
pub(super) fn diagnose(pooled: &mut PooledConnection, query: &'static str, why: QueryError) -> Failure {
    let mut trouble = Trouble::of(&why);
    if trouble == Trouble::ConnectionLost || pooled.is_dead() {
        trouble = Trouble::ConnectionLost;
    }
    // A new connection may find a server, or a file, that takes writes again.
    if matches!(trouble, Trouble::ConnectionLost | Trouble::ReadOnly | Trouble::Disk) {
        pooled.condemn();
    }
    (trouble, anyhow::Error::new(why).context(format!("query {query} failed")))
}
