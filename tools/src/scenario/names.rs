//! Invented people: "First Last", as nasty as real names are, and no real ones.

use rand::{Rng, RngExt};

/// Every fourth has what ASCII-only software trips over.
#[rustfmt::skip]
const FIRST: [&str; 64] = [
    "Aldery", "Bramwin", "Callope", "Åsvild", "Dorvane", "Elspetta", "Fenwicka", "Zoëlle",
    "Garrick-Jo", "Hollin", "Ilvara", "José-Brin", "Jorrick", "Kelda", "Lunette", "Søldis",
    "Marwen", "Nettle", "Orrin", "Bóthild", "Pellam", "Quenby", "Rowana", "Łucjana",
    "Sabrielle", "Tamsyl", "Ulverta", "D'Maris", "Vesperine", "Wilmott", "Xanthea", "Mary-Ælf",
    "Yorrick", "Zephrine", "Ambrosel", "Jürgo", "Bettrys", "Corvane", "Dellmar", "Ñandira",
    "Emberlyn", "Farrow", "Gwendrel", "Çelmira", "Hesperus", "Isolind", "Jessamy", "Þorwen",
    "Kestrelle", "Lorimund", "Mirabeth", "O'Fenna", "Nolwin", "Oswella", "Peregrin", "Šimra",
    "Quillon", "Rosamel", "Sorrell", "Ōtsuri", "Thaddea", "Umbriel", "Vinnick", "Игнара",
];

/// As [`FIRST`].
#[rustfmt::skip]
const LAST: [&str; 64] = [
    "Applewhisk", "Brindlemoor", "Cobblecote", "O'Brambleigh", "Dapplegrove", "Elderfosse", "Fiddlewick", "Grünewhistle",
    "Gossamere", "Hobbleby", "Inkerstone", "D'Arkwold", "Jumblethorpe", "Kettleshaw", "Lanternby", "Møllerwick",
    "Marrowfold", "Nibbleton", "Oddershaw", "Fenn-Hallowby", "Pocketwood", "Quillfether", "Rumblestead", "Ångbrook",
    "Saddlecombe", "Thistlemarsh", "Umberlode", "van der Puddle", "Velvetmoor", "Wobbleford", "Yarrowick", "Peña-Tumble",
    "Zigzagger", "Amblecote", "Bumbershaw", "St. Crumbly", "Candlewise", "Drizzleby", "Emberwhit", "Škrabblic",
    "Featherlow", "Gingerwold", "Hazelnook", "Mc'Tackle", "Ivorypen", "Jigglestone", "Knapsacker", "de la Noodle",
    "Lollington", "Mumblecroft", "Nutmegson", "Œdelhart", "Overbutton", "Pebblewash", "Quiverdale", "Żabkovale",
    "Rattlebarn", "Snickerby", "Tumbleweld", "Ó Drizzle", "Underpatch", "Violethatch", "Wafflestone", "小川moor",
];

/// How many names there are before they get numbers.
const COMBINATIONS: u64 = (FIRST.len() * LAST.len()) as u64;

/// The n-th user's name, for every n, each another.
pub(crate) struct Names {
    start: u64,
    /// Odd, so that it meets each of the 4,096 combinations before it meets one again.
    step: u64,
}

impl Names {
    /// Another order of the names for each state of `rng`.
    pub(crate) fn new(rng: &mut impl Rng) -> Self {
        Self { start: rng.random_range(0..COMBINATIONS), step: 2 * rng.random_range(0..COMBINATIONS / 2) + 1 }
    }

    /// The name of user `n`: "First Last", and from the 4,097th user on "First Last 2" and so on.
    pub(crate) fn nth(&self, n: u64) -> String {
        let (round, n) = (n / COMBINATIONS, n % COMBINATIONS);
        let at = usize::try_from((self.start + n * self.step) % COMBINATIONS).unwrap_or_default();
        let (first, last) = (FIRST[at % FIRST.len()], LAST[at / FIRST.len()]);
        match round {
            0 => format!("{first} {last}"),
            _ => format!("{first} {last} {}", round + 1),
        }
    }
}

/// An address made from the name, at a domain that nobody can own.
pub(crate) fn email(name: &str, rng: &mut impl Rng) -> String {
    let separator = ['+', '.', '-', '_'][rng.random_range(0..4_usize)];
    let domain = ["example.com", "example.net", "example.org"][rng.random_range(0..3_usize)];
    let local: String = name
        .chars()
        .map(|c| if c == ' ' { separator } else { c })
        .filter(|c| c.is_ascii_alphanumeric() || *c == separator)
        .collect();
    format!("{local}@{domain}")
}

/// 5 to 10 characters of what ASCII can print, quotes and backslashes among them.
pub(super) fn password(rng: &mut impl Rng) -> String {
    (0..rng.random_range(5..=10)).map(|_| char::from(rng.random_range(b'!'..=b'~'))).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use chacha20::ChaCha8Rng;
    use minitwit::domain::{Email, Password, PasswordRules, Username};
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn every_name_is_a_username_and_no_name_comes_twice() {
        for seed in [0, 1, 7] {
            let names = Names::new(&mut ChaCha8Rng::seed_from_u64(seed));
            let mut seen = HashSet::new();
            for n in 0..3 * COMBINATIONS {
                let name = names.nth(n);
                let parsed = Username::choose(&name).unwrap_or_else(|| panic!("{name:?} is refused"));
                assert_eq!(parsed.as_str(), name, "what is stored is what the scenario says");
                assert!(name.contains(' ') && !name.contains(['\t', '\n']));
                assert!(seen.insert(name));
            }
        }
    }

    #[test]
    fn e_mails_and_passwords_are_accepted_and_nasty_enough() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let names = Names::new(&mut rng);
        let mut all = String::new();
        for n in 0..200 {
            let email = email(&names.nth(n), &mut rng);
            assert!(Email::parse(&email).is_some_and(|parsed| parsed.as_str() == email), "{email}");
            let password = password(&mut rng);
            assert!((5..=10).contains(&password.len()), "{password}");
            all.push_str(&password);
            assert!(Password::choose(password, PasswordRules { min_length: 1 }).is_ok());
        }
        for nasty in ['"', '\'', '\\', '&', '<', '%', ',', ';'] {
            assert!(all.contains(nasty), "no {nasty} in 200 passwords");
        }
        assert!(all.chars().all(|c| c.is_ascii_graphic()));
    }
}
