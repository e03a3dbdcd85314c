//! Who is who in a seeded database, and how much there is of everything.
//!
//! Ids tell: first the readers, then the silent, then everybody else, the ordinary users.

use std::ops::RangeInclusive;

use anyhow::ensure;

/// A user whom a benchmark signs in as: writes nothing, is followed by nobody, and follows…
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The name, as it stands in scripts.
    pub name: &'static str,
    /// …whom.
    pub follows: Whom,
}

/// Whom a reader follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// So many users: ordinary ones first, and all others when there are fewer.
    Users(u32),
    /// All the silent.
    TheSilent,
}

/// The readers: user 1, 2 and so on.
pub const READERS: [Reader; 5] = [
    Reader { name: "reader-of-nobody", follows: Whom::Users(0) },
    Reader { name: "reader-of-2", follows: Whom::Users(2) },
    Reader { name: "reader-of-100", follows: Whom::Users(100) },
    Reader { name: "reader-of-5000", follows: Whom::Users(5000) },
    Reader { name: "reader-of-the-silent", follows: Whom::TheSilent },
];

const READER_COUNT: u32 = 5;

/// Users who have hardly ever posted: every other one a message, among the oldest of all.
pub(super) const SILENT: RangeInclusive<u32> = READER_COUNT + 1..=READER_COUNT + 100;

/// The fewest users: as many ordinary ones as the third reader follows.
const MIN_USERS: u32 = *SILENT.end() + 100;

/// The numbers of rows, which fit together.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// All users, readers and silent included.
    pub(super) users: u32,
    /// All messages.
    pub(super) messages: u32,
    /// All follows.
    pub(super) follows: u32,
}

impl Plan {
    /// Checks the numbers.
    ///
    /// # Errors
    /// When they do not fit; says which would.
    pub fn new(users: u32, messages: u32, follows: u32) -> anyhow::Result<Self> {
        ensure!(users >= MIN_USERS, "--users must be at least {MIN_USERS}, for the readers and whom they follow");
        let plan = Self { users, messages, follows };
        let least = plan.readers_follows();
        // A third of the pairs: followees are drawn, and drawn again when they are followed already.
        let (least, others) = (u64::from(least), u64::from(plan.ordinary()));
        let most = least + others * (others - 1) / 3;
        ensure!(
            (least..=most).contains(&u64::from(follows)),
            "--follows must be {least} to {most} with --users {users}, of which the readers take {least}"
        );
        Ok(plan)
    }

    /// How many rows there are in all.
    #[must_use]
    pub fn rows(&self) -> u64 {
        u64::from(self.users) + u64::from(self.messages) + u64::from(self.follows)
    }

    /// How many a reader follows.
    #[must_use]
    pub fn followees(&self, reader: Reader) -> u32 {
        match reader.follows {
            Whom::Users(count) => count.min(self.users - 1),
            Whom::TheSilent => SILENT.end() - SILENT.start() + 1,
        }
    }

    fn readers_follows(&self) -> u32 {
        READERS.into_iter().map(|reader| self.followees(reader)).sum()
    }

    /// How many follows the ordinary users have among themselves.
    pub(super) fn ordinary_follows(&self) -> u32 {
        self.follows - self.readers_follows()
    }

    /// How many ordinary users there are.
    pub(super) fn ordinary(&self) -> u32 {
        self.users - SILENT.end()
    }

    /// How many of the first messages are of the silent: 50, and at most one in a hundred of all.
    pub(super) fn silent_messages(&self) -> u32 {
        50.min(self.messages / 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_do_not_fit_are_refused_with_what_would() {
        assert_eq!(READERS.len(), READER_COUNT as usize);
        let refusal = |users, follows| Plan::new(users, 0, follows).unwrap_err().to_string();
        assert_eq!(refusal(204, 1000), "--users must be at least 205, for the readers and whom they follow");
        assert_eq!(
            refusal(1000, 990_000),
            "--follows must be 1201 to 267911 with --users 1000, of which the readers take 1201"
        );
        assert!(refusal(1000, 1200).contains("1201 to 267911"));
        for follows in [1201, 267_911] {
            assert_eq!(Plan::new(1000, 0, follows).unwrap().ordinary_follows(), follows - 1201);
        }
        assert!(Plan::new(MIN_USERS, u32::MAX, 1000).is_ok());
    }

    #[test]
    fn readers_follow_as_many_as_they_promise_or_everybody() {
        let followees = |users| READERS.map(|reader| Plan { users, messages: 0, follows: 0 }.followees(reader));
        assert_eq!(followees(10_000), [0, 2, 100, 5000, 100]);
        assert_eq!(followees(300), [0, 2, 100, 299, 100]);
    }
}
