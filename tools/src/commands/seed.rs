//! `minitwit-tools seed`: fills an empty database for benchmarks.

use std::{fmt, process::ExitCode};

use anyhow::{Context, anyhow};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use minitwit::{
    config::Settings,
    db::{self, Target},
    domain::{Password, PasswordRules},
};
use minitwit_tools::{
    population::{Plan, READERS, Rows},
    seed::{self, Filled},
};
use serde::Serialize;

/// At the end of its help.
pub const HELP: &str = "\
With --json, one object on a line: `users`, `messages`, `flagged`, `follows` (rows), `seconds`,
`statistics_seconds` (of them, for the planner's statistics), `readers` (a list of `name` and how many
each `follows`), `authors` (the names of the hundred who write most, the busiest first), and `password`,
unless --password-file gave it.";

/// So many authors are named to programs.
const AUTHORS: usize = 100;

/// Arguments of `seed`.
#[derive(Args)]
pub struct SeedArguments {
    /// How many users: five readers, a hundred who hardly ever posted, and ordinary ones.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    users: u32,
    /// How many messages, about one in a hundred of them flagged.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(..=100_000_000))]
    messages: u32,
    /// How many follows.
    #[arg(long, value_name = "N", default_value_t = 990_000, value_parser = clap::value_parser!(u32).range(..=100_000_000))]
    follows: u32,
    /// Another seed, other rows; the same seed and end, the same rows (but for the password's hash).
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// When the last message is published, in seconds since 1970 [default: now].
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(0..=253_402_300_799))]
    end: Option<i64>,
    /// Everybody's password is what this file holds (`-`: standard input) [default: one that is made up, printed once].
    #[arg(long, value_name = "FILE")]
    password_file: Option<String>,
    /// Print one object on a line in the end.
    #[arg(long)]
    json: bool,
}

/// Migrates, refuses if there is anybody, fills, and says what there is now.
pub fn run(arguments: &SeedArguments, settings: &Settings) -> anyhow::Result<ExitCode> {
    let plan = Plan::new(arguments.users, arguments.messages, arguments.follows)?;
    let target = Target::parse(&settings.database.url)?;
    let (password, made_up) = if let Some(file) = &arguments.password_file {
        (from_file(file, settings.passwords.min_length)?, None)
    } else {
        let text = make_up()?;
        (Password::choose(text.clone(), PasswordRules { min_length: 1 })?, Some(text))
    };
    let rows = Rows::new(plan, arguments.seed, arguments.end.unwrap_or_else(db::now));
    let progress = progress(plan.rows())?;
    let filled = seed::fill(&target, &rows, &seed::hash(&password, &settings.passwords)?, &progress)?;
    progress.finish_and_clear();
    super::print(&Report::of(&filled, plan, rows.busiest(AUTHORS), made_up), arguments.json)?;
    Ok(ExitCode::SUCCESS)
}

/// 128 bits of the system's, so that nobody guesses it.
fn make_up() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|why| anyhow!("no randomness: {why}"))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// What the file holds but for a line break at its end, by the site's own rules.
fn from_file(file: &str, min_length: usize) -> anyhow::Result<Password> {
    let text = String::from_utf8(super::read(file)?).with_context(|| format!("{file} holds no text"))?;
    let text = text.trim_end_matches(['\r', '\n']).to_owned();
    Password::choose(text, PasswordRules { min_length }).with_context(|| file.to_owned())
}

/// On standard error, and only where that is a terminal.
fn progress(rows: u64) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template("{msg:10} {wide_bar} {pos}/{len}, {eta} left")?;
    Ok(ProgressBar::new(rows).with_style(style))
}

/// What there is now: `Display` is what people read, its JSON what programs do.
#[derive(Serialize)]
struct Report {
    users: i64,
    messages: i64,
    flagged: i64,
    follows: i64,
    seconds: f64,
    statistics_seconds: f64,
    readers: Vec<Reader>,
    authors: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

#[derive(Serialize)]
struct Reader {
    name: &'static str,
    follows: u32,
}

impl Report {
    fn of(filled: &Filled, plan: Plan, authors: Vec<String>, password: Option<String>) -> Self {
        let Filled { counts, total, statistics } = filled;
        Self {
            users: counts.users,
            messages: counts.messages,
            flagged: counts.flagged,
            follows: counts.follows,
            seconds: total.as_secs_f64(),
            statistics_seconds: statistics.as_secs_f64(),
            readers: READERS.map(|reader| Reader { name: reader.name, follows: plan.followees(reader) }).into(),
            authors,
            password,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:22}{:>10}", "users", self.users)?;
        writeln!(f, "{:22}{:>10}", "messages", self.messages)?;
        writeln!(f, "{:22}{:>10}", "  of them flagged", self.flagged)?;
        writeln!(f, "{:22}{:>10}", "follows", self.follows)?;
        writeln!(f, "{:22}{:>8.1} s", "time", self.seconds)?;
        writeln!(f, "{:22}{:>8.1} s\n", "  of it statistics", self.statistics_seconds)?;
        writeln!(f, "{:22}{:>10}", "to sign in as", "follows")?;
        for Reader { name, follows } in &self.readers {
            writeln!(f, "{name:22}{follows:>10}")?;
        }
        match &self.password {
            Some(password) => writeln!(f, "\nEverybody's password, which is kept nowhere else: {password}"),
            None => writeln!(f, "\nEverybody's password is the one that you gave"),
        }
    }
}
