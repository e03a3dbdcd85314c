//! Logs: one JSON line a request, one a failure with its causes, the request's id on all of them,
//! and nothing in them that is nobody's business.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
};

use minitwit::db::migrations;
use serde_json::Value;

use crate::support::{
    TestDatabase,
    actors::{Browser, PASSWORD, Simulator},
};

/// The real binary, for what a process writes is part of it.
struct Process {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
    address: std::net::SocketAddr,
}

impl Process {
    fn start(db: &TestDatabase, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_minitwit"));
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
        let address = listening["address"].as_str().unwrap().parse().unwrap();
        Self { child, lines, address }
    }

    /// Ends it as an orchestrator does, and returns all that it wrote since it listened.
    fn end(mut self) -> Vec<Value> {
        let status = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
        let mut text = String::new();
        self.lines.read_to_string(&mut text).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "SIGTERM ends it with 0");
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"))).collect()
    }
}

on_both! {
    async fn a_request_is_one_line_with_its_id_and_no_secret(db: TestDatabase) {
        // Pages that were simply read have their line one level below the others.
        let process = Process::start(&db, &[("MINITWIT__LOG__FILTER", "info,minitwit::http::observe=debug,actix_server=warn")]);
        let browser = Browser::new(process.address);
        browser.register_with("Wendell Ballan", "wendell@example.org", PASSWORD, PASSWORD).await;
        let home = browser.sign_in("Wendell Ballan").await;
        browser.say("a private thought").await;
        Simulator::new(process.address).get("/msgs/Wendell%20Ballan?secret=query").await;
        let entries = process.end();
        let answered: Vec<&Value> =
            entries.iter().filter(|entry| entry["msg"].as_str().unwrap().ends_with("answered")).collect();
        // register → /login, login → /, post → /, and the simulator's: seven.
        assert_eq!(answered.len(), 7, "{answered:?}");
        for entry in &answered {
            assert_eq!(entry["request_id"].as_str().unwrap().len(), 36);
            let level = if entry["method"] == "GET" { 20 } else { 30 };
            assert!(entry["route"].is_string() && entry["status"].is_u64() && entry["duration_ms"].is_number());
            assert_eq!((&entry["v"], &entry["name"], &entry["level"]), (&0.into(), &"minitwit".into(), &level.into()));
        }
        let ids: Vec<&str> = answered.iter().map(|entry| entry["request_id"].as_str().unwrap()).collect();
        assert!(ids.contains(&home.header("x-request-id")));
        let everything = serde_json::to_string(&entries).unwrap();
        for secret in [PASSWORD, "wendell@example.org", "private thought", "Wendell", "super_safe", "minitwit_session", "secret=query"] {
            assert!(!everything.contains(secret), "{secret} is in the log");
        }
    }

    async fn a_failure_is_one_line_with_its_causes_and_the_requests_id(db: TestDatabase) {
        let process = Process::start(&db, &[]);
        migrations::revert_all(&db.target()).unwrap();
        let page = Browser::new(process.address).get("/public").await;
        assert_eq!(page.status, 500);
        let entries = process.end();
        let failures: Vec<&Value> = entries
            .iter()
            .filter(|entry| entry["level"].as_u64() >= Some(50) && entry["request_id"] == page.header("x-request-id"))
            .collect();
        assert_eq!(failures.len(), 1, "{entries:?}");
        let causes = failures[0]["causes"].as_str().unwrap();
        assert!(causes.contains("query public_timeline failed") && causes.contains("messages"), "{causes}");
    }

    async fn a_quieter_log_still_says_which_request_failed(db: TestDatabase) {
        let process = Process::start(&db, &[("MINITWIT__LOG__FILTER", "warn,minitwit::cli=info")]);
        migrations::revert_all(&db.target()).unwrap();
        let page = Browser::new(process.address).get("/public").await;
        let entries = process.end();
        assert!(entries.iter().any(|entry| entry["request_id"] == page.header("x-request-id")), "{entries:?}");
    }

    async fn slow_queries_are_logged_by_name_with_the_requests_id(db: TestDatabase) {
        let process = Process::start(&db, &[("MINITWIT__DATABASE__SLOW_QUERY_MS", "0")]);
        let page = Browser::new(process.address).get("/public").await;
        let entries = process.end();
        let slow = entries.iter().find(|entry| entry["query"] == "public_timeline").expect("a line about the slow query");
        assert_eq!(slow["level"], 40);
        assert_eq!(slow["request_id"], page.header("x-request-id"), "database work included");
    }
}
