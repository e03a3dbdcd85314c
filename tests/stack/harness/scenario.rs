//! The recorded scenario, replayed by the tools' library on a thread of its own.

use std::{
    net::SocketAddr,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::ensure;
use minitwit::config::Settings;
use minitwit_tools::{
    scenario::Action,
    simulate::{self, Onlooker, Report, Simulator, WrongAnswer, phases},
};
use tokio::sync::watch;

use crate::support::scenario;

/// Longer than any replay may take once somebody waits for its end.
const PATIENCE: Duration = Duration::from_mins(1);

/// Actions to replay, in the order of their ids.
pub struct Scenario {
    pub actions: Vec<Action<'static>>,
}

impl Scenario {
    /// The first `limit` actions of the recorded scenario, or of our own.
    pub fn first(limit: usize) -> Self {
        Self { actions: scenario::actions(limit) }
    }

    /// Starts a replay against the API behind `address`, by so many clients that wait so many milliseconds.
    pub fn replay(&self, address: SocketAddr, clients: usize, patience_ms: u64) -> Replay {
        let actions = self.actions.clone();
        let (goes_on, pace) = watch::channel(true);
        let thread = thread::spawn(move || {
            let (url, patience) = (format!("http://{address}/api"), Duration::from_millis(patience_ms));
            let simulator = Simulator::new(&url, false, patience, &Settings::defaults().simulator)?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(simulate::Replay::new(simulator, Pace(pace)).run(phases(&actions, clients)))
        });
        Replay { thread, goes_on }
    }
}

/// A replay under way. It ends early where nobody waits for its report any more.
pub struct Replay {
    thread: JoinHandle<anyhow::Result<Report>>,
    goes_on: watch::Sender<bool>,
}

struct Pace(watch::Receiver<bool>);

impl Onlooker for Pace {
    async fn before(&self) {
        self.0.clone().wait_for(|goes_on| *goes_on).await.ok();
    }

    fn after(&self, _: Option<&WrongAnswer>) -> anyhow::Result<()> {
        ensure!(self.0.has_changed().is_ok(), "nobody waits for the report");
        Ok(())
    }
}

impl Replay {
    pub fn is_running(&self) -> bool {
        !self.thread.is_finished()
    }

    /// Nothing more is sent until [`Replay::resume`].
    pub fn pause(&self) {
        self.goes_on.send_replace(false);
    }

    pub fn resume(&self) {
        self.goes_on.send_replace(true);
    }

    /// What it found in the end.
    pub async fn report(self) -> Report {
        let begun = Instant::now();
        while self.is_running() {
            assert!(begun.elapsed() < PATIENCE, "the replay does not end");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let report = self.thread.join().unwrap().unwrap();
        assert_eq!(report.failed, report.wrong_answers.len(), "{report}");
        report
    }
}
