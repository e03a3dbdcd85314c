//! The same scenario for several simulators of one server, each with users of its own.

use std::fmt::Write;

use super::file::{Action, Command};

/// A file with the same actions by namesakes of their users (`NAME 2` instead of `NAME`): what a second
/// simulator may send to the same server.
#[must_use]
pub fn by_namesakes(actions: &[Action<'_>], number: usize) -> String {
    let mut file = String::new();
    for action in actions {
        let namesake = |name: &str| format!("{name} {number}");
        let user = namesake(action.user);
        let other;
        let command = match action.command {
            Command::Follow { whom } => {
                other = namesake(whom);
                Command::Follow { whom: &other }
            }
            Command::Unfollow { whom } => {
                other = namesake(whom);
                Command::Unfollow { whom: &other }
            }
            command => command,
        };
        // Writing to a string does not fail.
        writeln!(file, "{}", Action { user: &user, command, ..*action }).ok();
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse;

    #[test]
    fn namesakes_do_the_same_among_themselves() {
        let file =
            "0\t0\t1\tregister\tA\ta@b\tp\n1\t2\t3\tfollow\tA\tB\n2\t2\t5\tunfollow\tA\tB\n3\t0\t5\ttweet\tA\tB\n";
        let expected = "0\t0\t1\tregister\tA 2\ta@b\tp\n1\t2\t3\tfollow\tA 2\tB 2\n2\t2\t5\tunfollow\tA 2\tB 2\n3\t0\t5\ttweet\tA 2\tB\n";
        assert_eq!(by_namesakes(&parse(file.as_bytes()).unwrap(), 2), expected);
    }
}
