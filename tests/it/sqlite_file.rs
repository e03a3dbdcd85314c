//! The file of an embedded database: who makes it, who may read it, that SQLite's locks on it stay, and what
//! is said when it cannot be opened.

use std::{
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use diesel::connection::SimpleConnection;
use minitwit::db::{DbConnection, Target};

use crate::support::TestDatabase;

/// The byte that says "this file is in use": SQLite's `SHARED_FIRST`, as `/proc/locks` writes it.
const IN_USE: &str = "1073741826";

/// The locks on that byte that this process has.
fn locks_of_ours(file: &Path) -> usize {
    let (pid, inode) = (std::process::id().to_string(), std::fs::metadata(file).unwrap().ino().to_string());
    let locks = std::fs::read_to_string("/proc/locks").unwrap();
    let is_ours = |line: &&str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields.len() == 8 && fields[4] == pid && fields[5].ends_with(&format!(":{inode}")) && fields[6] == IN_USE
    };
    locks.lines().filter(is_ours).count()
}

fn file_of(db: &TestDatabase) -> PathBuf {
    db.url().trim_start_matches("sqlite://").into()
}

/// What a command says when it fails.
fn refusal(arguments: &[&str], url: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_minitwit"));
    let output = command.args(arguments).env("DATABASE_URL", url).current_dir("/").output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?} {url}");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn the_lock_that_tells_others_that_the_file_is_in_use_is_there_while_serving() {
    let db = TestDatabase::sqlite();
    let app = db.app();
    let is_open = async |app: &crate::support::TestApp| {
        let max = app.metric("minitwit_db_pool_max_connections").await;
        app.metric(r#"minitwit_db_pool_connections{state="idle"}"#).await == max
    };
    // Each connection that is opened was a chance to lose the lock.
    while !is_open(&app).await {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(app.ops("/readyz").await.0, 200);
    app.signed_in("alice").await.say("hi").await;
    // A lock that was lost never comes back; but the kernel's list, which is read piece by piece while it changes,
    // may lack one once.
    let found = (0..50).any(|_| locks_of_ours(&file_of(&db)) > 0);
    assert!(found, "no lock of ours");
}

#[tokio::test]
async fn a_file_that_is_missing_is_made_by_a_start_and_by_nothing_that_serves() {
    let db = TestDatabase::empty_sqlite();
    let app = db.app_with(|settings| settings.database.migrate_at_start = false);
    assert_eq!(app.ops("/readyz").await.0, 503);
    assert_eq!(app.browser().get("/public").await.status, 503);
    assert_eq!(app.simulator().register("alice").await.status, 503);
    assert!(!file_of(&db).exists());
    minitwit::db::migrations::run(&db.target()).unwrap();
    let begun = std::time::Instant::now();
    while app.ops("/readyz").await.0 != 200 {
        assert!(begun.elapsed().as_secs() < 30, "it is found when it comes");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    app.signed_in("alice").await.say("hi").await;
    for ending in ["", "-wal", "-shm"] {
        let file = format!("{}{ending}", file_of(&db).display());
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{file}");
    }
}

#[test]
fn a_file_may_be_called_as_one_likes() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a b.db", "a#b%20c.db", "æ&=.db"] {
        let file = folder.path().join(name);
        minitwit::db::migrations::run(&Target::parse(&format!("sqlite://{}", file.display()).into()).unwrap()).unwrap();
        assert_ne!(std::fs::metadata(&file).unwrap().len(), 0, "{name}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "and no other file is made");
}

#[test]
fn a_file_that_cannot_be_opened_is_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("text.db"), "This is no database, but a text of some length. ".repeat(100)).unwrap();
    symlink(path("gone.db"), path("link.db")).unwrap();
    for (file, reason) in [
        ("/nowhere/at/all/x.db".to_owned(), "there is no folder /nowhere/at/all"),
        (folder.path().display().to_string(), "it is a folder"),
        (path("link.db"), "it is a link to a file that is not there"),
        (path("text.db"), "file is not a database"),
    ] {
        for arguments in [&["migrate"][..], &["serve"]] {
            let why = refusal(arguments, &format!("sqlite://{file}"));
            assert!(why.contains(&format!("cannot open the database: {file}: ")) && why.contains(reason), "{why}");
        }
    }
    assert!(!Path::new(&path("gone.db")).exists());
    let why = refusal(&["migrate"], "postgres://me:wV4o9xkqTz71@127.0.0.1:1/minitwit");
    assert!(why.contains("cannot open the database 127.0.0.1:1/minitwit: "), "{why}");
    assert!(why.contains("Connection refused") && !why.contains("wV4o9xkqTz71"), "{why}");
}

#[test]
fn who_only_looks_changes_nothing() {
    let db = TestDatabase::sqlite();
    let mut conn = db.target().connect_to_look().unwrap();
    assert!(conn.batch_execute("DELETE FROM users").is_err());
    assert!(matches!(conn, DbConnection::Sqlite(_)));
    let away = Target::parse(&"sqlite:///nowhere/x.db".into()).unwrap();
    assert!(away.connect_to_look().is_err_and(|why| why.to_string().contains("/nowhere/x.db")));
}
