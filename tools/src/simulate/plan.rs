//! What a replay sends in which order: phases, each a set of lanes that run side by side.
//!
//! Within a lane, actions go one after the other. A phase ends when all its lanes have.

use std::collections::HashMap;

use crate::scenario::{Action, Command};

/// Lanes for registrations, at most. A server hashes a password for 30 ms, as many at once as it
/// has cores; more lanes would only wait for each other, past the client's 0.3 s when something
/// else keeps the cores busy.
const REGISTRATION_LANES: usize = 2;

/// The lanes of one phase.
pub type Lanes<'a, 's> = Vec<Vec<&'a Action<'s>>>;

/// The phase of simulators who play a file each, side by side.
#[must_use]
pub fn side_by_side<'a, 's>(files: &'a [Vec<Action<'s>>]) -> Vec<Lanes<'a, 's>> {
    vec![files.iter().map(|actions| actions.iter().collect()).collect()]
}

/// The phases of a replay with `concurrency` lanes.
///
/// One lane: the file's own order. More: first all registrations, so that nobody is followed
/// before he exists; then the rest, each user always in the same lane, which keeps the user's
/// own order. Between users there is none any more: a follow may overtake a post.
#[must_use]
pub fn phases<'a, 's>(actions: &'a [Action<'s>], concurrency: usize) -> Vec<Lanes<'a, 's>> {
    if concurrency <= 1 {
        return vec![vec![actions.iter().collect()]];
    }
    let (first, rest): (Vec<_>, Vec<_>) =
        actions.iter().partition(|action| matches!(action.command, Command::Register { .. }));
    vec![lanes(first, concurrency.min(REGISTRATION_LANES)), lanes(rest, concurrency)]
}

/// Deals users to lanes in turn, as they appear: lanes get equally many users, whatever the names.
fn lanes<'a, 's>(actions: Vec<&'a Action<'s>>, count: usize) -> Lanes<'a, 's> {
    let mut lane_of = HashMap::new();
    let mut lanes = vec![Vec::new(); count];
    for action in actions {
        let next = lane_of.len() % count;
        lanes[*lane_of.entry(action.user).or_insert(next)].push(action);
    }
    lanes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five users; each registers, then the five act in turn.
    fn actions() -> Vec<Action<'static>> {
        let users = ["A", "B", "C", "D", "E"];
        let registrations = users.map(|user| (user, Command::Register { email: "@", password: "p" }));
        let tweets = (0..20).map(|n| (users[n * 3 % 5], Command::Tweet { text: "hello" }));
        registrations
            .into_iter()
            .chain(tweets)
            .zip(0..)
            .map(|((user, command), id)| Action { id, delay: 0, timestamp: 0, user, command })
            .collect()
    }

    #[test]
    fn one_lane_keeps_the_order_of_the_file() {
        let actions = actions();
        let phases = phases(&actions, 1);
        assert_eq!(phases, [[actions.iter().collect::<Vec<_>>()]]);
    }

    #[test]
    fn simulators_have_a_lane_each() {
        let files = [actions(), actions()];
        let phases = side_by_side(&files);
        assert_eq!(phases, [[files[0].iter().collect::<Vec<_>>(), files[1].iter().collect()]]);
    }

    #[test]
    fn registrations_are_a_phase_of_their_own_and_first() {
        let actions = actions();
        let phases = phases(&actions, 8);
        assert_eq!(phases.len(), 2);
        assert!(phases[0].len() <= REGISTRATION_LANES);
        assert_eq!(phases[0].iter().flatten().count(), 5);
        assert!(phases[0].iter().flatten().all(|action| matches!(action.command, Command::Register { .. })));
        assert_eq!(phases[1].iter().flatten().count(), 20);
    }

    #[test]
    fn each_user_stays_in_one_lane_in_order_and_nothing_is_lost() {
        let actions = actions();
        for concurrency in [2, 3, 5, 64] {
            let phases = phases(&actions, concurrency);
            for lanes in &phases {
                let mut lane_of = HashMap::new();
                for (lane, actions) in lanes.iter().enumerate() {
                    assert!(actions.is_sorted_by_key(|action| action.id));
                    for action in actions {
                        assert_eq!(*lane_of.entry(action.user).or_insert(lane), lane, "{}", action.user);
                    }
                }
            }
            let mut ids: Vec<_> = phases.iter().flatten().flatten().map(|action| action.id).collect();
            ids.sort_unstable();
            assert!(ids.into_iter().eq(0..25));
        }
    }

    #[test]
    fn lanes_are_used_evenly() {
        let actions = actions();
        let phases = phases(&actions, 5);
        assert!(phases[1].iter().all(|lane| lane.len() == 4), "five users, five lanes");
    }
}
