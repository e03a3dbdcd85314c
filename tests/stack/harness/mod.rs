//! The harness: our binary as processes, the real proxy, a real Postgres, the scenario.
//!
//! A test begins with [`turn`], which gives it the machine to itself where it measures time, or with [`shared_turn`].
//! Every program is a [`Process`] that dies with the test. Replicas are [`Replica`], the proxy is
//! [`Caddy`], a replay of the scenario is [`Scenario::replay`], and [`ledger`] compares what was
//! acknowledged with what the database holds.

pub mod caddy;
pub mod curl;
pub mod ledger;
pub mod machine;
pub mod names;
pub mod process;
pub mod replica;
pub mod scenario;

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

pub use self::{caddy::Caddy, process::Process, replica::Replica, scenario::Scenario};
use crate::support::{databases::environment, postgres::PostgresServer};

static TURN: RwLock<()> = RwLock::const_new(());

/// Waits until no other test of this binary runs. Keep it until the end.
pub async fn turn() -> RwLockWriteGuard<'static, ()> {
    TURN.write().await
}

/// For a test that judges nothing by time: others like it may run beside it. Keep it until the end.
pub async fn shared_turn() -> RwLockReadGuard<'static, ()> {
    TURN.read().await
}

/// A Postgres of the test's own, which it may crash.
pub fn postgres() -> PostgresServer {
    PostgresServer::start()
}

/// The file of a tool that `scripts/tools` installs, or a machine's own.
pub fn tool(name: &str) -> Option<PathBuf> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin").join(name);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let elsewhere = std::env::split_paths(&path).map(|folder| folder.join(name));
    let found = std::iter::once(ours).chain(elsewhere).find(|file| file.is_file());
    found.or_else(|| missing(name))
}

fn missing<T>(what: &str) -> Option<T> {
    not_tested(&format!("{what} not found. scripts/test installs it."));
    None
}

/// Says so loudly, and is a failure under CI.
pub fn not_tested(why: &str) {
    use std::io::Write;
    assert!(environment("CI").is_none(), "not tested, and under CI that is a failure: {why}");
    // Past the test harness, which swallows what a passing test prints.
    std::io::stderr().write_all(format!("\n*** NOT TESTED: {why} ***\n\n").as_bytes()).unwrap();
}

/// A port that is free at this moment on all of `hosts`.
pub fn free_port(hosts: &[Ipv4Addr]) -> u16 {
    (0..100)
        .find_map(|_| {
            let first = TcpListener::bind((hosts[0], 0)).ok()?;
            let port = first.local_addr().ok()?.port();
            let others: Option<Vec<_>> = hosts[1..].iter().map(|host| TcpListener::bind((*host, port)).ok()).collect();
            others.map(|_| port)
        })
        .expect("a free port")
}

/// Asks again until `found` is `Some`; panics after `patience`.
pub async fn eventually<T>(what: &str, patience: Duration, mut found: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(it) = found().await {
            return it;
        }
        assert!(begun.elapsed() < patience, "{what}: not within {patience:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whether `GET http://ADDRESS/PATH` is answered 200.
pub async fn is_fine(address: SocketAddr, path: &str) -> bool {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(3)).build().unwrap();
    client.get(format!("http://{address}{path}")).send().await.is_ok_and(|answer| answer.status() == 200)
}
