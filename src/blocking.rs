//! The only way off the async workers.
//!
//! A [`Gate`] has so many threads of its own for blocking work and makes the rest of it wait, in
//! async, for a bounded time. A thread that is done takes the next piece of work by itself, without
//! anybody being woken to hand it over. Work that has begun is never given up: a client that goes
//! away frees nothing that is still working, but what has not begun is skipped. The closure runs inside
//! the caller's span, so that its log lines bear the request's id.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, anyhow};
use prometheus::IntGauge;
use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};
use tracing::Span;

use crate::error::Error;

/// Threads for blocking work, and the queue in front of them.
#[derive(Clone)]
pub struct Gate {
    what: &'static str,
    threads: Arc<Threads>,
    wait: Duration,
    waiting: IntGauge,
}

/// A runtime of which only the blocking threads are used. `None` only while it is dropped.
struct Threads(Option<Runtime>);

impl Drop for Threads {
    /// Does not wait for work that still runs: the drop may happen on an async worker, which must not.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// A piece of work's turn, and its place among those that wait. Whoever takes it first decides: the thread
/// that it begins, or the caller, by giving up or going away, that it never will.
struct Turn {
    taken: Arc<AtomicBool>,
    waiting: IntGauge,
}

impl Turn {
    /// Two handles on one turn.
    fn shared(waiting: &IntGauge) -> (Self, Self) {
        waiting.inc();
        let (waiting, taken) = (waiting.clone(), Arc::new(AtomicBool::new(false)));
        (Self { taken: Arc::clone(&taken), waiting: waiting.clone() }, Self { taken, waiting })
    }

    fn take(&self) -> bool {
        let is_first = !self.taken.swap(true, Ordering::AcqRel);
        if is_first {
            self.waiting.dec();
        }
        is_first
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.take();
    }
}

impl Gate {
    /// `what` names the resource in the log and its threads; `width` pieces of work run at once; a
    /// caller waits at most `wait`; `waiting` counts those who do.
    ///
    /// # Errors
    /// When the system refuses what a runtime needs.
    pub fn new(what: &'static str, width: usize, wait: Duration, waiting: &IntGauge) -> anyhow::Result<Self> {
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(width)
            .thread_name(what)
            .build()
            .with_context(|| format!("no threads for {what}"))?;
        let threads = Arc::new(Threads(Some(runtime)));
        Ok(Self { what, threads, wait, waiting: waiting.clone() })
    }

    /// Runs `work` on one of the threads.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when none was free in time; [`Error::Internal`] when `work` panicked.
    pub async fn run<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let Some(runtime) = &self.threads.0 else { return Err(Error::busy(self.what)) };
        let (ours, theirs) = Turn::shared(&self.waiting);
        let span = Span::current();
        #[expect(clippy::disallowed_methods, reason = "the one place that leaves the async workers")]
        let mut job = runtime.handle().spawn_blocking(move || theirs.take().then(|| span.in_scope(work)));
        let outcome = match timeout(self.wait, &mut job).await {
            Err(_) if ours.take() => return Err(Error::busy(self.what)),
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use tokio::task::JoinHandle;

    use super::*;

    fn gate(width: usize, wait: Duration) -> Gate {
        Gate::new("test", width, wait, &IntGauge::new("waiting", "waiting").unwrap()).unwrap()
    }

    /// Keeps the gate's only thread busy until it is told to end.
    async fn occupy(gate: &Gate) -> (JoinHandle<Result<(), Error>>, Sender<()>) {
        let ((begin, begun), (end, ended)) = (channel(), channel());
        let work = move || {
            begin.send(()).ok();
            ended.recv().ok();
        };
        let gate = gate.clone();
        let first = tokio::spawn(async move { gate.run(work).await });
        tokio::task::yield_now().await;
        begun.recv().unwrap();
        (first, end)
    }

    #[tokio::test]
    async fn work_that_finds_no_thread_in_time_is_refused_and_never_done() {
        let gate = gate(1, Duration::from_millis(20));
        let (first, end) = occupy(&gate).await;
        let done = Arc::new(AtomicBool::new(false));
        let mark = Arc::clone(&done);
        let refused = gate.run(move || mark.store(true, Ordering::Release)).await;
        assert!(matches!(refused, Err(Error::Unavailable { .. })));
        assert_eq!(gate.waiting.get(), 0, "who was refused waits no more, though the thread is still busy");
        end.send(()).unwrap();
        assert!(first.await.unwrap().is_ok(), "what has begun is finished, however long it takes");
        assert!(gate.run(|| ()).await.is_ok());
        assert!(!done.load(Ordering::Acquire), "what was refused has not been done meanwhile");
        assert_eq!(gate.waiting.get(), 0);
    }

    #[tokio::test]
    async fn work_of_a_caller_that_went_away_before_its_turn_is_skipped() {
        let gate = gate(1, Duration::from_mins(1));
        let (first, end) = occupy(&gate).await;
        let done = Arc::new(AtomicBool::new(false));
        let mark = Arc::clone(&done);
        let second = timeout(Duration::from_millis(5), gate.run(move || mark.store(true, Ordering::Release))).await;
        assert!(second.is_err(), "it waited in vain");
        assert_eq!(gate.waiting.get(), 0, "who went away waits no more");
        end.send(()).unwrap();
        first.await.unwrap().unwrap();
        gate.run(|| ()).await.unwrap();
        assert!(!done.load(Ordering::Acquire));
        assert_eq!(gate.waiting.get(), 0);
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_the_thread_lives_on() {
        let gate = gate(1, Duration::from_mins(1));
        assert!(matches!(gate.run(|| panic!("on purpose")).await, Err(Error::Internal(_))));
        assert_eq!(gate.run(|| 7).await.unwrap(), 7);
    }
}
