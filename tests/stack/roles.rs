//! `deploy/postgres/roles.sh` on a real server that asks for passwords: the roles come in with theirs and with no other, a
//! rotated one takes over, and no password gets into the server's log. What the roles may read is asked in
//! `dashboards/sql.rs`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

use crate::{
    harness::{postgres, shared_turn, tool},
    support::postgres::PostgresServer,
};

const ROLES: [(&str, &str); 3] = [
    ("minitwit", "minitwit_db_password"),
    ("minitwit_grafana", "grafana_db_password"),
    ("minitwit_exporter", "exporter_db_password"),
];

struct World {
    server: PostgresServer,
    secrets: TempDir,
}

impl World {
    /// A server that asks everybody but its superuser for a password, and logs every statement.
    fn new() -> Option<Self> {
        let world = Self { server: postgres(), secrets: TempDir::new().unwrap() };
        tool("psql")?;
        let hba = world.ask("postgres", "", "postgres", "SHOW hba_file").unwrap();
        fs::write(hba.trim(), "local all postgres trust\nlocal all all scram-sha-256\n").unwrap();
        for order in ["ALTER SYSTEM SET log_statement = 'all'", "SELECT pg_reload_conf()"] {
            world.ask("postgres", "", "postgres", order).unwrap();
        }
        for (role, file) in ROLES {
            // Characters that a shell and SQL would take amiss.
            fs::write(world.secrets.path().join(file), format!("'\"\\ $1 {role}")).unwrap();
        }
        Some(world)
    }

    /// The folder of the server: its socket and its log.
    fn folder(&self) -> PathBuf {
        self.server.url().split(['@', '/']).nth(3).unwrap().replace("%2F", "/").into()
    }

    fn run_script(&self) -> Output {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/postgres/roles.sh");
        let mut command = Command::new(script);
        command.env("SECRETS_DIRECTORY", self.secrets.path()).env("PGHOST", self.folder()).output().unwrap()
    }

    fn password(&self, role: &str) -> String {
        let (_, file) = ROLES.into_iter().find(|(name, _)| *name == role).unwrap();
        fs::read_to_string(self.secrets.path().join(file)).unwrap()
    }

    /// What psql prints, or why it does not.
    fn ask(&self, role: &str, password: &str, database: &str, sql: &str) -> Result<String, String> {
        let output = Command::new(tool("psql").unwrap())
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--no-password", "--username", role])
            .args(["--dbname", database, "--command", sql])
            .env("PGHOST", self.folder())
            .env("PGPASSWORD", password)
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }
}

#[tokio::test]
async fn each_role_comes_in_with_its_own_password_into_its_own_database() {
    let _turn = shared_turn().await;
    let Some(world) = World::new() else { return };
    // Twice: what is there stays, and is no failure.
    for _ in 0..2 {
        let output = world.run_script();
        assert!(output.status.success(), "{output:?}");
    }
    for (role, _) in ROLES {
        assert_eq!(world.ask(role, &world.password(role), "minitwit", "SELECT 1").unwrap(), "1\n");
        for wrong in ["", "minitwit", "wrong"] {
            let refusal = world.ask(role, wrong, "minitwit", "SELECT 1").unwrap_err();
            assert!(refusal.contains("password"), "{role}: {refusal}");
        }
        let refusal = world.ask(role, &world.password(role), "postgres", "SELECT 1").unwrap_err();
        assert!(refusal.contains("permission denied for database"), "{role}: {refusal}");
        // Nobody makes roles or databases, or reads files.
        for sql in ["CREATE ROLE mine", "CREATE DATABASE mine", "SELECT pg_read_file('/etc/passwd')"] {
            assert!(world.ask(role, &world.password(role), "minitwit", sql).is_err(), "{role}: {sql}");
        }
    }
    let sessions = "SELECT count(*) > 0 FROM pg_stat_activity WHERE query IS NOT NULL";
    let exporter = world.ask("minitwit_exporter", &world.password("minitwit_exporter"), "minitwit", sessions);
    assert_eq!(exporter.unwrap(), "t\n", "it sees what others do");
    let owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'minitwit'";
    assert_eq!(world.ask("postgres", "", "postgres", owner).unwrap(), "minitwit\n");
}

#[tokio::test]
async fn a_rotated_password_takes_over_and_none_is_in_the_log() {
    let _turn = shared_turn().await;
    let Some(world) = World::new() else { return };
    assert!(world.run_script().status.success());
    let old = world.password("minitwit");
    fs::write(world.secrets.path().join("minitwit_db_password"), "another-one").unwrap();
    assert!(world.ask("minitwit", &old, "minitwit", "SELECT 1").is_ok(), "until the script has run");
    assert!(world.run_script().status.success());
    assert!(world.ask("minitwit", &old, "minitwit", "SELECT 1").is_err());
    assert_eq!(world.ask("minitwit", "another-one", "minitwit", "SELECT 1").unwrap(), "1\n");

    let log = fs::read_to_string(world.folder().join("log")).unwrap();
    assert!(log.contains("GRANT CONNECT ON DATABASE minitwit") || log.contains("SELECT 1"), "statements are logged");
    assert!(!log.contains("$1 minitwit") && !log.contains("another-one"), "a password is in the log");
}

#[tokio::test]
async fn a_missing_secret_is_said_before_anything_is_made() {
    let _turn = shared_turn().await;
    let Some(world) = World::new() else { return };
    fs::write(world.secrets.path().join("grafana_db_password"), "").unwrap();
    let output = world.run_script();
    assert!(!output.status.success());
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("grafana_db_password is missing or empty"), "{told}");
    let roles = world.ask("postgres", "", "postgres", "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'minitwit%'");
    assert_eq!(roles.unwrap(), "0\n");
}
