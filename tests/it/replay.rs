//! The simulator's scenario, replayed by `minitwit simulate` against the running server: every
//! action answered 204, and afterwards exactly what the scenario leaves.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
};

use minitwit::db::stats;
use rstest_reuse::apply;

use crate::support::{TestDatabase, on_both};

/// Enough to have every kind of action, few enough for every run of the suite.
const ACTIONS: usize = 3000;

/// The recorded scenario where it lies, or one of our own.
fn scenario(folder: &Path) -> PathBuf {
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/minitwit_scenario.csv");
    if recorded.exists() {
        return recorded;
    }
    let generated = folder.join("scenario.csv");
    let arguments = ["scenario", "--actions", "3000", "--seed", "1"];
    let output = Command::new(env!("CARGO_BIN_EXE_minitwit")).args(arguments).output().unwrap();
    assert!(output.status.success());
    std::fs::write(&generated, output.stdout).unwrap();
    generated
}

/// What the first actions leave: users, messages, follows.
fn expected(scenario: &Path) -> (i64, i64, i64) {
    let (mut users, mut messages, mut follows) = (0, 0, BTreeSet::new());
    for line in std::fs::read_to_string(scenario).unwrap().lines().take(ACTIONS) {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields[3] {
            "register" => users += 1,
            "tweet" => messages += 1,
            "follow" if fields[4] != fields[5] => drop(follows.insert((fields[4].to_owned(), fields[5].to_owned()))),
            "follow" => {}
            "unfollow" => drop(follows.remove(&(fields[4].to_owned(), fields[5].to_owned()))),
            other => panic!("{other}"),
        }
    }
    (users, messages, i64::try_from(follows.len()).unwrap())
}

async fn replay(db: &TestDatabase, extra: &'static [&str]) {
    let app = db.app();
    let folder = tempfile::tempdir().unwrap();
    let scenario = scenario(folder.path());
    let (url, limit) = (format!("http://{}/api", app.address), ACTIONS.to_string());
    let file = scenario.clone();
    let replay = move || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_minitwit"));
        // Right answers count here, not fast ones: this machine runs a hundred other tests as well.
        let arguments = ["--timeout", "10000", "--limit", &limit];
        command.arg("simulate").arg(file).arg(url).args(arguments).args(extra).output().unwrap()
    };
    let output = tokio::task::spawn_blocking(replay).await.unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{text}");
    let counts = app.state.db.read("count", stats::count).await.unwrap();
    assert_eq!((counts.users, counts.messages, counts.follows), expected(&scenario));
    if extra.is_empty() {
        assert_eq!(app.simulator().latest().await, i64::try_from(ACTIONS).unwrap() - 1);
        assert!(app.metric("minitwit_simulator_skipped_actions_total").await < 1.0);
    }
}

#[apply(on_both)]
async fn the_recorded_actions_in_order_are_all_answered_204(db: TestDatabase) {
    replay(&db, &[]).await;
}

#[apply(on_both)]
async fn the_recorded_actions_from_many_clients_leave_the_same(db: TestDatabase) {
    replay(&db, &["--concurrency", "8", "--keep-alive"]).await;
}
