//! Who is registered by now, and who acts next.

use rand::{Rng, RngExt};

/// The registered users, in order of registration.
#[derive(Default)]
pub(super) struct Users {
    names: Vec<String>,
    /// Running sums of the users' shares in the actions.
    shares: Vec<f64>,
}

impl Users {
    /// Registers a user, busier or lazier than others: in the recorded scenario the busiest has
    /// 837 of 25,922 actions and the laziest 15. This law gives such extremes among 200.
    pub(super) fn add(&mut self, name: String, rng: &mut impl Rng) {
        let share = 1.0 / (0.05 + rng.random::<f64>());
        self.shares.push(self.total() + share);
        self.names.push(name);
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// The name of one.
    pub(super) fn name(&self, user: usize) -> &str {
        &self.names[user]
    }

    /// One of them, busy ones more often. There must be one.
    pub(super) fn busy(&self, rng: &mut impl Rng) -> usize {
        let at = rng.random::<f64>() * self.total();
        self.shares.partition_point(|sum| *sum <= at).min(self.len() - 1)
    }

    /// One of them, all alike. There must be one.
    pub(super) fn any(&self, rng: &mut impl Rng) -> usize {
        rng.random_range(0..self.len())
    }

    fn total(&self) -> f64 {
        self.shares.last().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use chacha20::ChaCha8Rng;
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn everybody_acts_and_some_act_much_more_than_others() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut users = Users::default();
        for n in 0..200 {
            users.add(n.to_string(), &mut rng);
        }
        let mut actions = [0; 200];
        for _ in 0..25_922 {
            actions[users.busy(&mut rng)] += 1;
        }
        let (least, most) = (actions.iter().min().unwrap(), actions.iter().max().unwrap());
        assert!((5..90).contains(least) && (400..1600).contains(most), "{least} to {most}");
    }
}
