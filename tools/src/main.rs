//! The `minitwit-tools` binary: the command line around the library.

mod commands;

use std::process::ExitCode;

fn main() -> ExitCode {
    commands::run().unwrap_or_else(|why| {
        eprintln!("minitwit-tools: {why:#}");
        ExitCode::FAILURE
    })
}
