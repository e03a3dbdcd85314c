//! Who does what in which order: the shape of the recorded scenario.
//!
//! That one has 25,922 actions: 200 registrations, most of them early and the last after 36 % of
//! all; posts that become rarer, unfollows that become frequent; delays that shrink from hours to
//! seconds. Everything here is counted out beforehand and drawn without putting back, so a
//! scenario has its mix exactly.

use chacha20::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use super::{
    file::{Action, Command},
    follows::Follows,
    names::{self, Names},
    texts,
    users::Users,
};

/// The recorded scenario's numbers.
const ACTIONS: u64 = super::RECORDED_ACTIONS as u64;
const REGISTRATIONS: u64 = 200;
const FOLLOWS: u64 = 9751;
const UNFOLLOWS: u64 = 4665;
/// Unfollows of somebody who was not followed.
const VOID_UNFOLLOWS: u64 = 1179;
/// Where its registrations end.
const LAST_REGISTRATION: f64 = 0.36;

/// 2020-02-01 00:00 UTC, in milliseconds: the recorded one begins three weeks later.
const START: u64 = 1_580_515_200_000;

/// How many actions of each sort are still to come.
#[derive(Debug, PartialEq, Eq)]
struct Mix {
    registrations: u32,
    tweets: u32,
    follows: u32,
    unfollows: u32,
    void_unfollows: u32,
}

/// An unfinished scenario.
pub(super) struct Generator {
    rng: ChaCha8Rng,
    actions: u32,
    done: u32,
    left: Mix,
    /// The steps at which somebody registers, the last one first.
    registration_steps: Vec<u32>,
    names: Names,
    users: Users,
    follows: Follows,
    clock: u64,
    /// What the current action borrows: its text, or its e-mail and password.
    words: (String, String),
}

/// What comes next.
#[derive(Clone, Copy)]
enum Step {
    Register,
    Tweet,
    Follow,
    Unfollow,
    VoidUnfollow,
}

impl Mix {
    fn of(actions: u32) -> Self {
        let all = u64::from(actions);
        let share = |part: u64| (all * part + ACTIONS / 2) / ACTIONS;
        // A short scenario needs more users than its share: twice as many pairs as follows.
        let enough = (1..=all).find(|n| n * (n - 1) >= 2 * share(FOLLOWS)).unwrap_or(all);
        let registrations = share(REGISTRATIONS).max(enough).min(all);
        let rest = all - registrations;
        let of_rest = |part: u64| rest * part / (ACTIONS - REGISTRATIONS);
        let follows = of_rest(FOLLOWS).min(registrations * (registrations - 1) / 2);
        let all_unfollows = of_rest(UNFOLLOWS);
        let void_unfollows = all_unfollows * VOID_UNFOLLOWS / UNFOLLOWS;
        let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        Self {
            registrations: small(registrations),
            tweets: small(rest - follows - all_unfollows),
            follows: small(follows),
            unfollows: small(all_unfollows - void_unfollows),
            void_unfollows: small(void_unfollows),
        }
    }
}

impl Generator {
    /// The beginning of a scenario of so many actions.
    pub(super) fn new(actions: u32, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let left = Mix::of(actions);
        let names = Names::new(&mut rng);
        let end = LAST_REGISTRATION * f64::from(actions);
        let mut registration_steps: Vec<u32> = (1..left.registrations)
            .map(|_| {
                // To the power 2.5: half of all before a sixth of the time, as recorded.
                let at: f64 = rng.random();
                truncate(end * at * at * at.sqrt())
            })
            .collect();
        registration_steps.push(0);
        registration_steps.sort_unstable_by(|a, b| b.cmp(a));
        let (users, follows, words) = Default::default();
        Self { rng, actions, done: 0, left, registration_steps, names, users, follows, clock: START, words }
    }

    /// The next action; `None` after the last.
    pub(super) fn next(&mut self) -> Option<Action<'_>> {
        if self.done == self.actions {
            return None;
        }
        let (id, delay) = (u64::from(self.done), self.delay());
        self.clock += delay;
        let step = self.choose();
        let (user, whom) = self.take(step);
        self.done += 1;
        let (user, whom) = (self.users.name(user), self.users.name(whom));
        let command = match step {
            Step::Register => Command::Register { email: &self.words.0, password: &self.words.1 },
            Step::Tweet => Command::Tweet { text: &self.words.0 },
            Step::Follow => Command::Follow { whom },
            Step::Unfollow | Step::VoidUnfollow => Command::Unfollow { whom },
        };
        Some(Action { id, delay, timestamp: self.clock, user, command })
    }

    /// Draws from what is left, favouring posts early and unfollows late, among what can be done now.
    fn choose(&mut self) -> Step {
        if self.registration_steps.last().is_some_and(|at| *at <= self.done) {
            return Step::Register;
        }
        let (left, time) = (&self.left, f64::from(self.done) / f64::from(self.actions));
        // Hazard rates (times 1 - t) of densities that fall as 1 - t, are even, and rise as t².
        let late = 3.0 * time * time / (1.0 + time + time * time);
        let room = if self.follows.has_room(&self.users) { 1.0 } else { 0.0 };
        let some = if self.follows.is_empty() { 0.0 } else { 1.0 };
        let weights = [
            (Step::Tweet, 2.0 * f64::from(left.tweets)),
            (Step::Follow, room * f64::from(left.follows)),
            (Step::Unfollow, some * late * f64::from(left.unfollows)),
            (Step::VoidUnfollow, room * late * f64::from(left.void_unfollows)),
        ];
        let mut at = self.rng.random::<f64>() * weights.iter().map(|(_, weight)| weight).sum::<f64>();
        // When nothing can be done, it is for want of users.
        let mut chosen = Step::Register;
        for (step, weight) in weights.into_iter().filter(|(_, weight)| *weight > 0.0) {
            chosen = step;
            if at < weight {
                break;
            }
            at -= weight;
        }
        chosen
    }

    /// Does it in this small world; who acts, and on whom (themselves if on nobody).
    fn take(&mut self, step: Step) -> (usize, usize) {
        let Self { rng, left, users, follows, .. } = self;
        match step {
            Step::Register => {
                self.registration_steps.pop();
                let user = users.len();
                let name = self.names.nth(user as u64);
                self.words = (names::email(&name, rng), names::password(rng));
                users.add(name, rng);
                (user, user)
            }
            Step::Tweet => {
                left.tweets -= 1;
                self.words.0 = texts::text(rng);
                let user = users.busy(rng);
                (user, user)
            }
            Step::Follow => {
                left.follows -= 1;
                let pair = follows.strangers(users, rng);
                follows.add(pair);
                pair
            }
            Step::Unfollow => {
                left.unfollows -= 1;
                follows.remove_any(rng)
            }
            Step::VoidUnfollow => {
                left.void_unfollows -= 1;
                follows.strangers(users, rng)
            }
        }
    }

    /// Milliseconds: on average as recorded at this part of the scenario, 23 minutes for the first
    /// of thirteen parts and 24 seconds for the last. A long scenario takes no longer as a whole.
    fn delay(&mut self) -> u64 {
        if self.done == 0 {
            return 0;
        }
        let (done, actions) = (f64::from(self.done), f64::from(self.actions));
        let mean = 50_000.0 / (done / actions + 0.005) * (25_922.0 / actions).min(1.0);
        // A triangle instead of the exponential law, whose logarithm each platform rounds its own way.
        let (a, b): (f64, f64) = (self.rng.random(), self.rng.random());
        u64::from(truncate(3.0 * mean * a.min(b)))
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small positive numbers; `as` saturates")]
fn truncate(x: f64) -> u32 {
    x as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recorded_length_has_the_recorded_mix() {
        let mix = Mix { registrations: 200, tweets: 11_306, follows: 9751, unfollows: 3486, void_unfollows: 1179 };
        assert_eq!(Mix::of(25_922), mix);
    }

    #[test]
    fn short_mixes_have_users_enough() {
        for actions in 1..3000 {
            let mix = Mix::of(actions);
            let Mix { registrations: users, follows, .. } = mix;
            assert_eq!(users + mix.tweets + follows + mix.unfollows + mix.void_unfollows, actions);
            assert!(users >= 1 && users * (users - 1) >= 2 * follows, "{mix:?}");
            assert!(follows >= mix.unfollows && (mix.void_unfollows == 0 || users > 1), "{mix:?}");
        }
        assert_eq!(Mix::of(1).registrations, 1);
        let ten = Mix { registrations: 4, tweets: 3, follows: 2, unfollows: 1, void_unfollows: 0 };
        assert_eq!(Mix::of(10), ten);
    }
}
