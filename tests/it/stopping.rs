//! What an orderly stop leaves of SQLite's files: everything in the database itself; and where they were removed
//! under a serving Minitwit, whatever other programs have made of them since.

use std::path::{Path, PathBuf};

use diesel::{QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::Text};
use minitwit::db::{Target, stats};

use crate::support::{TestDatabase, actors::Simulator, process::Process};

/// As the log's lines have it.
const ERROR: u8 = 50;

fn beside(db: &TestDatabase, ending: &str) -> PathBuf {
    format!("{}{ending}", db.url().trim_start_matches("sqlite://")).into()
}

async fn serve(db: &TestDatabase, posts: usize) -> (Process, Simulator) {
    let process = Process::start(db, &[("MINITWIT__SERVER__DRAIN_DELAY", "0")]);
    let simulator = Simulator::new(process.address);
    assert_eq!(simulator.register("alice").await.status, 204);
    for number in 0..posts {
        assert_eq!(simulator.tweet("alice", &format!("post {number}")).await.status, 204);
    }
    (process, simulator)
}

#[derive(QueryableByName)]
struct Integrity {
    #[diesel(sql_type = Text)]
    integrity_check: String,
}

/// How many messages there are in a file, which must be whole.
fn messages_in(file: &Path) -> i64 {
    let mut conn = Target::parse(&format!("sqlite://{}", file.display()).into()).unwrap().connect().unwrap();
    let found: Vec<Integrity> = sql_query("PRAGMA integrity_check").load(&mut conn).unwrap();
    assert_eq!(found.iter().map(|line| line.integrity_check.as_str()).collect::<Vec<_>>(), ["ok"]);
    stats::count(&mut conn).unwrap().messages
}

/// In the database's file alone, without what lies beside it.
fn messages_in_the_file_alone(db: &TestDatabase) -> i64 {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    std::fs::copy(beside(db, ""), &copy).unwrap();
    messages_in(&copy)
}

#[tokio::test]
async fn a_stop_leaves_everything_in_the_database_and_the_journal_empty() {
    for round in 0..10 {
        let db = TestDatabase::sqlite();
        let (process, _) = serve(&db, 20).await;
        process.end();
        let journal = std::fs::metadata(beside(&db, "-wal")).map_or(0, |found| found.len());
        assert_eq!((journal, messages_in_the_file_alone(&db)), (0, 20), "round {round}");
    }
}

#[tokio::test]
async fn a_journal_that_is_removed_just_before_the_stop_takes_nothing_with_it() {
    for round in 0..10 {
        let db = TestDatabase::sqlite();
        let (process, _) = serve(&db, 20).await;
        std::fs::remove_file(beside(&db, "-wal")).unwrap();
        if round % 2 == 1 {
            std::fs::remove_file(beside(&db, "-shm")).unwrap();
        }
        process.end();
        assert_eq!(messages_in_the_file_alone(&db), 20, "round {round}");
    }
}

#[tokio::test]
async fn a_stop_does_not_touch_what_another_program_wrote_by_other_files() {
    for removed in [&["-shm"][..], &["-wal"], &["-wal", "-shm"]] {
        let db = TestDatabase::sqlite();
        let (process, simulator) = serve(&db, 100).await;
        // Otherwise what is removed has posts in it that are nowhere else.
        db.connect().batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        for ending in removed {
            std::fs::remove_file(beside(&db, ending)).unwrap();
        }
        let mut outsider = db.connect();
        outsider.batch_execute("CREATE TABLE outside (x TEXT)").unwrap();
        for number in 0..160 {
            outsider.batch_execute("INSERT INTO outside VALUES (hex(randomblob(8000)))").unwrap();
            if number == 50 {
                outsider.batch_execute("PRAGMA wal_checkpoint").unwrap();
            }
        }
        drop(outsider);
        assert_eq!(simulator.tweet("alice", "late").await.status, 503, "{removed:?}");
        assert_eq!(messages_in(&beside(&db, "")), 100, "{removed:?}: what was refused was written nowhere");
        let log = process.end();
        assert!(log.iter().any(|line| line["level"] == ERROR), "{removed:?}: it says so");
        assert_eq!(messages_in(&beside(&db, "")), 100, "{removed:?}");
    }
}
