//! `minitwit settings`: what is in force, and where it came from.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use anyhow::Context;

use crate::config;

/// Prints them. Unchecked: who looks for what a start refuses is to see it.
pub(super) fn run() -> anyhow::Result<ExitCode> {
    let (settings, sources) = config::read()?;
    let text = config::effective(&settings, &sources);
    io::stdout().lock().write_all(text.as_bytes()).context("cannot write the settings")?;
    Ok(ExitCode::SUCCESS)
}
