//! Backups: what comes out is what went in, on either database; nothing half is ever left or restored.

mod damage;
mod refusals;
mod service;

use std::{
    collections::BTreeSet,
    io::Read,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use diesel::prelude::*;
use minitwit::{
    db::{
        messages,
        schema::{follows, messages as messages_table, notifications, profiles, sessions, simulator_latest, users},
        tables::{BACKED_UP, NotificationRow, ProfileRow},
    },
    domain::MessageId,
};
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::{TestDatabase, on_both};

type Account = (i64, String, String, String, i64, Option<String>, bool);
type Message = (i64, i64, String, i64, bool);
type Told = (Vec<NotificationRow>, Vec<ProfileRow>);
type Everything = (Vec<Account>, Vec<Message>, Vec<(i64, i64)>, Told, Vec<i64>);

/// Every row that a backup has to keep, and what follows from it.
fn everything(db: &TestDatabase) -> Everything {
    let conn = &mut db.connect();
    (
        users::table.order(users::id).load(conn).unwrap(),
        messages_table::table.order(messages_table::id).load(conn).unwrap(),
        follows::table.order((follows::follower_id, follows::followee_id)).load(conn).unwrap(),
        (
            notifications::table.order(notifications::id).load(conn).unwrap(),
            profiles::table.order(profiles::user_id).load(conn).unwrap(),
        ),
        simulator_latest::table.select(simulator_latest::last_value).load(conn).unwrap(),
    )
}

fn minitwit(url: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_minitwit"));
    command.args(arguments).env("DATABASE_URL", url).current_dir(std::env::temp_dir());
    command
}

fn run(db: &TestDatabase, arguments: &[&str]) -> Output {
    minitwit(db.url(), arguments).output().unwrap()
}

/// What it printed; it must have succeeded.
fn out(output: &Output) -> String {
    assert!(output.status.success(), "{}", err(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Why it failed; it must have, with status 1.
fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    err(output)
}

/// A folder, and a backup's path in it.
fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.backup");
    (folder, file)
}

fn back_up(db: &TestDatabase, file: &Path) -> String {
    out(&run(db, &["backup", file.to_str().unwrap()]))
}

fn restore(db: &TestDatabase, file: &Path) -> String {
    out(&run(db, &["restore", file.to_str().unwrap()]))
}

fn names(folder: &Path) -> BTreeSet<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The lines of a backup.
fn lines(file: &Path) -> Vec<String> {
    let mut text = String::new();
    zstd::Decoder::new(std::fs::File::open(file).unwrap()).unwrap().read_to_string(&mut text).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// The rows of a table in a backup's lines.
fn rows(lines: &[String], table: &str) -> Vec<Value> {
    let marker = format!("{{\"table\":\"{table}\"}}");
    let rows = lines.iter().skip_while(|line| **line != marker).skip(1).take_while(|line| line.starts_with('['));
    rows.map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// People, texts that are hard to write down, a hidden message, follows, a session and an action.
async fn fill(db: &TestDatabase) {
    let app = db.app();
    let texts = [
        "plain",
        "two\nlines",
        "\"quoted\" \\ 'back\\slash' \\n \\. \\N",
        "a comma, a {brace}, a [bracket]",
        "\u{1f469}\u{200d}\u{1f4bb} Ünïcödé \u{202b}right to left",
        "&lt;b&gt; <script>alert(1)</script>",
        "NULL",
        "hidden",
    ];
    let simulator = app.simulator();
    for name in ["alice", "José-Brin Gingerwold", "O'Hara \"the\" one"] {
        assert_eq!(simulator.register(name).await.status, 204);
    }
    for text in texts {
        assert_eq!(simulator.tweet("José-Brin Gingerwold", text).await.status, 204, "{text:?}");
    }
    simulator.tweet("alice", "hi").await;
    simulator.follow("alice", "José-Brin Gingerwold").await;
    simulator.follow("José-Brin Gingerwold", "alice").await;
    simulator.follow("O'Hara \"the\" one", "alice").await;
    assert_eq!(simulator.post("/msgs/alice?latest=4711", json!({ "content": "counted" })).await.status, 204);
    let hidden = i64::try_from(texts.len()).unwrap();
    assert!(messages::set_flagged(&mut db.connect(), MessageId(hidden), true).unwrap());
    let bob = app.signed_in("bob").await;
    let said = bob.post("/settings/profile", &[("bio", "two\nlines"), ("website", "bob.example")]).await;
    assert_eq!(said.status, 200);
}

/// A fresh one of the other kind.
fn other(db: &TestDatabase) -> TestDatabase {
    if db.is_postgres() { TestDatabase::empty_sqlite() } else { TestDatabase::empty_postgres() }
}

fn same(db: &TestDatabase) -> TestDatabase {
    if db.is_postgres() { TestDatabase::empty_postgres() } else { TestDatabase::empty_sqlite() }
}

#[apply(on_both)]
async fn a_backup_goes_to_the_same_database_to_the_other_one_and_back(db: TestDatabase) {
    fill(&db).await;
    let before = everything(&db);
    assert_eq!((before.0.len(), before.1.len(), before.2.len(), before.4[0]), (4, 10, 3, 4711));
    let (folder, file) = place();
    let told = back_up(&db, &file);
    assert!(told.contains(&format!("{:22}{:>10}\n", "messages", 10)), "{told}");
    let twin = same(&db);
    let told = restore(&twin, &file);
    assert!(told.starts_with("restored the backup of 20"), "{told}");
    assert_eq!(everything(&twin), before);
    let other = other(&db);
    restore(&other, &file);
    assert_eq!(everything(&other), before);
    let second = folder.path().join("second.backup");
    back_up(&other, &second);
    let third = same(&db);
    restore(&third, &second);
    assert_eq!(everything(&third), before);
    // But for the first line, which says when and from where, they are the same bytes.
    assert_eq!(lines(&file)[1..lines(&file).len() - 1], lines(&second)[1..lines(&second).len() - 1]);
}

#[apply(on_both)]
async fn life_goes_on_after_a_restore(db: TestDatabase) {
    fill(&db).await;
    let (_folder, file) = place();
    back_up(&db, &file);
    let twin = same(&db);
    restore(&twin, &file);
    let app = twin.app();
    assert_eq!(app.simulator().latest().await, 4711);
    let bob = app.browser();
    assert_eq!(bob.sign_in("bob").await.path, "/", "with the old password");
    bob.say("the first one afterwards").await;
    assert_eq!(app.simulator().register("newcomer").await.status, 204);
    let (users, messages, ..) = everything(&twin);
    assert_eq!((users.last().unwrap().0, messages.last().unwrap().0), (5, 11), "the next ids");
    let page = app.browser().get("/public").await.messages();
    assert_eq!((page[0].as_str(), page.len()), ("the first one afterwards", 10), "the hidden one is hidden");
}

#[apply(on_both)]
async fn sessions_and_tokens_stay_out(db: TestDatabase) {
    fill(&db).await;
    let tokens: Vec<String> = sessions::table.select(sessions::token_hash).load(&mut db.connect()).unwrap();
    assert_eq!(tokens.len(), 1);
    let (_folder, file) = place();
    back_up(&db, &file);
    assert!(!lines(&file).iter().any(|line| line.contains(&tokens[0]) || line.contains("sessions")));
}

#[apply(on_both)]
async fn a_backup_is_of_one_moment_and_stops_nobody(db: TestDatabase) {
    db.fill(3000, 20_000, 20_000);
    let app = db.app_with(|settings| settings.database.wait = Duration::from_secs(10));
    let (folder, first) = place();
    let url = db.url().to_owned();
    let path = folder.path().to_owned();
    let backups = tokio::task::spawn_blocking(move || {
        for file in ["a.backup", "b.backup", "c.backup"] {
            let output = minitwit(&url, &["backup", path.join(file).to_str().unwrap()]).output().unwrap();
            assert!(output.status.success(), "{}", err(&output));
        }
    });
    let (simulator, mut written) = (app.simulator(), 0);
    // Each is somebody new who says something at once: a snapshot without the one has not the other.
    while !backups.is_finished() {
        let name = format!("writer {written}");
        assert_eq!(simulator.register(&name).await.status, 204);
        assert_eq!(simulator.tweet(&name, "hello").await.status, 204);
        assert_eq!(simulator.follow(&name, "reader-of-2").await.status, 204);
        written += 1;
    }
    backups.await.unwrap();
    assert!(written > 10, "{written}");
    let mut seen = Vec::new();
    for file in ["a.backup", "b.backup", "c.backup"] {
        let file = folder.path().join(file);
        let lines = lines(&file);
        let ids: BTreeSet<i64> = rows(&lines, "users").iter().map(|row| row[0].as_i64().unwrap()).collect();
        let messages = rows(&lines, "messages");
        let follows = rows(&lines, "follows");
        assert!(messages.iter().all(|row| ids.contains(&row[1].as_i64().unwrap())), "a message without its author");
        assert!(follows.iter().all(|row| ids.contains(&row[0].as_i64().unwrap())));
        // Somebody may be between two of the three calls at that moment, but not more than one.
        let (users, messages, follows) = (ids.len() - 3000, messages.len() - 20_000, follows.len() - 20_000);
        assert!(users - messages <= 1 && messages - follows <= 1, "{users} {messages} {follows}");
        seen.push(users);
    }
    assert!(seen.is_sorted() && seen[0] < seen[2] && seen[2] <= written, "{seen:?} of {written}");
    assert!(out(&run(&db, &["verify-backup", first.to_str().unwrap()])).starts_with("restored and compared: "));
}

#[apply(on_both)]
async fn a_backup_overwrites_nothing_and_only_its_owner_reads_it(db: TestDatabase) {
    fill(&db).await;
    let (folder, file) = place();
    back_up(&db, &file);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let first = std::fs::read(&file).unwrap();
    let refused = refusal(&run(&db, &["backup", file.to_str().unwrap()]));
    assert!(refused.contains("exists already"), "{refused}");
    assert_eq!(std::fs::read(&file).unwrap(), first);
    assert_eq!(names(folder.path()), BTreeSet::from(["a.backup".to_owned()]));
    let nowhere = refusal(&run(&db, &["backup", "/nowhere/at/all/a.backup"]));
    assert!(nowhere.contains("cannot write to /nowhere/at/all"), "{nowhere}");
}

#[apply(on_both)]
async fn a_backup_that_fails_leaves_no_file(db: TestDatabase) {
    fill(&db).await;
    // It is found out when users and messages are written already.
    diesel::sql_query("DROP TABLE follows").execute(&mut db.connect()).unwrap();
    let (folder, file) = place();
    let failed = refusal(&run(&db, &["backup", file.to_str().unwrap()]));
    assert!(failed.contains("follows"), "{failed}");
    assert_eq!(names(folder.path()), BTreeSet::new());
}

/// The first line says what the file holds. It is on people's disks: whoever changes one of these tables raises the
/// version, and reads the older ones; a new one comes behind them (`Row::SINCE`).
#[apply(on_both)]
async fn a_backup_has_the_tables_and_columns_of_version_1_and_then_newer_ones(db: TestDatabase) {
    let (_folder, file) = place();
    back_up(&db, &file);
    let header: Value = serde_json::from_str(&lines(&file)[0]).unwrap();
    let newest = BACKED_UP.iter().map(|table| table.since).max();
    assert_eq!((&header["format"], header["version"].as_u64()), (&json!("minitwit-backup"), newest.map(u64::from)));
    let tables = header["tables"].as_array().unwrap();
    assert_eq!(
        tables[..3],
        [
            json!({ "name": "users", "columns": ["id", "username", "email", "password_hash", "created_at"], "rows": 0 }),
            json!({ "name": "messages", "columns": ["id", "author_id", "text", "published_at", "flagged"], "rows": 0 }),
            json!({ "name": "follows", "columns": ["follower_id", "followee_id"], "rows": 0 }),
        ]
    );
    assert_eq!(tables.len(), BACKED_UP.len());
    assert!(BACKED_UP.is_sorted_by_key(|table| table.since), "an older backup has the first ones of these");
    assert_eq!(header["simulator_latest"], json!(-1));
}
