//! The system that Prometheus watches, and Prometheus, with the stack's own files.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tempfile::TempDir;

use super::promql::Prometheus;
use crate::{
    harness::{self, Caddy, Process, Replica, caddy::Stack, eventually, free_port, is_fine, replica::Recipe, tool},
    support::postgres::PostgresServer,
};

/// What people type.
const NAME: &str = "minitwit.test";

/// Everything that runs.
pub struct Watched {
    pub prometheus: Prometheus,
    pub alertmanager: SocketAddr,
    pub caddy: Caddy,
    pub replicas: [Replica; 2],
    /// The folder of Postgres' socket.
    pub socket: String,
    _others: Vec<Process>,
    _secrets: TempDir,
    _postgres: PostgresServer,
}

impl Watched {
    /// `None`, said loudly, where a program is missing; under CI that is a failure.
    pub async fn start() -> Option<Self> {
        let postgres = harness::postgres();
        let secrets = tempfile::tempdir().unwrap();
        let socket = make_roles(&postgres, secrets.path())?;
        let url = |role: &str| format!("postgres://{role}@{}/minitwit", socket.replace('/', "%2F"));
        let recipe = Recipe::new(&url("minitwit"))
            .with("MINITWIT__METRICS__REFRESH_INTERVAL", "1")
            // Cheap: the cost is argon2's business, and has a test of its own.
            .with("MINITWIT__PASSWORDS__MEMORY_KIB", "8")
            .with("MINITWIT__PASSWORDS__ITERATIONS", "1")
            // All visitors come from one address.
            .with("MINITWIT__LIMITS__LOGIN_BURST", "0")
            .with("MINITWIT__LIMITS__REGISTER_BURST", "0")
            .with("MINITWIT__LIMITS__ADDRESS_BURST", "0");
        let replicas = recipe.start_both().await;
        let caddy = Caddy::start(NAME, Stack::Compose, &recipe).await?;

        let mut others = Vec::new();
        let backup = local();
        let mut backups = recipe.command(&["backup-service"]);
        backups
            .env("MINITWIT__OPS__PORT", backup.port().to_string())
            .env("MINITWIT__BACKUP__DIRECTORY", fs::canonicalize(secrets.path()).unwrap());
        others.push(start("minitwit backup-service", &mut backups, backup).await);
        let exporter = async |name: &str, arguments: &[&str], variables: &[(&str, &str)]| {
            let address = local();
            let mut command = Command::new(tool(name)?);
            command.arg(format!("--web.listen-address={address}")).args(arguments);
            command.envs(variables.iter().copied());
            Some((address, start(name, &mut command, address).await))
        };
        let (node, process) = exporter("prometheus-node-exporter", &["--no-collector.systemd"], &[]).await?;
        others.push(process);
        let source = format!("host={socket} user=minitwit_exporter dbname=minitwit sslmode=disable");
        let (statistics, process) =
            exporter("prometheus-postgres-exporter", &[], &[("DATA_SOURCE_NAME", &source)]).await?;
        others.push(process);
        let modules = format!("--config.file={}", file("prometheus/blackbox/blackbox.yml").display());
        let (blackbox, process) = exporter("prometheus-blackbox-exporter", &[&modules], &[]).await?;
        others.push(process);
        let config = format!("--config.file={}", file("prometheus/alertmanager/alertmanager.yml").display());
        let alone = [&config, "--storage.path=data", "--cluster.listen-address="];
        let (alertmanager, process) = exporter("prometheus-alertmanager", &alone, &[]).await?;
        others.push(process);

        let own = local();
        let addresses = [
            ("minitwit-1:9101", replicas[0].ops),
            ("minitwit-2:9101", replicas[1].ops),
            ("backup:9101", backup),
            ("blackbox-exporter:9115", blackbox),
            ("proxy:9180", caddy.ops),
            ("postgres-exporter:9187", statistics),
            ("node-exporter:9100", node),
            ("localhost:9090", own),
            ("alertmanager:9093", alertmanager),
            // Not to be had here: they are down, and Prometheus sees that.
            ("grafana:3000", local()),
            ("loki:3100", local()),
            ("alloy:12345", local()),
        ];
        let folder = configure(&addresses, &caddy);
        let mut command = Command::new(tool("prometheus")?);
        command.args(["--config.file=prometheus.yml", "--storage.tsdb.path=data", "--log.level=warn"]);
        // What fires before it has found Alertmanager is told again, usually after a minute.
        command.args([format!("--web.listen-address={own}"), "--rules.alert.resend-delay=1s".to_owned()]);
        let process = Process::spawn_in(folder, "prometheus", &mut command);
        let mut prometheus = Prometheus { address: own, process };
        eventually("Prometheus is ready", Duration::from_secs(30), async || {
            prometheus.process.must_run();
            is_fine(own, "/-/ready").await.then_some(())
        })
        .await;
        Some(Self {
            prometheus,
            alertmanager,
            caddy,
            replicas,
            socket,
            _others: others,
            _secrets: secrets,
            _postgres: postgres,
        })
    }
}

/// The stack's roles in a fresh server, by the stack's own script; the folder of the server's socket.
fn make_roles(postgres: &PostgresServer, secrets: &Path) -> Option<String> {
    tool("psql")?;
    let url = postgres.url();
    let socket = url.split(['@', '/']).nth(3).unwrap().replace("%2F", "/");
    for name in ["minitwit_db_password", "grafana_db_password", "exporter_db_password"] {
        fs::write(secrets.join(name), name).unwrap();
    }
    let mut script = Command::new("sh");
    script.arg(file("deploy/postgres/roles.sh")).env("SECRETS_DIRECTORY", secrets).env("PGHOST", &socket);
    let output = script.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "deploy/postgres/roles.sh: {told}");
    Some(socket)
}

/// `prometheus/` in a folder of its own, with the addresses of this test and short intervals. Nothing else is
/// changed, and nothing may be left that leads elsewhere.
fn configure(addresses: &[(&str, SocketAddr)], caddy: &Caddy) -> TempDir {
    let folder = tempfile::Builder::new().prefix("minitwit-prometheus-").tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let read = |name: &str| fs::read_to_string(file(name)).unwrap();
    for name in ["rules", "targets"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }

    let mut config = read("prometheus/prometheus.yml");
    for (name, address) in addresses {
        let quoted = format!("\"{name}\"");
        assert!(config.contains(&quoted), "prometheus.yml has no {quoted}");
        config = config.replace(&quoted, &format!("\"{address}\""));
    }
    let is_local = |line: &&str| line.contains("\"127.0.0.");
    let targets = config.lines().filter(|line| line.contains("targets: [") || line.contains("replacement: \""));
    assert_eq!(targets.clone().find(|line| !is_local(line)), None, "an address that this test does not know");
    assert_eq!(targets.count(), addresses.len() + 1, "Alertmanager is there twice, everything else once");
    for (interval, times) in [("scrape_interval: 15s", 1), ("evaluation_interval: 15s", 1), ("scrape_timeout: 10s", 1)]
    {
        assert_eq!(config.matches(interval).count(), times, "{interval}");
        config = config.replace(interval, &format!("{}: 1s", interval.split(':').next().unwrap()));
    }
    write("prometheus.yml", &config);

    let site = read("prometheus/targets/site.yml");
    let replaced = [
        ("\"https://proxy/", format!("\"https://{}/", caddy.https)),
        ("\"http://proxy/", format!("\"http://{}/", caddy.http)),
        ("hostname: localhost", format!("hostname: {NAME}")),
    ];
    let site = replaced.iter().fold(site, |site, (old, new)| {
        assert!(site.contains(old), "site.yml has no {old}");
        site.replace(old, new)
    });
    write("targets/site.yml", &site);

    for entry in fs::read_dir(file("prometheus/rules")).unwrap() {
        let path = entry.unwrap().path();
        let rules = fs::read_to_string(&path).unwrap();
        // Only groups have this key.
        let rules = rules
            .replace("    interval: 30s\n", "    interval: 1s\n")
            .replace("    interval: 2m\n", "    interval: 1s\n");
        write(&format!("rules/{}", path.file_name().unwrap().to_str().unwrap()), &rules);
    }
    folder
}

async fn start(name: &str, command: &mut Command, address: SocketAddr) -> Process {
    let mut process = Process::spawn(name, command);
    eventually(name, Duration::from_secs(30), async || {
        process.must_run();
        is_fine(address, "/metrics").await.then_some(())
    })
    .await;
    process
}

fn local() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, free_port(&[Ipv4Addr::LOCALHOST])).into()
}

/// A file of this project.
pub fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}
