//! The command line: the flag tool, migrate, healthcheck, help, and what is refused at start.

use std::process::{Command, Output};

use minitwit::startup::Stop;
use rstest_reuse::apply;

use crate::support::{TestDatabase, on_both};

/// Runs the binary on `db` and waits for its end.
fn run(db: &TestDatabase, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_minitwit"));
    command.args(arguments).env("DATABASE_URL", db.url()).envs(variables.iter().copied());
    command.current_dir(std::env::temp_dir()).output().unwrap()
}

fn out(output: &Output) -> &str {
    str::from_utf8(&output.stdout).unwrap()
}

fn err(output: &Output) -> &str {
    str::from_utf8(&output.stderr).unwrap()
}

#[apply(on_both)]
async fn the_flag_tool_lists_and_hides_and_unflag_shows_again(db: TestDatabase) {
    let app = db.app();
    let simulator = app.simulator();
    simulator.register("alice").await;
    simulator.tweet("alice", "one, with a comma\nand a line").await;
    simulator.tweet("alice", "two").await;
    let listed = run(&db, &["flag", "-i"], &[]);
    assert_eq!(out(&listed), "1,1,one, with a comma and a line,0\n2,1,two,0\n");
    let flagged = run(&db, &["flag", "2", "1"], &[]);
    assert_eq!((out(&flagged), flagged.status.code()), ("Flagged entry: 2\nFlagged entry: 1\n", Some(0)));
    assert_eq!(app.browser().get("/public").await.messages(), Vec::<String>::new());
    assert_eq!(out(&run(&db, &["flag", "-i"], &[])), "1,1,one, with a comma and a line,1\n2,1,two,1\n");
    let missing = run(&db, &["flag", "99", "1"], &[]);
    assert_eq!((out(&missing), missing.status.code()), ("Flagged entry: 1\n", Some(1)));
    assert_eq!(err(&missing), "There is no message 99\n");
    let shown = run(&db, &["unflag", "1"], &[]);
    assert_eq!((out(&shown), shown.status.code()), ("Unflagged entry: 1\n", Some(0)));
    // Another process did it: the page that this one keeps has its time first.
    while app.browser().get("/public").await.messages() != ["one, with a comma and a line"] {}
    for bad in [&["flag"][..], &["flag", "x"], &["flag", "-i", "1"], &["unflag"]] {
        assert_eq!(run(&db, bad, &[]).status.code(), Some(2), "{bad:?}");
    }
    assert!(out(&run(&db, &["flag", "-h"], &[])).contains("Usage:"));
}

#[apply(on_both)]
async fn migrate_brings_the_schema_up_to_date(db: TestDatabase) {
    minitwit::db::migrations::revert_all(&db.target()).unwrap();
    let known = minitwit::db::migrations::known().len();
    let first = run(&db, &["migrate"], &[]);
    assert_eq!(out(&first).lines().filter(|line| line.starts_with("applied ")).count(), known, "{}", err(&first));
    assert_eq!(out(&run(&db, &["migrate"], &[])), "nothing to apply: the schema is current\n");
}

#[apply(on_both)]
async fn healthcheck_says_by_its_status_whether_a_server_is_ready(db: TestDatabase) {
    let app = db.app();
    let port = app.ops_address.port().to_string();
    let check = || run(&db, &["healthcheck"], &[("MINITWIT__OPS__PORT", &port), ("MINITWIT__OPS__HOST", "0.0.0.0")]);
    assert_eq!(check().status.code(), Some(0));
    app.state.begin_shutdown();
    assert_eq!(check().status.code(), Some(1));
    app.stop(Stop::Now);
    assert_eq!(check().status.code(), Some(1));
}

#[test]
fn the_flag_tool_makes_no_database_where_there_is_none() {
    let db = TestDatabase::empty_sqlite();
    let output = run(&db, &["flag", "-i"], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("is this the right folder?"), "{}", err(&output));
    assert!(!std::path::Path::new(db.url().trim_start_matches("sqlite://")).exists());
}

#[test]
fn help_and_version_are_there_for_every_command() {
    let db = TestDatabase::sqlite();
    let help = run(&db, &["--help"], &[]);
    let operating = [
        "serve",
        "settings",
        "migrate",
        "backup",
        "restore",
        "verify-backup",
        "backup-service",
        "doctor",
        "healthcheck",
    ];
    for command in operating.into_iter().chain(["flag", "unflag"]) {
        assert!(out(&help).contains(&format!("\n  {command} ")), "{command} in {}", out(&help));
        assert!(out(&run(&db, &[command, "--help"], &[])).contains("Usage:"), "{command}");
    }
    // Its name in stacks that were deployed before it was called `backup-service`.
    assert!(out(&run(&db, &["backups", "--help"], &[])).contains("minitwit backup-service"));
    assert!(!out(&help).contains("\n  backups "));
    let version = run(&db, &["--version"], &[]);
    assert!(
        out(&version).starts_with(concat!("minitwit ", env!("CARGO_PKG_VERSION"), " (commit ")),
        "{}",
        out(&version)
    );
}

#[test]
fn what_must_not_be_started_is_refused_with_what_to_set() {
    let db = TestDatabase::sqlite();
    for (variables, expected) in [
        (&[("MINITWIT__MODE", "production")][..], "MINITWIT__SIMULATOR__PASSWORD"),
        (&[("DATABASE_URL", "mysql://x/y")], "sqlite://FILE or postgres://"),
        (&[("MINITWIT__SERVER__PROT", "1")], "prot"),
        (&[("MINITWIT__PASSWORDS__MEMORY_KIB", "1")], "passwords.memory_kib"),
        (&[("MINITWIT__LOG__FILTER", "x=y=z")], "log.filter"),
        (&[("DATABASE_URL", "sqlite:///nowhere/at/all/x.db")], "database"),
    ] {
        let output = run(&db, &["serve"], variables);
        assert_eq!(output.status.code(), Some(1), "{variables:?}");
        assert!(err(&output).starts_with("minitwit: ") && err(&output).contains(expected), "{}", err(&output));
    }
}
