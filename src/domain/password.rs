//! Passwords and their hashes: argon2id, and nothing that could print one.

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::{Error as HashError, phc::PasswordHash},
};
use secrecy::{ExposeSecret, SecretString};

/// The largest password, in bytes: hashing reads all of it, so it must have an end.
pub const MAX_BYTES: usize = 1024;

/// What a new password must fulfil. Signing in asks only for [`MAX_BYTES`].
#[derive(Clone, Copy, Debug)]
pub struct PasswordRules {
    /// The least number of characters (the setting `passwords.min_length`).
    pub min_length: usize,
}

impl PasswordRules {
    /// Any password that can be hashed: for the simulator, whose users have passwords of five
    /// characters, whatever the setting asks of people.
    pub const ANY: Self = Self { min_length: 1 };
}

/// Why a password cannot be used. `Display` is what the user reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Nothing was entered.
    #[error("You have to enter a password")]
    Missing,
    /// Fewer characters than the setting asks for.
    #[error("You have to enter a password of at least {min_length} characters")]
    TooShort {
        /// The least number of characters.
        min_length: usize,
    },
    /// More than [`MAX_BYTES`].
    #[error("You have to enter a password of at most {MAX_BYTES} bytes")]
    TooLong,
}

/// A password as somebody typed it, on its way to the hasher. Prints as `[REDACTED]`.
#[derive(Clone, Debug)]
pub struct Password(SecretString);

impl Password {
    /// Checks a password that somebody wants to have.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn choose(raw: String, rules: PasswordRules) -> Result<Self, PasswordError> {
        if raw.is_empty() {
            Err(PasswordError::Missing)
        } else if raw.len() > MAX_BYTES {
            Err(PasswordError::TooLong)
        } else if raw.chars().count() < rules.min_length {
            Err(PasswordError::TooShort { min_length: rules.min_length })
        } else {
            Ok(Self(raw.into()))
        }
    }

    /// Takes a password that somebody claims to have; `None` when no account can have it.
    #[must_use]
    pub fn claim(raw: String) -> Option<Self> {
        (raw.len() <= MAX_BYTES).then(|| Self(raw.into()))
    }
}

/// What comparing a password with a stored hash found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Another password.
    Wrong,
    /// The right one.
    Right,
    /// The right one, and its hash was made with other parameters than today's: hash it anew.
    RightButOutdated,
}

/// Makes and checks hashes with the parameters in force. Both take as long as the parameters say
/// (29.5 ms with the defaults on the project's machine): never call it on an async worker.
#[derive(Clone)]
pub struct Hasher {
    argon2: Argon2<'static>,
    /// Verified against when the user does not exist, so that both refusals cost the same.
    decoy: String,
}

impl Hasher {
    /// A hasher for argon2id with these costs.
    ///
    /// # Errors
    /// When argon2 refuses the parameters.
    pub fn new(memory_kib: u32, iterations: u32, parallelism: u32) -> Result<Self, HashError> {
        let params = Params::new(memory_kib, iterations, parallelism, None).map_err(HashError::from)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        // Made of the parameters alone: hashing here would hold 19 MiB from the start on, for nobody.
        let (salt, hash) = ("A".repeat(22), "A".repeat(43));
        let decoy = format!("$argon2id$v=19$m={memory_kib},t={iterations},p={parallelism}${salt}${hash}");
        Ok(Self { argon2, decoy })
    }

    /// The hash to store, in PHC string format, under a fresh random salt.
    ///
    /// # Errors
    /// When the system has no randomness or no memory to give.
    pub fn hash(&self, password: &Password) -> Result<String, HashError> {
        let hash = self.argon2.hash_password(password.0.expose_secret().as_bytes())?;
        Ok(hash.to_string())
    }

    /// Compares in constant time. `stored` is `None` for a user that does not exist: that costs
    /// one verification too, and is never right.
    #[must_use]
    pub fn verify(&self, password: &Password, stored: Option<&str>) -> Verdict {
        let Ok(hash) = PasswordHash::new(stored.unwrap_or(&self.decoy)) else {
            return Verdict::Wrong;
        };
        let matches = self.argon2.verify_password(password.0.expose_secret().as_bytes(), &hash).is_ok();
        match (matches && stored.is_some(), self.is_current(&hash)) {
            (false, _) => Verdict::Wrong,
            (true, true) => Verdict::Right,
            (true, false) => Verdict::RightButOutdated,
        }
    }

    fn is_current(&self, hash: &PasswordHash) -> bool {
        let wanted = self.argon2.params();
        let same_costs = Params::try_from(hash).is_ok_and(|made_with| {
            made_with.m_cost() == wanted.m_cost()
                && made_with.t_cost() == wanted.t_cost()
                && made_with.p_cost() == wanted.p_cost()
        });
        hash.algorithm == Algorithm::Argon2id.ident() && same_costs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::claim(text.to_owned()).unwrap()
    }

    #[test]
    fn a_hash_is_right_for_its_password_only() {
        let hasher = Hasher::new(8, 1, 1).unwrap();
        let hash = hasher.hash(&password("l2<E`Bkj")).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
        assert_eq!(hasher.verify(&password("l2<E`Bkj"), Some(&hash)), Verdict::Right);
        assert_eq!(hasher.verify(&password("l2<E`Bk"), Some(&hash)), Verdict::Wrong);
    }

    #[test]
    fn nobody_is_never_right_and_costs_as_much_as_somebody() {
        let hasher = Hasher::new(16, 2, 1).unwrap();
        assert_eq!(hasher.verify(&password("nobody has this password"), None), Verdict::Wrong);
        let decoy = PasswordHash::new(&hasher.decoy).unwrap();
        assert!(hasher.is_current(&decoy), "the same parameters");
        let real = hasher.hash(&password("a")).unwrap();
        assert_eq!(hasher.decoy.len(), real.len(), "salt and hash of the same length");
    }

    #[test]
    fn other_parameters_ask_for_a_new_hash() {
        let hash = Hasher::new(8, 1, 1).unwrap().hash(&password("a")).unwrap();
        let stronger = Hasher::new(16, 2, 1).unwrap();
        assert_eq!(stronger.verify(&password("a"), Some(&hash)), Verdict::RightButOutdated);
    }

    #[test]
    fn passwords_have_two_ends_and_print_as_nothing() {
        let rules = PasswordRules { min_length: 8 };
        assert_eq!(Password::choose(String::new(), rules).unwrap_err(), PasswordError::Missing);
        assert_eq!(Password::choose("1234567".into(), rules).unwrap_err(), PasswordError::TooShort { min_length: 8 });
        assert_eq!(Password::choose("x".repeat(1025), rules).unwrap_err(), PasswordError::TooLong);
        let fine = Password::choose("open sesame".repeat(93), rules).unwrap();
        assert!(!format!("{fine:?}").contains("sesame"), "{fine:?}");
    }
}
