//! Whose address it is: an IPv4 address is one customer's, and so is an IPv6 /64; a /48 is a site's, which
//! may have 65,536 of them.

use std::{
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    time::{Duration, Instant},
};

use super::budget::Budget;

/// What each network may spend on each `T`: a customer's so much, an IPv6 site's a multiple of it.
pub struct NetworkBudget<T> {
    customers: Budget<(IpAddr, T)>,
    sites: Budget<(IpAddr, T)>,
}

impl<T: Clone + Eq + Hash> NetworkBudget<T> {
    /// As [`Budget::new`]; sites have `site_factor` times as much, and no limit if that is 0.
    #[must_use]
    pub fn new(burst: u32, per_minute: u32, site_factor: u32) -> Self {
        let sites = Budget::new(burst.saturating_mul(site_factor), per_minute.saturating_mul(site_factor));
        Self { customers: Budget::new(burst, per_minute), sites }
    }

    /// Takes a piece of both.
    ///
    /// # Errors
    /// With the time until both have one again. Nothing is taken then.
    pub fn take(&self, address: IpAddr, what: T, now: Instant) -> Result<(), Duration> {
        let customer = (customer(address), what.clone());
        self.customers.take(customer.clone(), now)?;
        let Some(site) = site(address) else { return Ok(()) };
        self.sites.take((site, what), now).inspect_err(|_| self.customers.give_back(&customer))
    }

    /// Looks whether both have a piece, and takes none.
    ///
    /// # Errors
    /// As [`NetworkBudget::take`].
    pub fn look(&self, address: IpAddr, what: T, now: Instant) -> Result<(), Duration> {
        self.customers.look(&(customer(address), what.clone()), now)?;
        site(address).map_or(Ok(()), |site| self.sites.look(&(site, what), now))
    }

    /// Gives back what was taken.
    pub fn give_back(&self, address: IpAddr, what: T) {
        self.customers.give_back(&(customer(address), what.clone()));
        if let Some(site) = site(address) {
            self.sites.give_back(&(site, what));
        }
    }

    /// Forgets the networks that have all of it again.
    pub fn sweep(&self, now: Instant) {
        self.customers.sweep(now);
        self.sites.sweep(now);
    }
}

/// The network of one customer.
#[must_use]
pub fn customer(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => prefix(v6, 64),
    }
}

/// The network that one customer may have many of, in IPv6.
fn site(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(_) => None,
        IpAddr::V6(v6) => Some(prefix(v6, 48)),
    }
}

fn prefix(address: Ipv6Addr, bits: u32) -> IpAddr {
    Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - bits))).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_64_is_one_and_a_slash_48_has_a_multiple() {
        let (budget, now) = (NetworkBudget::new(2, 1, 3), Instant::now());
        let take = |address: &str| budget.take(address.parse().unwrap(), (), now).is_ok();
        let near = ["2001:db8::1", "2001:db8::2", "2001:db8::3"].map(take);
        assert_eq!(near, [true, true, false], "one /64");
        let site = (1..=6).map(|subnet| take(&format!("2001:db8:0:{subnet}::1"))).collect::<Vec<_>>();
        assert_eq!(site, [true, true, true, true, false, false], "six in all for the /48");
        assert!(take("2001:db8:1::1"), "another /48");
        let refused: IpAddr = "2001:db8:0:5::1".parse().unwrap();
        assert!(budget.look(refused, (), now).is_err());
        assert!(budget.customers.look(&(customer(refused), ()), now).is_ok(), "a refusal spends nothing");
        budget.give_back("2001:db8:0:1::1".parse().unwrap(), ());
        assert!(take("2001:db8:0:7::1") && !take("2001:db8:0:7::1"));
    }

    #[test]
    fn without_a_factor_sites_do_not_count() {
        let (budget, now) = (NetworkBudget::new(1, 1, 0), Instant::now());
        let mut subnets = (0..1000).map(|subnet| format!("2001:db8:0:{subnet:x}::1"));
        assert!(subnets.all(|address| budget.take(address.parse().unwrap(), (), now).is_ok()));
    }

    #[test]
    fn ipv4_addresses_are_one_each() {
        let (budget, now) = (NetworkBudget::new(1, 1, 1), Instant::now());
        let take = |address: &str| budget.take(address.parse().unwrap(), (), now).is_ok();
        assert_eq!(["192.0.2.1", "192.0.2.1", "192.0.2.2"].map(take), [true, false, true]);
    }
}
