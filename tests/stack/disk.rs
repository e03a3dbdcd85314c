//! A full disk under an embedded database, and a journal that is removed: nothing is acknowledged that would not
//! be found after SIGKILL, and a disk that has room again needs no restart.

use std::{
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use minitwit::db::{Target, stats};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{
    self, Replica, eventually,
    replica::{HOSTS, Recipe},
};

/// A disk of a few megabytes of our own.
struct Disk(TempDir);

impl Disk {
    /// `None`, said loudly, where mounting is not allowed; under CI that is a failure.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let owner = std::fs::metadata(folder.path()).unwrap().uid();
        let options = format!("size=4m,mode=700,uid={owner}");
        if as_root(&["mount", "-t", "tmpfs", "-o", &options, "tmpfs"], folder.path()) {
            return Some(Self(folder));
        }
        harness::not_tested("a full disk needs the right to mount one: root, or sudo without a password");
        None
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes until there is no room left.
    fn fill(&self) {
        let mut file = std::fs::File::create(self.file("filler")).unwrap();
        while std::io::Write::write_all(&mut file, &[0; 4096]).is_ok() {}
    }

    fn make_room(&self) {
        std::fs::remove_file(self.file("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        as_root(&["umount", "--lazy"], self.0.path());
    }
}

/// Runs a command on a folder, as root if it must be; whether it succeeded.
fn as_root(command: &[&str], folder: &Path) -> bool {
    [&[][..], &["sudo", "--non-interactive"]].iter().any(|prefix| {
        let words = [*prefix, command].concat();
        Command::new(words[0]).args(&words[1..]).arg(folder).output().is_ok_and(|output| output.status.success())
    })
}

async fn start(file: &Path) -> Replica {
    Recipe::new(&format!("sqlite://{}", file.display())).start(HOSTS[0]).await
}

async fn call(replica: &Replica, path: &str, body: &Value) -> StatusCode {
    let url = format!("http://{}/api{path}", replica.address);
    let request = Client::new().post(url).basic_auth("simulator", Some("super_safe!")).json(body);
    request.send().await.unwrap().status()
}

async fn register(replica: &Replica) {
    let alice = json!({ "username": "alice", "email": "a@b", "pwd": "secret" });
    assert_eq!(call(replica, "/register", &alice).await, 204);
}

async fn post(replica: &Replica) -> StatusCode {
    call(replica, "/msgs/alice", &json!({ "content": "x".repeat(450) })).await
}

/// The status and the reason of `/readyz`.
async fn readiness(replica: &Replica) -> (u16, String) {
    let answer = reqwest::get(format!("http://{}/readyz", replica.ops)).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn is_not_ready(replica: &Replica, reason: &str) {
    eventually(reason, Duration::from_secs(10), async || {
        let (status, body) = readiness(replica).await;
        (status == 503 && body.contains(reason)).then_some(())
    })
    .await;
    assert!(replica.metrics().await.contains("\nminitwit_db_writable 0\n"));
    assert!(harness::is_fine(replica.ops, "/livez").await);
}

fn stored(file: &Path) -> i64 {
    let target = Target::parse(&format!("sqlite://{}", file.display()).into()).unwrap();
    stats::count(&mut target.connect().unwrap()).unwrap().messages
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_503_and_not_ready_and_room_heals_it() {
    let _turn = harness::shared_turn().await;
    let Some(disk) = Disk::mount() else { return };
    let file = disk.file("minitwit.db");
    let mut replica = start(&file).await;
    register(&replica).await;
    let (mut acknowledged, mut refused) = (0, 0);
    for _ in 0..2 {
        for _ in 0..20 {
            assert_eq!(post(&replica).await, 204);
            acknowledged += 1;
        }
        disk.fill();
        while refused == 0 {
            match post(&replica).await.as_u16() {
                204 => acknowledged += 1,
                503 => refused += 1,
                other => panic!("{other}"),
            }
            assert!(acknowledged < 20_000, "the disk never fills");
        }
        is_not_ready(&replica, "no writes: database: its disk is full").await;
        assert_eq!(post(&replica).await, 503);
        assert!(harness::is_fine(replica.address, "/public").await, "reading goes on");
        disk.make_room();
        eventually("ready again", Duration::from_secs(10), async || replica.is_ready().await.then_some(())).await;
        refused = 0;
    }
    assert_eq!(post(&replica).await, 204);
    acknowledged += 1;
    assert_eq!(replica.process.kill().await.by_signal(), Some(9));
    assert_eq!(stored(&file), acknowledged, "what was refused for want of room is not there, either");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_journal_acknowledges_nothing_more_and_loses_nothing_to_sigkill() {
    let _turn = harness::shared_turn().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("minitwit.db");
    let mut replica = start(&file).await;
    register(&replica).await;
    for _ in 0..50 {
        assert_eq!(post(&replica).await, 204);
    }
    std::fs::remove_file(folder.path().join("minitwit.db-wal")).unwrap();
    // Nobody posts: it finds out by itself.
    is_not_ready(&replica, "its files are not the ones that lie on the disk").await;
    assert_eq!(post(&replica).await, 503);
    assert_eq!(replica.process.kill().await.by_signal(), Some(9));
    assert_eq!(stored(&file), 50);
    let replica = start(&file).await;
    assert_eq!(post(&replica).await, 204);
}
