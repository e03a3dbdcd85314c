//! The only way off the async workers.
//!
//! A [`Gate`] has so many threads of its own for blocking work and makes the rest of it wait, in
//! async, for a bounded time. A thread that is done takes the next piece of work by itself, without
//! anybody being woken to hand it over. Work that has begun is never given up: a client that goes
//! away frees nothing that is still working, but what has not begun is skipped. The closure runs inside
//! the caller's span, so that its log lines bear the request's id. Two gates may share [`Cores`].
//!
//! A gate may bound who waits ([`Gate::with_queue`]): callers beyond that are refused, but not at once. A
//! client that is refused mostly asks again, and sixty connections that do so without a pause cost more of a
//! processor than the work that they are refused.

mod cores;
mod turn;

use std::{sync::Arc, time::Duration};

use anyhow::{Context, anyhow};
use prometheus::IntGauge;
use rustix::{process::setpriority_process, thread::gettid};
use tokio::{
    runtime::{Builder, Runtime},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tracing::{Span, warn};

pub use self::cores::Cores;
use self::{cores::Share, turn::Turn};
use crate::error::Error;

/// Threads for blocking work, and the queue in front of them.
#[derive(Clone)]
pub struct Gate {
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

/// The niceness of threads whose work can wait: beside a thread of the usual priority they get a tenth of a
/// processor, and all of it where nobody else wants it.
const NICE: i32 = 10;

/// A runtime of which only the blocking threads are used. `None` only while it is dropped.
struct Threads(Option<Runtime>);

impl Threads {
    fn new(what: &'static str, width: usize, niceness: i32) -> anyhow::Result<Self> {
        let set_niceness = move || {
            // Linux counts this for the thread, and lets everybody lower a priority.
            if niceness != 0
                && let Err(why) = setpriority_process(Some(gettid()), niceness)
            {
                warn!(causes = why.to_string(), "{what}: the priority of a thread is not lowered");
            }
        };
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(width)
            .thread_name(what)
            .on_thread_start(set_niceness)
            .build()
            .with_context(|| format!("no threads for {what}"))?;
        Ok(Self(Some(runtime)))
    }
}

impl Drop for Threads {
    /// Does not wait for work that still runs: the drop may happen on an async worker, which must not.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Gate {
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
    /// As [`Gate::new`].
    pub fn after_the_first_on(self, cores: &Cores) -> anyhow::Result<Self> {
        let threads = Arc::new(Threads::new(self.what, self.width, NICE)?);
        Ok(Self { share: Share::Rest(cores.clone()), threads, ..self })
    }

    /// Waits for a place: for callers who have other work to do before theirs, which would be in vain without one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when as many wait as may, for as long as [`Gate::with_queue`] says.
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

    /// Runs `work` at a place that [`Gate::place`] gave.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no thread was free in time; [`Error::Internal`] when `work` panicked.
    pub async fn run_at<T, F>(&self, place: Place, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let Some(runtime) = &self.threads.0 else { return Err(Error::busy(self.what)) };
        let ours = Turn::new(place.0, &self.waiting);
        let (theirs, core, span) = (ours.clone(), self.share.ask(), Span::current());
        let begin = move || {
            let _core = core();
            let _place = theirs.take()?;
            Some(span.in_scope(work))
        };
        #[expect(clippy::disallowed_methods, reason = "the one place that leaves the async workers")]
        let mut job = runtime.handle().spawn_blocking(begin);
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

#[cfg(test)]
mod tests {
    use std::sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{Sender, channel},
    };

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

    #[tokio::test]
    async fn who_finds_the_queue_full_is_refused_at_once() {
        let gate = gate(1, Duration::from_mins(1)).with_queue(1, Duration::ZERO);
        let (first, end) = occupy(&gate).await;
        let second = tokio::spawn({
            let gate = gate.clone();
            async move { gate.run(|| 2).await }
        });
        tokio::task::yield_now().await;
        assert!(matches!(gate.place().await, Err(Error::Unavailable { .. })));
        assert!(matches!(gate.run(|| 3).await, Err(Error::Unavailable { .. })), "though it might wait a minute");
        assert_eq!(gate.waiting.get(), 1);
        end.send(()).unwrap();
        first.await.unwrap().unwrap();
        assert_eq!(second.await.unwrap().unwrap(), 2);
        assert_eq!(gate.run(|| 4).await.unwrap(), 4);
    }

    #[tokio::test]
    async fn who_finds_the_queue_full_gets_a_place_that_is_left_in_time() {
        let gate = gate(1, Duration::from_mins(1)).with_queue(0, Duration::from_mins(1));
        let (first, end) = occupy(&gate).await;
        let second = tokio::spawn({
            let gate = gate.clone();
            async move { gate.run(|| 2).await }
        });
        tokio::task::yield_now().await;
        assert_eq!(gate.waiting.get(), 0, "it is not in the queue yet");
        end.send(()).unwrap();
        assert!(first.await.unwrap().is_ok());
        assert_eq!(second.await.unwrap().unwrap(), 2);
    }

    #[tokio::test]
    async fn only_threads_whose_work_can_wait_are_nice() {
        use rustix::process::getpriority_process;

        let niceness = || getpriority_process(Some(gettid())).unwrap();
        let (usual, cores) = (niceness(), Cores::new(2));
        let simulator = gate(1, Duration::from_mins(1)).first_on(&cores);
        let people = gate(1, Duration::from_mins(1)).after_the_first_on(&cores).unwrap();
        assert_eq!(simulator.run(niceness).await.unwrap(), usual);
        assert_eq!(people.run(niceness).await.unwrap(), usual.max(NICE));
    }

    #[tokio::test]
    async fn who_goes_away_leaves_a_place_in_the_queue() {
        let gate = gate(1, Duration::from_mins(1)).with_queue(1, Duration::ZERO);
        let (first, end) = occupy(&gate).await;
        for _ in 0..10 {
            assert!(timeout(Duration::from_millis(1), gate.run(|| ())).await.is_err(), "waited, was not refused");
        }
        end.send(()).unwrap();
        first.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn the_first_begins_at_once_however_many_others_wait() {
        let cores = Cores::new(2);
        let simulator = gate(2, Duration::from_mins(1)).first_on(&cores);
        let people = gate(1, Duration::from_mins(1)).with_queue(1, Duration::ZERO);
        let people = people.after_the_first_on(&cores).unwrap();
        let (person, end_person) = occupy(&people).await;
        let waits = tokio::spawn({
            let people = people.clone();
            async move { people.run(|| ()).await }
        });
        tokio::task::yield_now().await;
        assert!(matches!(people.run(|| ()).await, Err(Error::Unavailable { .. })));
        // Both begin though nobody else has come to an end.
        let (one, end_one) = occupy(&simulator).await;
        let (two, end_two) = occupy(&simulator).await;
        for end in [end_one, end_two, end_person] {
            end.send(()).unwrap();
        }
        for work in [one, two, person, waits] {
            work.await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn others_begin_nothing_while_the_first_needs_all_cores() {
        let cores = Cores::new(2);
        let simulator = gate(2, Duration::from_mins(1)).first_on(&cores);
        let people = gate(1, Duration::from_millis(20)).after_the_first_on(&cores).unwrap();
        let patient = gate(1, Duration::from_mins(1)).after_the_first_on(&cores).unwrap();
        let (one, end_one) = occupy(&simulator).await;
        assert!(patient.run(|| ()).await.is_ok(), "it leaves a core");
        let (two, end_two) = occupy(&simulator).await;
        let done = Arc::new(AtomicBool::new(false));
        let mark = Arc::clone(&done);
        let refused = people.run(move || mark.store(true, Ordering::Release)).await;
        assert!(matches!(refused, Err(Error::Unavailable { .. })), "there is a thread, and no core");
        assert_eq!(people.waiting.get(), 0);
        end_one.send(()).unwrap();
        one.await.unwrap().unwrap();
        assert!(patient.run(|| ()).await.is_ok());
        assert!(!done.load(Ordering::Acquire));
        end_two.send(()).unwrap();
        two.await.unwrap().unwrap();
    }
}
