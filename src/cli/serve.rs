//! `minitwit serve`: the site, the API and the operators' listener, until a signal comes.

use std::{io::IsTerminal, process::ExitCode};

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
        let application = Application::build(settings)?;
        let address = application.public_address();
        tracing::info!(%address, ops_address = %application.ops_address(), %origin, "listening");
        if std::io::stdout().is_terminal() {
            let here = if address.ip().is_unspecified() { "localhost".into() } else { address.ip().to_string() };
            println!("Minitwit is running: open http://{here}:{} in a browser (Ctrl-C stops it).", address.port());
        }
        application.run_until_stopped().await
    })?;
    Ok(ExitCode::SUCCESS)
}
