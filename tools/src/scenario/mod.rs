//! Scenarios: what the course's simulator sends, one action after the other.
//!
//! [`mod@file`] is the format, [`parse`] its only reader. [`write()`] invents one: same mix, same
//! shape, same difficulties for whoever reads it as the recorded one's (spaces and accents in names,
//! quotes and backslashes, typographic texts); invented people and texts. Who does what in which order
//! is in `generator`, words are in `names` and `texts`.
//!
//! The same seed gives the same bytes on every platform: the generator is `ChaCha8`, and no
//! function is used whose last bit a platform may choose (logarithms, powers). Another release
//! may change the words, so a figure that is to be repeated needs seed and version.

pub mod file;
mod follows;
mod generator;
pub(crate) mod names;
mod namesakes;
pub(crate) mod texts;
mod users;

use std::io::{self, Write};

use self::generator::Generator;
pub use self::{
    file::{Action, Command, Kind, parse},
    namesakes::by_namesakes,
};

/// The recorded scenario's length, in actions.
pub const RECORDED_ACTIONS: u32 = 25_922;

/// Writes an invented scenario of so many actions.
///
/// # Errors
/// When `out` takes no more.
pub fn write(out: &mut impl Write, actions: u32, seed: u64) -> io::Result<()> {
    let mut generator = Generator::new(actions, seed);
    while let Some(action) = generator.next() {
        writeln!(out, "{action}")?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use minitwit::domain::{Email, MessageRules, MessageText, Password, PasswordRules, Username};

    use super::*;

    fn scenario(actions: u32, seed: u64) -> String {
        let mut file = Vec::new();
        write(&mut file, actions, seed).unwrap();
        String::from_utf8(file).unwrap()
    }

    /// Replays it in memory, as strict as Minitwit; counts by command, and unfollows of nobody.
    fn check(file: &str) -> (BTreeMap<Kind, u32>, u32) {
        let (mut users, mut follows) = (HashSet::new(), HashSet::new());
        let (mut counts, mut void, mut clock) = (BTreeMap::new(), 0, None);
        for (action, id) in parse(file.as_bytes()).unwrap().into_iter().zip(0..) {
            assert_eq!(action.id, id);
            assert_eq!(action.timestamp, clock.unwrap_or(action.timestamp) + action.delay, "at {action}");
            clock = Some(action.timestamp);
            *counts.entry(action.command.kind()).or_default() += 1;
            let (user, is_new) = (action.user, matches!(action.command, Command::Register { .. }));
            assert_ne!(users.contains(user), is_new, "at {action}");
            match action.command {
                Command::Register { email, password } => {
                    assert!(Username::choose(user).is_some_and(|name| name.as_str() == user), "at {action}");
                    assert!(Email::parse(email).is_some(), "at {action}");
                    let rules = PasswordRules { min_length: 5 };
                    assert!(Password::choose(password.to_owned(), rules).is_ok() && password.len() <= 10);
                    users.insert(user);
                }
                Command::Tweet { text } => {
                    assert!(
                        MessageText::parse(text, MessageRules { max_length: 140, max_bytes: 500 })
                            .is_ok_and(|parsed| parsed.as_str() == text),
                        "at {action}"
                    );
                }
                Command::Follow { whom } => {
                    assert!(users.contains(whom) && whom != user, "at {action}");
                    assert!(follows.insert((user, whom)), "followed twice at {action}");
                }
                Command::Unfollow { whom } => {
                    assert!(users.contains(whom) && whom != user, "at {action}");
                    void += u32::from(!follows.remove(&(user, whom)));
                }
            }
        }
        (counts, void)
    }

    #[test]
    fn a_scenario_of_the_recorded_length_is_valid_and_has_the_recorded_mix() {
        let (counts, void) = check(&scenario(RECORDED_ACTIONS, 1));
        let counts = Kind::ALL.map(|kind| counts[&kind]);
        assert_eq!((counts, void), ([200, 11_306, 9751, 4665], 1179));
    }

    #[test]
    fn short_and_odd_lengths_are_valid() {
        for actions in (1..=120).chain([500, 1000, 2999]) {
            for seed in [0, 1, u64::MAX] {
                let file = scenario(actions, seed);
                assert_eq!(check(&file).0.values().sum::<u32>(), actions);
                assert_eq!(file.lines().count(), actions as usize);
            }
        }
    }

    #[test]
    fn a_seed_is_a_scenario() {
        assert_eq!(scenario(2000, 42), scenario(2000, 42));
        assert_ne!(scenario(2000, 42), scenario(2000, 43));
    }

    /// Fails when another platform, or an upgrade of rand, gives other numbers.
    #[test]
    fn a_seed_is_the_same_scenario_everywhere() {
        insta::assert_snapshot!(scenario(10, 1).replace('\t', " | "), @r##"
        0 | 0 | 1580515200000 | register | Kestrelle Thistlemarsh | Kestrelle_Thistlemarsh@example.org | Lc/$s1c
        1 | 142085 | 1580515342085 | register | Rosamel Yarrowick | Rosamel_Yarrowick@example.com | KK;$~cv
        2 | 97495 | 1580515439580 | register | Callope Candlewise | Callope+Candlewise@example.net | Fx"k%
        3 | 131868 | 1580515571448 | register | José-Brin Gingerwold | JosBrin+Gingerwold@example.com | *#~5b
        4 | 214693 | 1580515786141 | tweet | José-Brin Gingerwold | The printer upstairs is knitting it to general applause.
        5 | 112665 | 1580515898806 | tweet | José-Brin Gingerwold | A borrowed umbrella was looking for seventeen spoons as agreed!
        6 | 220508 | 1580516119314 | follow | Kestrelle Thistlemarsh | Callope Candlewise
        7 | 13860 | 1580516133174 | tweet | Kestrelle Thistlemarsh | A borrowed umbrella forgot to water her second-best hat.
        8 | 36263 | 1580516169437 | follow | José-Brin Gingerwold | Rosamel Yarrowick
        9 | 41997 | 1580516211434 | unfollow | Kestrelle Thistlemarsh | Callope Candlewise
        "##);
    }
}
