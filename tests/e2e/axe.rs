//! axe-core, which looks for what keeps people out: run in the page that is shown.
//!
//! It comes from the npm package index, pinned in `package.json` beside this file, by `scripts/tools`, and is part of
//! no release.

use std::{fs, path::Path, sync::LazyLock};

use serde_json::Value;

use super::{browser::Browser, driver::is_ci};

/// Where `scripts/tools` installs what `package.json` names.
const MODULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/pages/node_modules");

/// What of it is to be run; `None` where it is not installed, and under CI that is a failure.
static AXE: LazyLock<Option<String>> = LazyLock::new(|| {
    let source = fs::read_to_string(Path::new(MODULES).join("axe-core/axe.min.js")).ok();
    assert!(source.is_some() || !is_ci(), "axe-core is not installed: scripts/tools does that");
    source
});

const RUN: &str = "return axe.run(document, { resultTypes: ['violations'] }).then(found => found.violations.map(rule => \
                   `${rule.id}: ${rule.nodes.map(node => node.html.slice(0, 160)).join(' | ')}`))";

/// What it finds wrong with the page that is shown.
pub async fn violations(browser: &Browser) -> Vec<String> {
    let Some(axe) = AXE.as_deref() else { return Vec::new() };
    let found = browser.run(&format!("{axe};\n{RUN}"), vec![]).await;
    found.as_array().unwrap().iter().map(Value::to_string).collect()
}

/// Whether there is something to look with: for the test that proves it.
pub fn is_installed() -> bool {
    AXE.is_some()
}

/// A program of `package.json`'s, as a path for Node.
pub fn program(name: &str) -> std::path::PathBuf {
    Path::new(MODULES).join(name)
}
