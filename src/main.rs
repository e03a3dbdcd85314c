//! The `minitwit` binary: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    minitwit::cli::run().unwrap_or_else(|why| {
        eprintln!("minitwit: {why:#}");
        ExitCode::FAILURE
    })
}
