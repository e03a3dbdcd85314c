//! `minitwit simulate`: replays a scenario against an API, as the course's simulator does.
//!
//! What the file means is in `scenario_file`, the order of calls in [`plan`], one call in
//! [`client`], the figures in [`report`]. One thread: the replayer shares its machine with the
//! server that it measures, and 0.2 ms a call is mostly the server's.

mod client;
mod plan;
mod report;

use std::{
    cell::RefCell,
    fs,
    io::{self, Read, Write},
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use clap::Args;
use futures_util::future::try_join_all;
use indicatif::{ProgressBar, ProgressStyle};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

use self::{
    client::{Outcome, PATIENCE_MS, Simulator},
    report::{Report, Tally},
};
use super::scenario_file::{self, Action};
use crate::config::Settings;

/// ISO 8601; of a moment in UTC.
const TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// Arguments of `simulate`.
#[derive(Args)]
pub(super) struct SimulateArguments {
    /// The scenario, tab-separated; `-` reads standard input.
    scenario: String,
    /// The API's base, for example `http://127.0.0.1:8080/api`.
    url: String,
    /// Send as many calls at once; registrations go first, and each user's order is kept.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=4096))]
    concurrency: u16,
    /// Stop after the first N actions of the file.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Milliseconds to wait for an answer; the course's client waits 300.
    #[arg(long, value_name = "MS", default_value_t = PATIENCE_MS, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    /// Keep connections open. The course's client opens one for each call.
    #[arg(long)]
    keep_alive: bool,
}

/// Replays, reports, and fails if any action did.
pub(super) fn run(arguments: &SimulateArguments, settings: &Settings) -> anyhow::Result<ExitCode> {
    let timeout = Duration::from_millis(arguments.timeout);
    let simulator = Simulator::new(&arguments.url, arguments.keep_alive, timeout, &settings.simulator)?;
    let file = read(&arguments.scenario).with_context(|| format!("cannot read {}", arguments.scenario))?;
    let mut actions = scenario_file::parse(&file).with_context(|| arguments.scenario.clone())?;
    // A file that came out empty is no success.
    ensure!(!actions.is_empty(), "{}: no actions", arguments.scenario);
    actions.truncate(arguments.limit.unwrap_or(usize::MAX));

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let replay = Replay {
        simulator,
        progress: progress(actions.len())?,
        tally: RefCell::default(),
        wrong_answers: RefCell::new(io::stdout()),
    };
    let report = runtime.block_on(replay.run(&actions, arguments.concurrency.into()))?;
    write!(io::stdout(), "{report}").context("cannot write the report")?;
    Ok(if report.failed() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(scenario: &str) -> io::Result<Vec<u8>> {
    if scenario != "-" {
        return fs::read(scenario);
    }
    let mut file = Vec::new();
    io::stdin().lock().read_to_end(&mut file)?;
    Ok(file)
}

/// On standard error, and only where that is a terminal.
fn progress(actions: usize) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len}, {eta} left")?;
    Ok(ProgressBar::new(u64::try_from(actions)?).with_style(style))
}

/// A replay under way. Its lanes take turns on one thread and hold no borrow while they wait.
struct Replay<W> {
    simulator: Simulator,
    progress: ProgressBar,
    tally: RefCell<Tally>,
    wrong_answers: RefCell<W>,
}

impl<W: Write> Replay<W> {
    async fn run(self, actions: &[Action<'_>], concurrency: usize) -> anyhow::Result<Report> {
        let start = Instant::now();
        for lanes in plan::phases(actions, concurrency) {
            try_join_all(lanes.iter().map(|lane| self.replay(lane))).await?;
        }
        let total = start.elapsed();
        self.progress.finish_and_clear();
        Ok(self.tally.into_inner().finish(total))
    }

    async fn replay(&self, lane: &[&Action<'_>]) -> anyhow::Result<()> {
        for action in lane {
            let (outcome, latency) = self.simulator.send(action).await?;
            self.tally.borrow_mut().add(action.command.kind(), outcome, latency);
            self.progress.inc(1);
            if !outcome.is_right() {
                self.progress.suspend(|| self.print(action, outcome)).context("cannot write to standard output")?;
            }
        }
        Ok(())
    }

    fn print(&self, action: &Action<'_>, outcome: Outcome) -> anyhow::Result<()> {
        let (time, host) = (OffsetDateTime::now_utc().format(TIME)?, self.simulator.host());
        writeln!(self.wrong_answers.borrow_mut(), "{time},{host},{},{outcome},{}", action.id, action.command.kind())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::config::SimulatorSettings;

    #[tokio::test]
    async fn a_wrong_answer_is_a_line_of_time_host_id_code_and_command() {
        // A port where nobody listens.
        let host = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let settings = SimulatorSettings { enabled: true, username: "simulator".to_owned(), password: "x".into() };
        let mut lines = Vec::new();
        let replay = Replay {
            simulator: Simulator::new(&format!("http://{host}/api"), false, Duration::from_secs(1), &settings).unwrap(),
            progress: ProgressBar::hidden(),
            tally: RefCell::default(),
            wrong_answers: RefCell::new(&mut lines),
        };
        let file = b"7\t0\t0\tregister\tA B\ta@b\tpw\n9\t0\t0\ttweet\tA B\thello\n";
        let report = replay.run(&scenario_file::parse(file).unwrap(), 1).await.unwrap();
        assert_eq!((report.actions(), report.failed()), (2, 2));

        let lines = String::from_utf8(lines).unwrap();
        let lines: Vec<_> = lines.lines().map(|line| line.split_once(',').unwrap()).collect();
        let expected = ["7,connection_error,register", "9,connection_error,tweet"];
        assert_eq!(
            lines.iter().map(|(_, rest)| *rest).collect::<Vec<_>>(),
            expected.map(|rest| format!("{host},{rest}"))
        );
        for (time, _) in lines {
            // 2026-11-21T04:59:44.277Z
            assert!(time.len() == 24 && time.starts_with("20") && time.ends_with('Z'), "{time}");
        }
    }
}
