//! `minitwit doctor`: sees what is really wrong, on both databases, and says what mends it.

mod postgres;

use std::{
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

use diesel::connection::SimpleConnection;
use minitwit::db::migrations;
use rstest_reuse::apply;
use serde_json::Value;

use crate::support::{TestDatabase, on_both};

/// What makes a production out of the defaults.
const PRODUCTION: [(&str, &str); 6] = [
    ("MINITWIT__MODE", "production"),
    ("MINITWIT__SIMULATOR__PASSWORD", "wV4o9xkqTz71"),
    ("MINITWIT__SERVER__ORIGIN", "https://minitwit.example"),
    ("MINITWIT__SERVER__TRUSTED_PROXIES", "10.0.0.0/8"),
    ("MINITWIT__PASSWORDS__MIN_LENGTH", "8"),
    ("MINITWIT__DATABASE__MIGRATE_AT_START", "false"),
];

fn doctor(url: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_minitwit"));
    command.arg("doctor").args(arguments).env("DATABASE_URL", url).envs(variables.iter().copied());
    command.current_dir(std::env::temp_dir()).output().unwrap()
}

/// What it found, and its exit status.
struct Report {
    findings: Vec<Value>,
    code: i32,
}

impl Report {
    fn of(url: &str, variables: &[(&str, &str)]) -> Self {
        let output = doctor(url, &["--json"], variables);
        let findings = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|why| panic!("{why}: {}", String::from_utf8_lossy(&output.stderr)));
        Self { findings, code: output.status.code().unwrap() }
    }

    /// State, finding and advice of a check; all empty when it was not made.
    fn check(&self, name: &str) -> (&str, &str, &str) {
        let finding = self.findings.iter().find(|finding| finding["check"] == name);
        let text = |key| finding.and_then(|finding| finding[key].as_str()).unwrap_or_default();
        (text("state"), text("found"), text("advice"))
    }

    fn state(&self, name: &str) -> &str {
        self.check(name).0
    }

    fn failures(&self) -> Vec<&str> {
        let failures = self.findings.iter().filter(|finding| finding["state"] == "failure");
        failures.map(|finding| finding["check"].as_str().unwrap()).collect()
    }
}

/// In production, with more or other variables.
fn in_production(db: &TestDatabase, variables: &[(&str, &str)]) -> Report {
    Report::of(db.url(), &[&PRODUCTION, variables].concat())
}

fn execute(db: &TestDatabase, sql: &str) {
    db.connect().batch_execute(sql).unwrap();
}

#[apply(on_both)]
async fn a_sound_production_has_no_failure(db: TestDatabase) {
    let report = in_production(&db, &[]);
    assert_eq!((report.failures(), report.code), (vec![], 0));
    for check in ["settings", "simulator password", "origin", "trusted proxies", "database", "migrations", "indexes"] {
        assert_eq!(report.state(check), "ok", "{check}: {:?}", report.check(check));
    }
    let product = if db.is_postgres() { "Postgres " } else { "SQLite 3." };
    assert!(report.check("database").1.starts_with(product), "{:?}", report.check("database"));
    assert_eq!(report.state("clock"), if db.is_postgres() { "ok" } else { "" });
    assert_eq!(report.state("database's file"), if db.is_postgres() { "" } else { "ok" });
}

#[apply(on_both)]
async fn the_table_is_for_people_and_gives_no_secret_away(db: TestDatabase) {
    let output = doctor(db.url(), &[], &PRODUCTION);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("ok       settings             production mode\n"), "{text}");
    assert!(text.contains("\nwarning  newest backup        there is no folder backups\n"), "{text}");
    assert!(text.contains("\n                              -> have minitwit backup-service running"), "{text}");
    assert!(text.lines().last().unwrap().ends_with(" 0 failure(s)"), "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains("wV4o9xkqTz71") && !text.contains("://postgres"), "{text}");
}

#[apply(on_both)]
async fn a_dropped_index_is_missed_and_the_advice_brings_it_back(db: TestDatabase) {
    execute(&db, "DROP INDEX messages_by_author; DROP INDEX follows_by_followee");
    let report = in_production(&db, &[]);
    let (state, found, advice) = report.check("indexes");
    assert_eq!((state, report.code), ("failure", 1));
    assert_eq!(found, "none on messages (author_id,published_at,id); none on follows (followee_id,follower_id)");
    for statement in advice.split(';').filter(|statement| !statement.trim().is_empty()) {
        assert_eq!(statement.contains("CONCURRENTLY"), db.is_postgres());
        execute(&db, statement);
    }
    assert_eq!(in_production(&db, &[]).check("indexes").0, "ok");
}

#[apply(on_both)]
async fn a_lost_constraint_is_missed(db: TestDatabase) {
    if db.is_postgres() {
        execute(&db, "ALTER TABLE users DROP CONSTRAINT users_username_key");
        let report = in_production(&db, &[]);
        assert_eq!(report.check("indexes").1, "none on users (username)");
        execute(&db, report.check("indexes").2);
        assert_eq!(in_production(&db, &[]).state("indexes"), "ok");
    }
}

#[apply(on_both)]
async fn pending_migrations_are_told_by_name(db: TestDatabase) {
    let known = migrations::known();
    let last = known.last().unwrap();
    execute(&db, &format!("DELETE FROM __diesel_schema_migrations WHERE version = '{last}'"));
    let report = in_production(&db, &[]);
    assert_eq!(report.check("migrations").1, format!("pending: {last}"));
    assert_eq!((report.state("migrations"), report.code), ("failure", 1));
    let at_start = in_production(&db, &[("MINITWIT__DATABASE__MIGRATE_AT_START", "true")]);
    assert_eq!((at_start.state("migrations"), at_start.code), ("warning", 0), "the start does it");
    execute(&db, &format!("INSERT INTO __diesel_schema_migrations (version) VALUES ('{last}'), ('20991231000000')"));
    let newer = in_production(&db, &[]);
    assert_eq!(newer.state("migrations"), "warning");
    assert!(newer.check("migrations").1.contains("the database is newer"));
}

#[apply(on_both)]
async fn a_database_that_was_never_migrated_is_not_changed_by_looking(db: TestDatabase) {
    let empty = if db.is_postgres() { TestDatabase::empty_postgres() } else { TestDatabase::empty_sqlite() };
    let report = in_production(&empty, &[]);
    if db.is_postgres() {
        assert_eq!((report.state("migrations"), report.state("indexes")), ("failure", ""));
        assert!(crate::migrations::columns(&empty).is_empty());
    } else {
        assert!(report.check("database").1.ends_with("is not there yet"), "{:?}", report.check("database"));
        assert!(!Path::new(empty.url().trim_start_matches("sqlite://")).exists());
        assert_eq!(report.code, 0);
    }
}

#[apply(on_both)]
async fn what_hurts_the_public_is_a_failure_in_production_and_a_warning_elsewhere(db: TestDatabase) {
    for (variable, value, check, found) in [
        ("SIMULATOR__PASSWORD", "super_safe!", "simulator password", "the default one"),
        ("SIMULATOR__PASSWORD", "simulator2026", "simulator password", "tried first"),
        ("SIMULATOR__PASSWORD", "x8Jw2-own", "simulator password", "shorter than 12"),
        ("SERVER__ORIGIN", "http://minitwit.example", "origin", "cookies are not Secure"),
    ] {
        let variable = format!("MINITWIT__{variable}");
        let report = in_production(&db, &[(&variable, value)]);
        assert_eq!((report.failures(), report.code), (vec![check], 1), "{value}");
        assert!(report.check(check).1.contains(found), "{value}: {:?}", report.check(check));
        assert!(!report.check(check).1.contains(value) || check == "origin");
        let development = Report::of(db.url(), &[(&variable, value)]);
        assert_eq!((development.failures(), development.code), (vec![], 0), "{value}");
    }
    let off = [("MINITWIT__SIMULATOR__ENABLED", "false"), ("MINITWIT__SIMULATOR__PASSWORD", "")];
    assert_eq!(in_production(&db, &off).state("simulator password"), "ok");
    let broken = in_production(&db, &[("MINITWIT__BACKUP__KEEP", "0")]);
    assert_eq!(broken.failures(), ["settings"]);
    assert!(broken.check("settings").1.contains("backup.keep is 0"));
}

#[apply(on_both)]
async fn proxies_listeners_and_logs_are_looked_at(db: TestDatabase) {
    for (variable, value, check, state) in [
        ("SERVER__TRUSTED_PROXIES", "", "trusted proxies", "warning"),
        ("SERVER__TRUSTED_PROXIES", "0.0.0.0/0", "trusted proxies", "failure"),
        ("SERVER__TRUSTED_PROXIES", "10.0.0.0/8,::/0", "trusted proxies", "failure"),
        ("OPS__HOST", "8.8.8.8", "operators' listener", "failure"),
        ("OPS__HOST", "10.0.0.1", "operators' listener", "ok"),
        ("SERVER__HOST", "8.8.8.8", "site's listener", "warning"),
        ("LOG__FORMAT", "pretty", "log format", "warning"),
        ("PASSWORDS__MEMORY_KIB", "8", "people's passwords", "warning"),
        ("PASSWORDS__MIN_LENGTH", "1", "people's passwords", "warning"),
        ("MODE", "development", "settings", "warning"),
    ] {
        // What is set to nothing is not set, so that the one from above has to go.
        let others = PRODUCTION.iter().filter(|(name, _)| *name != format!("MINITWIT__{variable}")).copied();
        let variable = format!("MINITWIT__{variable}");
        let variables: Vec<(&str, &str)> = others.chain([(variable.as_str(), value)]).collect();
        assert_eq!(Report::of(db.url(), &variables).state(check), state, "{variable}={value}");
    }
}

#[apply(on_both)]
async fn the_newest_backup_must_not_be_old(db: TestDatabase) {
    let folder = tempfile::tempdir().unwrap();
    let directory = [("MINITWIT__BACKUP__DIRECTORY", folder.path().to_str().unwrap())];
    let none = in_production(&db, &directory);
    assert_eq!((none.state("newest backup"), none.code), ("warning", 0));
    let backup = |name: &str| {
        let file = folder.path().join(name);
        let mut command = Command::new(env!("CARGO_BIN_EXE_minitwit"));
        let output = command.arg("backup").arg(&file).env("DATABASE_URL", db.url()).output().unwrap();
        assert!(output.status.success());
        file
    };
    backup("minitwit-20260101T000000Z.backup");
    let old = in_production(&db, &directory);
    assert_eq!((old.failures(), old.code), (vec!["newest backup"], 1));
    let in_development = Report::of(db.url(), &directory);
    assert_eq!((in_development.state("newest backup"), in_development.code), ("warning", 0));
    let format = time::macros::format_description!("minitwit-[year][month][day]T[hour][minute][second]Z.backup");
    let file = backup(&time::OffsetDateTime::now_utc().format(format).unwrap());
    let fresh = in_production(&db, &directory);
    assert_eq!((fresh.state("newest backup"), fresh.state("backup's file")), ("ok", ""));
    assert!(fresh.check("newest backup").1.ends_with("one of 2"), "{:?}", fresh.check("newest backup"));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(in_production(&db, &directory).state("backup's file"), "failure");
}

#[test]
fn a_database_that_does_not_answer_is_a_failure() {
    let away = Report::of("postgres://me:wV4o9xkqTz71@127.0.0.1:1/minitwit", &PRODUCTION);
    let (state, found, advice) = away.check("database");
    assert_eq!((state, away.code), ("failure", 1));
    assert!(
        found.starts_with("cannot open the database 127.0.0.1:1/minitwit: ") && !found.contains("wV4o9xkqTz71"),
        "{found}"
    );
    assert!(advice.contains("start Postgres"), "{advice}");
    assert_eq!(away.state("database password"), "ok");
    assert_eq!(Report::of("postgres://me:me@127.0.0.1:1/x", &PRODUCTION).state("database password"), "failure");
    let nowhere = Report::of("sqlite:///nowhere/at/all/x.db", &PRODUCTION);
    assert_eq!((nowhere.state("database"), nowhere.state("database's disk")), ("failure", "failure"));
    assert_eq!(nowhere.check("database").1, "there is no database /nowhere/at/all/x.db: is this the right folder?");
    assert_eq!(Report::of("mysql://x/y", &PRODUCTION).failures(), ["database"]);
}

#[test]
fn a_damaged_page_is_seen_and_a_sound_file_is_not_changed_by_looking() {
    use std::{
        io::{Seek, SeekFrom, Write},
        os::unix::fs::MetadataExt,
    };
    let db = TestDatabase::sqlite();
    let file = db.url().trim_start_matches("sqlite://").to_owned();
    let text = "x".repeat(400);
    execute(&db, "INSERT INTO users (id, username, email, password_hash, created_at) VALUES (1, 'a', '', '', 0)");
    execute(
        &db,
        &format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) \
         INSERT INTO messages (author_id, text, published_at, flagged) SELECT 1, '{text}', i, FALSE FROM n"
        ),
    );
    let look = || {
        let metadata = std::fs::metadata(&file).unwrap();
        (metadata.len(), metadata.mtime_nsec())
    };
    let before = look();
    let sound = in_production(&db, &[]);
    assert_eq!((sound.state("database's pages"), sound.code), ("ok", 0));
    assert!(
        sound.check("database's pages").1.starts_with("sound (quick_check of "),
        "{:?}",
        sound.check("database's pages")
    );
    assert_eq!(look(), before);
    // The last page is a leaf of messages.
    let mut raw = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
    raw.seek(SeekFrom::End(-4096)).unwrap();
    raw.write_all(&[0xff; 4096]).unwrap();
    drop(raw);
    let damaged = in_production(&db, &[]);
    let (state, found, advice) = damaged.check("database's pages");
    assert_eq!((state, damaged.failures(), damaged.code), ("failure", vec!["database's pages"], 1), "{found}");
    assert!(found.starts_with("damaged: ") && advice.contains("restore the newest backup"), "{found} {advice}");
}

#[test]
fn rows_that_refer_to_nothing_are_told() {
    let db = TestDatabase::sqlite();
    // As `sqlite3` does it, which heeds no foreign keys unless it is told to.
    let script = "PRAGMA foreign_keys = OFF; INSERT INTO follows (follower_id, followee_id) VALUES (1, 2)";
    db.connect().batch_execute(script).unwrap();
    let report = in_production(&db, &[]);
    let (state, found, advice) = report.check("database's pages");
    assert_eq!((state, report.code), ("failure", 1), "{found}");
    assert!(found.starts_with("rows of follows refer to rows that are not there"), "{found}");
    assert!(advice.contains("foreign_key_check"), "{advice}");
}

#[test]
fn files_that_others_may_read_are_told() {
    let db = TestDatabase::sqlite();
    let file = db.url().trim_start_matches("sqlite://").to_owned();
    for (mode, state) in [(0o644, "failure"), (0o640, "warning"), (0o600, "ok")] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(in_production(&db, &[]).state("database's file"), state, "{mode:o}");
    }
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&secret, "wV4o9xkqTz71\n").unwrap();
    let others = PRODUCTION.into_iter().filter(|(name, _)| *name != "MINITWIT__SIMULATOR__PASSWORD");
    let named = ("MINITWIT__SIMULATOR__PASSWORD_FILE", secret.path().to_str().unwrap());
    let variables: Vec<_> = others.chain([named]).collect();
    // Inside a container secrets are readable by all, that is by one.
    let is_container = ["/.dockerenv", "/run/.containerenv"].iter().any(|mark| Path::new(mark).exists());
    for (mode, state) in [(0o644, "failure"), (0o600, "ok")] {
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(mode)).unwrap();
        let report = Report::of(db.url(), &variables);
        assert_eq!(report.state("secret's file"), if is_container { "" } else { state }, "{mode:o}");
        assert_eq!(report.state("simulator password"), "ok", "12 characters without the line's end");
    }
}

#[test]
fn several_replicas_on_sqlite_are_refused() {
    let db = TestDatabase::sqlite();
    let report = in_production(&db, &[("MINITWIT__DATABASE__REPLICAS", "2")]);
    assert_eq!((report.failures(), report.code), (vec!["replicas"], 1));
    let mut command = Command::new(env!("CARGO_BIN_EXE_minitwit"));
    command.arg("serve").env("DATABASE_URL", db.url()).envs(PRODUCTION).env("MINITWIT__DATABASE__REPLICAS", "2");
    let output = command.output().unwrap();
    let why = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(why.contains("SQLite is one file") && why.contains("MINITWIT__DATABASE__REPLICAS=1"), "{why}");
}
