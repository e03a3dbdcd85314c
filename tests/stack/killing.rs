//! Replicas and Postgres end without warning in the middle of a replay. Little fails, and it is known how
//! little; nothing that was acknowledged is missing.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use minitwit_tools::simulate::Report;
use serde_json::{Value, json};

use crate::{
    harness::{
        self, Caddy, Replica, Scenario,
        caddy::Stack,
        eventually,
        ledger::{Holdings, Ledger},
        replica::{HOSTS, Recipe},
    },
    support::TestDatabase,
};

/// Clients at once. Registrations come first, and each user's order is kept.
const CLIENTS: usize = 4;

/// Has an account and is in no scenario.
const BYSTANDER: &str = "alice";

/// Waits until the replay has passed the registrations: a post of somebody who failed to register would be a
/// failure of its own.
async fn posts_have_begun(replica: &Replica) {
    eventually("posts have begun", Duration::from_mins(1), async || {
        (replica.sum("minitwit_messages_posted_total{").await > 50.0).then_some(())
    })
    .await;
}

/// Everything acknowledged is there, once; the failed actions are there or not; nothing else is. Gives back how
/// many failed with each outcome.
fn check(scenario: &Scenario, report: &Report, db: &TestDatabase) -> BTreeMap<String, usize> {
    println!("{report}");
    assert_eq!(report.all.count, scenario.actions.len());
    let failed: BTreeSet<u64> = report.wrong_answers.iter().map(|wrong| wrong.id).collect();
    let mut held = Holdings::read(&mut db.connect());
    held.users.remove(BYSTANDER);
    Ledger::of(&scenario.actions, &failed).check(&held);
    let mut answers = BTreeMap::new();
    report.wrong_answers.iter().for_each(|wrong| *answers.entry(wrong.answer.to_string()).or_default() += 1);
    answers
}

/// Reads `/api/msgs` through the proxy without pause, until it is told to stop; gives back the statuses.
fn reader(caddy: &Caddy, stop: &Arc<AtomicBool>) -> tokio::task::JoinHandle<Vec<u16>> {
    let (url, stop) = (format!("http://{}/api/msgs?no=5", caddy.http), Arc::clone(stop));
    tokio::spawn(async move {
        let client = reqwest::Client::new();
        let mut statuses = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let request = client.get(&url).basic_auth("simulator", Some("super_safe!"));
            statuses.push(request.send().await.unwrap().status().as_u16());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        statuses
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_replica_costs_at_most_the_actions_under_way() {
    let _turn = harness::turn().await;
    let server = harness::postgres();
    let db = TestDatabase::on_server(&server);
    let recipe = Recipe::new(db.url());
    let mut replicas = recipe.start_both().await;
    let Some(caddy) = Caddy::start("localhost", Stack::Compose, &recipe).await else { return };

    let scenario = Scenario::first(6_000);
    // Patience beyond the course's: a request that hangs must not hide behind one that is merely lost.
    let replay = scenario.replay(caddy.http, CLIENTS, 5_000);
    posts_have_begun(&replicas[0]).await;
    let stop = Arc::default();
    let reader = reader(&caddy, &stop);
    let mut kills = 0;
    while replay.is_running() {
        let (killed, host) = (&mut replicas[kills % 2], HOSTS[kills % 2]);
        assert_eq!(killed.process.kill().await.by_signal(), Some(9));
        // The proxy finds out by itself, and the other replica carries on alone.
        tokio::time::sleep(Duration::from_secs(1)).await;
        *killed = recipe.start(host).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        kills += 1;
    }
    stop.store(true, Ordering::Relaxed);
    let report = replay.report().await;
    let failed = check(&scenario, &report, &db);
    println!("failed with {kills} kills: {failed:?}");
    assert!(kills >= 2, "each one once");
    // Each client had one action under way; whether it was done nobody can say, so the proxy does not repeat it.
    assert!(report.failed <= kills * CLIENTS, "{failed:?}");
    assert!(failed.keys().all(|answer| answer == "502"), "{failed:?}");
    // What is only read is asked of the other replica: readers notice nothing.
    let read = reader.await.unwrap();
    let wrong: Vec<&u16> = read.iter().filter(|status| **status != 200).collect();
    assert!(read.len() > 100 && wrong.is_empty(), "{wrong:?} of {}", read.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_stopped_and_started_is_503_meanwhile_and_nothing_acknowledged_is_lost() {
    let _turn = harness::turn().await;
    let server = harness::postgres();
    let db = TestDatabase::on_server(&server);
    let recipe = Recipe::new(db.url()).with("MINITWIT__SERVER__ORIGIN", "https://localhost");
    let mut replicas = recipe.start_both().await;
    let Some(caddy) = Caddy::start("localhost", Stack::Compose, &recipe).await else { return };
    let alice = caddy.curl().with_cookies();
    let account =
        [("username", BYSTANDER), ("email", "a@b"), ("password", "long enough"), ("password2", "long enough")];
    assert_eq!(alice.post("/register", &account).send().status, 302);
    assert_eq!(alice.post("/login", &[account[0], account[2]]).send().status, 302);

    let scenario = Scenario::first(6_000);
    let replay = scenario.replay(caddy.http, 2, 60_000);
    posts_have_begun(&replicas[0]).await;
    tokio::task::block_in_place(|| server.crash());
    let away = Instant::now();
    eventually("the proxy knows", Duration::from_secs(10), async || {
        let page = caddy.curl().get("/public").send();
        assert!(matches!(page.status, 200 | 503), "{page:?}");
        replicas_are_out(&caddy).await.then_some(())
    })
    .await;
    println!("the proxy looked away from both after {:?}", away.elapsed());
    // Where nobody is there to be asked answers are quick, and the scenario would soon be used up.
    replay.pause();
    let mut waits = Vec::new();
    for _ in 0..11 {
        let page = caddy.curl().get("/public").send();
        assert_eq!((page.status, page.header("retry-after")), (503, "2"));
        assert!(page.text().contains("<title>Service Unavailable | MiniTwit</title>"));
        let asked = Instant::now();
        let answer = reqwest::get(format!("http://{}/api/msgs", caddy.http)).await.unwrap();
        assert_eq!(answer.status(), 503);
        let expected = json!({ "status": 503, "error_msg": "Minitwit is busy: try again in a moment." });
        assert_eq!(answer.json::<Value>().await.unwrap(), expected);
        waits.push(asked.elapsed());
    }
    waits.sort_unstable();
    assert!(waits[waits.len() / 2] < Duration::from_millis(300), "nobody is kept waiting: {waits:?}");
    for replica in &mut replicas {
        assert!(harness::is_fine(replica.ops, "/livez").await, "nothing to be gained by a restart");
        assert!(!replica.is_ready().await);
    }
    replay.resume();
    tokio::task::block_in_place(|| server.restart());
    let back = Instant::now();
    eventually("the site is back", Duration::from_secs(15), async || {
        (caddy.curl().get("/public").send().status == 200).then_some(())
    })
    .await;
    println!("the site was back {:?} after Postgres, which had been away for {:?}", back.elapsed(), away.elapsed());
    let report = replay.report().await;
    let failed = check(&scenario, &report, &db);
    println!("{failed:?}");
    assert!(failed.keys().all(|answer| answer == "503"), "{failed:?}");
    let last = report.wrong_answers.iter().map(|wrong| wrong.id).max();
    let end = scenario.actions.last().unwrap().id;
    assert!(last.is_some_and(|last| last + 500 < end), "it failed, and went on: {last:?} of {end}");
    for replica in &mut replicas {
        replica.process.must_run();
        assert!(replica.is_ready().await);
    }
    assert!(alice.get("/").send().text().contains("on your mind alice?"), "she is still signed in");
}

/// Whether the proxy itself answers, having nobody to ask.
async fn replicas_are_out(caddy: &Caddy) -> bool {
    let answer = reqwest::get(format!("http://{}/api/latest", caddy.http)).await.unwrap();
    // The app's answers bear an id.
    answer.status() == 503 && !answer.headers().contains_key("x-request-id")
}
