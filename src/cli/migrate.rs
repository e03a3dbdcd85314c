//! `minitwit migrate`: a step of its own before a roll-out.

use std::process::ExitCode;

use crate::{
    config::Settings,
    db::{Target, migrations},
};

/// Applies what is pending and says what that was.
pub(super) fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let applied = migrations::run(&Target::parse(&settings.database.url)?)?;
    for name in &applied {
        println!("applied {name}");
    }
    if applied.is_empty() {
        println!("nothing to apply: the schema is current");
    }
    Ok(ExitCode::SUCCESS)
}
