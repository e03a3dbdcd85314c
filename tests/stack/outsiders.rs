//! Another program opens the file of a serving Minitwit: it reads, writes, copies, vacuums and would have
//! another journal, again and again in the middle of a replay. Nothing that was acknowledged is missing afterwards, however Minitwit ended.

use std::{collections::BTreeSet, os::unix::fs::MetadataExt, path::Path, process::Command, time::Duration};

use diesel::{
    RunQueryDsl, sql_query,
    sql_types::{BigInt, Text},
};

use crate::{
    harness::{
        self, Process, Scenario, eventually,
        ledger::{Holdings, Ledger},
        replica::{HOSTS, Recipe},
    },
    support::TestDatabase,
};

/// Python's own SQLite is what administrators have at hand. Each round opens the file anew and closes it, which
/// is when an outsider who takes itself for the last user tidies up.
const OUTSIDER: &str = r#"
import contextlib, sqlite3, sys, time
file, copy = sys.argv[1:]
opened = lambda name: contextlib.closing(sqlite3.connect(name, timeout=20))
with opened(file) as database:
    database.execute("CREATE TABLE outside (round INTEGER)")
for number in range(1, 1_000_000):
    with opened(file) as database:
        database.execute("SELECT count(*) FROM messages").fetchone()
    with opened(file) as database, database:
        database.execute("INSERT INTO outside VALUES (?)", (number,))
    with opened(file) as database, opened(copy) as target:
        database.backup(target)
        found = target.execute("PRAGMA integrity_check").fetchall()
        assert found == [("ok",)], found
    with opened(file) as database:
        database.isolation_level = None
        database.execute("VACUUM")
    with opened(file) as database:
        try:
            mode = database.execute("PRAGMA journal_mode = DELETE").fetchone()
        except sqlite3.OperationalError as why:
            mode = str(why)
        assert mode == "database is locked", mode
    print("round", number, flush=True)
    time.sleep(0.05)
"#;

/// The locks of `process` on the bytes that say that `file` is in use.
fn locks(process: &Process, file: &Path) -> usize {
    let (pid, inode) = (process.pid().to_string(), format!(":{}", std::fs::metadata(file).unwrap().ino()));
    let locks = std::fs::read_to_string("/proc/locks").unwrap();
    let fields = locks.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    fields
        .filter(|line| line.len() == 8 && line[4] == pid && line[5].ends_with(&inode) && line[6] == "1073741826")
        .count()
}

/// Outsiders see that the file is in use. A lock that was lost never comes back; but the kernel's list, which is
/// read piece by piece while it changes, may lack one once.
async fn is_locked(process: &Process, file: &Path) {
    eventually("the file is locked", Duration::from_secs(5), async || (locks(process, file) > 0).then_some(())).await;
}

#[derive(diesel::QueryableByName)]
struct Integrity {
    #[diesel(sql_type = Text)]
    integrity_check: String,
}

#[derive(diesel::QueryableByName)]
struct Rounds {
    #[diesel(sql_type = BigInt)]
    rounds: i64,
}

/// Serves the replay while the outsider works, ends both by `end`, and compares.
async fn nothing_is_lost_by(end: impl AsyncFnOnce(&mut Process)) {
    let _turn = harness::shared_turn().await;
    let Some(python) = harness::tool("python3") else { return };
    let db = TestDatabase::sqlite();
    let file = Path::new(db.url().trim_start_matches("sqlite://"));
    let recipe = Recipe::new(db.url());
    let mut replica = recipe.start(HOSTS[0]).await;
    let copies = tempfile::tempdir().unwrap();
    let copy = copies.path().join("copy.db");
    let mut outsider = Process::spawn("an outsider", Command::new(python).args(["-c", OUTSIDER]).arg(file).arg(copy));

    let scenario = Scenario::first(20_000);
    let replay = scenario.replay(replica.address, 4, 20_000);
    let rounds = |outsider: &Process| outsider.log().lines().filter(|line| line.starts_with("round ")).count();
    eventually("posts and five rounds", Duration::from_mins(5), async || {
        outsider.must_run();
        is_locked(&replica.process, file).await;
        let posts = replica.sum("minitwit_messages_posted_total{").await;
        ((posts > 200.0 && rounds(&outsider) >= 5) || !replay.is_running()).then_some(())
    })
    .await;
    assert!(replay.is_running(), "the end comes in the middle");
    end(&mut replica.process).await;
    let rounds = rounds(&outsider);
    assert!(rounds >= 5, "{rounds} rounds");
    outsider.kill().await;

    let report = replay.report().await;
    println!("{} actions, {} failed, {rounds} rounds outside", report.all.count, report.failed);
    let mut conn = db.connect();
    let integrity: Vec<Integrity> = sql_query("PRAGMA integrity_check").load(&mut conn).unwrap();
    assert_eq!(integrity.iter().map(|row| row.integrity_check.as_str()).collect::<Vec<_>>(), ["ok"]);
    let failed: BTreeSet<u64> = report.wrong_answers.iter().map(|wrong| wrong.id).collect();
    Ledger::of(&scenario.actions, &failed).check(&Holdings::read(&mut conn));
    let stored: Rounds = sql_query("SELECT count(*) AS rounds FROM outside").get_result(&mut conn).unwrap();
    assert!(stored.rounds >= i64::try_from(rounds).unwrap(), "what the outsider stored is there, too");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_outsiders_open_the_file_and_minitwit_is_killed() {
    nothing_is_lost_by(async |minitwit| assert_eq!(minitwit.kill().await.by_signal(), Some(9))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_outsiders_open_the_file_and_minitwit_is_stopped() {
    nothing_is_lost_by(async |minitwit| assert_eq!(minitwit.terminate().await.code(), Some(0))).await;
}
