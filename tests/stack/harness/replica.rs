//! A Minitwit as a process of its own, started as a container is: settings by environment.

use std::{
    net::{Ipv4Addr, SocketAddr},
    process::Command,
    time::Duration,
};

use super::{
    eventually, free_port, is_fine,
    process::{Ended, Process},
};

/// The hosts of replicas: addresses of the loopback network, so that all can use the same two ports, as
/// containers do.
pub const HOSTS: [Ipv4Addr; 3] =
    [Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::new(127, 0, 0, 3), Ipv4Addr::new(127, 0, 0, 4)];

/// What replicas have in common.
#[derive(Clone)]
pub struct Recipe {
    pub port: u16,
    pub ops_port: u16,
    pub variables: Vec<(String, String)>,
}

impl Recipe {
    /// On `database_url`, on ports that are free on all of [`HOSTS`]. The proxy is this machine.
    pub fn new(database_url: &str) -> Self {
        let recipe = Self { port: free_port(&HOSTS), ops_port: free_port(&HOSTS), variables: Vec::new() };
        recipe.with("DATABASE_URL", database_url).with("MINITWIT__SERVER__TRUSTED_PROXIES", "127.0.0.1/32")
    }

    /// The same with a setting more.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The binary with these settings, for any subcommand.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_minitwit"));
        // Nothing of the environment that the tests run in may reach it.
        command.env_clear().envs(self.variables.iter().map(|(name, value)| (name, value))).args(arguments);
        command
    }

    /// Starts a replica at `host` and waits until it is ready.
    pub async fn start(&self, host: Ipv4Addr) -> Replica {
        let mut command = self.command(&["serve"]);
        command
            .env("MINITWIT__SERVER__HOST", host.to_string())
            .env("MINITWIT__SERVER__PORT", self.port.to_string())
            .env("MINITWIT__OPS__HOST", host.to_string())
            .env("MINITWIT__OPS__PORT", self.ops_port.to_string());
        let process = Process::spawn(&format!("minitwit at {host}"), &mut command);
        let (address, ops) = ((host, self.port).into(), (host, self.ops_port).into());
        let mut replica = Replica { host, address, ops, process };
        eventually("a replica is ready", Duration::from_mins(1), async || {
            replica.process.must_run();
            is_fine(ops, "/readyz").await.then_some(())
        })
        .await;
        replica
    }

    /// A replica at each of the first two [`HOSTS`], one after the other: the first one migrates.
    pub async fn start_both(&self) -> [Replica; 2] {
        [self.start(HOSTS[0]).await, self.start(HOSTS[1]).await]
    }
}

/// A running Minitwit.
pub struct Replica {
    pub host: Ipv4Addr,
    /// The site and the API.
    pub address: SocketAddr,
    /// The operators' listener.
    pub ops: SocketAddr,
    pub process: Process,
}

impl Replica {
    pub async fn is_ready(&self) -> bool {
        is_fine(self.ops, "/readyz").await
    }

    /// `/metrics`, as Prometheus would read it.
    pub async fn metrics(&self) -> String {
        reqwest::get(format!("http://{}/metrics", self.ops)).await.unwrap().text().await.unwrap()
    }

    /// The sum of the series whose line begins with `series`.
    pub async fn sum(&self, series: &str) -> f64 {
        let text = self.metrics().await;
        let values = text.lines().filter_map(|line| line.strip_prefix(series)?.rsplit_once(' ')?.1.parse::<f64>().ok());
        values.sum()
    }

    /// SIGTERM, and the end of it: drained, answered, closed.
    pub async fn terminate(mut self) -> Ended {
        self.process.terminate().await
    }
}
