//! `minitwit backup`, `restore` and `verify-backup`: a database as one file, and back.
//!
//! What the file looks like is in [`format`], one table's row in [`records`]; the rows' way is in
//! [`transfer`], the file's in [`file`]. `minitwit backups` (`cli/backups`) does it regularly.

pub(super) mod file;
pub(super) mod format;
mod records;
pub(super) mod transfer;
pub(super) mod verify;
pub(super) mod watch;

use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use anyhow::{Context, ensure};
use clap::Args;

use self::{
    format::{Header, Sum},
    transfer::Taken,
    watch::Watch,
};
use crate::{
    config::Settings,
    db::{
        Target, migrations,
        transfer::{Ending, Occupied, settle},
    },
};

/// Arguments of `backup`.
#[derive(Args)]
pub(super) struct BackupArguments {
    /// The file to write; `-` writes to standard output. One that exists is not overwritten.
    file: PathBuf,
}

/// Arguments of `restore`.
#[derive(Args)]
pub(super) struct RestoreArguments {
    /// The backup; `-` reads standard input.
    file: PathBuf,
    /// Empty a database that has users first. When anything fails, it is as it was.
    #[arg(long)]
    force: bool,
}

/// Arguments of `verify-backup`.
#[derive(Args)]
pub(super) struct VerifyArguments {
    /// The backup; `-` reads standard input.
    file: PathBuf,
    /// An empty database to restore into, which is empty again afterwards [default: a temporary SQLite
    /// file beside the backup].
    #[arg(long, value_name = "URL")]
    into: Option<String>,
}

/// Writes a backup of the database.
pub(super) fn back_up(arguments: &BackupArguments, settings: &Settings) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let target = Target::parse(&settings.database.url)?;
    let (mut conn, watch) = (target.connect_existing()?, Watch::on_terminal()?);
    if is_dash(&arguments.file) {
        let out = io::stdout().lock();
        ensure!(!out.is_terminal(), "a backup is nothing to look at: redirect standard output to a file");
        let (mut out, sums) = transfer::back_up(&mut conn, target.backend(), out, &watch)?;
        out.flush().context("cannot write the backup")?;
        watch.finish();
        report(&mut io::stderr().lock(), &sums, begun)?;
    } else {
        let sums = file::create(&arguments.file, |out| {
            transfer::back_up(&mut conn, target.backend(), out, &watch).map(|(_, sums)| sums)
        })?;
        watch.finish();
        report(&mut io::stdout().lock(), &sums, begun)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Migrates and fills the database from a backup.
pub(super) fn restore(arguments: &RestoreArguments, settings: &Settings) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let input = file::open(&arguments.file)?;
    let target = Target::parse(&settings.database.url)?;
    migrations::run(&target)?;
    let (mut conn, watch) = (target.connect()?, Watch::on_terminal()?);
    let occupied = if arguments.force { Occupied::Replace } else { Occupied::Refuse };
    let restored = transfer::restore(&mut conn, input, occupied, Ending::Commit, &watch);
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

/// Restores a backup somewhere else and compares.
pub(super) fn verify(arguments: &VerifyArguments) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let (input, watch) = (file::open(&arguments.file)?, Watch::on_terminal()?);
    let (header, sums) = match &arguments.into {
        Some(url) => verify::verify_in(&Target::parse(&url.as_str().into())?, input, &watch)?,
        None if is_dash(&arguments.file) => verify::verify_below(&std::env::temp_dir(), input, &watch)?,
        None => verify::verify_below(&file::folder_of(&arguments.file), input, &watch)?,
    };
    watch.finish();
    let out = &mut io::stdout().lock();
    let Header { created, app, backend, schema, .. } = &header;
    writeln!(out, "restored and compared: the backup of {created} is whole")?;
    writeln!(out, "{:22}Minitwit {app} on {backend}, schema {schema}", "written by")?;
    report(out, &sums, begun)?;
    Ok(ExitCode::SUCCESS)
}

fn is_dash(path: &Path) -> bool {
    path == Path::new("-")
}

fn report(out: &mut impl Write, sums: &[Sum], begun: Instant) -> anyhow::Result<()> {
    for sum in sums {
        writeln!(out, "{:22}{:>10}", sum.name, sum.rows)?;
    }
    writeln!(out, "{:22}{:>8.1} s", "time", begun.elapsed().as_secs_f64())?;
    Ok(())
}
