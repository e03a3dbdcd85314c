//! What every handler shares: one `web::Data<AppState>`.

use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::{HttpRequest, web::Data};

use crate::{
    config::Settings, db::Db, first_pages::FirstPages, metrics::Metrics, passwords::Passwords, sampling::Sampler,
    throttle::Throttle, turns::Turns,
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
    /// Outside of the applications that `router.rs` builds, which give it to every request.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Data<Self> {
        request.app_data::<Data<Self>>().expect("the router gives every request the state").clone()
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
