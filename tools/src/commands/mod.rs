//! The command line: one file a subcommand.

mod scenario;
mod seed;
mod simulate;
mod storm;
mod yardstick;

use std::{
    fs,
    io::{self, Read, Write},
    process::ExitCode,
};

use anyhow::Context;
use clap::{Parser, Subcommand};
use minitwit::config;
use serde::Serialize;

const HELP: &str = "\
Settings are Minitwit's own: minitwit.toml in this folder, and variables such as DATABASE_URL and
MINITWIT__SIMULATOR__PASSWORD. `minitwit settings` prints those in force.";

/// What people and tests use around Minitwit: scenarios, replays, filled databases, load.
#[derive(Parser)]
#[command(name = "minitwit-tools", version = minitwit::LONG_VERSION, propagate_version = true, after_help = HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Replay a scenario against an API, and report what went wrong and how fast it was.
    ///
    /// Each call is made as the course's client makes it, and dropped after --timeout. Credentials
    /// are the settings `simulator.username` and `simulator.password`. A wrong answer is printed
    /// as `time,host,id,code,command`; the exit status is 1 if there was any.
    #[command(after_help = simulate::HELP)]
    Simulate(simulate::SimulateArguments),
    /// Write an invented scenario to standard output, in the recorded one's format and mix.
    Scenario(scenario::ScenarioArguments),
    /// Fill an empty database for benchmarks, always with the same rows for the same seed.
    ///
    /// The database is the setting `database.url`. Migrates first; refuses one that has users. Everybody gets
    /// the same password: one that is made up and printed once, or the one that --password-file has.
    #[command(after_help = seed::HELP)]
    Seed(seed::SeedArguments),
    /// Put load on a server of your own: wrong passwords, or newcomers, without pause.
    ///
    /// Goes on for --seconds, or until Ctrl-C or SIGTERM, and reports how often what was answered, and how soon.
    #[command(after_help = storm::HELP)]
    Storm(storm::StormArguments),
    /// Serve fixed bytes, as fast as this machine can: what scripts/bench holds Minitwit against.
    ///
    /// Every GET is answered so many bytes, every POST 204. No middleware, no log, no database.
    Yardstick(yardstick::YardstickArguments),
}

/// Runs what the command line asks for.
pub fn run() -> anyhow::Result<ExitCode> {
    match Arguments::parse().command {
        Command::Simulate(arguments) => simulate::run(&arguments, &config::load()?),
        Command::Scenario(arguments) => scenario::run(&arguments),
        Command::Seed(arguments) => seed::run(&arguments, &config::load()?),
        Command::Storm(arguments) => storm::run(&arguments),
        Command::Yardstick(arguments) => yardstick::run(&arguments),
    }
}

/// All of a file; `-` is standard input.
fn read(name: &str) -> anyhow::Result<Vec<u8>> {
    let all = || {
        if name != "-" {
            return fs::read(name);
        }
        let mut all = Vec::new();
        io::stdin().lock().read_to_end(&mut all)?;
        Ok(all)
    };
    all().with_context(|| format!("cannot read {name}"))
}

/// Prints a report for people, or one object on a line for programs.
fn print(report: &(impl Serialize + ToString), as_json: bool) -> anyhow::Result<()> {
    if as_json { write(&(serde_json::to_string(report)? + "\n")) } else { write(&report.to_string()) }
}

fn write(text: &str) -> anyhow::Result<()> {
    io::stdout().write_all(text.as_bytes()).context("cannot write to standard output")
}
