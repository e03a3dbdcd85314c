//! The only way off the async workers.
//!
//! A [`Gate`] lets so many pieces of blocking work run at once and makes the others wait, in
//! async, for a bounded time. The permit moves into the closure: a client that goes away frees
//! nothing that is still working. The closure runs inside the caller's span, so that its log
//! lines bear the request's id.

use std::{sync::Arc, time::Duration};

use anyhow::anyhow;
use prometheus::{IntCounter, IntGauge};
use tokio::{sync::Semaphore, time::timeout};
use tracing::Span;

use crate::error::Error;

/// A semaphore in front of the blocking threads.
#[derive(Clone)]
pub struct Gate {
    what: &'static str,
    permits: Arc<Semaphore>,
    wait: Duration,
    waiting: IntGauge,
    panics: IntCounter,
}

/// Keeps the gauge true also for callers that give up.
struct Waiting<'a>(&'a IntGauge);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Gate {
    /// `what` names the resource in the log; `width` pieces of work run at once; a caller waits
    /// at most `wait`; `waiting` counts those who do, `panics` the work that panicked.
    #[must_use]
    pub fn new(what: &'static str, width: usize, wait: Duration, waiting: &IntGauge, panics: &IntCounter) -> Self {
        let permits = Arc::new(Semaphore::new(width));
        Self { what, permits, wait, waiting: waiting.clone(), panics: panics.clone() }
    }

    /// Runs `work` on a blocking thread once there is room.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when there was no room in time; [`Error::Internal`] when `work`
    /// panicked.
    pub async fn run<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        self.waiting.inc();
        let waiting = Waiting(&self.waiting);
        let Ok(Ok(permit)) = timeout(self.wait, Arc::clone(&self.permits).acquire_owned()).await else {
            return Err(Error::busy(self.what));
        };
        drop(waiting);
        let span = Span::current();
        #[expect(clippy::disallowed_methods, reason = "the one place that leaves the async workers")]
        let outcome = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            span.in_scope(work)
        })
        .await;
        outcome.map_err(|_panicked| {
            self.panics.inc();
            Error::Internal(anyhow!("{} work panicked", self.what))
        })
    }
}
