//! Who follows whom by now, and pairs for the next follow or unfollow.
//!
//! Strangers are drawn at random until two are found, so at most half of all possible follows may
//! exist: [`Follows::has_room`] says so, and the plan of a scenario has users enough.

use std::collections::HashSet;

use rand::{Rng, RngExt};

use super::users::Users;

/// Draws with busy users in front before anybody does: the busiest may follow all others already.
const BUSY_DRAWS: usize = 32;

/// The follows that exist, as pairs of follower and followee.
#[derive(Default)]
pub(super) struct Follows {
    list: Vec<(usize, usize)>,
    set: HashSet<(usize, usize)>,
}

impl Follows {
    /// Whether nobody follows anybody.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether at most half of the possible follows exist, and at least one is possible.
    pub(super) fn has_room(&self, users: &Users) -> bool {
        let possible = users.len() * users.len().saturating_sub(1);
        possible > 0 && 2 * self.list.len() <= possible
    }

    /// Two users of whom the first does not follow the second. Needs [`Follows::has_room`].
    pub(super) fn strangers(&self, users: &Users, rng: &mut impl Rng) -> (usize, usize) {
        let mut draws = 0;
        loop {
            let follower = if draws < BUSY_DRAWS { users.busy(rng) } else { users.any(rng) };
            let pair = (follower, users.any(rng));
            if pair.0 != pair.1 && !self.set.contains(&pair) {
                return pair;
            }
            draws += 1;
        }
    }

    /// Adds a pair of strangers.
    pub(super) fn add(&mut self, pair: (usize, usize)) {
        self.list.push(pair);
        self.set.insert(pair);
    }

    /// Takes out any follow. There must be one.
    pub(super) fn remove_any(&mut self, rng: &mut impl Rng) -> (usize, usize) {
        let pair = self.list.swap_remove(rng.random_range(0..self.list.len()));
        self.set.remove(&pair);
        pair
    }
}

#[cfg(test)]
mod tests {
    use chacha20::ChaCha8Rng;
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn strangers_are_found_as_long_as_there_is_room() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let (mut users, mut follows) = (Users::default(), Follows::default());
        assert!(!follows.has_room(&users));
        users.add("A".to_owned(), &mut rng);
        assert!(!follows.has_room(&users), "nobody can follow himself");
        users.add("B".to_owned(), &mut rng);
        users.add("C".to_owned(), &mut rng);
        let mut pairs = HashSet::new();
        while follows.has_room(&users) {
            let pair = follows.strangers(&users, &mut rng);
            assert_ne!(pair.0, pair.1);
            assert!(pairs.insert(pair), "{pair:?} were no strangers");
            follows.add(pair);
        }
        assert_eq!(pairs.len(), 4, "one more than half of six");
        while !follows.is_empty() {
            assert!(pairs.remove(&follows.remove_any(&mut rng)));
        }
        assert!(pairs.is_empty());
    }
}
