//! The command line: one file a subcommand.

mod backup;
mod backup_service;
mod doctor;
mod flag;
mod healthcheck;
mod migrate;
mod restore;
mod serve;
mod settings;
mod verify_backup;

use std::process::ExitCode;

use clap::{Parser, Subcommand, error::ErrorKind};

use crate::{LONG_VERSION, config};

/// Where settings come from: at the end of the help of who reads them.
const SETTINGS_HELP: &str = "\
Settings, none of which is needed, the later ones win:
  1. the defaults
  2. minitwit.toml in this folder, or the file that MINITWIT_CONFIG names
  3. variables: MINITWIT__SECTION__KEY, such as MINITWIT__SERVER__PORT=9000
`minitwit settings` prints those in force, with where each came from; docs/SETTINGS.md explains them.";

const SERVE_HELP: &str = "\
Serve the site and the API (the default).

Addresses, unless the settings say otherwise:
  http://127.0.0.1:8080            the site (server.host, server.port)
  http://127.0.0.1:8080/api        the simulator API
  http://127.0.0.1:8080/api/docs   its description, to read and to try
  http://127.0.0.1:9101/metrics    for operators, as /livez, /readyz, /version (ops.host, ops.port)

Running requests are finished before it ends: after server.drain_delay on SIGTERM, at once on Ctrl-C.";

/// A small social web app with a simulator API.
///
/// Without a subcommand it serves.
#[derive(Parser)]
#[command(name = "minitwit", version = LONG_VERSION, propagate_version = true, after_help = SETTINGS_HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the site and the API (the default).
    #[command(long_about = SERVE_HELP, after_help = SETTINGS_HELP)]
    Serve,
    /// Print the settings in force, and where each came from.
    ///
    /// As TOML that minitwit.toml takes. Secrets are not shown: they are comments there.
    #[command(after_help = SETTINGS_HELP)]
    Settings,
    /// Bring the database's schema up to date, and end.
    Migrate,
    /// List messages, or hide some.
    #[command(override_usage = flag::FLAG_USAGE)]
    Flag(flag::FlagArguments),
    /// Show hidden messages again.
    Unflag(flag::UnflagArguments),
    /// Ask a running Minitwit whether it is ready; the exit status says (0: ready).
    Healthcheck,
    /// Write everything but sessions to a compressed file, consistently, while writes go on.
    ///
    /// Works on both databases, and the file can be restored into either. It holds e-mail addresses and
    /// password hashes: only its owner may read it. Sessions are left out: people sign in again.
    Backup(backup::BackupArguments),
    /// Fill an empty database from a backup: all of it or, when anything is wrong, nothing.
    ///
    /// Migrates first; ids stay. What was stored is read again and compared before it is committed.
    Restore(restore::RestoreArguments),
    /// Restore a backup into a scratch database and compare; the exit status is 1 if it is damaged.
    VerifyBackup(verify_backup::VerifyArguments),
    /// Make a backup regularly, verify it, keep so many, and serve metrics about it.
    ///
    /// By the settings under [backup]; /metrics, /livez and /readyz by those under [ops].
    // `backups` is what stacks say that were deployed before it had this name.
    #[command(alias = "backups")]
    BackupService,
    /// Look at the configuration, the database and the machine before something hurts.
    ///
    /// Says for each thing what was found and what to do; the exit status is 1 if there is a failure.
    Doctor(doctor::DoctorArguments),
}

/// Runs what the command line asks for.
///
/// # Errors
/// What to tell the operator; the exit status is then 1.
pub fn run() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::try_parse().unwrap_or_else(|why| refuse(&why));
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(config::load()?),
        Command::Settings => settings::run(),
        Command::Migrate => migrate::run(&config::load()?),
        Command::Flag(arguments) => flag::flag(&arguments, &config::load()?),
        Command::Unflag(arguments) => flag::unflag(&arguments, &config::load()?),
        Command::Healthcheck => healthcheck::run(&config::load()?),
        Command::Backup(arguments) => backup::run(&arguments, &config::load()?),
        Command::Restore(arguments) => restore::run(&arguments, &config::load()?),
        Command::VerifyBackup(arguments) => verify_backup::run(&arguments),
        Command::BackupService => backup_service::run(&config::load()?),
        Command::Doctor(arguments) => doctor::run(&arguments),
    }
}

/// Says why, and ends: with status 2, or 0 for help that was asked for.
fn refuse(why: &clap::Error) -> ! {
    why.print().ok();
    if why.kind() == ErrorKind::UnknownArgument {
        eprintln!(
            "\nSettings are no arguments: set variables, such as MINITWIT__SERVER__PORT=9000, or write minitwit.toml."
        );
    }
    std::process::exit(why.exit_code())
}
