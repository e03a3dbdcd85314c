//! Cores that two pools share, one of which goes first.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// So many cores. Urgent work has its core as soon as somebody asks for the work; other work begins only where
/// the urgent leaves a core, and what has begun is not interrupted: so there may be more work than cores
/// for as long as one piece of it takes.
#[derive(Clone)]
pub struct Cores(Arc<Shared>);

struct Shared {
    count: usize,
    taken: Mutex<usize>,
    one_is_free: Condvar,
}

/// A core that is taken until this is dropped.
pub struct Core(Arc<Shared>);

impl Cores {
    /// `count` cores that nobody uses.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self(Arc::new(Shared { count, taken: Mutex::new(0), one_is_free: Condvar::new() }))
    }

    /// A core for urgent work, whether there is one or not.
    #[must_use]
    pub fn take(&self) -> Core {
        *self.0.lock() += 1;
        Core(Arc::clone(&self.0))
    }

    /// A core for other work. Blocks this thread until one is free.
    #[must_use]
    pub fn wait(&self) -> Core {
        let taken = self.0.lock();
        let is_none_free = |taken: &mut usize| *taken >= self.0.count;
        *self.0.one_is_free.wait_while(taken, is_none_free).unwrap_or_else(PoisonError::into_inner) += 1;
        Core(Arc::clone(&self.0))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, usize> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        *self.0.lock() -= 1;
        self.0.one_is_free.notify_one();
    }
}

/// What a pool's work may have of the cores.
#[derive(Clone)]
pub(super) enum Share {
    /// Nobody counts.
    Any,
    /// As many as it has work.
    First(Cores),
    /// What the first leaves.
    Rest(Cores),
}

impl Share {
    /// For a piece of work that somebody has just asked for; to be called when it could begin.
    pub(super) fn ask(&self) -> impl FnOnce() -> Option<Core> + Send + use<> {
        let (core, rest) = match self {
            Self::Any => (None, None),
            Self::First(cores) => (Some(cores.take()), None),
            Self::Rest(cores) => (None, Some(cores.clone())),
        };
        move || core.or_else(|| rest.map(|cores| cores.wait()))
    }
}
