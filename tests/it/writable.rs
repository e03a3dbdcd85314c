//! When a database takes no writes: readiness says why, posts are 503 and never a false success, and it heals
//! by itself once the cause has gone.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use diesel::connection::SimpleConnection;

use crate::support::{TestApp, TestDatabase, postgres::PostgresServer};

/// One trial to write speaks for all who ask within two seconds.
const STALE: Duration = Duration::from_millis(2_100);

async fn heals(app: &TestApp) {
    let begun = Instant::now();
    while app.ops("/readyz").await.0 != 200 {
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", app.ops("/readyz").await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(app.metric("minitwit_db_writable").await, 1.0);
}

/// Not ready for this reason, as soon as the last trial has become stale.
async fn is_not_ready(app: &TestApp, reason: &str) {
    tokio::time::sleep(STALE).await;
    let (status, body) = app.ops("/readyz").await;
    assert!(status == 503 && body.contains(reason), "{status} {body}");
    assert_eq!(app.metric("minitwit_db_writable").await, 0.0);
    assert_eq!(app.ops("/livez").await.0, 200);
}

async fn messages(app: &TestApp) -> usize {
    app.simulator().get("/msgs?no=1000").await.body.as_array().unwrap().len()
}

fn beside(db: &TestDatabase, ending: &str) -> PathBuf {
    format!("{}{ending}", db.url().trim_start_matches("sqlite://")).into()
}

#[tokio::test]
async fn a_strangers_lock_is_503_and_nothing_is_stored() {
    let db = TestDatabase::sqlite();
    let app = db.app();
    assert_eq!(app.simulator().register("alice").await.status, 204);
    heals(&app).await;
    let mut stranger = db.connect();
    stranger.batch_execute("BEGIN IMMEDIATE").unwrap();
    is_not_ready(&app, "no writes: database: locked by another program").await;
    let begun = Instant::now();
    assert_eq!(app.simulator().tweet("alice", "in vain").await.status, 503);
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert_eq!(app.browser().get("/public").await.status, 200, "reading goes on");
    assert!(app.metric(r#"minitwit_db_errors_total{kind="locked"}"#).await >= 1.0);
    stranger.batch_execute("COMMIT").unwrap();
    heals(&app).await;
    assert_eq!(messages(&app).await, 0);
    assert_eq!(app.simulator().tweet("alice", "hi").await.status, 204);
}

#[tokio::test]
async fn a_journal_that_is_removed_is_noticed_and_what_was_acknowledged_is_saved() {
    let db = TestDatabase::sqlite();
    let app = db.app();
    assert_eq!(app.simulator().register("alice").await.status, 204);
    for number in 0..20 {
        assert_eq!(app.simulator().tweet("alice", &format!("post {number}")).await.status, 204);
    }
    std::fs::remove_file(beside(&db, "-wal")).unwrap();
    assert_eq!(app.simulator().tweet("alice", "lost").await.status, 503, "not even the first one is acknowledged");
    assert_eq!(app.simulator().register("bob").await.status, 503);
    is_not_ready(&app, "its files are not the ones that lie on the disk").await;
    assert!(app.metric(r#"minitwit_db_errors_total{kind="misplaced"}"#).await >= 2.0);
    // As after SIGKILL: the file alone, which is all that is left.
    let copy = tempfile::tempdir().unwrap();
    let file = copy.path().join("copy.db");
    let mut command = std::process::Command::new("cp");
    assert!(command.arg(beside(&db, "")).arg(&file).status().unwrap().success());
    let copied = minitwit::db::Target::parse(&format!("sqlite://{}", file.display()).into()).unwrap();
    let counts = minitwit::db::stats::count(&mut copied.connect().unwrap()).unwrap();
    assert!((20..=21).contains(&counts.messages), "{counts:?}");
}

#[tokio::test]
async fn another_file_in_the_databases_place_is_noticed_and_heals_when_it_is_put_back() {
    let db = TestDatabase::sqlite();
    let app = db.app();
    assert_eq!(app.simulator().register("alice").await.status, 204);
    let (ours, aside) = (beside(&db, ""), beside(&db, ".aside"));
    std::fs::rename(&ours, &aside).unwrap();
    std::fs::write(&ours, "").unwrap();
    assert_eq!(app.simulator().tweet("alice", "into nowhere").await.status, 503);
    is_not_ready(&app, "its files are not the ones that lie on the disk").await;
    std::fs::rename(&aside, &ours).unwrap();
    heals(&app).await;
    assert_eq!(app.simulator().tweet("alice", "hi").await.status, 204);
    assert!(Path::new(&ours).exists());
}

#[tokio::test]
async fn a_file_that_takes_no_writes_is_503_and_is_opened_anew() {
    let db = TestDatabase::sqlite();
    let app = db.app();
    assert_eq!(app.simulator().register("alice").await.status, 204);
    let refuse = |app: &TestApp| {
        let state = app.state.clone();
        async move { state.db.write("refuse", |conn| conn.batch_execute("PRAGMA query_only = ON")).await.unwrap() }
    };
    // The trial that is made every ten seconds anyway may find out first, and heal it.
    let mut seen = (200, String::new());
    for _ in 0..5 {
        refuse(&app).await;
        tokio::time::sleep(STALE).await;
        seen = app.ops("/readyz").await;
        if seen.0 == 503 {
            break;
        }
    }
    assert!(seen.0 == 503 && seen.1.contains("no writes: database: it is read-only"), "{seen:?}");
    heals(&app).await;
    refuse(&app).await;
    assert_eq!(app.simulator().tweet("alice", "in vain").await.status, 503);
    assert!(app.metric(r#"minitwit_db_errors_total{kind="read_only"}"#).await >= 2.0);
    assert_eq!(app.simulator().tweet("alice", "hi").await.status, 204);
    assert_eq!(messages(&app).await, 1);
}

#[tokio::test]
async fn a_write_that_fails_is_heard_of_at_once() {
    let db = TestDatabase::sqlite();
    let app = db.app();
    assert_eq!(app.simulator().register("alice").await.status, 204);
    tokio::time::sleep(STALE).await;
    // From here on the trial that this one makes would speak for two seconds.
    heals(&app).await;
    std::fs::rename(beside(&db, ""), beside(&db, ".aside")).unwrap();
    assert_eq!(app.simulator().tweet("alice", "into nowhere").await.status, 503);
    assert_eq!(app.metric("minitwit_db_writable").await, 0.0);
    let (status, body) = app.ops("/readyz").await;
    assert!(status == 503 && body.contains("its files are not the ones that lie on the disk"), "{status} {body}");
    std::fs::rename(beside(&db, ".aside"), beside(&db, "")).unwrap();
    heals(&app).await;
}

#[tokio::test]
async fn who_waits_behind_others_for_a_lock_says_that_it_is_the_lock() {
    let db = TestDatabase::sqlite();
    let app = db.app();
    assert_eq!(app.simulator().register("alice").await.status, 204);
    let mut stranger = db.connect();
    stranger.batch_execute("BEGIN IMMEDIATE").unwrap();
    // The first one may get no turn behind what runs without a request, which waits for the lock, too.
    while app.metric(r#"minitwit_db_errors_total{kind="locked"}"#).await < 1.0 {
        assert_eq!(app.simulator().tweet("alice", "in vain").await.status, 503);
    }
    // The only connection that writes waits for the lock, five seconds each time.
    let simulator = app.simulator();
    let posts = futures_util::future::join_all((0..8).map(|_| simulator.tweet("alice", "in vain")));
    let asks = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        app.ops("/readyz").await
    };
    let (answers, (status, body)) = tokio::join!(posts, asks);
    assert!(answers.iter().all(|answer| answer.status == 503));
    assert!(status == 503 && body.contains("no writes: database: locked by another program"), "{status} {body}");
    stranger.batch_execute("ROLLBACK").unwrap();
    heals(&app).await;
}

#[tokio::test]
async fn a_trial_writes_more_than_a_post_and_keeps_none_of_it() {
    let db = TestDatabase::sqlite();
    let app = db.app();
    assert_eq!(app.simulator().register("alice").await.status, 204);
    heals(&app).await;
    let size = |ending: &str| std::fs::metadata(beside(&db, ending)).unwrap().len();
    let before = size("-wal");
    assert_eq!(app.simulator().tweet("alice", &"x".repeat(450)).await.status, 204);
    let post = size("-wal") - before;
    let mut trials = Vec::new();
    for _ in 0..3 {
        let before = size("-wal");
        tokio::time::sleep(STALE).await;
        heals(&app).await;
        trials.push(size("-wal") - before);
    }
    assert!(trials.iter().all(|trial| *trial > post && *trial >= 32_768), "{trials:?}, a post {post}");
    let mut conn = db.connect();
    assert_eq!(minitwit::db::simulator::find_latest(&mut conn).unwrap(), -1, "the one row is alone again");
    conn.batch_execute("PRAGMA wal_checkpoint(FULL)").unwrap();
    let whole = size("");
    tokio::time::sleep(STALE).await;
    heals(&app).await;
    conn.batch_execute("PRAGMA wal_checkpoint(FULL)").unwrap();
    assert_eq!(size(""), whole, "the database does not grow by it");
}

#[tokio::test]
async fn who_asks_often_has_one_page_written_in_two_seconds() {
    let db = TestDatabase::sqlite();
    let app = db.app();
    heals(&app).await;
    let count = async || app.metric(r#"minitwit_db_query_duration_seconds_count{query="try_to_write"}"#).await;
    let before = count().await;
    let begun = Instant::now();
    let asks = (0..200).map(|_| app.ops("/readyz"));
    let answers = futures_util::future::join_all(asks).await;
    assert!(answers.iter().all(|(status, _)| *status == 200));
    #[expect(clippy::cast_precision_loss, reason = "few")]
    let most = 2.0 + begun.elapsed().as_secs() as f64;
    assert!(count().await - before <= most, "{} in {:?}", count().await - before, begun.elapsed());
}

#[tokio::test]
async fn a_postgres_that_takes_no_writes_is_noticed_and_heals() {
    let server = PostgresServer::start();
    let db = TestDatabase::on_server(&server);
    let app = db.app();
    assert_eq!(app.simulator().register("alice").await.status, 204);
    let switch = |value: &str| {
        let mut conn = db.connect();
        conn.batch_execute(&format!("ALTER SYSTEM SET default_transaction_read_only = {value}")).unwrap();
        conn.batch_execute("SELECT pg_reload_conf()").unwrap();
    };
    switch("on");
    is_not_ready(&app, "no writes: database: it is read-only").await;
    assert_eq!(app.simulator().tweet("alice", "in vain").await.status, 503);
    assert_eq!(app.browser().get("/public").await.status, 200, "reading goes on");
    switch("off");
    heals(&app).await;
    assert_eq!(app.simulator().tweet("alice", "hi").await.status, 204);
    assert_eq!(messages(&app).await, 1);
}
