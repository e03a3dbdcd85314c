//! Passwords to hashes, off the async workers, and so that people and the simulator do not wait for each other.
//!
//! What a password has to fulfil is not known here: `domain/password.rs` has the rules, the core of accounts
//! says which apply to whom.

use std::{thread::available_parallelism, time::Instant};

use anyhow::Context;
use strum::IntoStaticStr;

use crate::{
    blocking::{BlockingPool, Cores, Place},
    config::PasswordSettings,
    domain::{Hasher, Password, password::Verdict},
    error::Error,
    metrics::{Label, Metrics},
};

/// The hasher behind gates of its own: a hash takes some 30 ms of a core and 19 MiB, so only so many
/// run at once, and requests that do not hash never wait for those that do.
pub struct Passwords {
    hasher: Hasher,
    people: BlockingPool,
    simulator: BlockingPool,
    metrics: Metrics,
}

/// Whose hash: people cannot fill the simulator's lane, and hash only where it leaves a core. In metrics the
/// label `lane`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Lane {
    /// People's, and of everybody who brings no credentials.
    People,
    /// The simulator's.
    Simulator,
}

/// A place in a lane, until this is dropped.
pub struct HashPlace {
    lane: Lane,
    place: Place,
}

impl Passwords {
    /// As the settings say.
    ///
    /// # Errors
    /// When argon2 refuses its parameters, or the system the threads.
    pub fn new(settings: &PasswordSettings, metrics: &Metrics) -> anyhow::Result<Self> {
        let cores = available_parallelism().map_or(1, usize::from);
        // More threads than cores hash no faster (65 a second with two and with four, measured on two
        // cores), and as many as cores leave none for those who only read: a post's p99 was 98 ms
        // beside eight who register without pause, on two cores. The simulator, whose client waits for 0.3 s and
        // no longer, may have all: it registers a few hundred users in its life.
        let permits = if settings.permits == 0 { (cores / 2).max(1) } else { settings.permits.min(cores) };
        let gate = |lane: Lane, width| {
            let waiting = metrics.hash_queue.with_label_values(&[lane.label()]);
            BlockingPool::new("password hashing", width, settings.wait, &waiting)
        };
        let shared = Cores::new(cores);
        Ok(Self {
            hasher: Hasher::new(settings.memory_kib, settings.iterations, settings.parallelism)
                .context("argon2 refuses the settings under [passwords]")?,
            people: gate(Lane::People, permits)?
                .with_queue(settings.queue, settings.refuse_after)
                .after_the_first_on(&shared)?,
            simulator: gate(Lane::Simulator, cores)?.first_on(&shared),
            metrics: metrics.clone(),
        })
    }

    /// A place among those who hash or wait for their turn in `lane`: asked for before looking a name up, which
    /// would be in vain without one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when too many are waiting.
    pub async fn place(&self, lane: Lane) -> Result<HashPlace, Error> {
        Ok(HashPlace { lane, place: self.gate(lane).place().await? })
    }

    /// The hash to store. Never call it while holding a connection.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it had no turn in time.
    pub async fn hash(&self, place: HashPlace, password: Password) -> Result<String, Error> {
        let hash = self.off_the_workers(place, move |hasher| hasher.hash(&password)).await?;
        hash.map_err(|why| Error::Internal(anyhow::anyhow!("argon2 failed: {why}")))
    }

    /// Compares with a stored hash; `None` costs the same and is never right.
    ///
    /// # Errors
    /// As [`Passwords::hash`].
    pub async fn verify(&self, place: HashPlace, password: Password, stored: Option<String>) -> Result<Verdict, Error> {
        self.off_the_workers(place, move |hasher| hasher.verify(&password, stored.as_deref())).await
    }

    fn gate(&self, lane: Lane) -> &BlockingPool {
        match lane {
            Lane::People => &self.people,
            Lane::Simulator => &self.simulator,
        }
    }

    async fn off_the_workers<T: Send + 'static>(
        &self,
        HashPlace { lane, place }: HashPlace,
        work: impl FnOnce(&Hasher) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (hasher, duration) = (self.hasher.clone(), self.metrics.hash_duration.clone());
        let timed = move || {
            let begun = Instant::now();
            let outcome = work(&hasher);
            duration.observe(begun.elapsed().as_secs_f64());
            outcome
        };
        self.gate(lane).run_at(place, timed).await
    }
}
