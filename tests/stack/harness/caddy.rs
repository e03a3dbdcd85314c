//! The real proxy with the stack's own configuration, `deploy/caddy/Caddyfile`, on free ports.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::{
    curl::Curl,
    eventually, free_port, is_fine,
    process::{Ended, Process},
    replica::{HOSTS, Recipe},
    tool,
};

/// How the proxy finds replicas: which file of upstreams it takes.
#[derive(Clone, Copy)]
pub enum Stack {
    /// By name, with active health checks.
    Compose,
    /// By asking the name server at this address.
    Swarm(SocketAddr),
}

/// A running proxy.
pub struct Caddy {
    /// Plain http.
    pub http: SocketAddr,
    pub https: SocketAddr,
    /// Its metrics and its health.
    pub ops: SocketAddr,
    /// What people type.
    pub origin: String,
    pub process: Process,
}

impl Caddy {
    /// Starts one for the site at `name`, before the replicas of `recipe`, and waits until it
    /// passes requests on. `None`, said loudly, where there is no Caddy; under CI that is a failure.
    pub async fn start(name: &str, stack: Stack, recipe: &Recipe) -> Option<Self> {
        let program = tool("caddy")?;
        let [http, https, ops] =
            [(); 3].map(|()| SocketAddr::from(([127, 0, 0, 1], free_port(&[Ipv4Addr::LOCALHOST]))));
        let origin = Self::origin(name, https);
        let mut command = Command::new(program);
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/caddy/Caddyfile");
        command.env_clear().args(["run", "--adapter", "caddyfile", "--config"]).arg(file);
        let upstreams = format!("{}:{port} {}:{port}", HOSTS[0], HOSTS[1], port = recipe.port);
        command.envs([
            ("MINITWIT_ORIGIN", origin.clone()),
            ("MINITWIT_HTTP_PORT", http.port().to_string()),
            ("MINITWIT_HTTPS_PORT", https.port().to_string()),
            ("MINITWIT_PROXY_OPS", format!(":{}", ops.port())),
            // No name server knows our names, and nobody outside has to see this.
            ("MINITWIT_PROXY_OPTIONS", "local_certs\ndefault_bind 127.0.0.1".to_owned()),
        ]);
        match stack {
            Stack::Compose => command.envs([
                ("MINITWIT_STACK", "compose".to_owned()),
                ("MINITWIT_UPSTREAMS", upstreams),
                ("MINITWIT_HEALTH_PORT", recipe.ops_port.to_string()),
            ]),
            Stack::Swarm(resolver) => command.envs([
                ("MINITWIT_STACK", "swarm".to_owned()),
                ("MINITWIT_SERVICE_PORT", recipe.port.to_string()),
                ("MINITWIT_RESOLVER", resolver.to_string()),
            ]),
        };
        // Where it keeps its certificates, and where it must not look for other people's.
        let folder = tempfile::Builder::new().prefix("minitwit-caddy-").tempdir().unwrap();
        command.envs(["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"].map(|name| (name, folder.path())));
        let process = Process::spawn_in(folder, "caddy", &mut command);
        let mut caddy = Self { http, https, ops, origin, process };
        eventually("the proxy passes requests on", Duration::from_secs(30), async || {
            caddy.process.must_run();
            let has_certificate = caddy.authority().exists() && caddy.curl().get("/public").try_send().is_some();
            (has_certificate && is_fine(http, "/api/latest").await).then_some(())
        })
        .await;
        Some(caddy)
    }

    fn origin(name: &str, https: SocketAddr) -> String {
        format!("https://{name}:{}", https.port())
    }

    /// The certificate of its own authority.
    pub fn authority(&self) -> PathBuf {
        self.process.folder().join("caddy/pki/authorities/local/root.crt")
    }

    /// Somebody out there, who trusts that authority and no other.
    pub fn curl(&self) -> Curl {
        Curl::new(&self.origin, self.https, self.authority())
    }

    /// SIGTERM, and the end of it.
    pub async fn terminate(mut self) -> Ended {
        self.process.terminate().await
    }
}
