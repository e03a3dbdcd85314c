//! `minitwit serve`: the site, the API and the operators' listener, until a signal comes.

use std::{io::IsTerminal, net::SocketAddr, process::ExitCode};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{config::Settings, sampling::Sampler, startup::Application, telemetry};

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
        let state = application.state();
        telemetry::watch_panics(state.metrics.panics.clone(), Sampler::new(state.settings.log.refusals_per_second));
        let (address, ops_address) = (application.public_address(), application.ops_address());
        let (port, ops_port) = (address.port(), ops_address.port());
        tracing::info!(%address, port, %ops_address, ops_port, %origin, "listening");
        tracing::info!(open_files = files, "open files allowed");
        if std::io::stdout().is_terminal() {
            println!("Minitwit is running: open {} in a browser (Ctrl-C stops it).", url(address));
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

/// Where somebody on this machine finds a listener.
fn url(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_for_people_can_be_clicked() {
        for (address, expected) in [
            ("127.0.0.1:34567", "http://127.0.0.1:34567"),
            ("0.0.0.0:8080", "http://localhost:8080"),
            ("[::]:8080", "http://localhost:8080"),
            ("[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(url(address.parse().unwrap()), expected);
        }
    }
}
