//! The forms that a storm sends.

use std::{
    cell::{Cell, RefCell},
    net::Ipv4Addr,
};

use anyhow::anyhow;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chacha20::ChaCha8Rng;
use clap::ValueEnum;
use rand::{RngExt, SeedableRng};

/// What a storm is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Strangers try wrong passwords, each time from another address of 198.18.0.0/15, by `X-Forwarded-For`.
    ///
    /// The network is for benchmarks (RFC 2544). A server believes the header of its `server.trusted_proxies`
    /// alone, and takes all of them for one client otherwise.
    SignIns,
    /// People register, sign in, and begin anew, all from one address. They stay in the database.
    Newcomers,
}

/// A form for a browser's POST.
pub(super) struct Form {
    pub(super) path: &'static str,
    pub(super) fields: Vec<(&'static str, String)>,
    /// Where it says it comes from.
    pub(super) from: Option<Ipv4Addr>,
}

/// Forms without end, each another.
pub(super) struct Forms {
    kind: Kind,
    rng: RefCell<ChaCha8Rng>,
    count: Cell<u64>,
    /// Of this storm alone: a part of the newcomers' names, and their password.
    mark: String,
}

impl Forms {
    pub(super) fn new(kind: Kind) -> anyhow::Result<Self> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|why| anyhow!("no randomness: {why}"))?;
        let mut mark = [0; 9];
        getrandom::fill(&mut mark).map_err(|why| anyhow!("no randomness: {why}"))?;
        let (rng, mark) = (RefCell::new(ChaCha8Rng::from_seed(seed)), BASE64_URL_SAFE_NO_PAD.encode(mark));
        Ok(Self { kind, rng, count: Cell::new(0), mark })
    }

    /// What one person does next, in this order.
    pub(super) fn next(&self) -> Vec<Form> {
        let number = self.count.replace(self.count.get() + 1);
        match self.kind {
            Kind::SignIns => {
                let from = Ipv4Addr::from_bits(0xC612_0000 | self.rng.borrow_mut().random_range(0..1 << 17));
                let fields = account(format!("stranger {}", number % 1000), "a guess".to_owned());
                vec![Form { path: "/login", fields, from: Some(from) }]
            }
            Kind::Newcomers => {
                let account = account(format!("newcomer {} {number}", self.mark), self.mark.clone());
                let mut registration = account.clone();
                registration.push(("email", "a@example.org".to_owned()));
                registration.push(("password2", self.mark.clone()));
                [("/register", registration), ("/login", account)]
                    .map(|(path, fields)| Form { path, fields, from: None })
                    .into()
            }
        }
    }
}

fn account(username: String, password: String) -> Vec<(&'static str, String)> {
    vec![("username", username), ("password", password)]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use minitwit::domain::Username;

    use super::*;

    #[test]
    fn strangers_come_from_all_of_the_network_for_benchmarks_and_nowhere_else() {
        let forms = Forms::new(Kind::SignIns).unwrap();
        let addresses: HashSet<_> = (0..1000).flat_map(|_| forms.next()).map(|form| form.from.unwrap()).collect();
        assert!(addresses.len() > 950);
        assert!(addresses.iter().all(|address| address.octets()[0] == 198));
        assert_eq!(addresses.iter().map(|address| address.octets()[1]).collect::<HashSet<_>>(), [18, 19].into());
    }

    #[test]
    fn newcomers_are_new_in_every_storm_and_can_have_their_names() {
        let storms = [(); 2].map(|()| Forms::new(Kind::Newcomers).unwrap());
        let mut names = HashSet::new();
        for forms in storms.iter().chain(&storms) {
            let [register, login]: [Form; 2] = forms.next().try_into().unwrap_or_else(|_| panic!("two forms"));
            assert_eq!((register.path, login.path), ("/register", "/login"));
            assert_eq!(register.fields[..2], login.fields);
            let (_, name) = &login.fields[0];
            assert!(Username::choose(name).is_some_and(|chosen| chosen.as_str() == name), "{name}");
            assert!(names.insert(name.clone()), "{name} came twice");
        }
    }
}
