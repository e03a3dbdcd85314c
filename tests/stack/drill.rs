//! The backup drill: the recorded actions are replayed into a real Postgres, backups are taken meanwhile and
//! afterwards, restored into SQLite and into another Postgres, and what is there then is compared: rows, bytes
//! of a backup of the restored database, and pages. At last the first database is lost and brought back while
//! its replica goes on serving.

use std::{
    collections::BTreeSet,
    io::Read,
    path::{Path, PathBuf},
    process::Output,
    time::{Duration, Instant},
};

use diesel::{connection::SimpleConnection, prelude::*};
use minitwit::db::{Target, schema::simulator_latest};
use minitwit_tools::scenario::Action;

use crate::{
    harness::{
        self, Replica, Scenario, eventually,
        ledger::{Holdings, Ledger},
        replica::{HOSTS, Recipe},
    },
    support::TestDatabase,
};

/// A quarter of the recording: every kind of action, and long enough for backups in the middle.
const ACTIONS: usize = 6500;
/// Backups taken while actions come in.
const MEANWHILE: usize = 3;

/// Runs a subcommand to its end, which has to be a good one.
async fn run(recipe: &Recipe, arguments: &[&str]) -> String {
    let mut command = recipe.command(arguments);
    let output: Output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "minitwit {}: {text}", arguments.join(" "));
    text
}

fn target(url: &str) -> Target {
    Target::parse(&url.into()).unwrap()
}

/// The rows of a backup as they were written; the first and the last line are about the file.
fn rows(file: &Path) -> String {
    let mut text = String::new();
    zstd::Decoder::new(std::fs::File::open(file).unwrap()).unwrap().read_to_string(&mut text).unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    rest.trim_end().rsplit_once('\n').unwrap().0.to_owned()
}

/// What people, the simulator and Prometheus would be shown.
async fn pages(replica: &Replica, actions: &[Action<'_>]) -> Vec<String> {
    let authors: BTreeSet<&str> = actions.iter().map(|action| action.user).collect();
    let mut paths = vec!["/public".to_owned(), "/api/latest".to_owned(), "/api/msgs?no=1000".to_owned()];
    for author in authors.iter().take(5) {
        paths.extend([format!("/{author}"), format!("/api/msgs/{author}"), format!("/api/fllws/{author}?no=1000")]);
    }
    let client = reqwest::Client::new();
    let mut pages = Vec::new();
    for path in paths {
        let request = client.get(format!("http://{}{path}", replica.address));
        let answer = request.basic_auth("simulator", Some("super_safe!")).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let text = answer.text().await.unwrap();
        assert!(text.len() > 10, "{path}: {text}");
        pages.push(text);
    }
    pages
}

/// The backup is what the actions up to one moment leave: nothing of a later one, nothing missing of an
/// earlier one.
async fn is_of_one_moment(file: &Path, folder: &Path, actions: &[Action<'_>]) -> usize {
    let url = format!("sqlite://{}.db", folder.join(file.file_stem().unwrap()).display());
    run(&Recipe::new(&url), &["restore", file.to_str().unwrap()]).await;
    let mut conn = target(&url).connect().unwrap();
    let held = Holdings::read(&mut conn);
    let latest: i64 = simulator_latest::table.select(simulator_latest::last_value).first(&mut conn).unwrap();
    let latest = usize::try_from(latest).unwrap();
    // The action that was under way may be there or not, and a registration notes its number afterwards.
    let moment = (latest..=latest + 2)
        .find(|count| Ledger::of(&actions[..(*count).min(actions.len())], &BTreeSet::new()).acknowledged == held);
    moment.unwrap_or_else(|| panic!("{}: not what the first {latest} actions leave", file.display()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_taken_meanwhile_and_one_taken_afterwards_bring_everything_back() {
    let _turn = harness::turn().await;
    let (first, second) = (harness::postgres(), harness::postgres());
    let begun = Instant::now();
    let database = TestDatabase::on_server(&first);
    let recipe = Recipe::new(database.url());
    let replica = recipe.start(HOSTS[0]).await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| -> PathBuf { folder.path().join(name) };

    // Right answers count here, not fast ones.
    let scenario = Scenario::first(ACTIONS);
    let replay = scenario.replay(replica.address, 1, 10_000);
    let mut meanwhile = Vec::new();
    for number in 1..=MEANWHILE {
        let due = f64::from(u32::try_from(scenario.actions.len() * number / (MEANWHILE + 1)).unwrap());
        eventually("the replay comes along", Duration::from_mins(3), async || {
            (replica.sum("minitwit_simulator_latest_id").await >= due).then_some(())
        })
        .await;
        let file = path(&format!("{number}.backup"));
        run(&recipe, &["backup", file.to_str().unwrap()]).await;
        assert!(replay.is_running(), "the replay ended before the backup number {number} did");
        meanwhile.push(file);
    }
    let report = replay.report().await;
    assert_eq!((report.all.count, report.failed), (scenario.actions.len(), 0));
    let replayed = begun.elapsed();

    let after = path("after.backup");
    run(&recipe, &["backup", after.to_str().unwrap()]).await;
    let mut moments = Vec::new();
    for file in meanwhile.iter().chain([&after]) {
        let verified = run(&recipe, &["verify-backup", file.to_str().unwrap()]).await;
        assert!(verified.starts_with("restored and compared: "), "{verified}");
        moments.push(is_of_one_moment(file, folder.path(), &scenario.actions).await);
    }
    assert!(moments.is_sorted_by(|one, next| one < next), "{moments:?}");
    assert_eq!(moments.last(), Some(&scenario.actions.len()));

    // Elsewhere: the file that the last one was restored into above, and another server.
    let elsewhere = TestDatabase::on_server(&second);
    let [sqlite, postgres] = [format!("sqlite://{}", path("after.db").display()), elsewhere.url().to_owned()]
        .map(|url| recipe.clone().with("DATABASE_URL", &url));
    run(&postgres, &["restore", after.to_str().unwrap()]).await;
    Ledger::of(&scenario.actions, &BTreeSet::new()).check(&Holdings::read(&mut elsewhere.connect()));
    let (rows_before, pages_before) = (rows(&after), pages(&replica, &scenario.actions).await);
    for (name, elsewhere) in [("sqlite", &sqlite), ("postgres", &postgres)] {
        let file = path(&format!("again-{name}.backup"));
        run(elsewhere, &["backup", file.to_str().unwrap()]).await;
        assert!(rows(&file) == rows_before, "{name}: not the same bytes");
        let restored = elsewhere.start(HOSTS[1]).await;
        assert_eq!(pages(&restored, &scenario.actions).await, pages_before, "{name}");
        restored.terminate().await;
    }

    // The night: everything is gone, the replica runs on.
    database.connect().batch_execute("DELETE FROM messages; DELETE FROM follows; DELETE FROM users").unwrap();
    run(&recipe, &["restore", "--force", after.to_str().unwrap()]).await;
    // First pages are kept for a moment.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(pages(&replica, &scenario.actions).await, pages_before);
    assert_eq!(replica.terminate().await.code(), Some(0));
    println!(
        "{} actions in {replayed:?}, backups of the moments {moments:?}, {:?} in all",
        report.all.count,
        begun.elapsed()
    );
}
