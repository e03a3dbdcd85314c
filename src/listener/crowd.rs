//! How many connections one address has.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use ipnet::IpNet;

use crate::throttle::customer;

type Counts = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// Counts the connections of each address, an IPv6 /64 counting as one. Trusted proxies, behind which everybody
/// is, are not counted.
pub struct Crowd {
    limit: usize,
    exempt: Vec<IpNet>,
    present: Counts,
}

/// A connection's place, free again when dropped.
pub struct Place(Option<(IpAddr, Counts)>);

impl Crowd {
    /// At most `limit` connections an address; 0: as many as it likes.
    pub fn new(limit: usize, exempt: Vec<IpNet>) -> Self {
        Self { limit, exempt, present: Arc::default() }
    }

    /// A place for a connection from `address`, or `None` when it has all of its.
    pub fn enter(&self, address: IpAddr) -> Option<Place> {
        let address = address.to_canonical();
        if self.limit == 0 || self.exempt.iter().any(|network| network.contains(&address)) {
            return Some(Place(None));
        }
        let who = customer(address);
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        let count = present.entry(who).or_default();
        if *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(Place(Some((who, Arc::clone(&self.present)))))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((who, present)) = &self.0 else { return };
        let mut present = present.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = present.get_mut(who) {
            *count -= 1;
            if *count == 0 {
                present.remove(who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> IpAddr {
        address.parse().unwrap()
    }

    #[test]
    fn an_address_has_its_places_back_when_it_leaves_them() {
        let crowd = Crowd::new(2, Vec::new());
        let first = crowd.enter(at("192.0.2.1"));
        let _second = crowd.enter(at("::ffff:192.0.2.1"));
        assert!(first.is_some() && crowd.enter(at("192.0.2.1")).is_none());
        assert!(crowd.enter(at("192.0.2.2")).is_some(), "another one has its own");
        drop(first);
        assert!(crowd.enter(at("192.0.2.1")).is_some());
    }

    #[test]
    fn a_slash_64_is_one_address_and_nobody_is_remembered() {
        let crowd = Crowd::new(1, Vec::new());
        let place = crowd.enter(at("2001:db8::1"));
        assert!(crowd.enter(at("2001:db8::2")).is_none());
        assert!(crowd.enter(at("2001:db8:0:1::1")).is_some());
        drop(place);
        assert!(crowd.present.lock().unwrap().is_empty());
    }

    #[test]
    fn proxies_bring_everybody_and_zero_is_no_limit() {
        let crowd = Crowd::new(1, vec!["10.0.0.0/8".parse().unwrap()]);
        let places: Vec<_> = (0..100).map(|_| crowd.enter(at("10.1.2.3"))).collect();
        assert!(places.iter().all(Option::is_some));
        let crowd = Crowd::new(0, Vec::new());
        let places: Vec<_> = (0..100).map(|_| crowd.enter(at("192.0.2.1"))).collect();
        assert!(places.iter().all(Option::is_some));
    }
}
