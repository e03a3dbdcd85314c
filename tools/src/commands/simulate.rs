//! `minitwit-tools simulate`: replays a scenario against an API.

use std::{process::ExitCode, time::Duration};

use anyhow::{Context, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use minitwit::config::Settings;
use minitwit_tools::{
    scenario::{self, Kind},
    simulate::{self, Onlooker, PATIENCE_MS, Replay, Simulator, WrongAnswer},
};

/// At the end of its help.
pub const HELP: &str = "\
With --json, one object on a line: `seconds`, `rate` (actions a second), `failed` (how many were not
answered 204), `all` (`count`, `p50_ms`, `p95_ms`, `p99_ms`, `max_ms`), `commands` (the same by command, with
`answers`: how often which status, `timeout` or `connection_error`), and `wrong_answers` (a list of `time`,
`host`, `id`, `answer`, `command`).";

/// Arguments of `simulate`.
#[derive(Args)]
pub struct SimulateArguments {
    /// The scenario, tab-separated; `-` reads standard input.
    scenario: String,
    /// The API's base, for example `http://127.0.0.1:8080/api`.
    url: String,
    /// Send as many calls at once; registrations go first, and each user's order is kept.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=4096))]
    concurrency: u16,
    /// As many simulators at once, each in the file's order, and each with users of its own: `NAME 2` for `NAME`.
    #[arg(
        long, value_name = "N", default_value_t = 1, conflicts_with = "concurrency",
        value_parser = clap::value_parser!(u16).range(1..=64)
    )]
    simulators: u16,
    /// Leave other commands out: `--only register` before `--only tweet,follow,unfollow`.
    #[arg(long, value_name = "COMMANDS", value_delimiter = ',', value_parser = command)]
    only: Vec<Kind>,
    /// Stop after the first N actions.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Milliseconds to wait for an answer; the course's client waits 300.
    #[arg(long, value_name = "MS", default_value_t = PATIENCE_MS, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    /// Keep connections open. The course's client opens one for each call.
    #[arg(long)]
    keep_alive: bool,
    /// Print one object on a line in the end, and nothing before.
    #[arg(long)]
    json: bool,
}

fn command(name: &str) -> Result<Kind, &'static str> {
    Kind::named(name).ok_or("register, tweet, follow and unfollow exist")
}

/// Replays, reports, and fails if any action did.
pub fn run(arguments: &SimulateArguments, settings: &Settings) -> anyhow::Result<ExitCode> {
    let timeout = Duration::from_millis(arguments.timeout);
    let simulator = Simulator::new(&arguments.url, arguments.keep_alive, timeout, &settings.simulator)?;
    let file = super::read(&arguments.scenario)?;
    let mut actions = scenario::parse(&file).with_context(|| arguments.scenario.clone())?;
    if !arguments.only.is_empty() {
        actions.retain(|action| arguments.only.contains(&action.command.kind()));
    }
    // A file that came out empty is no success.
    ensure!(!actions.is_empty(), "{}: no actions", arguments.scenario);
    actions.truncate(arguments.limit.unwrap_or(usize::MAX));

    let simulators = usize::from(arguments.simulators);
    let namesakes = if simulators > 1 { simulators } else { 0 };
    let files: Vec<String> = (1..=namesakes).map(|number| scenario::by_namesakes(&actions, number)).collect();
    let copies = files.iter().map(|file| scenario::parse(file.as_bytes())).collect::<Result<Vec<_>, _>>()?;
    let phases = if simulators > 1 {
        simulate::side_by_side(&copies)
    } else {
        simulate::phases(&actions, arguments.concurrency.into())
    };
    let progress = progress(simulators * actions.len())?;
    let replay = Replay::new(simulator, Screen { progress: &progress, shows_wrong_answers: !arguments.json });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(replay.run(phases))?;
    progress.finish_and_clear();
    super::print(&report, arguments.json)?;
    Ok(if report.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Shows how far it is, and wrong answers as they come.
struct Screen<'a> {
    progress: &'a ProgressBar,
    shows_wrong_answers: bool,
}

impl Onlooker for Screen<'_> {
    fn after(&self, wrong: Option<&WrongAnswer>) -> anyhow::Result<()> {
        self.progress.inc(1);
        let Some(wrong) = wrong.filter(|_| self.shows_wrong_answers) else { return Ok(()) };
        self.progress.suspend(|| super::write(&format!("{wrong}\n")))
    }
}

/// On standard error, and only where that is a terminal.
fn progress(actions: usize) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len}, {eta} left")?;
    Ok(ProgressBar::new(u64::try_from(actions)?).with_style(style))
}
