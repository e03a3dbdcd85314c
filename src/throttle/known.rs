//! Who has been here lately, in memory that has an end.

use std::{
    collections::HashSet,
    hash::Hash,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// A key is forgotten after one to two of these.
const DAY: Duration = Duration::from_hours(24);
/// Keys of a generation; there are two.
const CAPACITY: usize = 10_000;

/// Keys in two generations: when the young one is full or a day old, it takes the place of the old one,
/// which is forgotten.
pub struct Known<K>(Mutex<Generations<K>>);

struct Generations<K> {
    young: HashSet<K>,
    old: HashSet<K>,
    since: Instant,
}

impl<K: Eq + Hash> Known<K> {
    /// Nobody.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self(Mutex::new(Generations { young: HashSet::new(), old: HashSet::new(), since: now }))
    }

    /// Remembers `key`.
    pub fn remember(&self, key: &K, now: Instant)
    where
        K: Clone,
    {
        let mut generations = self.lock();
        if generations.young.contains(key) {
            return;
        }
        if generations.young.len() >= CAPACITY {
            generations.age(now);
        }
        generations.young.insert(key.clone());
    }

    /// Whether `key` was here within a day, or two, unless very many others were.
    pub fn knows(&self, key: &K) -> bool {
        let generations = self.lock();
        generations.young.contains(key) || generations.old.contains(key)
    }

    /// Forgets those whose day is over.
    pub fn sweep(&self, now: Instant) {
        let mut generations = self.lock();
        if now.saturating_duration_since(generations.since) >= DAY {
            generations.age(now);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Generations<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K> Generations<K> {
    fn age(&mut self, now: Instant) {
        self.old = mem::take(&mut self.young);
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_came_is_known_for_a_day_and_not_for_three() {
        let now = Instant::now();
        let known = Known::new(now);
        known.remember(&"a", now);
        assert!(known.knows(&"a") && !known.knows(&"b"));
        known.sweep(now + DAY);
        assert!(known.knows(&"a"));
        known.remember(&"b", now + DAY);
        known.sweep(now + DAY + DAY / 2);
        assert!(known.knows(&"a"));
        known.sweep(now + 2 * DAY);
        assert!(known.knows(&"b") && !known.knows(&"a"));
    }

    #[test]
    fn however_many_come_memory_has_an_end() {
        let now = Instant::now();
        let known = Known::new(now);
        for key in 0..5 * CAPACITY {
            known.remember(&key, now);
        }
        let generations = known.lock();
        assert!(generations.young.len() + generations.old.len() <= 2 * CAPACITY);
        drop(generations);
        assert!(known.knows(&(5 * CAPACITY - 1)) && !known.knows(&0));
    }
}
