//! A file that is not what was written: recognised, whatever is wrong, and nothing of it restored.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use diesel::prelude::*;
use minitwit::db::{schema::sessions, tables::BACKED_UP};
use rstest_reuse::apply;

use super::{back_up, everything, fill, lines, names, out, place, refusal, run, same};
use crate::support::{TestDatabase, on_both};

/// Compresses lines as a backup is, so that only their sense is wrong.
fn write(file: &Path, lines: &[String]) {
    let mut out = zstd::Encoder::new(std::fs::File::create(file).unwrap(), 3).unwrap();
    for line in lines {
        writeln!(out, "{line}").unwrap();
    }
    out.finish().unwrap();
}

/// Does something to a backup's lines.
type Change<'a> = Box<dyn Fn(&mut Vec<String>) + 'a>;

/// What both commands say of a file; the database has to be as it was.
fn refused(db: &TestDatabase, file: &Path) -> String {
    let before = everything(db);
    let path = file.to_str().unwrap();
    let restoring = refusal(&run(db, &["restore", "--force", path]));
    assert!(restoring.starts_with("minitwit: nothing was changed: "), "{restoring}");
    assert_eq!(everything(db), before);
    let verifying = refusal(&run(db, &["verify-backup", path]));
    assert_eq!(restoring.replace("nothing was changed: ", ""), verifying);
    verifying
}

fn at(lines: &[String], start: &str) -> usize {
    lines.iter().position(|line| line.starts_with(start)).unwrap()
}

#[apply(on_both)]
async fn bytes_that_are_missing_or_changed_are_noticed(db: TestDatabase) {
    fill(&db).await;
    let (folder, file) = place();
    back_up(&db, &file);
    let (whole, bad) = (std::fs::read(&file).unwrap(), folder.path().join("bad.backup"));
    for length in [0, 1, 20, whole.len() / 2, whole.len() - 5, whole.len() - 1] {
        std::fs::write(&bad, &whole[..length]).unwrap();
        let why = refused(&db, &bad);
        assert!(why.contains("the backup is damaged: "), "{length}: {why}");
    }
    for position in (8..whole.len()).step_by(whole.len() / 7) {
        let mut bytes = whole.clone();
        bytes[position] ^= 0x10;
        std::fs::write(&bad, bytes).unwrap();
        assert!(refused(&db, &bad).contains("the backup is damaged: "), "{position}");
    }
    std::fs::write(&bad, [&whole[..], b"more"].concat()).unwrap();
    assert!(refused(&db, &bad).contains("the backup is damaged: "));
    std::fs::write(&bad, [&whole[..], &whole[..]].concat()).unwrap();
    assert!(refused(&db, &bad).contains("something follows its end"));
    out(&run(&same(&db), &["restore", file.to_str().unwrap()]));
}

#[apply(on_both)]
async fn lines_that_are_missing_or_changed_are_noticed(db: TestDatabase) {
    fill(&db).await;
    let (folder, file) = place();
    back_up(&db, &file);
    let (whole, bad) = (lines(&file), folder.path().join("bad.backup"));
    let (users, messages) = (at(&whole, r#"{"table":"users"#), at(&whole, r#"{"table":"messages"#));
    let end = whole.len() - 1;
    let changes: [(&str, Change<'_>); 15] = [
        ("its end is missing", Box::new(|lines| drop(lines.pop()))),
        ("something follows its end", Box::new(|lines| lines.push(r#"{"end":"minitwit-backup"}"#.into()))),
        ("users has 3 rows instead of 4", Box::new(|lines| drop(lines.remove(users + 1)))),
        (
            "messages has 11 rows instead of 10",
            Box::new(|lines| lines.insert(messages + 1, r#"[99,1,"",0,false]"#.into())),
        ),
        ("the rows of messages were altered", Box::new(|lines| lines.swap(messages + 1, messages + 2))),
        (
            "the rows of messages were altered",
            Box::new(|lines| {
                lines[messages + 1] = lines[messages + 1].replace("plain", "plane");
            }),
        ),
        ("row 2 of messages: ", Box::new(|lines| lines[messages + 2] = "[1,2]".into())),
        ("row 1 of messages: ", Box::new(|lines| lines[messages + 1] = "[".into())),
        ("its first line was altered", Box::new(|lines| lines[0] = lines[0].replace("4711", "4712"))),
        (
            "users has 4 rows instead of 5",
            Box::new(|lines| {
                lines[0] = lines[0].replace("\"rows\":4", "\"rows\":5");
            }),
        ),
        (
            "its tables are not those of its version",
            Box::new(|lines| {
                lines[0] = lines[0].replace("\"flagged\"", "\"hidden\"");
            }),
        ),
        ("its first line is not a backup's", Box::new(|lines| drop(lines.remove(0)))),
        ("row 5 of users: ", Box::new(|lines| drop(lines.remove(messages)))),
        (
            "the table messages is not where it belongs",
            Box::new(|lines| lines[messages] = r#"{"table":"follows"}"#.into()),
        ),
        ("its last line is not where it belongs", Box::new(move |lines| lines[end] = "hello".into())),
    ];
    for (why, change) in changes {
        let mut lines = whole.clone();
        change(&mut lines);
        assert_ne!(lines, whole);
        write(&bad, &lines);
        let said = refused(&db, &bad);
        assert!(said.contains(&format!("the backup is damaged: {why}")), "{why}: {said}");
    }
    write(&bad, &whole);
    out(&run(&same(&db), &["restore", bad.to_str().unwrap()]));
}

#[apply(on_both)]
async fn rows_that_the_schema_refuses_are_not_restored_however_well_summed(db: TestDatabase) {
    fill(&db).await;
    let (folder, file) = place();
    // A message whose author is not there: only by force, and the sums are right all the same.
    let author = "UPDATE messages SET author_id = 99 WHERE id = 1";
    let orphan = if db.is_postgres() {
        format!("ALTER TABLE messages DROP CONSTRAINT messages_author_id_fkey; {author}")
    } else {
        format!("PRAGMA foreign_keys = OFF; {author}")
    };
    diesel::connection::SimpleConnection::batch_execute(&mut db.connect(), &orphan).unwrap();
    back_up(&db, &file);
    let twin = same(&db);
    let why = refusal(&run(&twin, &["restore", file.to_str().unwrap()])).to_lowercase();
    assert!(why.contains("foreign key"), "{why}");
    assert_eq!(everything(&twin), (vec![], vec![], vec![], (vec![], vec![]), vec![-1]));
    assert!(refusal(&run(&db, &["verify-backup", file.to_str().unwrap()])).to_lowercase().contains("foreign key"));
    assert_eq!(names(folder.path()).len(), 1);
}

#[apply(on_both)]
async fn a_failed_restore_by_force_leaves_ids_sessions_and_latest_alone(db: TestDatabase) {
    fill(&db).await;
    let (folder, file) = place();
    back_up(&db, &file);
    let app = db.app();
    for name in ["x", "y", "z"] {
        app.simulator().register(name).await;
    }
    let mut lines = lines(&file);
    let end = lines.len() - 1;
    // Found out at the very end, when all rows are stored already.
    lines[end] = lines[end].replace(r#""rows":3"#, r#""rows":4"#);
    let bad: PathBuf = folder.path().join("bad.backup");
    write(&bad, &lines);
    assert!(refused(&db, &bad).contains("the rows of follows were altered"));
    let sessions: i64 = sessions::table.count().get_result(&mut db.connect()).unwrap();
    assert_eq!(sessions, 1);
    assert_eq!(app.simulator().register("next").await.status, 204, "no id is given twice");
    assert_eq!(everything(&db).0.len(), 8);
    assert_eq!(app.simulator().latest().await, 4711);
}

#[apply(on_both)]
async fn a_backup_of_a_later_format_is_refused_with_the_release_to_use(db: TestDatabase) {
    fill(&db).await;
    let (folder, file) = place();
    back_up(&db, &file);
    let mut lines = lines(&file);
    let ours = BACKED_UP.iter().map(|table| table.since).max().unwrap();
    let version = |number: u32| format!("\"version\":{number},");
    lines[0] = lines[0].replace(&version(ours), &version(ours + 1)).replace(env!("CARGO_PKG_VERSION"), "9.9.9");
    let later = folder.path().join("later.backup");
    write(&later, &lines);
    let why = refused(&db, &later);
    let written = format!("version {} of the format and was written by Minitwit 9.9.9", ours + 1);
    assert!(why.contains(&written), "{why}");
    assert!(why.contains("restore it with that release"), "{why}");
}

#[test]
fn what_is_no_backup_at_all_is_called_so() {
    let db = TestDatabase::sqlite();
    let (folder, _) = place();
    let text = folder.path().join("text");
    std::fs::write(&text, "-- PostgreSQL database dump\n".repeat(50)).unwrap();
    assert!(refused(&db, &text).contains("the backup is damaged: "));
    let zst = folder.path().join("zst");
    write(&zst, &["hello".to_owned()]);
    assert!(refused(&db, &zst).contains("its first line is not a backup's"));
    let long = folder.path().join("long");
    write(&long, &["x".repeat(3 << 20)]);
    assert!(refused(&db, &long).contains("a line is cut short, or far too long"));
    for (path, expected) in [("/nowhere/at/all", "cannot read /nowhere/at/all"), ("/", "/ is a folder")] {
        assert!(refusal(&run(&db, &["restore", path])).contains(expected), "{path}");
    }
}
