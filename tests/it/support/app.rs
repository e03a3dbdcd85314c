//! The real application on free ports.

use std::{net::SocketAddr, sync::Once, thread, time::Duration};

use actix_web::web::Data;
use minitwit::{
    config::{LogFormat, LogSettings, Settings},
    startup::{Application, Stop},
    state::AppState,
    telemetry,
};
use tokio::sync::oneshot;

use super::{
    TestDatabase,
    actors::{Browser, Simulator},
    databases::environment,
};

/// A Minitwit that serves until it is dropped.
pub struct TestApp {
    pub address: SocketAddr,
    pub ops_address: SocketAddr,
    /// What the handlers share.
    pub state: Data<AppState>,
    stop: Option<oneshot::Sender<Stop>>,
    server: Option<thread::JoinHandle<()>>,
}

impl TestDatabase {
    /// An application on this database.
    pub fn app(&self) -> TestApp {
        self.app_with(|_| {})
    }

    /// The same, with other settings.
    pub fn app_with(&self, change: impl FnOnce(&mut Settings)) -> TestApp {
        TestApp::spawn(self, change)
    }
}

impl TestApp {
    fn spawn(database: &TestDatabase, change: impl FnOnce(&mut Settings)) -> Self {
        show_logs_if_asked();
        let mut settings = Settings::defaults();
        settings.database.url = database.url().into();
        settings.database.pool_size = 4;
        settings.server.port = 0;
        settings.server.shutdown_grace = Duration::from_secs(1);
        settings.server.drain_delay = Duration::ZERO;
        settings.ops.port = 0;
        settings.server.workers = 2;
        // Cheap: the cost is argon2's business, and has a test of its own.
        (settings.passwords.memory_kib, settings.passwords.iterations) = (8, 1);
        change(&mut settings);

        // A thread and a runtime of its own, so that it outlives the test's by a moment and ends well.
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let server = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let application = Application::build(settings).unwrap();
                let addresses = (application.public_address(), application.ops_address());
                tell.send((addresses, application.state().clone())).unwrap();
                let stop = async { stopped.await.unwrap_or(Stop::Now) };
                application.run_until(stop).await.unwrap();
            });
        });
        let ((address, ops_address), state) = told.recv().expect("the application starts");
        Self { address, ops_address, state, stop: Some(stop), server: Some(server) }
    }

    /// A person with a fresh browser.
    pub fn browser(&self) -> Browser {
        Browser::new(self.address)
    }

    /// A person who has just registered and signed in.
    pub async fn signed_in(&self, name: &str) -> Browser {
        let browser = self.browser();
        browser.register(name).await;
        browser.sign_in(name).await;
        browser
    }

    /// The course's simulator.
    pub fn simulator(&self) -> Simulator {
        Simulator::new(self.address)
    }

    /// What an operator reads at `path`.
    pub async fn ops(&self, path: &str) -> (u16, String) {
        let response = reqwest::get(format!("http://{}{path}", self.ops_address)).await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// The value of a metric's series as it stands in `/metrics`; 0 when it is not there yet.
    pub async fn metric(&self, series: &str) -> f64 {
        let (_, text) = self.ops("/metrics").await;
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().unwrap())
    }

    /// Stops as SIGTERM does, and waits until it has.
    pub fn stop(mut self, how: Stop) {
        self.stop.take().unwrap().send(how).unwrap();
        self.server.take().unwrap().join().unwrap();
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.send(Stop::Now).ok();
        }
    }
}

/// Quiet, unless `TEST_LOG` is set.
fn show_logs_if_asked() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if let Some(filter) = environment("TEST_LOG") {
            let settings = LogSettings { format: LogFormat::Pretty, filter, refusals_per_second: 0 };
            telemetry::install(telemetry::subscriber(&settings, std::io::stderr).unwrap()).unwrap();
        }
    });
}
