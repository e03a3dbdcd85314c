//! The simulator's scenario, replayed against the running server: every action answered 204, and afterwards exactly
//! what the scenario leaves.

use std::{collections::BTreeSet, time::Duration};

use minitwit::{config::Settings, db::stats};
use minitwit_tools::{
    scenario::{Action, Command},
    simulate::{Replay, Simulator, phases},
};
use rstest_reuse::apply;

use crate::support::{TestDatabase, on_both, scenario};

/// Enough to have every kind of action, few enough for every run of the suite.
const ACTIONS: usize = 3000;

/// What actions leave: users, messages, follows.
fn expected(actions: &[Action<'_>]) -> (i64, i64, i64) {
    let (mut users, mut messages, mut follows) = (0, 0, BTreeSet::new());
    for action in actions {
        match action.command {
            Command::Register { .. } => users += 1,
            Command::Tweet { .. } => messages += 1,
            Command::Follow { whom } if whom == action.user => {}
            Command::Follow { whom } => drop(follows.insert((action.user, whom))),
            Command::Unfollow { whom } => drop(follows.remove(&(action.user, whom))),
        }
    }
    (users, messages, i64::try_from(follows.len()).unwrap())
}

async fn replay(db: &TestDatabase, concurrency: usize, keep_alive: bool) {
    let app = db.app();
    let actions = scenario::actions(ACTIONS);
    // Right answers count here, not fast ones: this machine runs a hundred other tests as well.
    let (url, patience) = (format!("http://{}/api", app.address), Duration::from_secs(10));
    let simulator = Simulator::new(&url, keep_alive, patience, &Settings::defaults().simulator).unwrap();
    let report = Replay::new(simulator, ()).run(phases(&actions, concurrency)).await.unwrap();
    assert_eq!((report.all.count, report.failed), (ACTIONS, 0), "{report}\n{:?}", report.wrong_answers);
    let counts = app.state.db.read("count", stats::count).await.unwrap();
    assert_eq!((counts.users, counts.messages, counts.follows), expected(&actions));
    if concurrency == 1 {
        assert_eq!(app.simulator().latest().await, i64::try_from(ACTIONS).unwrap() - 1);
        assert!(app.metric("minitwit_simulator_skipped_actions_total").await < 1.0);
    }
}

#[apply(on_both)]
async fn the_recorded_actions_in_order_are_all_answered_204(db: TestDatabase) {
    replay(&db, 1, false).await;
}

#[apply(on_both)]
async fn the_recorded_actions_from_many_clients_leave_the_same(db: TestDatabase) {
    replay(&db, 8, true).await;
}
