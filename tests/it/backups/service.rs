//! `minitwit backup-service`: makes, verifies, keeps and tells; goes on after failures, ends when told.

use std::{
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, ExitStatus, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use diesel::RunQueryDsl;
use rstest_reuse::apply;
use serde_json::Value;

use super::{fill, minitwit, names, out, refusal, run};
use crate::support::{TestDatabase, on_both};

/// Long enough for a machine that runs a hundred other tests.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running `minitwit backup-service`.
/// What the formatter puts on every line by itself.
#[derive(serde::Deserialize)]
#[expect(dead_code, reason = "each has to be there, once")]
struct OnEveryLine {
    name: Value,
    msg: Value,
    level: Value,
    time: Value,
    target: Value,
    file: Value,
    line: Value,
}

struct Service {
    child: Child,
    lines: mpsc::Receiver<Value>,
    address: String,
}

impl Service {
    fn start(db: &TestDatabase, folder: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = minitwit(db.url(), &["backup-service"]);
        command.env("MINITWIT__BACKUP__DIRECTORY", folder).env("MINITWIT__OPS__PORT", "0");
        let mut child = command.envs(variables.iter().copied()).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stdout.lines() {
                let line = line.unwrap();
                let Ok(value) = serde_json::from_str::<Value>(&line) else { continue };
                // A field that is there twice is another one to each reader: serde's derived ones refuse that.
                serde_json::from_str::<OnEveryLine>(&line).expect(&line);
                if sender.send(value).is_err() {
                    return;
                }
            }
        });
        let mut service = Self { child, lines, address: String::new() };
        let listening = service.line("keeping backups");
        service.address.push_str(listening["ops_address"].as_str().unwrap());
        service
    }

    /// Waits for a line of the log.
    fn line(&self, message: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).unwrap_or_else(|_| panic!("no line {message:?}"));
            if line["msg"] == message {
                return line;
            }
        }
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let response = reqwest::get(format!("http://{}{path}", self.address)).await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    async fn metric(&self, name: &str) -> f64 {
        let (_, text) = self.get("/metrics").await;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
    }

    fn terminate(mut self) -> ExitStatus {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), rustix::process::Signal::TERM)
            .unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn backups(folder: &Path) -> Vec<String> {
    names(folder).into_iter().filter(|name| name.ends_with(".backup")).collect()
}

#[apply(on_both)]
async fn a_backup_is_made_verified_and_told_of_and_a_restart_forgets_nothing(db: TestDatabase) {
    fill(&db).await;
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("made");
    let service = Service::start(&db, &folder, &[]);
    let made = service.line("backup made");
    assert_eq!(made["rows"], 4 + 10 + 3 + 3 + 1, "users, messages, follows, notifications and a profile");
    service.line("backup verified");
    let files = backups(&folder);
    assert_eq!(files.len(), 1);
    assert_eq!(made["backup"], files[0].as_str());
    let size = std::fs::metadata(folder.join(&files[0])).unwrap().len();
    assert_eq!(made["size"], size);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&folder.join(&files[0]))), (0o700, 0o600));

    assert_eq!(service.get("/livez").await, (200, r#"{"status":"alive"}"#.into()));
    assert_eq!(service.get("/readyz").await, (200, r#"{"status":"ready"}"#.into()));
    assert!(service.get("/version").await.1.contains(env!("CARGO_PKG_VERSION")));
    assert_eq!(service.get("/anything").await.0, 404);
    let port = service.address.rsplit(':').next().unwrap();
    let healthy = minitwit(db.url(), &["healthcheck"]).env("MINITWIT__OPS__PORT", port).output().unwrap();
    assert!(out(&healthy).starts_with("200 OK"), "as the container asks");
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
    let success = service.metric("minitwit_backup_last_success_timestamp_seconds").await;
    assert!((now - success).abs() < 60.0);
    assert!((now - service.metric("minitwit_backup_last_verified_timestamp_seconds").await).abs() < 60.0);
    assert_eq!(service.metric("minitwit_backup_size_bytes").await, f64::from(u32::try_from(size).unwrap()));
    assert!(service.metric("minitwit_backup_duration_seconds").await > 0.0);
    assert_eq!(service.metric("minitwit_backup_files").await, 1.0);
    assert_eq!(service.metric("minitwit_backup_failures_total").await, 0.0);
    let (_, text) = service.get("/metrics").await;
    assert!(text.contains("minitwit_build_info{") && text.contains("process_resident_memory_bytes"));
    assert!(!text.contains("minitwit_users") && !text.contains("minitwit_simulator"), "a 0 would be a lie");
    assert!(service.terminate().success());
    assert_eq!(names(&folder).len(), 1);

    let service = Service::start(&db, &folder, &[]);
    assert_eq!(service.metric("minitwit_backup_last_success_timestamp_seconds").await, success);
    service.line("backup verified");
    assert!(service.metric("minitwit_backup_last_verified_timestamp_seconds").await >= now.floor());
    assert_eq!(service.metric("minitwit_backup_duration_seconds").await, 0.0, "none was made");
    assert!(service.terminate().success());
    assert_eq!(backups(&folder), files);
}

#[apply(on_both)]
async fn old_backups_go_and_what_is_no_backup_stays(db: TestDatabase) {
    fill(&db).await;
    let folder = tempfile::tempdir().unwrap();
    let old: Vec<String> = (1..=4).map(|day| format!("minitwit-2020010{day}T000000Z.backup")).collect();
    let others = ["notes.txt", "minitwit.backup", "minitwit-20200101T000000Z.backup.old", "before-upgrade.backup"];
    for name in old.iter().map(String::as_str).chain(others) {
        std::fs::write(folder.path().join(name), "x").unwrap();
    }
    let service = Service::start(&db, folder.path(), &[("MINITWIT__BACKUP__KEEP", "3")]);
    assert_eq!(service.line("old backup removed")["backup"], old[1].as_str());
    assert_eq!(service.line("old backup removed")["backup"], old[0].as_str());
    assert!(service.terminate().success());
    let left = names(folder.path());
    assert!(others.iter().all(|name| left.contains(*name)), "{left:?}");
    assert!(left.contains(&old[2]) && left.contains(&old[3]), "{left:?}");
    assert_eq!(left.len(), others.len() + 3);
}

#[apply(on_both)]
async fn the_next_one_is_made_when_it_is_due(db: TestDatabase) {
    fill(&db).await;
    let folder = tempfile::tempdir().unwrap();
    // One that will be an hour old in three seconds, and can be verified.
    let due = time::OffsetDateTime::now_utc() - time::Duration::minutes(60) + time::Duration::seconds(3);
    let name =
        due.format(time::macros::format_description!("minitwit-[year][month][day]T[hour][minute][second]Z.backup"));
    let first = folder.path().join(name.unwrap());
    out(&run(&db, &["backup", first.to_str().unwrap()]));
    let service = Service::start(&db, folder.path(), &[("MINITWIT__BACKUP__INTERVAL_HOURS", "1")]);
    let verified = service.line("backup verified");
    assert_eq!(verified["backup"].as_str(), first.file_name().unwrap().to_str());
    service.line("backup made");
    assert_eq!(backups(folder.path()).len(), 2);
}

#[apply(on_both)]
async fn a_database_that_is_away_is_tried_again_and_no_old_backup_goes(db: TestDatabase) {
    fill(&db).await;
    let folder = tempfile::tempdir().unwrap();
    let old = ["minitwit-20200101T000000Z.backup", "minitwit-20200102T000000Z.backup"];
    for name in old {
        std::fs::write(folder.path().join(name), "x").unwrap();
    }
    diesel::sql_query("ALTER TABLE follows RENAME TO hidden").execute(&mut db.connect()).unwrap();
    let variables = [("MINITWIT__BACKUP__RETRY_INTERVAL", "1"), ("MINITWIT__BACKUP__KEEP", "1")];
    let service = Service::start(&db, folder.path(), &variables);
    let failed = service.line("backup failed");
    assert!(failed["causes"].as_str().unwrap().contains("follows"), "{failed}");
    assert_eq!((&failed["level"], &failed["again_in_s"]), (&50.into(), &1.into()));
    service.line("backup failed");
    assert!(service.metric("minitwit_backup_failures_total").await >= 2.0);
    assert_eq!(service.get("/livez").await.0, 200);
    assert_eq!(service.metric("minitwit_backup_last_success_timestamp_seconds").await, 1_577_923_200.0);
    assert_eq!(backups(folder.path()), old, "nothing half, and nothing removed");
    diesel::sql_query("ALTER TABLE hidden RENAME TO follows").execute(&mut db.connect()).unwrap();
    service.line("backup verified");
    assert_eq!(service.line("old backup removed")["backup"], old[1]);
    assert!(service.terminate().success());
    assert_eq!(backups(folder.path()).len(), 1);
}

#[apply(on_both)]
async fn a_damaged_backup_is_put_aside_and_another_one_made(db: TestDatabase) {
    fill(&db).await;
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(&db, folder.path(), &[]);
    service.line("backup verified");
    assert!(service.terminate().success());
    let first = backups(folder.path()).remove(0);
    let mut bytes = std::fs::read(folder.path().join(&first)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(folder.path().join(&first), bytes).unwrap();
    let service = Service::start(&db, folder.path(), &[("MINITWIT__BACKUP__RETRY_INTERVAL", "1")]);
    let failed = service.line("backup failed");
    let causes = failed["causes"].as_str().unwrap();
    assert!(causes.contains(&format!("{first}.damaged")) && causes.contains("the backup is damaged"), "{causes}");
    service.line("backup verified");
    assert_eq!(service.metric("minitwit_backup_failures_total").await, 1.0);
    assert!(service.terminate().success());
    assert!(names(folder.path()).contains(&format!("{first}.damaged")));
    assert_eq!(backups(folder.path()).len(), 1);
}

#[apply(on_both)]
async fn sigterm_in_the_middle_leaves_nothing_half(db: TestDatabase) {
    db.fill(3000, 20_000, 20_000);
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(&db, folder.path(), &[]);
    let deadline = Instant::now() + PATIENCE;
    while names(folder.path()).is_empty() {
        assert!(Instant::now() < deadline);
    }
    assert!(service.terminate().success());
    // Whether it was in time to be finished or not: what is there is whole.
    for name in names(folder.path()) {
        assert!(name.ends_with(".backup") && name.starts_with("minitwit-"), "{name}");
        out(&run(&db, &["verify-backup", folder.path().join(name).to_str().unwrap()]));
    }
}

#[test]
fn what_a_killed_process_left_is_removed_when_nobody_has_touched_it_for_an_hour() {
    let db = TestDatabase::sqlite();
    let folder = tempfile::tempdir().unwrap();
    let (old, fresh) =
        (folder.path().join(".minitwit-backup-old.partial"), folder.path().join(".minitwit-backup-new.partial"));
    let scratch = folder.path().join(".minitwit-verify-old");
    std::fs::create_dir(&scratch).unwrap();
    std::fs::write(scratch.join("verify.db"), "x").unwrap();
    for path in [&old, &fresh] {
        std::fs::write(path, "x").unwrap();
    }
    let others = [".minitwit-settings", ".minitwit-backup-notes", "old.partial"].map(|name| folder.path().join(name));
    for path in &others {
        std::fs::write(path, "x").unwrap();
    }
    let hours_ago = std::time::SystemTime::now() - Duration::from_hours(2);
    for path in others.iter().chain([&old, &scratch]) {
        std::fs::File::open(path).unwrap().set_modified(hours_ago).unwrap();
    }
    let service = Service::start(&db, folder.path(), &[]);
    service.line("backup made");
    assert!(!old.exists() && !scratch.exists() && fresh.exists());
    assert!(others.iter().all(|path| path.exists()), "what is not ours stays");
}

#[test]
fn a_folder_that_cannot_be_written_to_stops_the_start() {
    let db = TestDatabase::sqlite();
    let file = tempfile::NamedTempFile::new().unwrap();
    for folder in [file.path(), Path::new("/proc/nothing")] {
        let mut command = minitwit(db.url(), &["backup-service"]);
        let output =
            command.env("MINITWIT__BACKUP__DIRECTORY", folder).env("MINITWIT__OPS__PORT", "0").output().unwrap();
        let why = refusal(&output);
        assert!(why.contains("cannot keep backups in") && why.contains("backup.directory"), "{why}");
    }
}
