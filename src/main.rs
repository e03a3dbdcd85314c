//! The `minitwit` binary: everything is in the library.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// glibc's allocator keeps argon2's 19 MiB blocks, one for each thread that ever hashed: 265 MB
/// resident after the recorded scenario. This one gives them back.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    minitwit::cli::run().unwrap_or_else(|why| {
        eprintln!("minitwit: {why:#}");
        ExitCode::FAILURE
    })
}
