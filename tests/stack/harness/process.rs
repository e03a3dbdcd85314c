//! A program of its own: its log in a file, signals by name, and an end whatever happens to the test.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::{LazyLock, Mutex},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// Longer than any program here may take to end after SIGTERM.
const PATIENCE: Duration = Duration::from_mins(1);

/// Reads `+ PID` and `- PID`; when its input closes, which it does however the test run ends, it kills
/// those that are left. Without it, a run that is interrupted would leave servers behind.
const UNDERTAKER: &str = r#"
alive=" "
while read -r what pid; do
    case $what in
        +) alive="$alive$pid " ;;
        -) alive="${alive%% "$pid" *} ${alive#* "$pid" }" ;;
    esac
done
for pid in $alive; do kill -KILL "$pid" 2>/dev/null; done
"#;

static UNDERTAKER_AT_WORK: LazyLock<Mutex<(ChildStdin, Child)>> = LazyLock::new(|| {
    use std::os::unix::process::CommandExt;
    // Out of the terminal's process group: Ctrl-C must reach the tests first.
    let mut shell = Command::new("sh").args(["-c", UNDERTAKER]).stdin(Stdio::piped()).process_group(0).spawn().unwrap();
    Mutex::new((shell.stdin.take().unwrap(), shell))
});

fn tell_undertaker(what: char, pid: u32) {
    writeln!(UNDERTAKER_AT_WORK.lock().unwrap().0, "{what} {pid}").unwrap();
}

/// A running program. Dropping it kills it.
pub struct Process {
    name: String,
    child: Child,
    folder: TempDir,
    ended: Option<ExitStatus>,
}

impl Process {
    /// Starts `command` in an empty folder of its own, where its log goes too.
    pub fn spawn(name: &str, command: &mut Command) -> Self {
        Self::spawn_in(tempfile::Builder::new().prefix("minitwit-stack-").tempdir().unwrap(), name, command)
    }

    /// The same in this folder, which is gone when the process is dropped.
    pub fn spawn_in(folder: TempDir, name: &str, command: &mut Command) -> Self {
        let log = File::create(folder.path().join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).current_dir(folder.path());
        let child = command.spawn().unwrap_or_else(|why| panic!("{name} does not start: {why}"));
        tell_undertaker('+', child.id());
        Self { name: name.to_owned(), child, folder, ended: None }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The folder it runs in.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// What it has written so far, to both outputs.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    pub fn is_running(&mut self) -> bool {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().unwrap();
            if self.ended.is_some() {
                tell_undertaker('-', self.child.id());
            }
        }
        self.ended.is_none()
    }

    /// Panics with its log if it has ended.
    pub fn must_run(&mut self) {
        assert!(self.is_running(), "{} has ended: {:?}\n{}", self.name, self.ended, self.log());
    }

    /// SIGTERM, without waiting for what comes of it.
    pub fn ask_to_end(&mut self) {
        self.signal("TERM");
    }

    /// SIGTERM; waits for the end.
    pub async fn terminate(&mut self) -> Ended {
        self.ask_to_end();
        self.end().await
    }

    /// SIGKILL: it has no say in the matter.
    pub async fn kill(&mut self) -> Ended {
        self.signal("KILL");
        self.end().await
    }

    /// Waits for its own end.
    pub async fn end(&mut self) -> Ended {
        let begun = Instant::now();
        while self.is_running() {
            assert!(begun.elapsed() < PATIENCE, "{} does not end\n{}", self.name, self.log());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ended { status: self.ended.unwrap() }
    }

    fn signal(&mut self, name: &str) {
        // The child is ours and not waited for yet, so nobody else can bear its id.
        assert!(self.is_running(), "{} has ended already\n{}", self.name, self.log());
        let kill = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.pid())]).status().unwrap();
        assert!(kill.success(), "SIG{name} to {}", self.name);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.is_running() {
            self.child.kill().ok();
            self.child.wait().ok();
            tell_undertaker('-', self.child.id());
        }
        // A failing test shows what its programs said, unless they said too much.
        if thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            println!("--- the end of the log of {}", self.name);
            for line in &lines[lines.len().saturating_sub(8)..] {
                println!("{}", line.chars().take(400).collect::<String>());
            }
        }
    }
}

/// How a program ended.
pub struct Ended {
    status: ExitStatus,
}

impl Ended {
    /// `None`: by a signal.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    pub fn by_signal(&self) -> Option<i32> {
        self.status.signal()
    }
}
