//! Passwords at work: stored as argon2id, upgraded when the parameters change, with rules.

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::json;

use crate::support::{TestDatabase, actors::PASSWORD, on_both};

#[derive(QueryableByName)]
struct Hash {
    #[diesel(sql_type = Text)]
    password_hash: String,
}

fn stored(db: &TestDatabase) -> String {
    let mut rows: Vec<Hash> = sql_query("SELECT password_hash FROM users").load(&mut db.connect()).unwrap();
    rows.remove(0).password_hash
}

#[apply(on_both)]
async fn a_hash_is_upgraded_at_sign_in_when_the_parameters_change(db: TestDatabase) {
    db.app().browser().register("alice").await;
    let old = stored(&db);
    assert!(old.starts_with("$argon2id$v=19$m=8,t=1,p=1$") && !old.contains(PASSWORD), "{old}");
    let app = db.app_with(|settings| (settings.passwords.memory_kib, settings.passwords.iterations) = (16, 2));
    app.browser().sign_in_with("alice", "wrong").await;
    assert_eq!(stored(&db), old);
    assert_eq!(app.browser().sign_in("alice").await.path, "/");
    let new = stored(&db);
    assert!(new.starts_with("$argon2id$v=19$m=16,t=2,p=1$"), "{new}");
    assert_eq!(app.browser().sign_in("alice").await.path, "/");
    assert_eq!(stored(&db), new);
}

#[apply(on_both)]
async fn an_unknown_name_costs_a_hash_like_a_wrong_password(db: TestDatabase) {
    let app = db.app();
    app.browser().register("alice").await;
    let hashes = "minitwit_password_hash_duration_seconds_count";
    let before = app.metric(hashes).await;
    app.browser().sign_in_with("alice", "wrong").await;
    app.browser().sign_in_with("nobody", "wrong").await;
    app.browser().sign_in_with("no/body", "wrong").await;
    assert_eq!(app.metric(hashes).await - before, 3.0);
}

#[apply(on_both)]
async fn passwords_have_a_least_and_a_largest_length(db: TestDatabase) {
    let app = db.app_with(|settings| settings.passwords.min_length = 8);
    let browser = app.browser();
    let page = browser.register_with("alice", "a@b", "1234567", "1234567").await;
    assert_eq!(page.text("div.error"), "Error: You have to enter a password of at least 8 characters");
    let long = "x".repeat(1025);
    let page = browser.register_with("alice", "a@b", &long, &long).await;
    assert_eq!(page.text("div.error"), "Error: You have to enter a password of at most 1024 bytes");
    assert_eq!(browser.register_with("alice", "a@b", &long[1..], &long[1..]).await.path, "/login");
    assert_eq!(browser.sign_in_with("alice", &long).await.text("div.error"), "Error: Invalid password");
    assert_eq!(browser.sign_in_with("alice", &long[1..]).await.path, "/");
}

#[apply(on_both)]
async fn the_simulators_users_may_have_short_passwords_where_people_may_not(db: TestDatabase) {
    let app = db.app_with(|settings| settings.passwords.min_length = 8);
    let body = |name: &str| json!({ "username": name, "email": "a@b", "pwd": "7chars!" });
    assert_eq!(app.simulator().post("/register", body("a")).await.status, 204);
    let request = app.simulator().anonymous(Method::POST, "/register").json(&body("b"));
    assert_eq!(request.send().await.unwrap().status(), 400);
}

#[apply(on_both)]
async fn two_who_register_one_name_at_once_do_not_both_get_it(db: TestDatabase) {
    let app = db.app();
    let simulator = app.simulator();
    let answers = futures_util::future::join_all((0..8).map(|_| simulator.register("alice"))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 7, "{statuses:?}");
}
