//! `minitwit verify-backup`: whether a backup can be restored, by restoring it elsewhere.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    time::Instant,
};

use clap::Args;

use super::backup::{is_dash, report};
use crate::{
    backup::{self, Header, Watch},
    db::Target,
};

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

/// Restores a backup somewhere else and compares.
pub(super) fn run(arguments: &VerifyArguments) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let (input, watch) = (backup::open_file(&arguments.file)?, Watch::on_terminal()?);
    let (header, sums) = match &arguments.into {
        Some(url) => backup::verify_in(&Target::parse(&url.as_str().into())?, input, &watch)?,
        None if is_dash(&arguments.file) => backup::verify_below(&std::env::temp_dir(), input, &watch)?,
        None => backup::verify_below(&backup::folder_of(&arguments.file), input, &watch)?,
    };
    watch.finish();
    let out = &mut io::stdout().lock();
    let Header { created, app, backend, schema, .. } = &header;
    writeln!(out, "restored and compared: the backup of {created} is whole")?;
    writeln!(out, "{:22}Minitwit {app} on {backend}, schema {schema}", "written by")?;
    report(out, &sums, begun)?;
    Ok(ExitCode::SUCCESS)
}
