//! Who may try how often: by name and address, by address, and never the simulator.

use futures_util::future::join_all;
use minitwit::config::LimitSettings;
use reqwest::Method;
use rstest_reuse::apply;
use serde_json::json;

use crate::support::{
    TestApp, TestDatabase,
    actors::{Answer, Browser, PASSWORD},
    on_both,
};

/// Behind a proxy at 127.0.0.1, so that the test can come from anywhere; what is spent comes back within
/// a minute.
fn app(db: &TestDatabase, limit: impl FnOnce(&mut LimitSettings)) -> TestApp {
    db.app_with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        let limits = &mut settings.limits;
        limits.login_per_minute = 1;
        limits.address_per_minute = 1;
        limits.register_per_minute = 1;
        limits.credentials_per_minute = 1;
        limit(limits);
    })
}

async fn post(app: &TestApp, from: &str, path: &str, form: &[(&str, &str)]) -> (u16, Option<String>) {
    let browser = Browser::without_redirects(app.address);
    let request = browser.request(Method::POST, path).header("x-forwarded-for", from).form(form);
    let response = request.send().await.unwrap();
    let retry_after = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    (response.status().as_u16(), retry_after)
}

/// 302 when it is right, 200 when it is wrong, 429 when it may not be tried.
async fn sign_in(app: &TestApp, from: &str, name: &str, password: &str) -> u16 {
    post(app, from, "/login", &[("username", name), ("password", password)]).await.0
}

/// 302 when it was done, 200 when it was refused, 429 when there were too many.
async fn register(app: &TestApp, from: &str, name: &str) -> u16 {
    let form = [("username", name), ("email", "a@b"), ("password", PASSWORD), ("password2", PASSWORD)];
    post(app, from, "/register", &form).await.0
}

async fn call(app: &TestApp, from: &str, method: Method, path: &str, password: &str) -> (Answer, Option<u64>) {
    let simulator = app.simulator();
    let request = simulator.anonymous(method, path).basic_auth("simulator", Some(password));
    let response = request.header("x-forwarded-for", from).send().await.unwrap();
    let retry_after = response.headers().get("retry-after").map(|value| value.to_str().unwrap().parse().unwrap());
    (Answer::read(response).await, retry_after)
}

const RIGHT: &str = "super_safe!";
const NOT_AUTHORIZED: &str = "You are not authorized to use this resource!";

#[apply(on_both)]
async fn guessing_is_slowed_down_without_locking_the_owner_out(db: TestDatabase) {
    let app = app(&db, |limits| limits.login_burst = 3);
    app.browser().register("alice").await;
    for _ in 0..3 {
        assert_eq!(sign_in(&app, "192.0.2.66", "alice", "guess").await, 200);
    }
    let right = [("username", "alice"), ("password", PASSWORD)];
    let (status, retry_after) = post(&app, "192.0.2.66", "/login", &right).await;
    assert_eq!(status, 429, "even the right password: a guess could be right");
    assert!((1..=61).contains(&retry_after.unwrap().parse::<u64>().unwrap()));
    assert_eq!(sign_in(&app, "192.0.2.1", "alice", PASSWORD).await, 302, "the owner comes from elsewhere");
    assert_eq!(sign_in(&app, "192.0.2.66", "bob", "guess").await, 200);
}

#[apply(on_both)]
async fn guesses_at_once_are_as_few_as_one_after_the_other(db: TestDatabase) {
    let app = app(&db, |limits| limits.login_burst = 3);
    app.browser().register("alice").await;
    let passwords: Vec<String> = (0..20).map(|number| format!("guess {number}")).collect();
    let tries = join_all(passwords.iter().map(|guess| sign_in(&app, "192.0.2.66", "alice", guess))).await;
    assert_eq!(tries.iter().filter(|status| **status == 200).count(), 3, "{tries:?}");
    assert_eq!(tries.iter().filter(|status| **status == 429).count(), 17, "{tries:?}");
}

#[apply(on_both)]
async fn only_wrong_passwords_count_for_a_name(db: TestDatabase) {
    let app = app(&db, |limits| limits.login_burst = 2);
    app.browser().register("alice").await;
    for _ in 0..10 {
        assert_eq!(sign_in(&app, "192.0.2.1", "alice", PASSWORD).await, 302);
    }
    let wrong = [(); 3].map(|()| sign_in(&app, "192.0.2.1", "alice", "guess"));
    let mut statuses = Vec::new();
    for attempt in wrong {
        statuses.push(attempt.await);
    }
    assert_eq!(statuses, [200, 200, 429]);
}

#[apply(on_both)]
async fn another_spelling_of_a_name_has_no_attempts_of_its_own(db: TestDatabase) {
    let app = app(&db, |limits| limits.login_burst = 1);
    assert_eq!(sign_in(&app, "192.0.2.66", "\u{e9}", "guess").await, 200);
    assert_eq!(sign_in(&app, "192.0.2.66", "e\u{301}", "guess").await, 429);
    assert_eq!(app.metric("minitwit_http_rejected_total{reason=\"rate_limit\"}").await, 1.0);
}

#[apply(on_both)]
async fn an_address_is_slowed_down_over_all_names(db: TestDatabase) {
    let app = app(&db, |limits| limits.address_burst = 3);
    for name in ["a", "b", "c"] {
        assert_eq!(sign_in(&app, "192.0.2.66", name, "guess").await, 200);
    }
    assert_eq!(sign_in(&app, "192.0.2.66", "d", "guess").await, 429);
    assert_eq!(sign_in(&app, "192.0.2.67", "d", "guess").await, 200);
}

#[apply(on_both)]
async fn a_slash_48_is_no_65536_addresses(db: TestDatabase) {
    let app = app(&db, |limits| {
        (limits.login_burst, limits.address_burst, limits.ipv6_site_factor) = (2, 4, 2);
    });
    let mut statuses = Vec::new();
    for subnet in 0..5 {
        statuses.push(sign_in(&app, &format!("2001:db8:0:{subnet}::1"), "alice", "guess").await);
    }
    assert_eq!(statuses, [200, 200, 200, 200, 429], "twice what a /64 may, for a name");
    statuses.clear();
    for subnet in 5..10 {
        statuses.push(sign_in(&app, &format!("2001:db8:0:{subnet}::1"), &format!("name {subnet}"), "guess").await);
    }
    assert_eq!(statuses, [200, 200, 200, 200, 429], "and over all names");
    assert_eq!(sign_in(&app, "2001:db8:1::1", "alice", "guess").await, 200, "another /48");
}

#[apply(on_both)]
async fn empty_registrations_lock_no_neighbour_out(db: TestDatabase) {
    let app = app(&db, |limits| (limits.register_burst, limits.address_burst) = (2, 5));
    assert_eq!(register(&app, "192.0.2.1", "alice").await, 302);
    for _ in 0..20 {
        assert_eq!(post(&app, "192.0.2.1", "/register", &[]).await.0, 200);
        assert_eq!(register(&app, "192.0.2.1", "alice").await, 200, "the name is taken");
    }
    assert_eq!(sign_in(&app, "192.0.2.1", "alice", PASSWORD).await, 302);
    assert_eq!(register(&app, "192.0.2.1", "bob").await, 302);
    assert_eq!(register(&app, "192.0.2.1", "carol").await, 429, "what costs a hash is counted");
    assert_eq!(register(&app, "192.0.2.2", "carol").await, 302);
    assert_eq!(sign_in(&app, "192.0.2.1", "alice", PASSWORD).await, 302, "apart from sign-ins");
}

#[apply(on_both)]
async fn a_neighbours_guesses_do_not_hold_up_who_signed_in_before(db: TestDatabase) {
    let app = app(&db, |limits| (limits.login_burst, limits.address_burst) = (2, 4));
    app.browser().register("alice").await;
    app.browser().register("bob").await;
    assert_eq!(sign_in(&app, "192.0.2.1", "alice", PASSWORD).await, 302);
    for name in ["a", "b", "c"] {
        assert_eq!(sign_in(&app, "192.0.2.1", name, "guess").await, 200);
    }
    assert_eq!(sign_in(&app, "192.0.2.1", "bob", PASSWORD).await, 429, "not seen here before");
    assert_eq!(sign_in(&app, "192.0.2.1", "alice", PASSWORD).await, 302);
    assert_eq!(sign_in(&app, "192.0.2.1", "alice", "guess").await, 200);
    assert_eq!(sign_in(&app, "192.0.2.1", "alice", PASSWORD).await, 429, "within the limit for the name");
}

#[apply(on_both)]
async fn the_simulator_registers_as_fast_as_it_likes(db: TestDatabase) {
    let app = app(&db, |limits| limits.register_burst = 2);
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

#[apply(on_both)]
async fn guessing_the_simulators_credentials_is_slowed_down(db: TestDatabase) {
    let app = app(&db, |limits| limits.credentials_burst = 3);
    let (simulator, guesser) = ("192.0.2.1", "192.0.2.66");
    assert_eq!(call(&app, simulator, Method::GET, "/msgs?latest=7", RIGHT).await.0.status, 200);
    for from in [guesser, simulator] {
        for _ in 0..3 {
            let (answer, _) = call(&app, from, Method::GET, "/msgs", "guess").await;
            assert_eq!((answer.status, answer.error()), (403, NOT_AUTHORIZED));
        }
        let (answer, retry_after) = call(&app, from, Method::GET, "/msgs", "guess").await;
        let seconds = retry_after.unwrap();
        assert!((2..=61).contains(&seconds));
        let expected = format!("Too many attempts: wait {seconds} seconds and try again.");
        assert_eq!((answer.status, answer.error()), (429, expected.as_str()));
    }
    // Neither a status nor `latest` tells the guesser what would have been right.
    for (method, path) in
        [(Method::GET, "/msgs?latest=8"), (Method::GET, "/latest?latest=8"), (Method::POST, "/register?latest=8")]
    {
        assert_eq!(call(&app, guesser, method.clone(), path, RIGHT).await.0.status, 429, "{method} {path}");
    }
    assert_eq!(app.simulator().latest().await, 7, "without credentials nobody is held up");
    assert_eq!(
        call(&app, simulator, Method::GET, "/msgs", RIGHT).await.0.status,
        200,
        "a neighbour cannot lock it out"
    );
    assert_eq!(call(&app, "192.0.2.2", Method::GET, "/msgs", RIGHT).await.0.status, 200);
    assert_eq!(app.metric("minitwit_http_rejected_total{reason=\"rate_limit\"}").await, 5.0);
}

#[apply(on_both)]
async fn wrong_credentials_count_on_calls_that_are_open_to_all(db: TestDatabase) {
    let app = app(&db, |limits| limits.credentials_burst = 2);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(call(&app, "192.0.2.66", Method::GET, "/latest?latest=5", "guess").await.0.status);
    }
    assert_eq!(statuses, [200, 200, 429], "or `latest` would tell");
}
