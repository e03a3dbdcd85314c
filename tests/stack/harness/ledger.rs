//! What was acknowledged against what the database holds.
//!
//! An action answered 204 must be there, once. One that failed may be there or not: its client
//! cannot know. Nothing else may be there.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use minitwit::db::{
    DbConnection,
    schema::{follows, messages, users},
};
use minitwit_tools::scenario::{Action, Command};

type Pairs = BTreeSet<(String, String)>;

/// Everything that actions can leave.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    pub users: BTreeSet<String>,
    /// How often an author said a text.
    pub messages: BTreeMap<(String, String), usize>,
    pub follows: Pairs,
}

impl Holdings {
    /// What the database holds.
    pub fn read(conn: &mut DbConnection) -> Self {
        let names: BTreeMap<i64, String> =
            users::table.select((users::id, users::username)).load(conn).unwrap().into_iter().collect();
        let said: Vec<(i64, String)> =
            messages::table.select((messages::author_id, messages::text)).load(conn).unwrap();
        let follows: Vec<(i64, i64)> =
            follows::table.select((follows::follower_id, follows::followee_id)).load(conn).unwrap();
        let mut counts = BTreeMap::new();
        for (author, text) in said {
            *counts.entry((names[&author].clone(), text)).or_default() += 1;
        }
        Self {
            messages: counts,
            follows: follows.into_iter().map(|(who, whom)| (names[&who].clone(), names[&whom].clone())).collect(),
            users: names.into_values().collect(),
        }
    }
}

/// What must be there and what may be.
pub struct Ledger {
    /// What the acknowledged actions leave.
    pub acknowledged: Holdings,
    /// What the failed ones may have left beside it.
    unsure: Holdings,
}

impl Ledger {
    /// Of actions that were sent, with the ids of those that were not answered 204. Each user's actions
    /// must have been sent in their order.
    pub fn of(actions: &[Action], failed: &BTreeSet<u64>) -> Self {
        let (mut sure, mut unsure) = (Holdings::default(), Holdings::default());
        for Action { id, user, command, .. } in actions {
            let pair = |other: &str| (String::from(*user), other.to_owned());
            if failed.contains(id) {
                match command {
                    Command::Register { .. } => drop(unsure.users.insert(String::from(*user))),
                    Command::Tweet { text } => *unsure.messages.entry(pair(text)).or_default() += 1,
                    Command::Follow { whom } | Command::Unfollow { whom } => drop(unsure.follows.insert(pair(whom))),
                }
                continue;
            }
            match command {
                Command::Register { .. } => drop(sure.users.insert(String::from(*user))),
                Command::Tweet { text } => *sure.messages.entry(pair(text)).or_default() += 1,
                // Nobody follows himself, and that is a 204 too.
                Command::Follow { whom } if whom == user => {}
                // The last one that was acknowledged decides, whatever failed before it.
                Command::Follow { whom } => {
                    unsure.follows.remove(&pair(whom));
                    sure.follows.insert(pair(whom));
                }
                Command::Unfollow { whom } => {
                    unsure.follows.remove(&pair(whom));
                    sure.follows.remove(&pair(whom));
                }
            }
        }
        Self { acknowledged: sure, unsure }
    }

    /// Panics with what is missing and what is too much.
    pub fn check(&self, held: &Holdings) {
        let wrong = self.differences(held);
        assert!(
            wrong.is_empty(),
            "{} differences, among them:\n{}",
            wrong.len(),
            wrong[..wrong.len().min(20)].join("\n")
        );
    }

    fn differences(&self, held: &Holdings) -> Vec<String> {
        let (sure, unsure) = (&self.acknowledged, &self.unsure);
        let mut wrong = Vec::new();
        for user in sure.users.symmetric_difference(&held.users).filter(|user| !unsure.users.contains(*user)) {
            wrong.push(format!("user {user}"));
        }
        let said: BTreeSet<_> = sure.messages.keys().chain(held.messages.keys()).collect();
        for message in said {
            let count = |holdings: &Holdings| holdings.messages.get(message).copied().unwrap_or_default();
            let (least, found) = (count(sure), count(held));
            if !(least..=least + count(unsure)).contains(&found) {
                wrong.push(format!("{message:?}: acknowledged {least} times, there {found} times"));
            }
        }
        for pair in sure.follows.symmetric_difference(&held.follows).filter(|pair| !unsure.follows.contains(*pair)) {
            wrong.push(format!("follow {pair:?}"));
        }
        wrong
    }
}

#[test]
fn a_ledger_finds_what_is_lost_doubled_or_invented_and_excuses_what_is_unsure() {
    let action = |id, command| Action { id, delay: 0, timestamp: 0, user: "a", command };
    let actions = [
        action(0, Command::Register { email: "@", password: "p" }),
        action(1, Command::Tweet { text: "one" }),
        action(2, Command::Tweet { text: "two" }),
        action(3, Command::Follow { whom: "b" }),
        action(4, Command::Follow { whom: "c" }),
        action(5, Command::Unfollow { whom: "b" }),
    ];
    let pair = |one: &str, two: &str| (one.to_owned(), two.to_owned());
    let held = |messages: &[(&str, usize)], follows: &[&str]| Holdings {
        users: BTreeSet::from(["a".to_owned()]),
        messages: messages.iter().map(|(text, count)| (pair("a", text), *count)).collect(),
        follows: follows.iter().map(|whom| pair("a", whom)).collect(),
    };
    let count = |failed: &[u64], held: Holdings| {
        Ledger::of(&actions, &failed.iter().copied().collect()).differences(&held).len()
    };
    assert_eq!(count(&[], held(&[("one", 1), ("two", 1)], &["c"])), 0);
    for (messages, follows) in [
        (&[("one", 1)][..], &["c"][..]),
        (&[("one", 2), ("two", 1)], &["c"]),
        (&[("one", 1), ("two", 1), ("three", 1)], &["c"]),
        (&[("one", 1), ("two", 1)], &[]),
        (&[("one", 1), ("two", 1)], &["b", "c"]),
    ] {
        assert_eq!(count(&[], held(messages, follows)), 1, "{messages:?} {follows:?}");
    }
    // What failed may be there or not, but not twice.
    assert_eq!(count(&[2, 5], held(&[("one", 1)], &["c"])), 0);
    assert_eq!(count(&[2, 5], held(&[("one", 1), ("two", 1)], &["b", "c"])), 0);
    assert_eq!(count(&[2, 5], held(&[("one", 1), ("two", 2)], &["c"])), 1);
    assert_eq!(count(&[3], held(&[("one", 1), ("two", 1)], &["b", "c"])), 1, "what was acknowledged last decides");
}
