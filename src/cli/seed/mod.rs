//! `minitwit seed`: fills an empty database for benchmarks, fast and always with the same.
//!
//! How much of what and who is special is in [`plan`], the rows are in [`rows`], how they get into the
//! database is in `db/transfer.rs`. In one transaction: a load that fails leaves nothing.

mod plan;
mod rows;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{anyhow, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use self::{
    plan::{Plan, READERS},
    rows::Rows,
};
use crate::{
    config::Settings,
    db::{
        self, Target, migrations, stats, tables,
        transfer::{self, Ending, Occupied},
    },
    domain::{Hasher, Password},
};

/// Everybody's. Says what such a database is good for, and is long enough for strict settings.
const PASSWORD: &str = "only-for-benchmarks";

/// Arguments of `seed`.
#[derive(Args)]
pub(super) struct SeedArguments {
    /// How many users: five readers, a hundred who hardly ever posted, and ordinary ones.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    users: u32,
    /// How many messages, about one in a hundred of them flagged.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(..=100_000_000))]
    messages: u32,
    /// How many follows.
    #[arg(long, value_name = "N", default_value_t = 990_000, value_parser = clap::value_parser!(u32).range(..=100_000_000))]
    follows: u32,
    /// Another seed, other rows; the same seed and end, the same rows (but for the password's salt).
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// When the last message is published, in seconds since 1970 [default: now].
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(0..=253_402_300_799))]
    end: Option<i64>,
}

/// Migrates, refuses if there is anybody, fills, and says what there is now.
pub(super) fn run(arguments: &SeedArguments, settings: &Settings) -> anyhow::Result<ExitCode> {
    let plan = Plan::new(arguments.users, arguments.messages, arguments.follows)?;
    let target = Target::parse(&settings.database.url)?;
    migrations::run(&target)?;
    let mut conn = target.connect()?;
    let password_hash = hash(settings)?;
    let rows = Rows::new(plan, arguments.seed, arguments.end.unwrap_or_else(db::now));

    let begun = Instant::now();
    let progress = progress(plan)?;
    let filled = transfer::load(&mut conn, Occupied::Refuse, Ending::Commit, |conn| {
        progress.set_message("users");
        tables::insert_all(conn, rows.users(&password_hash).inspect(|_| progress.inc(1)))?;
        progress.set_message("messages");
        tables::insert_all(conn, rows.messages().inspect(|_| progress.inc(1)))?;
        progress.set_message("follows");
        tables::insert_all(conn, rows.follows().inspect(|_| progress.inc(1)))?;
        Ok(())
    })?;
    ensure!(
        filled.is_some(),
        "there are users in this database already: seed fills an empty one only, so name a new one"
    );
    let filled = begun.elapsed();
    progress.set_message("statistics");
    transfer::settle(&mut conn)?;
    let settled = begun.elapsed();
    progress.finish_and_clear();
    print!("{}", summary(plan, stats::count(&mut conn)?, filled, settled));
    Ok(ExitCode::SUCCESS)
}

/// One hash for all: ten thousand would take five minutes.
fn hash(settings: &Settings) -> anyhow::Result<String> {
    let costs = &settings.passwords;
    let hash = || {
        let hasher = Hasher::new(costs.memory_kib, costs.iterations, costs.parallelism)?;
        Password::claim(PASSWORD.to_owned()).map(|password| hasher.hash(&password)).transpose()
    };
    hash().map_err(|why| anyhow!("argon2 failed: {why}"))?.ok_or_else(|| anyhow!("the password is too long"))
}

/// On standard error, and only where that is a terminal.
fn progress(plan: Plan) -> anyhow::Result<ProgressBar> {
    let rows = u64::from(plan.users) + u64::from(plan.messages) + u64::from(plan.follows);
    let style = ProgressStyle::with_template("{msg:10} {wide_bar} {pos}/{len}, {eta} left")?;
    Ok(ProgressBar::new(rows).with_style(style))
}

fn summary(plan: Plan, counts: stats::Counts, filled: Duration, settled: Duration) -> String {
    let (filled, settled) = (filled.as_secs_f64(), settled.as_secs_f64());
    let mut lines = vec![
        format!("{:22}{:>10}", "users", counts.users),
        format!("{:22}{:>10}", "messages", counts.messages),
        format!("{:22}{:>10}", "  of them flagged", counts.flagged),
        format!("{:22}{:>10}", "follows", counts.follows),
        format!("{:22}{settled:>8.1} s", "time"),
        format!("{:22}{:>8.1} s", "  of it statistics", settled - filled),
        String::new(),
        format!("{:22}{:>10}", "to sign in as", "follows"),
    ];
    lines.extend(READERS.map(|reader| format!("{:22}{:>10}", reader.name, plan.followees(reader))));
    lines.push(String::new());
    lines.push(format!("Everybody's password is {PASSWORD}"));
    lines.join("\n") + "\n"
}
