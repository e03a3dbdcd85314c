//! The command line of `minitwit-tools`: what programs read of it, what is refused, and that storms end.
//!
//! What is called is the tools' own yardstick, which answers every POST 204.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::HashSet,
    io::Read,
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use minitwit::{
    db::{
        Target,
        tables::{Row, UserRow},
    },
    domain::{Hasher, Password, password::Verdict},
};
use serde_json::Value;
use tempfile::TempDir;

/// The binary in a folder of its own, without settings of ours.
fn tools(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_minitwit-tools"));
    for name in ["DATABASE_URL", "PORT", "RUST_LOG", "MINITWIT_CONFIG"] {
        command.env_remove(name);
    }
    command.env("MINITWIT__PASSWORDS__MEMORY_KIB", "8").args(arguments).current_dir(folder.path());
    command
}

fn run(folder: &TempDir, arguments: &[&str]) -> Output {
    tools(folder, arguments).output().unwrap()
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn out(output: &Output) -> &str {
    str::from_utf8(&output.stdout).unwrap()
}

fn err(output: &Output) -> &str {
    str::from_utf8(&output.stderr).unwrap()
}

/// Standard output, which is one object on a line and nothing else.
fn object(output: &Output) -> Value {
    let text = out(output);
    assert!(text.ends_with("}\n") && text.lines().count() == 1, "{text}{}", err(output));
    serde_json::from_str(text).unwrap()
}

/// Answers every POST 204, until it is dropped.
struct Yardstick {
    child: Child,
    address: SocketAddr,
}

impl Yardstick {
    fn start(folder: &TempDir) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let port = address.port().to_string();
        let child = tools(folder, &["yardstick", "--port", &port, "--bytes", "1234"]).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "it does not listen");
            thread::sleep(Duration::from_millis(10));
        }
        Self { child, address }
    }
}

impl Drop for Yardstick {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A scenario of 100 actions.
fn scenario(folder: &TempDir) -> String {
    let scenario = run(folder, &["scenario", "--actions", "100", "--seed", "1"]);
    assert!(scenario.status.success());
    std::fs::write(folder.path().join("scenario.csv"), &scenario.stdout).unwrap();
    out(&scenario).to_owned()
}

#[test]
fn help_and_version_are_there_and_say_what_programs_read() {
    let folder = folder();
    let help = run(&folder, &["--help"]);
    for command in ["simulate", "scenario", "seed", "storm", "yardstick"] {
        assert!(out(&help).contains(&format!("\n  {command} ")), "{command} in {}", out(&help));
        let own = run(&folder, &[command, "--help"]);
        let has_json = ["simulate", "seed", "storm"].contains(&command);
        assert_eq!(out(&own).contains("With --json, one object on a line: `"), has_json, "{}", out(&own));
    }
    let version = run(&folder, &["--version"]);
    assert_eq!(out(&version), format!("minitwit-tools {}\n", minitwit::LONG_VERSION));
}

#[test]
fn arguments_that_mean_nothing_exit_with_2_and_say_what_is_meant() {
    let folder = folder();
    let replay = ["simulate", "x.csv", "http://localhost/api"];
    for (arguments, said) in [
        (&["simulate"][..], "<SCENARIO>"),
        (&[&replay[..], &["--concurrency", "0"]].concat(), "1..=4096"),
        (&[&replay[..], &["--limit", "few"]].concat(), "'few'"),
        (&[&replay[..], &["--only", "like"]].concat(), "register, tweet, follow and unfollow exist"),
        (&[&replay[..], &["--simulators", "2", "--concurrency", "2"]].concat(), "cannot be used with"),
        (&["scenario", "--nothing"], "'--nothing'"),
        (&["storm", "tea", "http://localhost"], "sign-ins, newcomers"),
        (&["serve"], "'serve'"),
    ] {
        let refused = run(&folder, arguments);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        assert!(err(&refused).starts_with("error: ") && err(&refused).contains(said), "{}", err(&refused));
    }
}

#[test]
fn a_replay_is_one_object_for_programs_and_lines_for_people() {
    let folder = folder();
    let yardstick = Yardstick::start(&folder);
    let registrations = scenario(&folder).lines().filter(|line| line.contains("\tregister\t")).count();
    let url = format!("http://{}/api", yardstick.address);

    let all = run(&folder, &["simulate", "scenario.csv", &url, "--json", "--timeout", "10000"]);
    assert_eq!(all.status.code(), Some(0), "{}", err(&all));
    let report = object(&all);
    assert_eq!((&report["all"]["count"], &report["failed"]), (&100.into(), &0.into()));
    assert_eq!(report["commands"]["register"]["answers"]["204"], registrations);
    assert!(report["all"]["max_ms"].as_f64().unwrap() > 0.0 && report["seconds"].as_f64().unwrap() > 0.0);

    let some = ["--only", "register", "--simulators", "3", "--keep-alive", "--timeout", "10000"];
    let some = run(&folder, &[&["simulate", "scenario.csv", &url, "--json"], &some[..]].concat());
    let report = object(&some);
    assert_eq!(report["all"]["count"], 3 * registrations);
    assert_eq!(report["commands"].as_object().unwrap().len(), 1, "{report}");

    let text = run(&folder, &["simulate", "scenario.csv", &url, "--limit", "7", "--timeout", "10000"]);
    assert!(out(&text).starts_with("7 actions in ") && out(&text).contains(", 0 failed\n"), "{}", out(&text));
}

#[test]
fn wrong_answers_are_an_exit_status_and_in_the_object() {
    let folder = folder();
    scenario(&folder);
    let nobody = format!("http://{}/api", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let failed = run(&folder, &["simulate", "scenario.csv", &nobody, "--limit", "2", "--json"]);
    assert_eq!(failed.status.code(), Some(1));
    let report = object(&failed);
    assert_eq!(report["failed"], 2);
    let wrong = &report["wrong_answers"][1];
    assert_eq!((&wrong["id"], &wrong["answer"]), (&1.into(), &"connection_error".into()));

    let failed = run(&folder, &["simulate", "scenario.csv", &nobody, "--limit", "2"]);
    assert_eq!(failed.status.code(), Some(1));
    assert_eq!(out(&failed).lines().filter(|line| line.contains(",connection_error,")).count(), 2, "{}", out(&failed));
    for (file, why) in [("no.csv", "cannot read no.csv"), ("empty.csv", "empty.csv: no actions")] {
        std::fs::write(folder.path().join("empty.csv"), "").unwrap();
        let refused = run(&folder, &["simulate", file, &nobody]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(err(&refused).starts_with(&format!("minitwit-tools: {why}")), "{}", err(&refused));
    }
}

#[test]
fn a_scenario_may_be_cut_off_by_who_reads_it() {
    let mut child =
        tools(&folder(), &["scenario", "--actions", "100000", "--seed", "1"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 100];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// The stored hash of user 1 fits this password.
fn signs_in_with(folder: &TempDir, password: &str) -> bool {
    let url = format!("sqlite://{}", folder.path().join("minitwit.db").display());
    let mut conn = Target::parse(&url.into()).unwrap().connect().unwrap();
    let first = UserRow::page(&mut conn, None, 1).unwrap().remove(0);
    let hasher = Hasher::new(8, 1, 1).unwrap();
    hasher.verify(&Password::claim(password.to_owned()).unwrap(), Some(&first.password_hash)) != Verdict::Wrong
}

#[test]
fn a_seeded_database_has_a_password_of_its_own_or_the_one_that_was_given() {
    let sizes = ["seed", "--users", "300", "--messages", "500", "--follows", "700"];
    let made_up = [folder(), folder()].map(|folder| {
        let report = object(&run(&folder, &[&sizes[..], &["--json"]].concat()));
        let password = report["password"].as_str().unwrap().to_owned();
        assert!(password.len() == 22 && signs_in_with(&folder, &password) && !signs_in_with(&folder, "x"));
        password
    });
    assert_ne!(made_up[0], made_up[1]);

    let folder = folder();
    std::fs::write(folder.path().join("password"), "correct horse\n").unwrap();
    std::fs::write(folder.path().join("short"), "\n").unwrap();
    let refused = run(&folder, &[&sizes[..], &["--password-file", "short"]].concat());
    assert_eq!(err(&refused), "minitwit-tools: short: You have to enter a password\n");
    let report = object(&run(&folder, &[&sizes[..], &["--password-file", "password", "--json"]].concat()));
    assert_eq!(report.get("password"), None, "it is known");
    assert!(signs_in_with(&folder, "correct horse"));
    let counts = ["users", "messages", "follows"].map(|table| report[table].as_i64().unwrap());
    assert_eq!(counts, [300, 500, 700]);
    let reader = &report["readers"][1];
    assert_eq!((&reader["name"], &reader["follows"]), (&"reader-of-2".into(), &2.into()));
    let authors: HashSet<&str> =
        report["authors"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(authors.len() == 100 && !authors.iter().any(|name| name.starts_with("reader")));

    let again = run(&folder, &sizes);
    assert_eq!(again.status.code(), Some(1));
    assert!(err(&again).starts_with("minitwit-tools: there are users in this database already"), "{}", err(&again));
}

#[test]
fn numbers_that_do_not_fit_are_refused_before_anything_is_done() {
    let folder = folder();
    let refused = run(&folder, &["seed", "--users", "300", "--messages", "10"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(err(&refused).starts_with("minitwit-tools: --follows must be 501 to "), "{}", err(&refused));
    assert!(!folder.path().join("minitwit.db").exists());
}

#[test]
fn people_are_told_whom_they_can_sign_in_as() {
    let folder = folder();
    let filled = run(&folder, &["seed", "--users", "300", "--messages", "500", "--follows", "700"]);
    let lines: Vec<&str> = out(&filled).lines().collect();
    assert!(lines.contains(&format!("{:22}{:>10}", "reader-of-100", 100).as_str()), "{lines:?}");
    let password = lines.last().unwrap().rsplit_once(' ').unwrap().1;
    assert!(signs_in_with(&folder, password), "{lines:?}");
}

#[test]
fn a_storm_ends_by_the_clock_or_when_told_and_counts_until_then() {
    let folder = folder();
    let yardstick = Yardstick::start(&folder);
    let url = format!("http://{}", yardstick.address);
    for kind in ["sign-ins", "newcomers"] {
        let storm = run(&folder, &["storm", kind, &url, "--connections", "3", "--seconds", "1", "--json"]);
        let report = object(&storm);
        assert_eq!(report["connections"], 3);
        assert!(report["answers"]["204"]["count"].as_u64().unwrap() > 10, "{report}");
        assert!(report["seconds"].as_f64().unwrap() >= 1.0, "{report}");
    }

    let mut storm = tools(&folder, &["storm", "sign-ins", &url, "--seconds", "600", "--json"]);
    let storm = storm.stdout(Stdio::piped()).spawn().unwrap();
    thread::sleep(Duration::from_millis(500));
    assert!(Command::new("kill").args(["-TERM", &storm.id().to_string()]).status().unwrap().success());
    let ended = storm.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    assert!(object(&ended)["seconds"].as_f64().unwrap() < 60.0);

    let elsewhere = run(&folder, &["storm", "sign-ins", "http://192.0.2.1", "--seconds", "1"]);
    assert_eq!(elsewhere.status.code(), Some(1));
    assert!(err(&elsewhere).contains("--remote"), "{}", err(&elsewhere));
    drop(yardstick);
    let nobody = run(&folder, &["storm", "newcomers", &url, "--connections", "1", "--seconds", "1"]);
    assert_eq!(nobody.status.code(), Some(1));
    assert!(err(&nobody).ends_with("answered nothing\n"), "{}", err(&nobody));
}
