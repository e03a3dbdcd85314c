//! What happens without a request: sweeping, counting, measuring.

use std::time::{Duration, Instant};

use procfs::{CurrentSI, KernelStats};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tracing::{Instrument, info, info_span, warn};

use crate::{
    db::{self, people, sessions, skeletons, stats, words},
    error::Error,
    features::simulator,
    http::{errors, session},
    state::AppState,
};

/// Removes expired sessions, forgets old attempts, and completes users and messages that an older release stored
/// beside this one, now and then every `sessions.sweep_interval`.
/// With several replicas each sweeps: deleting nothing is cheap.
pub async fn sweep_regularly(state: &AppState) {
    let mut ticks = interval(state.settings.sessions.sweep_interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        state.throttle.sweep();
        if let Err(why) = complete(state).instrument(info_span!("fill")).await {
            warn!(causes = errors::causes(&why), "names and messages that another release stored not worked out");
        }
        match sweep_sessions(state).instrument(info_span!("sweep")).await {
            Ok(0) => {}
            Ok(removed) => info!(removed, "expired sessions removed"),
            Err(why) => warn!(causes = errors::causes(&why), "expired sessions not removed"),
        }
    }
}

/// Between two pieces of [`complete`], for whoever else wants to write.
const PAUSE: Duration = Duration::from_millis(50);

/// Works out what another release has not stored of names and messages, piece by piece until nothing is missing: after
/// an upgrade that is all there are, and a start does not wait for them.
async fn complete(state: &AppState) -> Result<(), Error> {
    type FillSome = fn(&mut db::DbConnection) -> db::QueryResult<usize>;
    let pieces: [(&'static str, FillSome); 3] = [
        ("sweep_skeletons", skeletons::fill_some),
        ("sweep_people", people::fill_some),
        ("sweep_words", words::fill_some),
    ];
    for (query, fill_some) in pieces {
        while state.db.write(query, fill_some).await? > 0 {
            sleep(PAUSE).await;
        }
    }
    Ok(())
}

/// Tries to write every ten seconds, so that an alert does not depend on who asks for readiness.
pub async fn try_to_write_regularly(state: &AppState) {
    let mut ticks = interval(Duration::from_secs(10));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(why) = state.db.try_to_write().instrument(info_span!("try_to_write")).await {
            warn!(causes = errors::causes(&why), "the database takes no writes");
        }
    }
}

/// Removes expired sessions and returns how many.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep_sessions(state: &AppState) -> Result<usize, Error> {
    state.db.write_one("sweep_sessions", |conn| sessions::delete_expired(conn, db::now())).await
}

/// Counts users, messages and follows, reads the latest action (another replica may have stored
/// it) and measures the processors, now and then every `metrics.refresh_interval`.
pub async fn count_regularly(state: &AppState) {
    let mut processors = Processors::default();
    let mut activity_from = Instant::now();
    let mut ticks = interval(state.settings.metrics.refresh_interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Some(percent) = processors.load_percent() {
            state.metrics.cpu_load.set(percent);
        }
        if let Err(why) = count(state).instrument(info_span!("count")).await {
            warn!(causes = errors::causes(&why), "users, messages and follows not counted");
        }
        let begun = Instant::now();
        if begun >= activity_from {
            if let Err(why) = count_active(state).instrument(info_span!("count_active")).await {
                warn!(causes = errors::causes(&why), "active users not counted");
            }
            // It looks at every user: at a million it may have a connection for a hundredth of the time.
            activity_from = Instant::now() + begun.elapsed() * 100;
        }
    }
}

async fn count(state: &AppState) -> Result<(), Error> {
    let counts = state.db.read("count", stats::count).await?;
    state.metrics.users.set(counts.users);
    state.metrics.messages.set(counts.messages);
    state.metrics.messages_flagged.set(counts.flagged);
    state.metrics.follows.set(counts.follows);
    state.metrics.simulator_latest.set(simulator::latest(state).await?);
    #[expect(clippy::cast_precision_loss, reason = "seconds fit for 280 million years")]
    state.metrics.business_refreshed.set(db::now() as f64);
    Ok(())
}

async fn count_active(state: &AppState) -> Result<(), Error> {
    let lifetime = session::lifetime_seconds(state);
    let active = state.db.read("count_active", move |conn| stats::count_active(conn, db::now(), lifetime)).await?;
    for (window, users) in [("1d", active.day), ("7d", active.week), ("30d", active.month)] {
        state.metrics.active_users.with_label_values(&[window]).set(users);
    }
    Ok(())
}

/// How busy all processors of the machine were since the last look.
#[derive(Default)]
struct Processors {
    /// Ticks busy and in all, at the last look.
    last: (u64, u64),
}

impl Processors {
    fn load_percent(&mut self) -> Option<f64> {
        let cpu = KernelStats::current().ok()?.total;
        let idle = cpu.idle + cpu.iowait.unwrap_or(0);
        let busy =
            cpu.user + cpu.nice + cpu.system + cpu.irq.unwrap_or(0) + cpu.softirq.unwrap_or(0) + cpu.steal.unwrap_or(0);
        let now = (busy, busy + idle);
        let (busy, all) = (now.0.saturating_sub(self.last.0), now.1.saturating_sub(self.last.1));
        self.last = now;
        #[expect(clippy::cast_precision_loss, reason = "ticks since the last look are few")]
        (all > 0).then(|| 100.0 * busy as f64 / all as f64)
    }
}
