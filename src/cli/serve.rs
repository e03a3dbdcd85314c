//! `minitwit serve`: the site, the API and the operators' listener, until a signal comes.

use std::{io::IsTerminal, process::ExitCode};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{config::Settings, startup::Application, telemetry};

/// Serves until SIGTERM or SIGINT.
pub(super) fn run(settings: Settings) -> anyhow::Result<ExitCode> {
    // Otherwise the allocator asks the kernel for pages of 2 MiB, of which a small heap fills a part: 40 to
    // 80 MB more resident under 128 connections. A kernel without them has nothing to turn off.
    rustix::thread::disable_transparent_huge_pages(true).ok();
    telemetry::install(telemetry::subscriber(&settings.log, std::io::stdout)?)?;
    // A runtime of one thread: requests are served on the workers' own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let origin = settings.server.origin.clone();
        let files = raise_open_files();
        let application = Application::build(settings)?;
        telemetry::watch_panics(application.state().metrics.panics.clone());
        let address = application.public_address();
        tracing::info!(%address, ops_address = %application.ops_address(), %origin, "listening");
        tracing::info!(open_files = files, "open files allowed");
        if std::io::stdout().is_terminal() {
            let here = if address.ip().is_unspecified() { "localhost".into() } else { address.ip().to_string() };
            println!("Minitwit is running: open http://{here}:{} in a browser (Ctrl-C stops it).", address.port());
        }
        application.run_until_stopped().await
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Allows as many open files as the system lets us, for every connection is one, and returns how many; `None`
/// where there is no limit. Shells and service managers start us with 1,024, which old programs could not exceed.
fn raise_open_files() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    if raised.is_ok() { limit.maximum } else { limit.current }
}
