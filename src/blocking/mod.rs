//! The only way off the async workers.
//!
//! A [`BlockingPool`] has so many threads of its own for blocking work and makes the rest of it wait, in
//! async, for a bounded time. A thread that is done takes the next piece of work by itself, without
//! anybody being woken to hand it over. Work that has begun is never given up: a client that goes
//! away frees nothing that is still working, but what has not begun is skipped. The closure runs inside
//! the caller's span, so that its log lines bear the request's id. Two pools may share [`Cores`].
//!
//! A pool may bound who waits ([`BlockingPool::with_queue`]): callers beyond that are refused, but not at once. A
//! client that is refused mostly asks again, and sixty connections that do so without a pause cost more of a
//! processor than the work that they are refused.

mod cores;
#[cfg(test)]
mod tests;
mod threads;
mod turn;

use std::{sync::Arc, time::Duration};

use anyhow::anyhow;
use prometheus::IntGauge;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tracing::Span;

pub use self::cores::Cores;
use self::{
    cores::Share,
    threads::{NICE, Threads},
    turn::Turn,
};
use crate::error::Error;

/// Threads for blocking work, and the queue in front of them.
#[derive(Clone)]
pub struct BlockingPool {
    what: &'static str,
    threads: Arc<Threads>,
    width: usize,
    wait: Duration,
    /// One for each piece of work that runs or waits.
    places: Arc<Semaphore>,
    /// How long a caller waits for one of those.
    refuse_after: Duration,
    share: Share,
    waiting: IntGauge,
}

/// A place among the work that runs or waits, until this is dropped.
#[must_use]
pub struct Place(OwnedSemaphorePermit);

impl BlockingPool {
    /// `what` names the resource in the log and its threads; `width` pieces of work run at once; a
    /// caller waits at most `wait`; `waiting` counts those who do.
    ///
    /// # Errors
    /// When the system refuses what a runtime needs.
    pub fn new(what: &'static str, width: usize, wait: Duration, waiting: &IntGauge) -> anyhow::Result<Self> {
        let threads = Arc::new(Threads::new(what, width, 0)?);
        let places = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
        let refuse_after = Duration::ZERO;
        Ok(Self { what, threads, width, wait, places, refuse_after, share: Share::Any, waiting: waiting.clone() })
    }

    /// Lets at most so many wait for a thread: who comes then is refused, unless one of them is done within
    /// `refuse_after`.
    #[must_use]
    pub fn with_queue(self, queue: usize, refuse_after: Duration) -> Self {
        let places = self.width.saturating_add(queue).min(Semaphore::MAX_PERMITS);
        Self { places: Arc::new(Semaphore::new(places)), refuse_after, ..self }
    }

    /// Lets its work take the cores that it needs, from the moment it is asked for.
    #[must_use]
    pub fn first_on(self, cores: &Cores) -> Self {
        Self { share: Share::First(cores.clone()), ..self }
    }

    /// Lets its work begin only on cores that the first one leaves, on threads of a low priority.
    ///
    /// # Errors
    /// As [`BlockingPool::new`].
    pub fn after_the_first_on(self, cores: &Cores) -> anyhow::Result<Self> {
        let threads = Arc::new(Threads::new(self.what, self.width, NICE)?);
        Ok(Self { share: Share::Rest(cores.clone()), threads, ..self })
    }

    /// Waits for a place: for callers who have other work to do before theirs, which would be in vain without one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when as many wait as may, for as long as [`BlockingPool::with_queue`] says.
    pub async fn place(&self) -> Result<Place, Error> {
        if let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(Place(permit));
        }
        match timeout(self.refuse_after, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Place(permit)),
            Ok(Err(_)) | Err(_) => Err(Error::busy(self.what)),
        }
    }

    /// Runs `work` on one of the threads.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when as many wait as may, or no thread was free in time;
    /// [`Error::Internal`] when `work` panicked.
    pub async fn run<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let place = self.place().await?;
        self.run_at(place, work).await
    }

    /// Runs `work` at a place that [`BlockingPool::place`] gave.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no thread was free in time; [`Error::Internal`] when `work` panicked.
    pub async fn run_at<T, F>(&self, place: Place, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let Some(threads) = self.threads.handle() else { return Err(Error::busy(self.what)) };
        let ours = Turn::new(place.0, &self.waiting);
        let (theirs, core, span) = (ours.clone(), self.share.ask(), Span::current());
        let begin = move || {
            let _core = core();
            let _place = theirs.take()?;
            Some(span.in_scope(work))
        };
        #[expect(clippy::disallowed_methods, reason = "the one place that leaves the async workers")]
        let mut job = threads.spawn_blocking(begin);
        let outcome = match timeout(self.wait, &mut job).await {
            Err(_) if ours.take().is_some() => return Err(Error::busy(self.what)),
            // It has begun, and there is no way back.
            Err(_) => job.await,
            Ok(outcome) => outcome,
        };
        match outcome {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(Error::busy(self.what)),
            Err(_panicked) => Err(Error::Internal(anyhow!("{} work panicked", self.what))),
        }
    }
}
