//! What the simulator sends: the recorded scenario where it lies, or one of our own.

use std::{path::Path, sync::LazyLock};

use minitwit_tools::scenario::{self, Action, RECORDED_ACTIONS};

use super::databases::environment;

/// Where the course's recording lies, seen from this package.
const RECORDED: &str = "../shared/data/minitwit_scenario.csv";

static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORDED);
    let named = environment("MINITWIT_SCENARIO").map(Into::into);
    if let Some(file) = named.or_else(|| recorded.exists().then_some(recorded)) {
        return std::fs::read(&file).unwrap_or_else(|why| panic!("{}: {why}", file.display()));
    }
    let mut invented = Vec::new();
    scenario::write(&mut invented, RECORDED_ACTIONS, 1).unwrap();
    invented
});

/// The first actions, in the order of their ids: of the file that `MINITWIT_SCENARIO` names, or of the recorded one.
pub fn actions(limit: usize) -> Vec<Action<'static>> {
    let mut actions = scenario::parse(&FILE).unwrap();
    assert!(!actions.is_empty(), "a scenario without actions");
    actions.truncate(limit);
    actions
}
