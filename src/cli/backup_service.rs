//! `minitwit backup-service`: backups made, verified and kept regularly, with metrics.

use std::process::ExitCode;

use crate::{backup::service, config::Settings, telemetry};

/// Works until SIGTERM or SIGINT.
pub(super) fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    telemetry::install(telemetry::subscriber(&settings.log, std::io::stdout)?)?;
    service::run(settings)?;
    Ok(ExitCode::SUCCESS)
}
