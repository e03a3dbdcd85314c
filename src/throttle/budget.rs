//! So many at once, and then so many a minute, for each key.
//!
//! The generic cell rate algorithm: of each key one moment is kept, that at which all it has spent has
//! grown back. Unlike the limiters of libraries, one can look without spending, and give back.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Keys held before those that have grown back are looked for.
const FEW: usize = 1024;

/// What each key may spend.
pub struct Budget<K> {
    /// `None`: there is no limit.
    quota: Option<Quota>,
    spent: Mutex<Spent<K>>,
}

struct Quota {
    /// What one piece takes to grow back.
    piece: Duration,
    /// What all of them take.
    whole: Duration,
}

struct Spent<K> {
    /// When a key has all of it again. A key that is not in here has it now.
    whole_at: HashMap<K, Instant>,
    sweep_at: usize,
}

impl<K: Eq + Hash> Budget<K> {
    /// `burst` at once, and then `per_minute`; a zero in either means that there is no limit.
    #[must_use]
    pub fn new(burst: u32, per_minute: u32) -> Self {
        let quota = (burst > 0 && per_minute > 0).then(|| {
            let piece = Duration::from_mins(1) / per_minute;
            Quota { piece, whole: piece * burst }
        });
        Self { quota, spent: Mutex::new(Spent { whole_at: HashMap::new(), sweep_at: FEW }) }
    }

    /// Takes a piece.
    ///
    /// # Errors
    /// With the time until there is one again. Nothing is taken then.
    pub fn take(&self, key: K, now: Instant) -> Result<(), Duration> {
        let Some(quota) = &self.quota else { return Ok(()) };
        let mut spent = self.lock();
        if spent.whole_at.len() >= spent.sweep_at {
            spent.sweep(now);
        }
        let whole_at = spent.whole_at.entry(key).or_insert(now);
        let spent_so_far = whole_at.saturating_duration_since(now);
        quota.allows(spent_so_far)?;
        *whole_at = now + spent_so_far + quota.piece;
        Ok(())
    }

    /// Looks whether there is a piece, and takes none.
    ///
    /// # Errors
    /// As [`Budget::take`].
    pub fn look(&self, key: &K, now: Instant) -> Result<(), Duration> {
        let Some(quota) = &self.quota else { return Ok(()) };
        let whole_at = self.lock().whole_at.get(key).copied();
        whole_at.map_or(Ok(()), |whole_at| quota.allows(whole_at.saturating_duration_since(now)))
    }

    /// Gives back a piece that was taken.
    pub fn give_back(&self, key: &K) {
        let Some(quota) = &self.quota else { return };
        if let Some(whole_at) = self.lock().whole_at.get_mut(key)
            && let Some(earlier) = whole_at.checked_sub(quota.piece)
        {
            *whole_at = earlier;
        }
    }

    /// Forgets the keys that have all of it again.
    pub fn sweep(&self, now: Instant) {
        self.lock().sweep(now);
    }

    fn lock(&self) -> MutexGuard<'_, Spent<K>> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Quota {
    fn allows(&self, spent: Duration) -> Result<(), Duration> {
        let over = (spent + self.piece).saturating_sub(self.whole);
        if over.is_zero() { Ok(()) } else { Err(over) }
    }
}

impl<K: Eq + Hash> Spent<K> {
    /// Cheap on average: the next one comes when there are twice as many as are left now.
    fn sweep(&mut self, now: Instant) {
        self.whole_at.retain(|_, whole_at| *whole_at > now);
        self.sweep_at = FEW.max(2 * self.whole_at.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_burst_and_then_a_rate() {
        let (budget, now) = (Budget::new(2, 6), Instant::now());
        assert_eq!([(); 3].map(|()| budget.take("a", now)), [Ok(()), Ok(()), Err(10 * SECOND)]);
        assert_eq!(budget.take("b", now), Ok(()), "each has its own");
        assert_eq!(budget.take("a", now + 9 * SECOND), Err(SECOND));
        assert_eq!(budget.take("a", now + 10 * SECOND), Ok(()));
        assert_eq!(budget.take("a", now + 10 * SECOND), Err(10 * SECOND));
        let later = now + 3600 * SECOND;
        assert_eq!([(); 3].map(|()| budget.take("a", later)), [Ok(()), Ok(()), Err(10 * SECOND)], "never more");
    }

    #[test]
    fn a_look_takes_nothing_and_what_is_given_back_can_be_taken_again() {
        let (budget, now) = (Budget::new(1, 1), Instant::now());
        assert_eq!([(); 2].map(|()| budget.look(&"a", now)), [Ok(()), Ok(())]);
        assert_eq!(budget.take("a", now), Ok(()));
        assert_eq!(budget.look(&"a", now), Err(60 * SECOND));
        budget.give_back(&"a");
        assert_eq!([(); 2].map(|()| budget.take("a", now)), [Ok(()), Err(60 * SECOND)]);
        budget.give_back(&"a");
        budget.give_back(&"a");
        assert_eq!([(); 2].map(|()| budget.take("a", now)), [Ok(()), Err(60 * SECOND)], "no credit");
    }

    #[test]
    fn a_zero_is_no_limit() {
        for budget in [Budget::new(0, 5), Budget::new(5, 0)] {
            let now = Instant::now();
            assert!((0..10_000).all(|_| budget.take("a", now).is_ok() && budget.look(&"a", now).is_ok()));
            assert!(budget.lock().whole_at.is_empty());
        }
    }

    #[test]
    fn who_has_all_of_it_again_is_forgotten_without_being_asked_for() {
        let (budget, now) = (Budget::new(1, 60), Instant::now());
        for key in 0..100 * FEW {
            budget.take(key, now + SECOND * u32::try_from(key / 100).unwrap()).unwrap();
        }
        assert!(budget.lock().whole_at.len() <= FEW);
        budget.sweep(now + 3600 * SECOND);
        assert!(budget.lock().whole_at.is_empty());
    }
}
