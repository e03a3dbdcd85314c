//! The threads of a pool: a runtime's, of which nothing else is used.

use anyhow::Context;
use rustix::{process::setpriority_process, thread::gettid};
use tokio::runtime::{Builder, Handle, Runtime};
use tracing::warn;

/// The niceness of threads whose work can wait: beside a thread of the usual priority they get a tenth of a
/// processor, and all of it where nobody else wants it.
pub(super) const NICE: i32 = 10;

/// A runtime of which only the blocking threads are used. `None` only while it is dropped.
pub(super) struct Threads(Option<Runtime>);

impl Threads {
    pub(super) fn new(what: &'static str, width: usize, niceness: i32) -> anyhow::Result<Self> {
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

    pub(super) fn handle(&self) -> Option<&Handle> {
        self.0.as_ref().map(Runtime::handle)
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
