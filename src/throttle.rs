//! How often somebody may try to sign in or register.
//!
//! Two limits, both for an address: one together with the name that is tried, so that nobody can
//! lock another person out, and one over all names. They live in this process: with N replicas an
//! attacker has N times the attempts, and a blanket limit belongs into the proxy.

mod acts;

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};

pub use acts::Acts;

use crate::{config::LimitSettings, error::Error};

/// The limits on attempts.
pub struct Throttle {
    /// The limits on what is done once one is in.
    pub acts: Acts,
    logins: Option<DefaultKeyedRateLimiter<(IpAddr, String)>>,
    addresses: Option<DefaultKeyedRateLimiter<IpAddr>>,
}

impl Throttle {
    /// As the settings say; a zero switches a limit off.
    #[must_use]
    pub fn new(limits: &LimitSettings) -> Self {
        Self {
            acts: Acts::new(limits),
            logins: quota(limits.login_burst, limits.login_per_minute).map(RateLimiter::keyed),
            addresses: quota(limits.address_burst, limits.address_per_minute).map(RateLimiter::keyed),
        }
    }

    /// Counts an attempt to sign in as `username`.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] when either limit is reached.
    pub fn login(&self, address: IpAddr, username: &str) -> Result<(), Error> {
        self.address(address)?;
        let key = (network(address), username.chars().take(64).collect());
        count(self.logins.as_ref(), &key)
    }

    /// Counts an attempt to do something costly from `address`.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] when the limit is reached.
    pub fn address(&self, address: IpAddr) -> Result<(), Error> {
        count(self.addresses.as_ref(), &network(address))
    }

    /// Forgets who has been quiet long enough to have all attempts again.
    pub fn sweep(&self) {
        self.acts.sweep();
        if let Some(logins) = &self.logins {
            logins.retain_recent();
        }
        if let Some(addresses) = &self.addresses {
            addresses.retain_recent();
        }
    }
}

fn quota(burst: u32, per_minute: u32) -> Option<Quota> {
    let (burst, per_minute) = (NonZeroU32::new(burst)?, NonZeroU32::new(per_minute)?);
    Some(Quota::per_minute(per_minute).allow_burst(burst))
}

/// One customer has a whole IPv6 /64: it counts as one address.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
    }
}

fn count<K: Clone + Eq + std::hash::Hash>(limiter: Option<&DefaultKeyedRateLimiter<K>>, key: &K) -> Result<(), Error> {
    let Some(limiter) = limiter else { return Ok(()) };
    limiter.check_key(key).map_err(|not_until| Error::TooManyRequests {
        retry_after: not_until.wait_time_from(DefaultClock::default().now()).as_secs() + 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle(login_burst: u32, address_burst: u32) -> Throttle {
        let defaults = crate::config::Settings::defaults().limits;
        let limits =
            LimitSettings { login_burst, login_per_minute: 1, address_burst, address_per_minute: 1, ..defaults };
        Throttle::new(&limits)
    }

    #[test]
    fn a_name_is_throttled_for_one_address_only() {
        let throttle = throttle(2, 100);
        let (mallory, alice): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        assert!(throttle.login(mallory, "alice").is_ok());
        assert!(throttle.login(mallory, "alice").is_ok());
        assert!(matches!(throttle.login(mallory, "alice"), Err(Error::TooManyRequests { retry_after: 1..=61 })));
        assert!(throttle.login(alice, "alice").is_ok(), "nobody can lock another person out");
        assert!(throttle.login(mallory, "bob").is_ok());
    }

    #[test]
    fn an_address_is_throttled_over_all_names_and_a_slash_64_is_one() {
        let throttle = throttle(100, 2);
        assert!(throttle.login("2001:db8::1".parse().unwrap(), "a").is_ok());
        assert!(throttle.login("2001:db8::2".parse().unwrap(), "b").is_ok());
        assert!(throttle.login("2001:db8::3".parse().unwrap(), "c").is_err());
        assert!(throttle.login("2001:db8:0:1::3".parse().unwrap(), "c").is_ok());
    }

    #[test]
    fn zero_switches_a_limit_off() {
        let throttle = throttle(0, 0);
        assert!((0..10_000).all(|_| throttle.login("192.0.2.1".parse().unwrap(), "a").is_ok()));
    }
}
