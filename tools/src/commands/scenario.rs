//! `minitwit-tools scenario`: writes an invented scenario.

use std::{
    io::{self, BufWriter, ErrorKind},
    process::ExitCode,
};

use clap::Args;
use minitwit_tools::scenario;

/// Arguments of `scenario`.
#[derive(Args)]
pub struct ScenarioArguments {
    /// How many actions (lines).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    actions: u32,
    /// Another seed, another scenario; the same seed, the same one.
    #[arg(long, value_name = "S")]
    seed: u64,
}

/// Writes it to standard output.
pub fn run(arguments: &ScenarioArguments) -> anyhow::Result<ExitCode> {
    let mut out = BufWriter::new(io::stdout().lock());
    match scenario::write(&mut out, arguments.actions, arguments.seed) {
        // `minitwit-tools scenario … | head` is no failure.
        Err(why) if why.kind() == ErrorKind::BrokenPipe => {
            // Dropped, it would try again.
            drop(out.into_parts());
            Ok(ExitCode::SUCCESS)
        }
        outcome => Ok(outcome.map(|()| ExitCode::SUCCESS)?),
    }
}
