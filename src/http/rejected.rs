//! Requests that are refused unseen: by a middleware, by a limit, by the listener.

use strum::{IntoStaticStr, VariantArray};

use crate::metrics::{self, Label, Metrics};

/// Why a request was refused before a handler had looked at what it wants: in metrics the label `reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Rejected {
    /// Path or query over their limits.
    UriSize,
    /// Headers over their limit.
    HeaderSize,
    /// A method that HTTP does not know.
    Method,
    /// Another site may have sent it.
    Csrf,
    /// Body over its limit.
    BodySize,
    /// Too many attempts.
    RateLimit,
    /// No connection, or no turn to hash, in time.
    Overload,
    /// A connection at its time limit.
    Slow,
    /// An address with too many connections.
    Crowd,
    /// What is no HTTP.
    Malformed,
}

impl Rejected {
    /// Counts one.
    pub fn count(self, metrics: &Metrics) {
        metrics.http_rejected.with_label_values(&[self.label()]).inc();
    }

    /// All stand at 0 from the start.
    pub fn begin_at_zero(metrics: &Metrics) {
        for reason in Self::VARIANTS {
            metrics::begin_at_zero(&metrics.http_rejected, [reason.label()]);
        }
    }
}
