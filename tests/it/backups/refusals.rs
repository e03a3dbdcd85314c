//! What backing up, restoring and verifying will not do, and how they are made to; other ways in and out.

use std::{collections::BTreeSet, path::Path, process::Stdio};

use diesel::prelude::*;
use minitwit::{
    config::Settings,
    db::{DbConnection, schema::sessions},
};
use rstest_reuse::apply;

use super::{back_up, err, everything, fill, minitwit, names, out, place, refusal, restore, run, same};
use crate::support::{TestDatabase, on_both};

#[apply(on_both)]
async fn a_database_with_somebody_in_it_is_restored_into_by_force_only(db: TestDatabase) {
    fill(&db).await;
    let (_folder, file) = place();
    back_up(&db, &file);
    let before = everything(&db);
    let twin = same(&db);
    minitwit::db::migrations::run(&twin.target()).unwrap();
    let app = twin.app();
    for name in ["x", "y", "alice", "v", "w", "z"] {
        app.simulator().register(name).await;
    }
    app.simulator().tweet("x", "will be gone").await;
    app.signed_in("x2").await;
    let taken = everything(&twin);
    let refused = refusal(&run(&twin, &["restore", file.to_str().unwrap()]));
    assert_eq!(
        refused,
        "minitwit: nothing was changed: --force empties it first: there are users in this database already\n"
    );
    assert_eq!(everything(&twin), taken);
    out(&run(&twin, &["restore", "--force", file.to_str().unwrap()]));
    assert_eq!(everything(&twin), before);
    let sessions: i64 = sessions::table.count().get_result(&mut twin.connect()).unwrap();
    assert_eq!(sessions, 0);
    assert_eq!(app.simulator().register("newcomer").await.status, 204, "the running replica goes on");
    assert_eq!(everything(&twin).0.last().unwrap().0, 5, "ids go on from the backup's, not from the old ones");
}

#[apply(on_both)]
async fn standard_output_and_input_are_files_too(db: TestDatabase) {
    fill(&db).await;
    let written = run(&db, &["backup", "-"]);
    assert!(err(&written).contains("messages"), "the summary is beside the data");
    let twin = same(&db);
    let restored = |url: &str, arguments: &[&str]| {
        let mut child = minitwit(url, arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), &written.stdout).unwrap();
        child.wait_with_output().unwrap()
    };
    out(&restored(twin.url(), &["restore", "-"]));
    assert_eq!(everything(&twin), everything(&db));
    out(&restored("sqlite://unused.db", &["verify-backup", "-"]));
}

#[apply(on_both)]
async fn verifying_leaves_nothing_behind(db: TestDatabase) {
    fill(&db).await;
    let (folder, file) = place();
    back_up(&db, &file);
    let path = file.to_str().unwrap();
    let told = out(&run(&db, &["verify-backup", path]));
    let backend = if db.is_postgres() { "postgres" } else { "sqlite" };
    assert!(told.contains(&format!("Minitwit {} on {backend}, schema 2026", env!("CARGO_PKG_VERSION"))), "{told}");
    assert_eq!(names(folder.path()), BTreeSet::from(["a.backup".to_owned()]));
    let scratch = same(&db);
    out(&run(&db, &["verify-backup", path, "--into", scratch.url()]));
    assert_eq!(everything(&scratch), (vec![], vec![], vec![], (vec![], vec![]), vec![-1]));
    let refused = refusal(&run(&db, &["verify-backup", path, "--into", db.url()]));
    assert!(refused.contains("in an empty database only"), "{refused}");
}

#[apply(on_both)]
async fn a_backup_of_an_empty_database_is_one_too(db: TestDatabase) {
    let (_folder, file) = place();
    back_up(&db, &file);
    let twin = same(&db);
    restore(&twin, &file);
    assert_eq!(everything(&twin), (vec![], vec![], vec![], (vec![], vec![]), vec![-1]));
    assert_eq!(twin.app().simulator().register("first").await.status, 204);
}

#[test]
fn a_missing_database_is_not_made_by_backing_it_up() {
    let db = TestDatabase::empty_sqlite();
    let (folder, file) = place();
    let refused = refusal(&run(&db, &["backup", file.to_str().unwrap()]));
    assert!(refused.contains("is this the right folder?"), "{refused}");
    assert_eq!(names(folder.path()), BTreeSet::new());
    assert!(!Path::new(db.url().trim_start_matches("sqlite://")).exists());
}

/// Those who use the tables are not waited for: a queue behind the lock would stop the site.
#[test]
fn a_restore_gives_up_when_the_tables_are_in_use() {
    let db = TestDatabase::postgres();
    let (_folder, file) = place();
    back_up(&db, &file);
    let conn = &mut db.connect();
    let held = conn.transaction(|conn: &mut DbConnection| {
        diesel::sql_query("LOCK TABLE users IN ACCESS SHARE MODE").execute(conn)?;
        Ok::<_, diesel::result::Error>(refusal(&run(&db, &["restore", file.to_str().unwrap()])))
    });
    let refused = held.unwrap();
    assert!(refused.contains("the tables are in use: stop Minitwit"), "{refused}");
    restore(&db, &file);
}

#[test]
fn settings_that_keep_nothing_are_refused() {
    let db = TestDatabase::sqlite();
    for name in ["KEEP", "INTERVAL_HOURS", "RETRY_INTERVAL"] {
        let output =
            minitwit(db.url(), &["backup-service"]).env(format!("MINITWIT__BACKUP__{name}"), "0").output().unwrap();
        let refused = refusal(&output);
        assert!(refused.contains(&format!("backup.{} is 0", name.to_lowercase())), "{refused}");
    }
    assert_eq!(Settings::defaults().backup.keep, 14);
}
