//! `minitwit restore`: an empty database filled from a backup, wholly or not at all.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    time::Instant,
};

use clap::Args;

use super::backup::report;
use crate::{
    backup::{self, Taken, Watch},
    config::Settings,
    db::{
        Target, migrations,
        transfer::{Ending, Occupied, settle},
    },
};

/// Arguments of `restore`.
#[derive(Args)]
pub(super) struct RestoreArguments {
    /// The backup; `-` reads standard input.
    file: PathBuf,
    /// Empty a database that has users first. When anything fails, it is as it was.
    #[arg(long)]
    force: bool,
}

/// Migrates and fills the database from a backup.
pub(super) fn run(arguments: &RestoreArguments, settings: &Settings) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let input = backup::open_file(&arguments.file)?;
    let target = Target::parse(&settings.database.url)?;
    migrations::run(&target)?;
    let (mut conn, watch) = (target.connect()?, Watch::on_terminal()?);
    let occupied = if arguments.force { Occupied::Replace } else { Occupied::Refuse };
    let restored = backup::restore(&mut conn, input, occupied, Ending::Commit, &watch);
    let (header, sums) = restored.map_err(|why| {
        let what = "nothing was changed";
        if why.is::<Taken>() { why.context(format!("{what}: --force empties it first")) } else { why.context(what) }
    })?;
    watch.say("statistics");
    settle(&mut conn)?;
    watch.finish();
    let out = &mut io::stdout().lock();
    writeln!(out, "restored the backup of {}", header.created)?;
    report(out, &sums, begun)?;
    Ok(ExitCode::SUCCESS)
}
