//! `minitwit healthcheck`: for containers without a shell or curl.

use std::{net::IpAddr, process::ExitCode, time::Duration};

use anyhow::Context;

use crate::config::Settings;

/// Asks `/readyz` of the Minitwit that these settings describe.
pub(super) fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut address = settings.ops.address();
    if address.ip().is_unspecified() {
        // It listens everywhere; ask here.
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => IpAddr::from([127, 0, 0, 1]),
            IpAddr::V6(_) => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
        });
    }
    let url = format!("http://{address}/readyz");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(3)).no_proxy().build()?;
        let response = client.get(&url).send().await.with_context(|| format!("no answer from {url}"))?;
        let (status, body) = (response.status(), response.text().await?);
        println!("{status}: {body}");
        Ok(if status.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}
