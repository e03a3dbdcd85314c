//! What a long piece of work shows while it lasts, and how it is told to stop.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use anyhow::ensure;
use indicatif::{ProgressBar, ProgressStyle};

/// Told of every thousand rows or so.
pub struct Watch {
    bar: ProgressBar,
    stop: Arc<AtomicBool>,
}

/// The work was told to stop, and has undone itself.
#[derive(Debug, thiserror::Error)]
#[error("told to stop")]
pub(super) struct Stopped;

impl Watch {
    /// A bar on standard error, and only where that is a terminal.
    ///
    /// # Errors
    /// Never in practice: only if the bar's template were wrong.
    pub fn on_terminal() -> anyhow::Result<Self> {
        let style = ProgressStyle::with_template("{msg:10} {wide_bar} {pos}/{len}, {eta} left")?;
        Ok(Self { bar: ProgressBar::new(0).with_style(style), stop: Arc::default() })
    }

    /// No bar; the work ends when `stop` becomes true.
    pub(super) fn until(stop: Arc<AtomicBool>) -> Self {
        Self { bar: ProgressBar::hidden(), stop }
    }

    /// So many rows are to be expected.
    pub(super) fn expect(&self, rows: u64) {
        self.bar.set_length(rows);
    }

    /// What is being done.
    pub fn say(&self, what: &'static str) {
        self.bar.set_message(what);
    }

    /// So many rows are done.
    ///
    /// # Errors
    /// [`Stopped`] when the work is to stop.
    pub(super) fn advance(&self, rows: usize) -> anyhow::Result<()> {
        ensure!(!self.stop.load(Ordering::Relaxed), Stopped);
        self.bar.inc(u64::try_from(rows)?);
        Ok(())
    }

    /// Leaves the terminal as it was.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
