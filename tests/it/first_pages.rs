//! First pages are kept for a moment: what is posted shows at once, and nothing personal is kept.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use rstest_reuse::apply;

use crate::support::{TestApp, TestDatabase, on_both};

async fn queries(app: &TestApp, name: &str) -> f64 {
    app.metric(&format!("minitwit_db_query_duration_seconds_count{{query=\"{name}\"}}")).await
}

#[apply(on_both)]
async fn a_message_shows_at_once_wherever_it_should(db: TestDatabase) {
    let app = db.app();
    let alice = app.signed_in("alice").await;
    for number in 0..20 {
        // Kept before it is posted, by everybody who could keep it.
        for path in ["/public", "/alice", "/api/msgs"] {
            app.browser().get(path).await;
        }
        app.simulator().get("/msgs").await;
        let text = format!("message {number}");
        if number % 2 == 0 {
            drop(alice.say(&text).await);
        } else {
            drop(app.simulator().tweet("alice", &text).await);
        }
        for path in ["/public", "/alice"] {
            assert_eq!(app.browser().get(path).await.messages()[0], text, "{path} for a stranger");
            assert_eq!(alice.get(path).await.messages()[0], text, "{path} for its author");
        }
        assert_eq!(app.simulator().get("/msgs?no=1").await.body[0]["content"], text);
        assert_eq!(app.simulator().get("/msgs").await.body[0]["content"], text);
    }
}

#[apply(on_both)]
async fn what_another_replica_posts_or_flags_shows_within_a_second(db: TestDatabase) {
    let (one, other) = (db.app(), db.app());
    one.simulator().register("alice").await;
    one.browser().get("/public").await;
    other.simulator().tweet("alice", "from elsewhere").await;
    let begun = Instant::now();
    while one.browser().get("/public").await.messages().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(30), "never shown");
    }
    minitwit::db::messages::set_flagged(&mut db.connect(), minitwit::domain::MessageId(1), true).unwrap();
    let begun = Instant::now();
    while !one.browser().get("/public").await.messages().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(30), "never hidden");
    }
}

#[apply(on_both)]
async fn nothing_personal_is_kept_for_others(db: TestDatabase) {
    let app = db.app();
    let (alice, bob) = (app.signed_in("alice").await, app.signed_in("bob").await);
    alice.say("hello").await;
    bob.get("/alice/follow").await;
    bob.get("/alice").await;
    for path in ["/public", "/alice"] {
        let seen = [alice.get(path).await, bob.get(path).await, app.browser().get(path).await, bob.get(path).await];
        let [by_alice, by_bob, by_stranger, by_bob_again] = seen;
        assert!(by_alice.source.contains("/alice") && !by_alice.source.contains("bob"), "{path}");
        assert!(by_bob.source.contains("bob") && by_bob_again.source.contains("bob"), "{path}");
        assert!(
            !by_stranger.source.contains("bob") && !by_stranger.has(".followstatus") && !by_stranger.has(".twitbox")
        );
        assert!(!by_stranger.source.contains("logout"), "{path}");
    }
    assert_eq!(alice.get("/alice").await.text(".followstatus p"), "This is you!");
    assert_eq!(bob.get("/alice").await.text(".followstatus p"), "You are currently following this user.");
    // A flash is for one stranger only.
    let flashed = app.browser();
    let response = flashed.request(Method::GET, "/logout").send().await.unwrap().text().await.unwrap();
    assert!(response.contains("You were logged out"));
    assert_eq!(app.browser().get("/public").await.flashes(), Vec::<String>::new());
    // Nor is a refusal kept.
    assert_eq!(app.simulator().anonymous(Method::GET, "/msgs").send().await.unwrap().status(), 403);
}

#[apply(on_both)]
async fn those_who_come_together_ask_the_database_once(db: TestDatabase) {
    let app = db.app();
    app.simulator().register("alice").await;
    app.simulator().tweet("alice", "hi").await;
    let before = queries(&app, "public_timeline").await;
    let browser = app.browser();
    let pages = join_all((0..40).map(|_| browser.get("/public"))).await;
    assert!(pages.iter().all(|page| page.messages() == ["hi"]));
    let asked = queries(&app, "public_timeline").await - before;
    assert!(asked < 10.0, "{asked} queries for 40 visits");
    assert!(app.metric(r#"minitwit_first_page_lookups_total{result="hit"}"#).await >= 30.0);
}

#[apply(on_both)]
async fn an_unknown_name_is_not_kept_unknown(db: TestDatabase) {
    let app = db.app();
    assert_eq!(app.browser().get("/alice").await.status, 404);
    app.simulator().register("alice").await;
    assert_eq!(app.browser().get("/alice").await.status, 200);
}
