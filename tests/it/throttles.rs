//! Who may try how often: by name and address, by address, and never the simulator.

use reqwest::Method;
use serde_json::json;

use crate::support::{
    TestApp, TestDatabase,
    actors::{Answer, PASSWORD},
};

/// Behind a proxy at 127.0.0.1, so that the test can come from anywhere.
fn app(db: &TestDatabase, login_burst: u32, address_burst: u32) -> TestApp {
    db.app_with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        settings.limits.login_burst = login_burst;
        settings.limits.login_per_minute = 1;
        settings.limits.address_burst = address_burst;
        settings.limits.address_per_minute = 1;
    })
}

async fn sign_in(app: &TestApp, from: &str, name: &str, password: &str) -> (u16, Option<String>) {
    let request = app.browser().request(Method::POST, "/login").header("x-forwarded-for", from);
    let response = request.form(&[("username", name), ("password", password)]).send().await.unwrap();
    let retry_after = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    (response.status().as_u16(), retry_after)
}

on_both! {
    async fn guessing_is_slowed_down_without_locking_the_owner_out(db: TestDatabase) {
        let app = app(&db, 3, 100);
        app.browser().register("alice").await;
        for _ in 0..3 {
            assert_eq!(sign_in(&app, "192.0.2.66", "alice", "guess").await.0, 200);
        }
        let (status, retry_after) = sign_in(&app, "192.0.2.66", "alice", PASSWORD).await;
        assert_eq!(status, 429, "even the right password: a guess could be right");
        assert!((1..=61).contains(&retry_after.unwrap().parse::<u64>().unwrap()));
        assert_eq!(sign_in(&app, "192.0.2.1", "alice", PASSWORD).await.0, 200, "the owner comes from elsewhere");
        assert_eq!(sign_in(&app, "192.0.2.66", "bob", "guess").await.0, 200);
    }

    async fn another_spelling_of_a_name_has_no_attempts_of_its_own(db: TestDatabase) {
        let app = app(&db, 1, 100);
        assert_eq!(sign_in(&app, "192.0.2.66", "\u{e9}", "guess").await.0, 200);
        assert_eq!(sign_in(&app, "192.0.2.66", "e\u{301}", "guess").await.0, 429);
        assert_eq!(app.metric("minitwit_http_rejected_total{reason=\"rate_limit\"}").await, 1.0);
    }

    async fn an_address_is_slowed_down_over_all_names(db: TestDatabase) {
        let app = app(&db, 100, 3);
        for name in ["a", "b", "c"] {
            assert_eq!(sign_in(&app, "192.0.2.66", name, "guess").await.0, 200);
        }
        assert_eq!(sign_in(&app, "192.0.2.66", "d", "guess").await.0, 429);
        assert_eq!(sign_in(&app, "192.0.2.67", "d", "guess").await.0, 200);
    }

    async fn the_simulator_registers_as_fast_as_it_likes(db: TestDatabase) {
        let app = app(&db, 1, 2);
        for number in 0..20 {
            assert_eq!(app.simulator().register(&format!("user {number}")).await.status, 204);
        }
        let mut refused = Vec::new();
        for number in 0..4 {
            let body = json!({ "username": format!("stranger {number}"), "email": "a@b", "pwd": "x" });
            let response = app.simulator().anonymous(Method::POST, "/register").json(&body).send().await.unwrap();
            refused.push(Answer::read(response).await.status);
        }
        assert_eq!(refused, [204, 204, 429, 429], "others may not");
    }
}
