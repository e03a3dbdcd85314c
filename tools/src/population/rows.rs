//! The rows of a seeded database, one after the other: the same for the same plan, seed and end.
//!
//! As in `scenario`, no function is used whose last bit a platform may choose. Users, messages and
//! follows draw from streams of their own: more of one does not change the others.

use chacha20::ChaCha8Rng;
use minitwit::db::tables::{FollowRow, MessageRow, UserRow};
use rand::{Rng, RngExt, SeedableRng, seq::SliceRandom};

use super::plan::{Plan, READERS, SILENT, Whom};
use crate::scenario::{
    names::{self, Names},
    texts,
};

/// Messages published in one second.
const PER_SECOND: u32 = 4;

/// Of so many messages one is flagged, on average.
const FLAGGED_OF: u32 = 100;

/// The user of rank r (0 is the busiest) has a share of 1 / (r + this) in messages and followers:
/// Zipf's law with its head cut off, as Mandelbrot has it. Of ten thousand, the busiest writes 1.4 %
/// and the last 0.0015 % of all messages.
const HEAD: u64 = 10;

/// What seed and plan determine.
pub struct Rows {
    plan: Plan,
    seed: u64,
    /// When the last message is published.
    end: i64,
    /// Ids of the ordinary users, the busiest first.
    by_rank: Vec<u32>,
    /// Running sums of their shares.
    shares: Vec<u64>,
}

#[derive(Clone, Copy)]
enum Stream {
    Ranks,
    Users,
    Messages,
    Follows,
}

impl Rows {
    /// The rows of `plan`, the last message published at `end` (seconds since the epoch).
    #[must_use]
    pub fn new(plan: Plan, seed: u64, end: i64) -> Self {
        let mut by_rank: Vec<u32> = (SILENT.end() + 1..=plan.users).collect();
        by_rank.shuffle(&mut stream(seed, Stream::Ranks));
        let mut sum = 0;
        let shares = (HEAD..).take(by_rank.len()).map(|divisor| {
            sum += (1 << 40) / divisor;
            sum
        });
        Self { plan, seed, end, shares: shares.collect(), by_rank }
    }

    /// The users, all with the same password.
    pub fn users<'a>(&self, password_hash: &'a str) -> impl Iterator<Item = UserRow> + use<'a> {
        let mut rng = stream(self.seed, Stream::Users);
        let names = Names::new(&mut rng);
        // One a second, until the first message.
        let (users, first_message) = (i64::from(self.plan.users), self.published_at(1));
        (1..=self.plan.users).map(move |id| {
            let reader = READERS.get(id as usize - 1);
            let username = reader.map_or_else(|| names.nth(u64::from(id)), |reader| reader.name.to_owned());
            let email = names::email(&username, &mut rng);
            let id = i64::from(id);
            UserRow { id, username, email, password_hash: password_hash.into(), created_at: first_message - users + id }
        })
    }

    /// The names of the `count` users with the greatest shares, the busiest first.
    #[must_use]
    pub fn busiest(&self, count: usize) -> Vec<String> {
        let names = Names::new(&mut stream(self.seed, Stream::Users));
        self.by_rank.iter().take(count).map(|&id| names.nth(id.into())).collect()
    }

    /// The messages, in the order of their publication.
    pub fn messages(&self) -> impl Iterator<Item = MessageRow> {
        let mut rng = stream(self.seed, Stream::Messages);
        let silent = self.plan.silent_messages();
        (1..=self.plan.messages).map(move |id| {
            let is_silent = id <= silent;
            let author = if is_silent { SILENT.start() + 2 * (id - 1) } else { self.busy(&mut rng) };
            MessageRow {
                id: id.into(),
                author_id: author.into(),
                text: texts::text(&mut rng),
                published_at: self.published_at(id),
                flagged: !is_silent && rng.random_ratio(1, FLAGGED_OF),
            }
        })
    }

    fn published_at(&self, message: u32) -> i64 {
        self.end - i64::from(self.plan.messages.saturating_sub(message) / PER_SECOND)
    }

    /// The follows, in the order of the primary key: of each reader, of nobody silent, and of each
    /// ordinary user from half to one and a half times as many as of the average one.
    pub fn follows(&self) -> impl Iterator<Item = FollowRow> {
        let mut rng = stream(self.seed, Stream::Follows);
        let zeal: Vec<u64> = self.by_rank.iter().map(|_| rng.random_range(50..=150)).collect();
        let (all_zeal, total) = (zeal.iter().sum::<u64>(), u64::from(self.plan.ordinary_follows()));
        let mut seen_zeal = 0;
        let mut drawn = Drawn { by: vec![0; self.plan.users as usize + 1] };
        (1..=self.plan.users).flat_map(move |follower| {
            let mut followees = if let Some(reader) = READERS.get(follower as usize - 1) {
                match reader.follows {
                    Whom::Users(_) => self.some(self.plan.followees(*reader), follower, &mut rng),
                    Whom::TheSilent => SILENT.collect(),
                }
            } else if let Some(at) = follower.checked_sub(SILENT.end() + 1) {
                let before = seen_zeal * total / all_zeal;
                seen_zeal += zeal[at as usize];
                self.favourites(seen_zeal * total / all_zeal - before, follower, &mut drawn, &mut rng)
            } else {
                Vec::new()
            };
            followees.sort_unstable();
            followees
                .into_iter()
                .map(move |followee| FollowRow { follower_id: follower.into(), followee_id: followee.into() })
        })
    }

    /// So many users: ordinary ones, all alike, and then whoever there is, but not `reader`.
    fn some(&self, count: u32, reader: u32, rng: &mut impl Rng) -> Vec<u32> {
        let mut ordinary = self.by_rank.clone();
        let (chosen, _) = ordinary.partial_shuffle(rng, count as usize);
        let others = (1..=*SILENT.end()).rev().filter(|id| *id != reader);
        chosen.iter().copied().chain(others).take(count as usize).collect()
    }

    /// So many ordinary users, busy ones more often, but not `follower`.
    fn favourites(&self, count: u64, follower: u32, drawn: &mut Drawn, rng: &mut impl Rng) -> Vec<u32> {
        drawn.take(follower, follower);
        let mut chosen = Vec::new();
        let mut draws = 0;
        while (chosen.len() as u64) < count {
            // Whoever follows that many follows the busy already.
            let any = draws >= 4 * count;
            let id = if any { self.by_rank[rng.random_range(0..self.by_rank.len())] } else { self.busy(rng) };
            if drawn.take(id, follower) {
                chosen.push(id);
            }
            draws += 1;
        }
        chosen
    }

    /// An ordinary user, busy ones more often.
    fn busy(&self, rng: &mut impl Rng) -> u32 {
        let at = rng.random_range(0..self.shares.last().copied().unwrap_or(1));
        self.by_rank[self.shares.partition_point(|sum| *sum <= at)]
    }
}

/// By whom each user was drawn last: tells whether a follower has drawn them already.
struct Drawn {
    by: Vec<u32>,
}

impl Drawn {
    /// Whether `follower` draws `id` for the first time.
    fn take(&mut self, id: u32, follower: u32) -> bool {
        std::mem::replace(&mut self.by[id as usize], follower) != follower
    }
}

fn stream(seed: u64, stream: Stream) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream as u64);
    rng
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use minitwit::domain::{Email, MessageRules, MessageText, Username};

    use super::*;

    fn rows(users: u32, messages: u32, follows: u32) -> Rows {
        Rows::new(Plan::new(users, messages, follows).unwrap(), 1, 1_700_000_000)
    }

    /// How often each id comes, by id.
    fn tally(ids: impl Iterator<Item = i64>) -> BTreeMap<i64, u32> {
        let mut counts = BTreeMap::new();
        ids.for_each(|id| *counts.entry(id).or_default() += 1);
        counts
    }

    #[test]
    fn users_are_numbered_from_one_and_fit_to_sign_in() {
        let users: Vec<_> = rows(10_000, 100, 100_000).users("hash").collect();
        assert!(users.iter().map(|user| user.id).eq(1..=10_000));
        for user in &users {
            assert_eq!(Username::choose(&user.username).unwrap().as_str(), user.username);
            assert!(Email::parse(&user.email).is_some(), "{}", user.email);
        }
        assert_eq!(users.iter().map(|user| &user.username).collect::<HashSet<_>>().len(), 10_000);
        assert!(users.iter().zip(READERS).all(|(user, reader)| user.username == reader.name));
    }

    #[test]
    fn messages_come_in_order_several_a_second_and_end_when_told() {
        let rows = rows(10_000, 50_000, 100_000);
        let messages: Vec<_> = rows.messages().collect();
        assert!(messages.iter().map(|message| message.id).eq(1..=50_000));
        assert!(messages.is_sorted_by_key(|message| message.published_at));
        assert_eq!(messages.last().unwrap().published_at, 1_700_000_000);
        assert_eq!(*tally(messages.iter().map(|message| message.published_at)).values().max().unwrap(), PER_SECOND);
        assert!(rows.users("").all(|user| user.created_at <= messages[0].published_at));
        assert!(messages.iter().all(|message| {
            MessageText::parse(&message.text, MessageRules { max_length: 140, max_bytes: 500 }).is_ok()
        }));
        let flagged = messages.iter().filter(|message| message.flagged).count();
        assert!((400..600).contains(&flagged), "{flagged} of an expected 500");
    }

    #[test]
    fn authors_are_skewed_readers_write_nothing_and_the_silent_hardly_ever_did() {
        let rows = rows(10_000, 200_000, 100_000);
        let messages: Vec<_> = rows.messages().collect();
        let counts = tally(messages.iter().map(|message| message.author_id));
        let [busiest, second]: [String; 2] = rows.busiest(2).try_into().unwrap();
        let written = |name: &str| counts[&rows.users("").find(|user| user.username == name).unwrap().id];
        assert_eq!(written(&busiest), *counts.values().max().unwrap());
        assert!((2200..written(&busiest)).contains(&written(&second)));
        assert!(counts.keys().all(|id| (6..=10_000).contains(id)), "the readers are 1 to 5");
        let (old, rest) = messages.split_at(50);
        assert!(old.iter().map(|message| message.author_id).eq((6..=105).step_by(2)));
        assert!(old.iter().all(|message| !message.flagged));
        assert!(rest.iter().all(|message| message.author_id > 105));
        let mut counts: Vec<_> = counts.into_values().collect();
        counts.sort_unstable();
        let most = counts.last().unwrap();
        assert!((2400..3300).contains(most), "{most}: 1.4 % of 200,000 are 2,800");
        assert!(counts[counts.len() / 2] < 20, "the median of an average of 20");
    }

    #[test]
    fn follows_are_distinct_skewed_and_exactly_as_many_as_wanted() {
        for (users, follows) in [(10_000, 120_000), (5050, 80_000), (300, 8000), (205, 406), (205, 3706)] {
            let rows = rows(users, 0, follows);
            let all: Vec<_> = rows.follows().map(|follow| (follow.follower_id, follow.followee_id)).collect();
            assert_eq!(all.len(), follows as usize);
            assert!(all.is_sorted() && all.iter().collect::<HashSet<_>>().len() == all.len());
            assert!(all.iter().all(|(follower, followee)| follower != followee));
            assert!(all.iter().all(|(_, followee)| (1..=i64::from(users)).contains(followee)));
            let followees = tally(all.iter().map(|(follower, _)| *follower));
            for (reader, id) in READERS.into_iter().zip(1..) {
                assert_eq!(followees.get(&id).copied().unwrap_or(0), rows.plan.followees(reader), "{}", reader.name);
            }
            assert!(SILENT.map(i64::from).all(|id| !followees.contains_key(&id)));
            assert!(all.iter().filter(|(follower, _)| *follower == 5).map(|(_, id)| *id).eq(6..=105));
        }
        let popular = tally(rows(10_000, 0, 120_000).follows().map(|follow| follow.followee_id));
        let (least, most) = (popular.values().min().unwrap(), popular.values().max().unwrap());
        assert!(*least < 5 && *most > 1000, "{least} to {most}");
    }

    /// Fails when another platform, or an upgrade of rand, gives other rows.
    #[test]
    fn a_seed_is_the_same_everywhere() {
        let rows = rows(210, 3, 500);
        let user = rows.users("hash").nth(5).unwrap();
        let message = rows.messages().nth(2).unwrap();
        let follows: Vec<_> = rows.follows().take(4).map(|follow| (follow.follower_id, follow.followee_id)).collect();
        insta::assert_snapshot!(format!("{user:?}\n{message:?}\n{follows:?}"), @r#"
        UserRow { id: 6, username: "Zoëlle Inkerstone", email: "Zolle+Inkerstone@example.org", password_hash: "hash", created_at: 1699999796 }
        MessageRow { id: 3, author_id: 170, text: "The left-handed clock refuses to sell what remains of the cake for the third time!", published_at: 1700000000, flagged: false }
        [(2, 150), (2, 168), (3, 106), (3, 107)]
        "#);
    }
}
