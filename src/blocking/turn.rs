//! Who has the right to begin a piece of work, or to say that it never begins.

use std::sync::{Arc, Mutex, PoisonError};

use prometheus::IntGauge;
use tokio::sync::OwnedSemaphorePermit;

/// A piece of work's turn: its place, for whoever asks first. That is the thread that begins it, which keeps the
/// place until the work is done, or the caller, by giving up or going away: then it never begins.
#[derive(Clone)]
pub(super) struct Turn {
    place: Arc<Mutex<Option<OwnedSemaphorePermit>>>,
    waiting: IntGauge,
}

impl Turn {
    pub(super) fn new(place: OwnedSemaphorePermit, waiting: &IntGauge) -> Self {
        waiting.inc();
        Self { place: Arc::new(Mutex::new(Some(place))), waiting: waiting.clone() }
    }

    pub(super) fn take(&self) -> Option<OwnedSemaphorePermit> {
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner).take();
        if place.is_some() {
            self.waiting.dec();
        }
        place
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.take();
    }
}
