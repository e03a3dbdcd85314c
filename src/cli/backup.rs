//! `minitwit backup`: what the database holds, as one file.

use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use anyhow::{Context, ensure};
use clap::Args;

use crate::{
    backup::{self, Sum, Watch},
    config::Settings,
    db::Target,
};

/// Arguments of `backup`.
#[derive(Args)]
pub(super) struct BackupArguments {
    /// The file to write; `-` writes to standard output. One that exists is not overwritten.
    file: PathBuf,
}

/// Writes a backup of the database.
pub(super) fn run(arguments: &BackupArguments, settings: &Settings) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let target = Target::parse(&settings.database.url)?;
    let (mut conn, watch) = (target.connect_existing()?, Watch::on_terminal()?);
    if is_dash(&arguments.file) {
        let out = io::stdout().lock();
        ensure!(!out.is_terminal(), "a backup is nothing to look at: redirect standard output to a file");
        let (mut out, sums) = backup::back_up(&mut conn, target.backend(), out, &watch)?;
        out.flush().context("cannot write the backup")?;
        watch.finish();
        report(&mut io::stderr().lock(), &sums, begun)?;
    } else {
        let sums = backup::create_file(&arguments.file, |out| {
            backup::back_up(&mut conn, target.backend(), out, &watch).map(|(_, sums)| sums)
        })?;
        watch.finish();
        report(&mut io::stdout().lock(), &sums, begun)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether a file's name stands for standard input or output.
pub(super) fn is_dash(path: &Path) -> bool {
    path == Path::new("-")
}

/// Says how many rows each table had, and how long it took since `begun`.
pub(super) fn report(out: &mut impl Write, sums: &[Sum], begun: Instant) -> anyhow::Result<()> {
    for sum in sums {
        writeln!(out, "{:22}{:>10}", sum.name, sum.rows)?;
    }
    writeln!(out, "{:22}{:>8.1} s", "time", begun.elapsed().as_secs_f64())?;
    Ok(())
}
