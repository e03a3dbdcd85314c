//! What only Postgres has: roles, connections, a clock of its own, indexes that were never finished. And the one
//! check that is made at every start: whether the pools fit.

use std::process::Command;

use minitwit::{
    config::{Mode, Settings},
    db::{Target, capacity},
};

use super::{PRODUCTION, Report, execute, in_production};
use crate::support::{TestDatabase, postgres::PostgresServer};

/// The URL of the same database for a role of our own, made as `attributes` say.
fn as_role(db: &TestDatabase, role: &str, attributes: &str) -> String {
    let (before, rest) = db.url().split_once("://").unwrap();
    let (_, place) = rest.split_once('@').unwrap();
    let (_, schema) = db.url().rsplit_once("%3D").unwrap();
    let role = format!("{role}_{schema}");
    execute(
        db,
        &format!(
            "CREATE ROLE {role} LOGIN PASSWORD 'k3Jf9sLq2xzP' {attributes}; GRANT ALL ON SCHEMA {schema} TO {role}; \
             GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO {role}; GRANT ALL ON ALL SEQUENCES IN SCHEMA {schema} TO {role}"
        ),
    );
    format!("{before}://{role}:k3Jf9sLq2xzP@{place}")
}

#[test]
fn a_superuser_is_a_warning_and_a_role_of_its_own_is_none() {
    let db = TestDatabase::postgres();
    let report = in_production(&db, &[]);
    assert_eq!(report.state("database role"), "warning", "the tests' own role is one");
    let url = as_role(&db, "modest", "");
    let report = Report::of(&url, &PRODUCTION);
    assert_eq!((report.state("database role"), report.code), ("ok", 0), "{:?}", report.findings);
}

#[test]
fn an_index_that_postgres_gave_up_is_told_from_one_that_is_missing() {
    let db = TestDatabase::postgres();
    execute(&db, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'messages_by_time'::regclass");
    let report = in_production(&db, &[]);
    let (state, found, advice) = report.check("indexes");
    assert_eq!((state, found), ("failure", "an unfinished one on messages (published_at,id)"));
    for statement in advice.split(';').filter(|statement| !statement.trim().is_empty()) {
        execute(&db, statement);
    }
    assert_eq!(in_production(&db, &[]).state("indexes"), "ok");
}

#[test]
fn clocks_that_are_apart_are_told() {
    let db = TestDatabase::postgres();
    // A server whose clock is wrong: its own function stands behind ours.
    let url = format!("{},pg_catalog", db.url());
    for (seconds, state) in [(0, "ok"), (-10, "warning"), (7200, "failure")] {
        execute(
            &db,
            &format!(
                "CREATE OR REPLACE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql \
                 AS 'SELECT pg_catalog.clock_timestamp() + interval ''{seconds} s'''"
            ),
        );
        assert_eq!(Report::of(&url, &PRODUCTION).state("clock"), state, "{seconds}");
    }
}

#[test]
fn pools_that_do_not_fit_are_told_and_stop_a_production_from_starting() {
    let db = TestDatabase::postgres();
    let url = as_role(&db, "narrow", "CONNECTION LIMIT 8");
    let with = |pool: &'static str, replicas: &'static str| {
        [("MINITWIT__DATABASE__POOL_SIZE", pool), ("MINITWIT__DATABASE__REPLICAS", replicas)]
    };
    for (pool, replicas, state) in [("8", "1", "ok"), ("2", "3", "ok"), ("4", "2", "warning"), ("3", "3", "failure")] {
        let report = Report::of(&url, &[&PRODUCTION[..], &with(pool, replicas)].concat());
        assert_eq!(report.state("connections"), state, "{pool} x {replicas}: {:?}", report.check("connections"));
    }
    let mut settings = Settings::defaults();
    settings.database.url = url.as_str().into();
    settings.mode = Mode::Production;
    let check = |settings: &mut Settings, pool, replicas| {
        (settings.database.pool_size, settings.database.replicas) = (pool, replicas);
        capacity::check_at_start(settings).map_err(|why| why.to_string())
    };
    assert_eq!(check(&mut settings, 8, 1), Ok(()));
    assert_eq!(check(&mut settings, 4, 2), Ok(()));
    let why = check(&mut settings, 3, 3).unwrap_err();
    assert!(why.starts_with("3 replicas with 3 connections each do not fit into the 8"), "{why}");
    assert!(check(&mut settings, 9, 1).unwrap_err().contains("MINITWIT__DATABASE__POOL_SIZE"));
    settings.mode = Mode::Development;
    assert_eq!(check(&mut settings, 9, 1), Ok(()), "a warning there");
    settings.mode = Mode::Production;
    settings.database.url = "postgres://me:x@127.0.0.1:1/minitwit".into();
    assert_eq!(check(&mut settings, 9, 1), Ok(()), "what does not answer is not judged");

    let mut command = Command::new(env!("CARGO_BIN_EXE_minitwit"));
    command.arg("serve").env("DATABASE_URL", &url).envs(PRODUCTION).envs(with("3", "3"));
    let output = command.output().unwrap();
    let why = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{why}");
    assert!(why.starts_with("minitwit: 3 replicas with 3 connections each"), "{why}");
}

/// The whole server's limit, not a role's: on a server of the test's own.
#[test]
fn connections_of_others_count() {
    let server = PostgresServer::start();
    let db = TestDatabase::on_server(&server);
    let url = format!("{}?application_name=psql", db.url());
    let others: Vec<_> = (0..5).map(|_| Target::parse(&url.as_str().into()).unwrap().connect().unwrap()).collect();
    let ours = db.connect();
    let found = capacity::find(&mut db.connect()).unwrap().unwrap();
    // 600 of which three are reserved, as tests/it/support/postgres.rs starts it.
    assert_eq!((found.usable, found.left_by_others, found.ours, found.own_limit), (597, 592, 1, None));
    drop((others, ours));
    let report = in_production(&db, &[("MINITWIT__DATABASE__POOL_SIZE", "597")]);
    assert_eq!(report.state("connections"), "ok", "{:?}", report.check("connections"));
    let others: Vec<_> = (0..5).map(|_| Target::parse(&url.as_str().into()).unwrap().connect().unwrap()).collect();
    let report = in_production(&db, &[("MINITWIT__DATABASE__POOL_SIZE", "597")]);
    assert_eq!(report.state("connections"), "warning", "{:?}", report.check("connections"));
    assert!(report.check("connections").1.contains("5 in use by others"), "{:?}", report.check("connections"));
    let report = in_production(&db, &[("MINITWIT__DATABASE__POOL_SIZE", "598")]);
    assert_eq!((report.state("connections"), report.code), ("failure", 1));
    drop(others);
}
