//! A throwaway Postgres from the machine's own binaries.
//!
//! A shell stands between: it starts the server, and stops it and removes its files when its
//! standard input closes, which it does however the test run ends.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::Mutex,
};

/// Reads `stop` and `start` from standard input and answers each with a line.
const KEEPER: &str = r#"
bin=$1 dir=$2
"$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$dir/initdb.log" 2>&1 || exit 1
start() {
    "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/log" start >/dev/null \
        -o "-k '$dir' -c listen_addresses='' -c fsync=off -c max_connections=600 -c shared_buffers=128MB"
}
start && echo up || exit 1
while read -r order; do
    case $order in
        stop) "$bin/pg_ctl" -D "$dir/data" -w -m immediate stop >/dev/null; echo down ;;
        start) start; echo up ;;
    esac
done
"$bin/pg_ctl" -D "$dir/data" -w -m immediate stop >/dev/null
rm -rf "$dir"
"#;

/// A running server.
pub struct PostgresServer {
    folder: PathBuf,
    keeper: Mutex<(ChildStdin, BufReader<std::process::ChildStdout>)>,
    _process: Child,
}

impl PostgresServer {
    /// Starts one. Without binaries a test fails: none that was left out looks as if it had passed.
    pub fn start() -> Self {
        let bin = find_binaries().expect(
            "no Postgres: scripts/test installs it; `cargo test -- --skip postgres` leaves most tests out that need one",
        );
        let folder = tempfile::Builder::new().prefix("minitwit-pg-").tempdir().unwrap().keep();
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "keeper"]).arg(&bin).arg(&folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        // The server refuses to run as root.
        if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
            let (uid, gid) = find_user("postgres").expect("Debian's package makes the user postgres");
            chown(&folder, Some(uid), Some(gid)).unwrap();
            command.uid(uid).gid(gid).current_dir("/");
        }
        // Out of the terminal's process group: Ctrl-C must reach the tests first.
        let mut process = command.process_group(0).spawn().unwrap();
        let input = process.stdin.take().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        expect_line(&mut output, "up");
        Self { folder, keeper: Mutex::new((input, output)), _process: process }
    }

    /// Without user or password: the socket's folder is the lock.
    pub fn url(&self) -> String {
        let socket = self.folder.to_str().unwrap().replace('/', "%2F");
        format!("postgres://postgres@{socket}/postgres")
    }

    /// Pulls the plug: connections break, nothing is flushed.
    pub fn crash(&self) {
        self.order("stop", "down");
    }

    /// Plugs it in again.
    pub fn restart(&self) {
        self.order("start", "up");
    }

    fn order(&self, order: &str, answer: &str) {
        let mut keeper = self.keeper.lock().unwrap();
        writeln!(keeper.0, "{order}").unwrap();
        expect_line(&mut keeper.1, answer);
    }
}

fn expect_line(output: &mut impl BufRead, expected: &str) {
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert_eq!(line.trim(), expected, "Postgres did not do as told");
}

/// The newest server among the places where distributions put it.
fn find_binaries() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut candidates: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    candidates.sort();
    candidates.extend(["/usr/local/bin", "/usr/bin"].map(PathBuf::from));
    let is_complete =
        |folder: &&PathBuf| ["initdb", "pg_ctl", "postgres"].iter().all(|name| folder.join(name).exists());
    candidates.iter().rev().skip(2).find(is_complete).or_else(|| candidates.iter().find(is_complete)).cloned()
}

fn find_user(name: &str) -> Option<(u32, u32)> {
    let users = std::fs::read_to_string(Path::new("/etc/passwd")).ok()?;
    let fields: Vec<&str> =
        users.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|user| user[0] == name)?;
    Some((fields[2].parse().ok()?, fields[3].parse().ok()?))
}
