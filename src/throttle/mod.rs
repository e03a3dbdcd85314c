//! How often somebody may try to sign in, to register, to search, to guess the simulator's credentials, or
//! ([`Acts`]) to change something.
//!
//! All limits but those on an account's acts are for an address (`network`). Signing in has two: one for the address together with the
//! name that is tried, so that nobody locks out people elsewhere, and one over all names. They live in this
//! process: with N replicas an attacker has N times the attempts, and a blanket limit belongs into the proxy.

mod acts;
mod budget;
mod known;
mod network;

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

pub use self::{acts::Acts, network::customer};
use self::{known::Known, network::NetworkBudget};
use crate::{config::LimitSettings, error::Error};

/// The limits on attempts.
pub struct Throttle {
    /// The limits on what is done once one is in.
    pub acts: Acts,
    names: NetworkBudget<String>,
    sign_ins: NetworkBudget<()>,
    registrations: NetworkBudget<()>,
    searches: NetworkBudget<()>,
    credentials: NetworkBudget<()>,
    /// Who signed in lately, and from where.
    signed_in: Known<(IpAddr, String)>,
    /// From where the simulator's credentials came lately.
    simulators: Known<IpAddr>,
}

/// An attempt to sign in that may be made. It counts, unless it is settled otherwise: nobody gains by going
/// away before the answer, nor by trying many at once.
#[must_use]
pub struct SignIn<'a> {
    throttle: &'a Throttle,
    address: IpAddr,
    name: String,
    /// Whether the address had room for it.
    has_room: bool,
}

impl Throttle {
    /// As the settings say; a zero switches a limit off.
    #[must_use]
    pub fn new(limits: &LimitSettings) -> Self {
        let (now, factor) = (Instant::now(), limits.ipv6_site_factor);
        Self {
            acts: Acts::new(limits),
            names: NetworkBudget::new(limits.login_burst, limits.login_per_minute, factor),
            sign_ins: NetworkBudget::new(limits.address_burst, limits.address_per_minute, factor),
            registrations: NetworkBudget::new(limits.register_burst, limits.register_per_minute, factor),
            searches: NetworkBudget::new(limits.search_burst, limits.search_per_minute, factor),
            credentials: NetworkBudget::new(limits.credentials_burst, limits.credentials_per_minute, factor),
            signed_in: Known::new(now),
            simulators: Known::new(now),
        }
    }

    /// Counts an attempt to sign in as `username`.
    ///
    /// An address that has spent its attempts over all names can still sign in as those who did so from
    /// there lately, within the limit for their name: a neighbour cannot hold them up.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] when either limit is reached; nothing is counted then.
    pub fn sign_in(&self, address: IpAddr, username: &str) -> Result<SignIn<'_>, Error> {
        let now = Instant::now();
        let name: String = username.chars().take(64).collect();
        self.names.take(address, name.clone(), now).map_err(too_many)?;
        let mut attempt = SignIn { throttle: self, address, name, has_room: true };
        if let Err(wait) = self.sign_ins.take(address, (), now) {
            attempt.has_room = false;
            if !self.signed_in.knows(&attempt.who()) {
                attempt.not_made();
                return Err(too_many(wait));
            }
        }
        Ok(attempt)
    }

    /// Counts a registration, which costs a hash.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] when the limit is reached.
    pub fn registration(&self, address: IpAddr) -> Result<(), Error> {
        self.registrations.take(address, (), Instant::now()).map_err(too_many)
    }

    /// Counts a search, which may cost as much as ten pages.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] when the limit is reached.
    pub fn search(&self, address: IpAddr) -> Result<(), Error> {
        self.searches.take(address, (), Instant::now()).map_err(too_many)
    }

    /// Whether it may be said that the simulator's credentials from `address` are right or wrong. Wrong
    /// ones are counted. An address that has sent too many of them learns no more, except where the right ones
    /// came from lately: a neighbour who guesses cannot lock the simulator out.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] when the limit is reached.
    pub fn credentials(&self, address: IpAddr, are_right: bool) -> Result<(), Error> {
        let (now, customer) = (Instant::now(), customer(address));
        if !are_right {
            return self.credentials.take(address, (), now).map_err(too_many);
        }
        if !self.simulators.knows(&customer) {
            self.credentials.look(address, (), now).map_err(too_many)?;
        }
        self.simulators.remember(&customer, now);
        Ok(())
    }

    /// Forgets who has been quiet long enough to have all attempts again, and who has not come for a day.
    pub fn sweep(&self) {
        let now = Instant::now();
        self.acts.sweep(now);
        self.names.sweep(now);
        self.sign_ins.sweep(now);
        self.registrations.sweep(now);
        self.searches.sweep(now);
        self.credentials.sweep(now);
        self.signed_in.sweep(now);
        self.simulators.sweep(now);
    }
}

impl SignIn<'_> {
    /// The password was right. It is no guess at this name; the address has had its hash all the same.
    pub fn succeeded(self) {
        self.throttle.signed_in.remember(&self.who(), Instant::now());
        // Beyond the address' limit the name's is what bounds the hashes.
        if self.has_room {
            self.not_made();
        }
    }

    /// The password was not looked at: it is no guess at this name.
    pub fn not_made(self) {
        self.throttle.names.give_back(self.address, self.name);
    }

    fn who(&self) -> (IpAddr, String) {
        (customer(self.address), self.name.clone())
    }
}

fn too_many(wait: Duration) -> Error {
    Error::TooManyRequests { retry_after: wait.as_secs() + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    fn unlimited() -> LimitSettings {
        LimitSettings {
            login_burst: 0,
            login_per_minute: 1,
            address_burst: 0,
            address_per_minute: 1,
            register_burst: 0,
            register_per_minute: 1,
            credentials_burst: 0,
            credentials_per_minute: 1,
            ipv6_site_factor: 4,
            ..Settings::defaults().limits
        }
    }

    fn throttle(login_burst: u32, address_burst: u32) -> Throttle {
        Throttle::new(&LimitSettings { login_burst, address_burst, ..unlimited() })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_is_throttled_for_one_address_only() {
        let throttle = throttle(2, 100);
        let (mallory, alice) = (address("192.0.2.1"), address("192.0.2.2"));
        assert!(throttle.sign_in(mallory, "alice").is_ok());
        assert!(throttle.sign_in(mallory, "alice").is_ok());
        assert!(matches!(throttle.sign_in(mallory, "alice"), Err(Error::TooManyRequests { retry_after: 1..=61 })));
        assert!(throttle.sign_in(alice, "alice").is_ok(), "nobody can lock out people elsewhere");
        assert!(throttle.sign_in(mallory, "bob").is_ok());
    }

    #[test]
    fn only_guesses_count_for_a_name_and_those_at_once_do() {
        let throttle = throttle(2, 100);
        let home = address("192.0.2.1");
        for _ in 0..20 {
            throttle.sign_in(home, "alice").unwrap().succeeded();
            throttle.sign_in(home, "alice").unwrap().not_made();
        }
        let (first, second) = (throttle.sign_in(home, "alice").unwrap(), throttle.sign_in(home, "alice").unwrap());
        assert!(throttle.sign_in(home, "alice").is_err(), "two are being tried");
        first.succeeded();
        drop(second);
        assert!(throttle.sign_in(home, "alice").is_ok());
        assert!(throttle.sign_in(home, "alice").is_err());
    }

    #[test]
    fn an_address_is_throttled_over_all_names_whether_they_are_right_or_not() {
        let throttle = throttle(100, 2);
        throttle.sign_in(address("2001:db8::1"), "a").unwrap().succeeded();
        assert!(throttle.sign_in(address("2001:db8::2"), "b").is_ok());
        assert!(throttle.sign_in(address("2001:db8::3"), "c").is_err());
        assert!(throttle.sign_in(address("2001:db8:0:1::3"), "c").is_ok());
    }

    #[test]
    fn a_name_is_throttled_for_a_whole_slash_48_too() {
        let throttle = throttle(2, 0);
        let tried = (0..65_536)
            .filter(|subnet| throttle.sign_in(address(&format!("2001:db8:0:{subnet:x}::1")), "alice").is_ok());
        assert_eq!(tried.count(), 8, "four times what a /64 may");
        assert!(throttle.sign_in(address("2001:db8:1::1"), "alice").is_ok());
    }

    #[test]
    fn whoever_signed_in_before_is_not_held_up_by_a_neighbour() {
        let throttle = throttle(3, 5);
        let home = address("192.0.2.1");
        throttle.sign_in(home, "alice").unwrap().succeeded();
        for n in 0..4 {
            assert!(throttle.sign_in(home, &format!("name {n}")).is_ok());
        }
        assert!(throttle.sign_in(home, "stranger").is_err(), "the address has spent its attempts");
        for _ in 0..3 {
            throttle.sign_in(home, "alice").unwrap().succeeded();
        }
        assert!(throttle.sign_in(home, "alice").is_err(), "within the limit for the name");
    }

    #[test]
    fn registrations_are_counted_apart_from_sign_ins() {
        let throttle = Throttle::new(&LimitSettings { register_burst: 2, address_burst: 1, ..unlimited() });
        let home = address("192.0.2.1");
        assert_eq!([(); 3].map(|()| throttle.registration(home).is_ok()), [true, true, false]);
        assert!(throttle.sign_in(home, "alice").is_ok());
    }

    #[test]
    fn wrong_credentials_run_out_and_then_right_ones_pass_only_where_they_came_from_before() {
        let throttle = Throttle::new(&LimitSettings { credentials_burst: 2, ..unlimited() });
        let (stranger, simulator) = (address("192.0.2.1"), address("192.0.2.2"));
        throttle.credentials(simulator, true).unwrap();
        for from in [stranger, simulator] {
            assert_eq!([(); 3].map(|()| throttle.credentials(from, false).is_ok()), [true, true, false]);
        }
        assert!(throttle.credentials(stranger, true).is_err(), "a guess that is right looks like the others");
        assert!(throttle.credentials(simulator, true).is_ok());
    }

    #[test]
    fn zero_switches_a_limit_off() {
        let (throttle, home) = (throttle(0, 0), address("192.0.2.1"));
        assert!((0..10_000).all(|_| throttle.sign_in(home, "a").is_ok() && throttle.registration(home).is_ok()));
    }
}
