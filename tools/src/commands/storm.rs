//! `minitwit-tools storm`: load on a server of one's own.

use std::{process::ExitCode, time::Duration};

use anyhow::ensure;
use clap::Args;
use minitwit_tools::{
    simulate::Outcome,
    storm::{Kind, Storm},
};
use tokio::{
    select,
    signal::unix::{SignalKind, signal},
    time::sleep,
};

/// At the end of its help.
pub const HELP: &str = "\
With --json, one object on a line: `connections`, `seconds`, and `answers` (by status, `timeout` or
`connection_error`: `count`, `p50_ms`, `p95_ms`, `p99_ms`, `max_ms`).";

/// Arguments of `storm`.
#[derive(Args)]
pub struct StormArguments {
    /// What it is made of.
    kind: Kind,
    /// The site's base, for example `http://127.0.0.1:8080`.
    url: String,
    /// Connections that ask without pause.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..=4096))]
    connections: u16,
    /// How long.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// The server is not on this machine, and it is mine.
    #[arg(long)]
    remote: bool,
    /// Print one object on a line in the end.
    #[arg(long)]
    json: bool,
}

/// Blows until the time is up or somebody says that it is enough.
pub fn run(arguments: &StormArguments) -> anyhow::Result<ExitCode> {
    let storm = Storm::new(&arguments.url, arguments.kind, arguments.remote)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(async {
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let end = async {
            select! {
                () = sleep(Duration::from_secs(arguments.seconds)) => (),
                _ = interrupt.recv() => (),
                _ = terminate.recv() => (),
            }
        };
        storm.run(arguments.connections, end).await
    })?;
    super::print(&report, arguments.json)?;
    let is_answered = report.answers.keys().any(|outcome| matches!(outcome, Outcome::Status(_)));
    ensure!(is_answered, "{} answered nothing", arguments.url);
    Ok(ExitCode::SUCCESS)
}
