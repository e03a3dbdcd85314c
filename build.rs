//! Tells the binary which commit it was built from, and cargo when to look again.
//! `MINITWIT_COMMIT` wins, for builds without a `.git` folder (a container image).

use std::{path::Path, process::Command};

fn main() {
    println!("cargo:rerun-if-env-changed=MINITWIT_COMMIT");
    println!("cargo:rerun-if-changed=migrations");
    for head in [".git/HEAD", ".git/logs/HEAD"] {
        if Path::new(head).exists() {
            println!("cargo:rerun-if-changed={head}");
        }
    }
    #[expect(clippy::disallowed_methods, reason = "that rule is about the program, not its build")]
    let commit = std::env::var("MINITWIT_COMMIT").ok().or_else(git_commit);
    println!("cargo:rustc-env=MINITWIT_COMMIT={}", commit.as_deref().unwrap_or("unknown"));
}

fn git_commit() -> Option<String> {
    let output = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
