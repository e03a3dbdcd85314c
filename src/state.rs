//! What every handler shares: one `web::Data<AppState>`.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread::available_parallelism,
    time::Instant,
};

use actix_web::{HttpRequest, web::Data};
use anyhow::Context;

use crate::{
    blocking::{BlockingPool, Cores, Place},
    config::{PasswordSettings, Settings},
    db::{Db, first_pages::FirstPages},
    domain::{Hasher, Password, PasswordRules, password::Verdict},
    error::Error,
    metrics::Metrics,
    sampling::Sampler,
    throttle::Throttle,
    turns::Turns,
};

/// Built once, shared by all workers.
pub struct AppState {
    /// As the program was started with.
    pub settings: Settings,
    /// The data.
    pub db: Db,
    /// First pages, kept for a moment.
    pub first_pages: FirstPages,
    /// Everything counted.
    pub metrics: Metrics,
    /// Passwords to hashes, off the workers.
    pub passwords: Passwords,
    /// Who may try how often.
    pub throttle: Throttle,
    /// Which lines about refusals are written.
    pub refusal_lines: Sampler,
    /// Whose costly pages are worked on.
    pub turns: Turns,
    shutting_down: AtomicBool,
}

impl AppState {
    /// Puts the parts together. Waits for nothing: the pools connect in the background.
    ///
    /// # Errors
    /// When a setting is one that its part refuses.
    pub fn new(settings: Settings, metrics: Metrics) -> anyhow::Result<Self> {
        metrics.simulator_enabled.set(settings.simulator.enabled.into());
        Ok(Self {
            db: Db::open(&settings.database, &metrics)?,
            passwords: Passwords::new(&settings.passwords, &metrics)?,
            first_pages: FirstPages::new(&metrics),
            throttle: Throttle::new(&settings.limits),
            refusal_lines: Sampler::new(settings.log.refusals_per_second),
            turns: Turns::new(settings.limits.home_pages_at_once, settings.database.wait),
            shutting_down: AtomicBool::new(false),
            settings,
            metrics,
        })
    }

    /// The state that `request` was given.
    ///
    /// # Panics
    /// Outside of the servers that `startup.rs` builds, which give it to every request.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Data<Self> {
        request.app_data::<Data<Self>>().expect("startup gives every request the state").clone()
    }

    /// From now on `/readyz` fails, so that a proxy sends requests elsewhere.
    pub fn begin_shutdown(&self) {
        self.shutting_down.store(true, Ordering::Relaxed);
    }

    /// Whether [`AppState::begin_shutdown`] has been called.
    #[must_use]
    pub fn is_shutting_down(&self) -> bool {
        self.shutting_down.load(Ordering::Relaxed)
    }
}

/// The hasher behind gates of its own: a hash takes some 30 ms of a core and 19 MiB, so only so many
/// run at once, and requests that do not hash never wait for those that do.
pub struct Passwords {
    hasher: Hasher,
    people: BlockingPool,
    simulator: BlockingPool,
    rules: PasswordRules,
    metrics: Metrics,
}

/// Whose hash: people cannot fill the simulator's lane, and hash only where it leaves a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    fn new(settings: &PasswordSettings, metrics: &Metrics) -> anyhow::Result<Self> {
        let cores = available_parallelism().map_or(1, usize::from);
        // More threads than cores hash no faster (65 a second with two and with four, measured on two
        // cores), and as many as cores leave none for those who only read: a post's p99 was 98 ms
        // beside eight who register without pause, on two cores. The simulator, whose client waits for 0.3 s and
        // no longer, may have all: it registers a few hundred users in its life.
        let permits = if settings.permits == 0 { (cores / 2).max(1) } else { settings.permits.min(cores) };
        let gate = |lane, width| {
            let waiting = metrics.hash_queue.with_label_values(&[lane]);
            BlockingPool::new("password hashing", width, settings.wait, &waiting)
        };
        let shared = Cores::new(cores);
        Ok(Self {
            hasher: Hasher::new(settings.memory_kib, settings.iterations, settings.parallelism)
                .context("argon2 refuses the settings under [passwords]")?,
            people: gate("people", permits)?
                .with_queue(settings.queue, settings.refuse_after)
                .after_the_first_on(&shared)?,
            simulator: gate("simulator", cores)?.first_on(&shared),
            rules: PasswordRules { min_length: settings.min_length },
            metrics: metrics.clone(),
        })
    }

    /// What a new password must fulfil.
    #[must_use]
    pub fn rules(&self) -> PasswordRules {
        self.rules
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
