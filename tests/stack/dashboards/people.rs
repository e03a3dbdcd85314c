//! Those who come to Minitwit while it is watched: the simulator with a part of the recorded scenario, and
//! people on the site, who sign in, mistype, post, follow, get lost and are refused.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinHandle;

use super::watched::Watched;
use crate::{
    harness::Scenario,
    support::actors::{Browser, Simulator},
};

/// Of the scenario.
const ACTIONS: usize = 1000;

/// They come and go until they are sent home.
pub struct People {
    is_over: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
}

impl People {
    pub fn come(watched: &Watched) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let mut tasks: Vec<_> = (0..)
            .zip(&watched.replicas)
            .map(|(number, replica)| tokio::spawn(visit(number, replica.address, Arc::clone(&is_over))))
            .collect();
        tasks.push(tokio::spawn(simulate(watched.caddy.http, Arc::clone(&is_over))));
        Self { is_over, tasks }
    }

    /// Sends them home; panics if one of them did.
    pub async fn leave(self) {
        self.is_over.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}

/// The site, at one of the replicas.
async fn visit(number: u32, address: SocketAddr, is_over: Arc<AtomicBool>) {
    let (name, other) = (format!("visitor {number}"), format!("friend {number}"));
    let browser = Browser::new(address);
    browser.register(&other).await;
    browser.register(&name).await;
    // The name is taken now.
    browser.register(&name).await;
    for round in 0.. {
        assert_eq!(browser.sign_in(&name).await.path, "/");
        browser.say(&format!("message {round}")).await;
        assert_eq!(browser.get("/").await.status, 200);
        for change in ["follow", "unfollow"] {
            browser.post(&format!("/{other}/{change}"), &[]).await;
            browser.post(&format!("/{other}/{change}"), &[]).await;
        }
        browser.post("/logout", &[]).await;
        browser.sign_in_with(&name, "wrong").await;
        browser.sign_in_with("nobody", "wrong").await;
        assert_eq!(browser.get("/public").await.status, 200);
        assert_eq!(browser.get("/nobody").await.status, 404);
        assert_eq!(browser.get("/no/such/path").await.status, 404);
        let foreign = browser.request(Method::POST, "/login").header("sec-fetch-site", "cross-site");
        assert_eq!(foreign.send().await.unwrap().status(), 403);
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The API, through the proxy.
async fn simulate(proxy: SocketAddr, is_over: Arc<AtomicBool>) {
    let scenario = Scenario::first(ACTIONS);
    let report = scenario.replay(proxy, 1, 10_000).report().await;
    assert_eq!(report.failed, 0, "{report}");
    let simulator = Simulator::new(proxy);
    let user = scenario.actions[0].user;
    for round in 0.. {
        // Every other number is left out, so that Prometheus has something to alert on.
        let path = format!("/msgs/{user}?latest={}", ACTIONS + 2 * round);
        assert_eq!(simulator.post(&path, json!({ "content": "one more" })).await.status, 204);
        simulator.follow(user, "visitor 0").await;
        simulator.unfollow(user, "visitor 0").await;
        assert_eq!(simulator.get("/msgs?no=5").await.status, 200);
        assert_eq!(simulator.tweet("nobody at all", "wrong").await.status, 404);
        let garbled = simulator.request(Method::POST, &format!("/msgs/{user}")).body("{");
        assert_eq!(garbled.send().await.unwrap().status(), 400);
        assert_eq!(simulator.register(user).await.status, 400);
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
