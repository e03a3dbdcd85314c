//! `minitwit doctor`: looks at a configuration before it hurts.
//!
//! The settings alone in [`settings`], the database in [`database`], the machine's disks, files and backups
//! in [`machine`]. It changes nothing, and says for each thing what to do. What would hurt the public is a
//! failure in production mode and a warning in development.

mod database;
mod finding;
mod machine;
mod settings;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Args;

use self::finding::State;
use crate::config;

/// Arguments of `doctor`.
#[derive(Args)]
pub(super) struct DoctorArguments {
    /// Print a JSON array instead of a table.
    #[arg(long)]
    json: bool,
}

/// Looks, tells, and fails if anything does.
pub(super) fn run(arguments: &DoctorArguments) -> anyhow::Result<ExitCode> {
    // Unchecked: what a start would refuse is to be in the table, with the rest.
    let (settings, _) = config::read()?;
    let mut findings = settings::check(&settings, machine::is_container());
    findings.extend(database::check(&settings));
    findings.extend(machine::check(&settings, &config::secret_files()));
    let out = &mut io::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&findings)?)?;
    } else {
        finding::write_table(out, &findings)?;
    }
    Ok(if finding::worst(&findings) == State::Failure { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
