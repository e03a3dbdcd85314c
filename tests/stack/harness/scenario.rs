//! The recorded scenario, replayed by `minitwit simulate` as a process of its own.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use super::process::{Ended, Process};

/// Where the course's recording lies, seen from this package.
const RECORDED: &str = "../shared/data/minitwit_scenario.csv";

/// Actions to replay, in the order of their ids.
pub struct Scenario {
    file: PathBuf,
    pub actions: Vec<Action>,
    _folder: Option<tempfile::TempDir>,
}

/// A line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    pub id: u32,
    pub user: String,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Register,
    Tweet(String),
    Follow(String),
    Unfollow(String),
}

impl Scenario {
    /// The first `limit` actions of the file that `MINITWIT_SCENARIO` names, or of the recorded one where
    /// it lies, or of as many of our own making.
    pub fn first(limit: usize) -> Self {
        let named = std::env::var("MINITWIT_SCENARIO").ok().filter(|name| !name.is_empty()).map(PathBuf::from);
        let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORDED);
        if let Some(file) = named.or_else(|| recorded.exists().then_some(recorded)) {
            return Self::read(file, limit, None);
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("scenario.csv");
        let arguments = ["scenario", "--seed", "1", "--actions", &limit.min(25_922).to_string()];
        let output = Command::new(env!("CARGO_BIN_EXE_minitwit")).args(arguments).output().unwrap();
        assert!(output.status.success());
        fs::write(&file, output.stdout).unwrap();
        Self::read(file, limit, Some(folder))
    }

    fn read(file: PathBuf, limit: usize, folder: Option<tempfile::TempDir>) -> Self {
        let text = fs::read_to_string(&file).unwrap_or_else(|why| panic!("{}: {why}", file.display()));
        let actions: Vec<Action> = text.lines().take(limit).map(parse).collect();
        assert!(!actions.is_empty(), "{}: no actions", file.display());
        Self { file, actions, _folder: folder }
    }

    /// Starts `minitwit simulate` against the API behind `address`.
    pub fn replay(&self, address: SocketAddr, options: &[&str]) -> Replay {
        let mut command = Command::new(env!("CARGO_BIN_EXE_minitwit"));
        command.env_clear().arg("simulate").arg(&self.file).arg(format!("http://{address}/api"));
        command.args(["--limit", &self.actions.len().to_string()]).args(options);
        Replay { process: Process::spawn("minitwit simulate", &mut command) }
    }
}

fn parse(line: &str) -> Action {
    let fields: Vec<&str> = line.split('\t').collect();
    let argument = || fields[5].to_owned();
    let what = match fields[3] {
        "register" => What::Register,
        "tweet" => What::Tweet(argument()),
        "follow" => What::Follow(argument()),
        "unfollow" => What::Unfollow(argument()),
        other => panic!("{other}"),
    };
    Action { id: fields[0].parse().unwrap(), user: fields[4].to_owned(), what }
}

/// A replay under way.
pub struct Replay {
    pub process: Process,
}

impl Replay {
    pub fn is_running(&mut self) -> bool {
        self.process.is_running()
    }

    /// What it found in the end.
    pub async fn report(mut self) -> Report {
        Report::read(&self.process.end().await)
    }
}

/// What a replay found.
pub struct Report {
    /// As an operator reads it.
    pub text: String,
    /// Actions that were sent.
    pub actions: usize,
    /// Those that were not answered 204.
    pub failed: Vec<Failed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    pub id: u32,
    /// A status, `timeout` or `connection_error`.
    pub outcome: String,
}

impl Report {
    fn read(ended: &Ended) -> Self {
        let text = ended.log.clone();
        let failed: Vec<Failed> = text.lines().filter_map(failed_line).collect();
        let summary = text.lines().find(|line| line.contains(" actions in ")).unwrap_or_else(|| panic!("{text}"));
        let actions = summary.split(' ').next().unwrap().parse().unwrap();
        // The report's own count, and its exit status, say the same.
        assert!(summary.ends_with(&format!("{} failed", failed.len())), "{text}");
        assert_eq!(ended.code(), Some(i32::from(!failed.is_empty())), "{text}");
        Self { text, actions, failed }
    }

    /// The report without the lines about each wrong answer.
    pub fn summary(&self) -> String {
        self.text.lines().filter(|line| failed_line(line).is_none()).collect::<Vec<_>>().join("\n")
    }
}

/// `TIME,HOST,ID,OUTCOME,COMMAND`
fn failed_line(line: &str) -> Option<Failed> {
    let fields: Vec<&str> = line.split(',').collect();
    let [time, _, id, outcome, _] = fields[..] else { return None };
    (time.len() == 24).then(|| Failed { id: id.parse().unwrap(), outcome: outcome.to_owned() })
}
