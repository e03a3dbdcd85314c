//! The real application on a free port and a fresh SQLite file, and people who are there already.

use std::{net::SocketAddr, sync::mpsc, thread, time::Duration};

use minitwit::{
    config::Settings,
    startup::{Application, Stop},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// The password of everybody in tests.
pub const PASSWORD: &str = "open sesame";

/// A Minitwit that serves until it is dropped.
pub struct Site {
    address: SocketAddr,
    host: &'static str,
    _stop: oneshot::Sender<Stop>,
    _files: TempDir,
}

impl Site {
    /// Starts one.
    pub fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// The same, for people who type this name: to browsers plain http is no trustworthy origin then.
    pub fn named(host: &'static str) -> Self {
        Self { host, ..Self::start() }
    }

    /// One with other settings.
    pub fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let files = tempfile::tempdir().unwrap();
        let mut settings = Settings::defaults();
        settings.database.url = format!("sqlite://{}", files.path().join("e2e.db").display()).into();
        (settings.server.port, settings.ops.port) = (0, 0);
        settings.server.workers = 2;
        (settings.server.drain_delay, settings.server.shutdown_grace) = (Duration::ZERO, Duration::from_secs(1));
        // Cheap: the cost is argon2's business, and has a test of its own.
        (settings.passwords.memory_kib, settings.passwords.iterations) = (8, 1);
        change(&mut settings);

        // A thread and a runtime of its own, so that it can end well after the test's runtime is gone.
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let application = Application::build(settings).unwrap();
                tell.send(application.public_address()).unwrap();
                application.run_until(async { stopped.await.unwrap_or(Stop::Now) }).await.unwrap();
            });
        });
        let address = told.recv().expect("the application starts");
        Self { address, host: "127.0.0.1", _stop: stop, _files: files }
    }

    /// What people type before the path.
    pub fn origin(&self) -> String {
        format!("http://{}:{}", self.host, self.address.port())
    }

    /// Somebody who has an account.
    pub async fn somebody(&self, name: &str) {
        self.call("register", json!({ "username": name, "email": "somebody@example.org", "pwd": PASSWORD })).await;
    }

    /// They say something. Words only: the name goes into a path as it is.
    pub async fn says(&self, name: &str, text: &str) {
        self.call(&format!("msgs/{name}"), json!({ "content": text })).await;
    }

    async fn call(&self, path: &str, body: Value) {
        let request = reqwest::Client::new().post(format!("http://{}/api/{path}", self.address));
        let answer = request.basic_auth("simulator", Some("super_safe!")).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 204, "{path}");
    }
}
