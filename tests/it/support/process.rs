//! The real binary, for what a process writes, counts and is allowed.

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::Value;

use super::TestDatabase;

/// A process that listens.
pub struct Process {
    child: Child,
    lines: BufReader<ChildStdout>,
    pub address: SocketAddr,
    pub ops_address: SocketAddr,
}

impl Process {
    /// With free ports, cheap passwords and these variables.
    pub fn start(db: &TestDatabase, variables: &[(&str, &str)]) -> Self {
        Self::run(Command::new(env!("CARGO_BIN_EXE_minitwit")), db, variables)
    }

    /// The same, started by a line of a shell: `{}` is the binary.
    pub fn start_by_shell(db: &TestDatabase, line: &str) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", &line.replace("{}", env!("CARGO_BIN_EXE_minitwit"))]);
        Self::run(shell, db, &[])
    }

    fn run(mut command: Command, db: &TestDatabase, variables: &[(&str, &str)]) -> Self {
        command
            .env("DATABASE_URL", db.url())
            .envs([
                ("MINITWIT__SERVER__PORT", "0"),
                ("MINITWIT__OPS__PORT", "0"),
                ("MINITWIT__PASSWORDS__MEMORY_KIB", "8"),
            ])
            .envs(variables.iter().copied())
            .env_remove("RUST_LOG")
            .current_dir(std::env::temp_dir());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let entries = lines.by_ref().lines().map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
        let listening = entries.into_iter().find(|entry| entry["msg"] == "listening").expect("it listens");
        let address = |key: &str| listening[key].as_str().unwrap().parse().unwrap();
        Self { child, address: address("address"), ops_address: address("ops_address"), lines }
    }

    /// The process's own file of this name in `/proc`.
    pub fn proc(&self, name: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{name}", self.child.id())).unwrap()
    }

    /// The value of a metric's series; 0 when it is not there.
    pub async fn metric(&self, series: &str) -> f64 {
        let text = reqwest::get(format!("http://{}/metrics", self.ops_address)).await.unwrap().text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().unwrap())
    }

    /// Ends it as an orchestrator does, and returns all that it wrote since it listened.
    pub fn end(mut self) -> Vec<Value> {
        let status = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
        let mut text = String::new();
        self.lines.read_to_string(&mut text).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "SIGTERM ends it with 0");
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"))).collect()
    }
}

impl Drop for Process {
    /// A test that failed leaves none behind.
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
