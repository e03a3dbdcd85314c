//! One chromedriver for the whole run, and the seats in front of it.
//!
//! A shell stands between: when its standard input closes, which it does however the test run
//! ends, it ends chromedriver and every browser that is left, and removes their profiles.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{LazyLock, Mutex},
};

use tokio::sync::Semaphore;

/// Where distributions put it; the first is looked up in `PATH`.
const PLACES: [&str; 3] = ["chromedriver", "/usr/bin/chromedriver", "/usr/lib/chromium-browser/chromedriver"];

/// Browsers ignore the end of their driver, but all are in the shell's process group. They get a
/// second to leave before their profiles go. `$!` keeps meaning chromedriver.
const KEEPER: &str = r#"
"$1" --port=0 &
trap '' TERM
cat >/dev/null
kill -TERM 0
wait $!
sleep 1
rm -rf "$2"
kill -KILL 0
"#;

/// Browsers at once: each is a few hundred megabytes, and more than a core or two.
static SEATS: Semaphore = Semaphore::const_new(4);

/// The driver of this run; `None` when there is none to be had.
static DRIVER: LazyLock<Option<Driver>> = LazyLock::new(|| {
    let driver = Driver::start();
    if driver.is_none() {
        assert!(!is_ci(), "no chromedriver was found, and under CI that is a failure");
        // Not by `eprintln!`: the test harness would keep that to itself.
        let warning = b"\n*** NOT TESTED IN A BROWSER: no chromedriver found. scripts/test installs it. ***\n\n";
        std::io::stderr().write_all(warning).unwrap();
    }
    driver
});

/// A running chromedriver.
pub struct Driver {
    /// Where it listens.
    pub url: String,
    /// Where its browsers may have their profiles.
    pub profiles: PathBuf,
    _lifeline: Mutex<(ChildStdin, Child)>,
}

impl Driver {
    /// The one of this run.
    pub fn get() -> Option<&'static Self> {
        DRIVER.as_ref()
    }

    /// Waits until there is room for one more browser.
    pub async fn seat() -> tokio::sync::SemaphorePermit<'static> {
        SEATS.acquire().await.unwrap()
    }

    fn start() -> Option<Self> {
        let runs = |place: &&&str| Command::new(place).arg("--version").output().is_ok_and(|out| out.status.success());
        let program = PLACES.iter().find(runs)?;
        let profiles = tempfile::Builder::new().prefix("minitwit-e2e-").tempdir().unwrap().keep();
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper", program])
            .arg(&profiles)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // A group of its own: Ctrl-C must reach the tests first.
            .process_group(0)
            .spawn()
            .unwrap();
        let lifeline = keeper.stdin.take().unwrap();
        let mut greeting = BufReader::new(keeper.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = greeting
            .find_map(|line| line.rsplit_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok());
        let port: u16 = port.expect("chromedriver says where it listens");
        Some(Self { url: format!("http://127.0.0.1:{port}"), profiles, _lifeline: Mutex::new((lifeline, keeper)) })
    }
}

/// Whether a suite that is left out is a failure.
pub fn is_ci() -> bool {
    #[expect(clippy::disallowed_methods, reason = "that rule is about the program, not its tests")]
    std::env::var("CI").is_ok_and(|value| !value.is_empty())
}
