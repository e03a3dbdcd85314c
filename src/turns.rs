//! So many costly pages of one account at a time; the next one waits in line.
//!
//! Per account and not per session, or whoever signs in twice had twice as many. Like the throttles it is
//! a thing of this process: each replica gives as many. It remembers nobody: an account is known while a
//! page of it is worked on or waits.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::{domain::UserId, error::Error};

type Lines = Arc<Mutex<HashMap<UserId, Arc<Semaphore>>>>;

/// Who has how many turns.
pub struct Turns {
    at_once: usize,
    wait: Duration,
    lines: Lines,
}

/// An account's turn. Give it to the work itself: work that has begun goes on when its client goes away,
/// and the turn ends with whichever is last.
pub struct Turn {
    // Dropped in this order: the place is given back before the line is looked at.
    _place: OwnedSemaphorePermit,
    _line: Line,
}

impl Turns {
    /// `at_once` turns for each account, 0: as many as it likes; who comes beyond waits at most `wait`.
    #[must_use]
    pub fn new(at_once: usize, wait: Duration) -> Self {
        Self { at_once, wait, lines: Lines::default() }
    }

    /// A turn for `account`; `None` where nobody needs one.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] when none came in time.
    pub async fn take(&self, account: UserId) -> Result<Option<Turn>, Error> {
        if self.at_once == 0 {
            return Ok(None);
        }
        let line = Line::join(&self.lines, account, self.at_once);
        match timeout(self.wait, Arc::clone(&line.places).acquire_owned()).await {
            Ok(Ok(place)) => Ok(Some(Turn { _place: place, _line: line })),
            // The places are never closed.
            Ok(Err(_)) | Err(_) => Err(Error::TooManyRequests { retry_after: 1 }),
        }
    }
}

/// Somebody's interest in an account's places, which are forgotten with the last one's.
struct Line {
    account: UserId,
    places: Arc<Semaphore>,
    lines: Lines,
}

impl Line {
    fn join(lines: &Lines, account: UserId, at_once: usize) -> Self {
        let places = lock(lines).entry(account).or_insert_with(|| Arc::new(Semaphore::new(at_once))).clone();
        Self { account, places, lines: Arc::clone(lines) }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let mut lines = lock(&self.lines);
        // The map's own and ours: nobody can join while the map is locked.
        if Arc::strong_count(&self.places) == 2 {
            lines.remove(&self.account);
        }
    }
}

fn lock(lines: &Lines) -> MutexGuard<'_, HashMap<UserId, Arc<Semaphore>>> {
    // What is done under the lock leaves the map whole even if it panics.
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: UserId = UserId(1);
    const BOB: UserId = UserId(2);

    fn turns(at_once: usize) -> Turns {
        Turns::new(at_once, Duration::from_millis(20))
    }

    #[tokio::test]
    async fn the_third_of_two_waits_and_is_refused_and_others_are_not() {
        let turns = turns(2);
        let first = turns.take(ALICE).await.unwrap();
        let _second = turns.take(ALICE).await.unwrap();
        assert!(matches!(turns.take(ALICE).await, Err(Error::TooManyRequests { retry_after: 1 })));
        assert!(turns.take(BOB).await.is_ok());
        drop(first);
        assert!(turns.take(ALICE).await.is_ok());
    }

    #[tokio::test]
    async fn who_waits_gets_the_turn_that_ends() {
        let turns = Turns::new(1, Duration::from_mins(1));
        let first = turns.take(ALICE).await.unwrap();
        let (second, ()) = tokio::join!(turns.take(ALICE), async {
            tokio::task::yield_now().await;
            drop(first);
        });
        assert!(second.is_ok());
    }

    #[tokio::test]
    async fn nobody_is_remembered_who_is_gone() {
        let turns = turns(1);
        let first = turns.take(ALICE).await.unwrap();
        assert!(turns.take(ALICE).await.is_err());
        let gave_up = timeout(Duration::from_millis(1), turns.take(ALICE)).await;
        assert!(gave_up.is_err() && lock(&turns.lines).len() == 1);
        drop(first);
        assert_eq!(lock(&turns.lines).len(), 0);
    }

    #[tokio::test]
    async fn zero_switches_it_off() {
        let turns = turns(0);
        for _ in 0..100 {
            std::mem::forget(turns.take(ALICE).await.unwrap());
        }
        assert_eq!(lock(&turns.lines).len(), 0);
    }
}
