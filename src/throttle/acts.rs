//! How often somebody may post and follow: more than any person does, less than a script.
//!
//! Both count for the account, whichever session it is done from, and for the address, whichever accounts it
//! is done with. The account comes first: who has spent their own allowance spends none of their neighbours',
//! and has back what the address refuses.

use std::{net::IpAddr, time::Instant};

use super::{budget::Budget, network::NetworkBudget, too_many};
use crate::{config::LimitSettings, domain::UserId, error::Error};

/// The limits on what changes something.
pub struct Acts {
    posts: Pair,
    follows: Pair,
}

/// The limits on one kind of act.
struct Pair {
    accounts: Budget<UserId>,
    addresses: NetworkBudget<()>,
}

impl Pair {
    fn count(&self, account: UserId, address: IpAddr) -> Result<(), Error> {
        let now = Instant::now();
        self.accounts.take(account, now).map_err(too_many)?;
        // What the address refuses costs the account nothing: it may be all the neighbours' doing.
        self.addresses.take(address, (), now).inspect_err(|_| self.accounts.give_back(&account)).map_err(too_many)
    }

    fn sweep(&self, now: Instant) {
        self.accounts.sweep(now);
        self.addresses.sweep(now);
    }
}

impl Acts {
    /// As the settings say; a zero switches a limit off.
    #[must_use]
    pub(super) fn new(limits: &LimitSettings) -> Self {
        let by = |burst, per_minute| NetworkBudget::new(burst, per_minute, limits.ipv6_site_factor);
        Self {
            posts: Pair {
                accounts: Budget::new(limits.post_burst, limits.post_per_minute),
                addresses: by(limits.post_address_burst, limits.post_address_per_minute),
            },
            follows: Pair {
                accounts: Budget::new(limits.follow_burst, limits.follow_per_minute),
                addresses: by(limits.follow_address_burst, limits.follow_address_per_minute),
            },
        }
    }

    /// Counts a message of `account`.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] when a limit is reached; so for every function of this module.
    pub fn post(&self, account: UserId, address: IpAddr) -> Result<(), Error> {
        self.posts.count(account, address)
    }

    /// Counts a follow or unfollow by `account`.
    ///
    /// # Errors
    /// As [`Acts::post`].
    pub fn follow(&self, account: UserId, address: IpAddr) -> Result<(), Error> {
        self.follows.count(account, address)
    }

    /// Forgets who has been quiet long enough to have the whole burst again.
    pub(super) fn sweep(&self, now: Instant) {
        self.posts.sweep(now);
        self.follows.sweep(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    fn acts(change: impl FnOnce(&mut LimitSettings)) -> Acts {
        let mut limits = Settings::defaults().limits;
        change(&mut limits);
        Acts::new(&limits)
    }

    #[test]
    fn an_account_that_has_spent_its_own_spends_none_of_its_neighbours() {
        let acts = acts(|limits| (limits.post_burst, limits.post_address_burst) = (2, 3));
        let (alice, bob, home) = (UserId(1), UserId(2), "192.0.2.1".parse().unwrap());
        assert!(acts.post(alice, home).is_ok() && acts.post(alice, home).is_ok());
        for _ in 0..5 {
            assert!(matches!(acts.post(alice, home), Err(Error::TooManyRequests { .. })));
        }
        assert!(acts.post(bob, home).is_ok());
        assert!(acts.post(bob, home).is_err(), "three from this address");
    }

    #[test]
    fn what_an_address_refuses_an_account_has_not_spent() {
        let acts = acts(|limits| (limits.post_burst, limits.post_address_burst) = (2, 2));
        let (alice, bob) = (UserId(1), UserId(2));
        let (shared, elsewhere) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        assert!(acts.post(alice, shared).is_ok() && acts.post(alice, shared).is_ok());
        assert!((0..5).all(|_| acts.post(bob, shared).is_err()));
        assert_eq!([(); 3].map(|()| acts.post(bob, elsewhere).is_ok()), [true, true, false]);
    }

    #[test]
    fn following_has_allowances_of_its_own() {
        let acts = acts(|limits| {
            (limits.post_burst, limits.follow_burst, limits.follow_address_burst) = (1, 1, 2);
        });
        let (alice, home) = (UserId(1), "2001:db8::1".parse().unwrap());
        assert!(acts.post(alice, home).is_ok() && acts.follow(alice, home).is_ok());
        assert!(acts.post(alice, home).is_err() && acts.follow(alice, home).is_err());
        assert!(acts.follow(UserId(2), home).is_ok());
        assert!(acts.follow(UserId(3), "2001:db8::2".parse().unwrap()).is_err(), "a /64 is one address");
    }

    #[test]
    fn zero_switches_a_limit_off() {
        let acts = acts(|limits| {
            (limits.post_burst, limits.post_address_per_minute) = (0, 0);
        });
        let home = "192.0.2.1".parse().unwrap();
        assert!((0..10_000).all(|_| acts.post(UserId(1), home).is_ok()));
    }
}
