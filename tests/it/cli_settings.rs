//! What the command line says of settings: those in force, those that cannot be, and where to look.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

use crate::support::TestDatabase;

/// Runs the binary in a folder of its own with these variables and no others of ours.
fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_minitwit"));
    for alias in ["DATABASE_URL", "PORT", "RUST_LOG"] {
        command.env_remove(alias);
    }
    command.args(arguments).envs(variables.iter().copied()).current_dir(folder.path()).output().unwrap()
}

/// What it said when it refused, with this status.
fn refusal(arguments: &[&str], variables: &[(&str, &str)], status: i32) -> String {
    let output = run(arguments, variables);
    assert_eq!(output.status.code(), Some(status), "{arguments:?} {variables:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn shown(variables: &[(&str, &str)]) -> String {
    let output = run(&["settings"], variables);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn settings_in_force_can_be_seen_without_their_secrets_and_pasted() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("password");
    std::fs::write(&secret, "hunter2-file\n").unwrap();
    let secrets = [
        ("DATABASE_URL", "postgres://me:hunter2@db/minitwit?password=hunter2"),
        ("MINITWIT__SIMULATOR__PASSWORD_FILE", secret.to_str().unwrap()),
    ];
    let others = [
        ("PORT", "9000"),
        ("MINITWIT__MODE", "production"),
        ("MINITWIT__SERVER__KEEP_ALIVE", "1m 30s"),
        ("MINITWIT__SERVER__DRAIN_DELAY", "1500ms"),
        ("MINITWIT__DATABASE__WAIT_MS", "2s"),
        ("MINITWIT__BACKUP__INTERVAL_HOURS", "12"),
    ];
    let first = shown(&[&secrets[..], &others].concat());
    assert!(!first.contains("hunter2"), "{first}");
    for line in [
        "mode = \"production\"  # MINITWIT__MODE",
        "port = 9000  # PORT",
        "keep_alive = 90  # MINITWIT__SERVER__KEEP_ALIVE",
        "drain_delay = \"1s 500ms\"  # MINITWIT__SERVER__DRAIN_DELAY",
        "wait_ms = 2000  # MINITWIT__DATABASE__WAIT_MS",
        "interval_hours = 12  # MINITWIT__BACKUP__INTERVAL_HOURS",
        "# url = \"postgres://me:***@db/minitwit?password=***\"  # DATABASE_URL",
        "# password = \"***\"  # MINITWIT__SIMULATOR__PASSWORD_FILE",
    ] {
        assert!(first.lines().any(|shown| shown == line), "{line} is not in\n{first}");
    }
    let file = folder.path().join("pasted.toml");
    std::fs::write(&file, &first).unwrap();
    let again = shown(&[&secrets[..], &[("MINITWIT_CONFIG", file.to_str().unwrap())]].concat());
    let values =
        |text: &str| text.lines().map(|line| line.split("  # ").next().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(values(&again), values(&first));
    assert!(again.contains("pasted.toml"), "{again}");
}

#[test]
fn a_listener_that_cannot_be_had_says_which_and_what_to_set() {
    let db = TestDatabase::sqlite();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (variables, said) in [
        (
            &[("PORT", &*port), ("MINITWIT__OPS__PORT", "0")][..],
            ["for the site and the API", "MINITWIT__SERVER__PORT or PORT"],
        ),
        (
            &[("PORT", "0"), ("MINITWIT__OPS__PORT", &port)],
            ["for operators", "ops.port (variable MINITWIT__OPS__PORT)"],
        ),
        // An address for documents: nobody's.
        (&[("MINITWIT__SERVER__HOST", "192.0.2.1")], ["no address 192.0.2.1", "MINITWIT__SERVER__HOST"]),
        (&[("PORT", "0"), ("MINITWIT__OPS__HOST", "192.0.2.1")], ["no address 192.0.2.1", "MINITWIT__OPS__HOST"]),
    ] {
        let why = refusal(&["serve"], &[variables, &[("DATABASE_URL", db.url())]].concat(), 1);
        assert!(said.iter().all(|said| why.contains(said)), "{why}");
    }
    let variables = [("MINITWIT__OPS__PORT", &*port), ("DATABASE_URL", db.url())];
    assert!(refusal(&["backup-service"], &variables, 1).contains("MINITWIT__OPS__PORT"));
}

#[test]
fn values_that_cannot_be_are_refused_with_what_may_be_written() {
    for (variable, value, expected) in [
        ("PORT", "99999", "server.port is 99999 (PORT): write a whole number from 0 to 65535"),
        (
            "MINITWIT__SERVER__PORT",
            "0x1F90",
            "server.port is 0x1F90 (MINITWIT__SERVER__PORT): write a whole number from 0 to",
        ),
        (
            "MINITWIT__SERVER__KEEP_ALIVE",
            "soon",
            "server.keep_alive is soon (MINITWIT__SERVER__KEEP_ALIVE): write a whole number, 0 or more (seconds), or one \
             with units: 250ms",
        ),
        ("MINITWIT__MODE", "prod", "write \"development\" or \"production\""),
        ("MINITWIT__LOG__FORMAT", "xml", "write \"auto\", \"json\", \"pretty\""),
        ("MINITWIT__SERVER__PROT", "1", "did you mean MINITWIT__SERVER__PORT?"),
    ] {
        for command in ["serve", "settings", "healthcheck", "doctor"] {
            let why = refusal(&[command], &[(variable, value)], 1);
            assert!(why.starts_with("minitwit: ") && why.contains(expected), "{command}: {why}");
        }
    }
}

#[test]
fn the_start_line_shows_the_ports_in_use() {
    let db = TestDatabase::sqlite();
    for format in ["json", "pretty"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_minitwit"));
        let variables = [
            ("DATABASE_URL", db.url()),
            ("PORT", "0"),
            ("MINITWIT__OPS__PORT", "0"),
            ("MINITWIT__LOG__FORMAT", format),
        ];
        let mut child = command.envs(variables).env_remove("RUST_LOG").stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.find_map(|line| line.ok().filter(|line| line.contains("listening"))).expect("it listens");
        child.kill().unwrap();
        child.wait().unwrap();
        if format == "json" {
            let entry: Value = serde_json::from_str(&line).unwrap();
            for (port, address) in [("port", "address"), ("ops_port", "ops_address")] {
                assert!(entry[port].as_u64().unwrap() > 0, "{line}");
                assert!(entry[address].as_str().unwrap().ends_with(&format!(":{}", entry[port])), "{line}");
            }
        } else {
            assert!(line.contains("127.0.0.1:") && !line.contains("127.0.0.1:0"), "{line}");
        }
    }
}

#[test]
fn help_names_the_addresses_and_where_settings_are() {
    for arguments in [&["--help"][..], &["serve", "--help"], &["settings", "--help"]] {
        let output = run(arguments, &[]);
        assert_eq!(output.status.code(), Some(0));
        let help = String::from_utf8(output.stdout).unwrap();
        for place in
            ["minitwit.toml", "MINITWIT_CONFIG", "MINITWIT__SERVER__PORT", "minitwit settings", "docs/SETTINGS.md"]
        {
            assert!(help.contains(place), "{place} is not in {help}");
        }
    }
    let help = String::from_utf8(run(&["serve", "--help"], &[]).stdout).unwrap();
    for place in ["http://127.0.0.1:8080 ", "/api/docs", "http://127.0.0.1:9101/metrics", "/readyz"] {
        assert!(help.contains(place), "{place} is not in {help}");
    }
}

#[test]
fn arguments_that_mean_nothing_exit_with_2_and_say_what_is_meant() {
    for (arguments, said) in [
        (&["serv"][..], "serve"),
        (&["serve", "--port", "9000"], "'--port'"),
        (&["serve", "9000"], "'9000'"),
        (&["settings", "x"], "'x'"),
        (&["backup"], "<FILE>"),
        // A tool, and no part of the product.
        (&["simulate"], "'simulate'"),
        (&["doctor", "--xml"], "'--xml'"),
    ] {
        let why = refusal(arguments, &[], 2);
        assert!(why.starts_with("error: ") && why.contains(said) && why.contains("--help"), "{arguments:?}: {why}");
    }
    // Settings are no arguments: it says where they go.
    assert!(refusal(&["serve", "--port", "9000"], &[], 2).contains("MINITWIT__SERVER__PORT"));
}
