//! The file format of a scenario: one action a line, as the course's simulator records them.
//!
//! Fields are separated by tabs, without quoting or escapes: id, milliseconds since the action
//! before, time (milliseconds since 1970), command, user, and the command's arguments. What an action
//! means over HTTP is the business of [`crate::simulate`].

use std::{fmt, num::ParseIntError};

use anyhow::{Context, anyhow};
use serde::{Serialize, Serializer};

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action<'a> {
    /// What the API is told as `latest`; consecutive from 0.
    pub id: u64,
    /// Milliseconds since the action before.
    pub delay: u64,
    /// When it happened, in milliseconds since 1970.
    pub timestamp: u64,
    /// Who acts.
    pub user: &'a str,
    /// What is done.
    pub command: Command<'a>,
}

/// What a user does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// Opens an account.
    Register {
        /// Contains an `@`.
        email: &'a str,
        /// Any characters but tab and line break.
        password: &'a str,
    },
    /// Posts a message.
    Tweet {
        /// One line.
        text: &'a str,
    },
    /// Follows another user.
    Follow {
        /// The other user.
        whom: &'a str,
    },
    /// Stops following another user, who may never have been followed.
    Unfollow {
        /// The other user.
        whom: &'a str,
    },
}

/// A command without its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// [`Command::Register`]
    Register,
    /// [`Command::Tweet`]
    Tweet,
    /// [`Command::Follow`]
    Follow,
    /// [`Command::Unfollow`]
    Unfollow,
}

/// Why a line is no action.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// The line ends before its command has its arguments.
    #[error("{0} fields, where five and a command's arguments are needed (is it separated by tabs?)")]
    TooFewFields(usize),
    /// Id, delay or time is not a whole number from 0 to 2^64 - 1.
    #[error("{field} {text:?} is no number: {why}")]
    NoNumber {
        /// Which of them.
        field: &'static str,
        /// What stands there.
        text: String,
        /// What is wrong with it.
        why: ParseIntError,
    },
    /// No command has this name.
    #[error("unknown command {0:?}: register, tweet, follow and unfollow exist")]
    UnknownCommand(String),
    /// The command has more or fewer arguments than it takes.
    #[error("{kind} takes {expected} argument(s), not {found}")]
    Arguments {
        /// The command.
        kind: Kind,
        /// How many it takes.
        expected: usize,
        /// How many there are.
        found: usize,
    },
}

impl Command<'_> {
    /// The command without its arguments.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Register { .. } => Kind::Register,
            Self::Tweet { .. } => Kind::Tweet,
            Self::Follow { .. } => Kind::Follow,
            Self::Unfollow { .. } => Kind::Unfollow,
        }
    }
}

impl Kind {
    /// Every kind, in the order of reports.
    pub const ALL: [Self; 4] = [Self::Register, Self::Tweet, Self::Follow, Self::Unfollow];

    /// As it stands in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Tweet => "tweet",
            Self::Follow => "follow",
            Self::Unfollow => "unfollow",
        }
    }

    /// The kind that stands so in the file.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// As it stands in the file.
impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The line, without its end.
impl fmt::Display for Action<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, delay, timestamp, user, command } = self;
        write!(f, "{id}\t{delay}\t{timestamp}\t{}\t{user}\t", command.kind())?;
        match command {
            Command::Register { email, password } => write!(f, "{email}\t{password}"),
            Command::Tweet { text } => f.write_str(text),
            Command::Follow { whom } | Command::Unfollow { whom } => f.write_str(whom),
        }
    }
}

/// Reads a whole file, or nothing of it.
///
/// # Errors
/// The first line that is no action, by its number.
pub fn parse(file: &[u8]) -> anyhow::Result<Vec<Action<'_>>> {
    let text = std::str::from_utf8(file).map_err(|why| {
        let line = file[..why.valid_up_to()].split(|byte| *byte == b'\n').count();
        anyhow!("line {line}: not UTF-8")
    })?;
    text.lines().zip(1..).map(|(line, number)| parse_line(line).with_context(|| format!("line {number}"))).collect()
}

fn parse_line(line: &str) -> Result<Action<'_>, LineError> {
    let mut fields = line.split('\t');
    let too_few = || LineError::TooFewFields(line.split('\t').count());
    let mut next = || fields.next().ok_or_else(too_few);
    let (id, delay, timestamp) = (next()?, next()?, next()?);
    let (command, user, first) = (next()?, next()?, next()?);
    let second = fields.next();
    let found = 1 + usize::from(second.is_some()) + fields.count();

    let kind = Kind::named(command);
    let command = match (kind, found, second) {
        (Some(Kind::Register), 2, Some(password)) => Command::Register { email: first, password },
        (Some(Kind::Tweet), 1, _) => Command::Tweet { text: first },
        (Some(Kind::Follow), 1, _) => Command::Follow { whom: first },
        (Some(Kind::Unfollow), 1, _) => Command::Unfollow { whom: first },
        (Some(kind), ..) => {
            let expected = if kind == Kind::Register { 2 } else { 1 };
            return Err(LineError::Arguments { kind, expected, found });
        }
        (None, ..) => return Err(LineError::UnknownCommand(command.to_owned())),
    };
    Ok(Action {
        id: number("id", id)?,
        delay: number("delay", delay)?,
        timestamp: number("time", timestamp)?,
        user,
        command,
    })
}

fn number(field: &'static str, text: &str) -> Result<u64, LineError> {
    text.parse().map_err(|why| LineError::NoNumber { field, text: text.to_owned(), why })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_has_its_fields_between_tabs_and_no_quoting() {
        let line = "7\t1500\t1582246860738\tregister\tÅsa O'Quill\tasa@example.org\t\\\"'=,;";
        let action = parse_line(line).unwrap();
        assert_eq!((action.id, action.delay, action.timestamp), (7, 1500, 1_582_246_860_738));
        assert_eq!(action.user, "Åsa O'Quill");
        assert_eq!(action.command, Command::Register { email: "asa@example.org", password: "\\\"'=,;" });
        assert_eq!(action.to_string(), line);
    }

    #[test]
    fn a_bad_line_is_named_by_its_number_and_fault() {
        let good = "0\t0\t1\ttweet\tA B\thello\n";
        for (bad, fault) in [
            ("1\t0\t1\ttweet\tA B", "5 fields"),
            ("", "1 fields"),
            ("one\t0\t1\ttweet\tA B\thello", "id \"one\" is no number"),
            ("-1\t0\t1\ttweet\tA B\thello", "id \"-1\" is no number"),
            ("1\t0.5\t1\ttweet\tA B\thello", "delay \"0.5\""),
            ("1\t0\tnow\ttweet\tA B\thello", "time \"now\""),
            ("1\t0\t1\tlike\tA B\thello", "unknown command \"like\""),
            ("1\t0\t1\ttweet\tA B\thello\tyou", "tweet takes 1 argument(s), not 2"),
            ("1\t0\t1\tregister\tA B\ta@b", "register takes 2 argument(s), not 1"),
            ("1\t0\t1\tregister\tA B\ta@b\tpw\tpw", "register takes 2 argument(s), not 3"),
        ] {
            let why = format!("{:#}", parse(format!("{good}{bad}\n{good}").as_bytes()).unwrap_err());
            assert!(why.starts_with("line 2: ") && why.contains(fault), "{bad:?}: {why}");
        }
    }

    #[test]
    fn a_file_that_is_no_text_is_refused_at_its_line() {
        let why = parse(b"0\t0\t1\ttweet\tA\thello\n1\t0\t1\ttweet\tA\t\xff\n").unwrap_err();
        assert_eq!(why.to_string(), "line 2: not UTF-8");
    }

    #[test]
    fn both_line_ends_and_a_missing_last_one_are_read() {
        let actions = parse(b"0\t0\t1\ttweet\tA\thello\r\n1\t0\t1\tfollow\tA\tB").unwrap();
        assert_eq!(actions.len(), 2);
        assert_eq!(actions[0].command, Command::Tweet { text: "hello" });
        assert_eq!(parse(b"").unwrap(), []);
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(
            numbers in any::<(u64, u64, u64)>(),
            fields in prop::array::uniform3("[^\t\r\n]{1,20}"),
            kind in 0..4,
        ) {
            let [user, one, two] = &fields;
            let command = match kind {
                0 => Command::Register { email: one, password: two },
                1 => Command::Tweet { text: one },
                2 => Command::Follow { whom: one },
                _ => Command::Unfollow { whom: one },
            };
            let action = Action { id: numbers.0, delay: numbers.1, timestamp: numbers.2, user, command };
            let line = format!("{action}\n");
            prop_assert_eq!(parse(line.as_bytes()).unwrap(), [action]);
        }
    }
}
