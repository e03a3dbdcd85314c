//! Sessions: what the cookie looks like, what the database keeps, how they end.

use diesel::{
    RunQueryDsl, sql_query,
    sql_types::{BigInt, Text},
};
use minitwit::{db, features::ops::refresh};
use reqwest::Method;
use rstest_reuse::apply;

use crate::support::{
    TestDatabase,
    actors::{Browser, PASSWORD},
    on_both,
};

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    token_hash: String,
    #[diesel(sql_type = BigInt)]
    expires_at: i64,
}

fn rows(db: &TestDatabase) -> Vec<Row> {
    sql_query("SELECT token_hash, expires_at FROM sessions ORDER BY created_at").load(&mut db.connect()).unwrap()
}

fn expire_in(db: &TestDatabase, seconds: i64) {
    sql_query(format!("UPDATE sessions SET expires_at = {}", db::now() + seconds)).execute(&mut db.connect()).unwrap();
}

/// The session cookie that signing in sets, as the header says it.
async fn cookie(browser: &Browser, name: &str) -> String {
    let fields = [("username", name), ("password", PASSWORD)];
    let response = browser.request(Method::POST, "/login").form(&fields).send().await.unwrap();
    let cookies = response.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned());
    cookies.into_iter().find(|cookie| cookie.contains("session=")).expect("signing in sets a cookie")
}

#[apply(on_both)]
async fn the_cookie_is_a_random_token_and_the_database_has_its_hash_only(db: TestDatabase) {
    let app = db.app();
    let browser = Browser::without_redirects(app.address);
    browser.register("alice").await;
    let header = cookie(&browser, "alice").await;
    let attributes: Vec<&str> = header.split("; ").collect();
    let token = attributes[0].strip_prefix("minitwit_session=").unwrap();
    assert_eq!(token.len(), 43, "256 bits");
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(attributes.contains(&attribute), "{header}");
    }
    assert!(!attributes.contains(&"Secure"), "the origin is http");
    let rows = rows(&db);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].token_hash.len(), 64);
    assert!(!rows[0].token_hash.contains(token) && !token.contains(&rows[0].token_hash));
    let month = 30 * 24 * 60 * 60;
    assert!((month - 60..=month).contains(&(rows[0].expires_at - db::now())));
}

#[apply(on_both)]
async fn behind_https_the_cookies_are_secure_and_bound_to_the_host(db: TestDatabase) {
    let app = db.app_with(|settings| settings.server.origin = "https://minitwit.example".parse().unwrap());
    let browser = Browser::without_redirects(app.address);
    let flash = browser.register("alice").await;
    assert!(flash.header("set-cookie").starts_with("__Host-minitwit_flash="));
    let header = cookie(&browser, "alice").await;
    assert!(header.starts_with("__Host-minitwit_session="), "{header}");
    assert!(header.contains("Secure") && !header.contains("Domain"), "{header}");
}

#[apply(on_both)]
async fn signing_out_revokes_the_session_for_whoever_copied_the_cookie(db: TestDatabase) {
    let app = db.app();
    let browser = Browser::without_redirects(app.address);
    browser.register("alice").await;
    let copied = cookie(&browser, "alice").await.split(';').next().unwrap().to_owned();
    let thief = Browser::without_redirects(app.address);
    let home = || thief.request(Method::GET, "/").header("cookie", &copied).send();
    assert_eq!(home().await.unwrap().status(), 200);
    browser.post("/logout", &[]).await;
    assert_eq!(home().await.unwrap().status(), 302);
    assert!(rows(&db).is_empty());
}

#[apply(on_both)]
async fn signing_in_again_gives_a_new_token_and_ends_the_old_one(db: TestDatabase) {
    let app = db.app();
    let browser = Browser::without_redirects(app.address);
    browser.register("alice").await;
    cookie(&browser, "alice").await;
    let first = rows(&db).remove(0).token_hash;
    // An expired session's cookie still comes along.
    expire_in(&db, -1);
    cookie(&browser, "alice").await;
    let all: Vec<String> = rows(&db).into_iter().map(|row| row.token_hash).collect();
    assert_eq!(all.len(), 1);
    assert_ne!(all[0], first);
}

#[apply(on_both)]
async fn a_session_slides_with_every_visit_and_ends_without(db: TestDatabase) {
    let app = db.app();
    let alice = app.signed_in("alice").await;
    expire_in(&db, 100);
    assert_eq!(alice.get("/").await.path, "/");
    assert!(rows(&db)[0].expires_at > db::now() + 29 * 24 * 60 * 60, "moved");
    let moved = rows(&db)[0].expires_at;
    alice.get("/").await;
    assert_eq!(rows(&db)[0].expires_at, moved, "but not at every visit");
    expire_in(&db, -1);
    assert_eq!(alice.get("/").await.path, "/public");
}

#[apply(on_both)]
async fn expired_sessions_are_swept(db: TestDatabase) {
    let app = db.app();
    app.signed_in("alice").await;
    app.signed_in("bob").await;
    assert_eq!(refresh::sweep_sessions(&app.state).await.unwrap(), 0);
    expire_in(&db, -1);
    assert_eq!(refresh::sweep_sessions(&app.state).await.unwrap(), 2);
    assert!(rows(&db).is_empty());
}

#[apply(on_both)]
async fn sessions_work_through_every_replica_and_survive_a_restart(db: TestDatabase) {
    let one = db.app();
    let browser = Browser::without_redirects(one.address);
    browser.register("alice").await;
    let cookie = cookie(&browser, "alice").await.split(';').next().unwrap().to_owned();
    drop(one);
    let other = db.app();
    let request = other.browser().request(Method::GET, "/").header("cookie", cookie);
    assert!(request.send().await.unwrap().text().await.unwrap().contains("My Timeline"));
}

#[apply(on_both)]
async fn without_a_cookie_the_database_is_not_asked_for_a_session(db: TestDatabase) {
    let app = db.app();
    let asked = "minitwit_db_query_duration_seconds_count{query=\"find_session\"}";
    app.browser().get("/public").await;
    let request = app.browser().request(Method::GET, "/public").header("cookie", "minitwit_session=nonsense; other=1");
    assert_eq!(request.send().await.unwrap().status(), 200);
    assert_eq!(app.metric(asked).await, 0.0);
    app.signed_in("alice").await;
    assert!(app.metric(asked).await >= 1.0);
}

#[apply(on_both)]
async fn pages_of_a_person_are_kept_nowhere(db: TestDatabase) {
    let app = db.app();
    let alice = app.signed_in("alice").await;
    alice.get("/").await;
    for path in ["/", "/public", "/alice"] {
        assert_eq!(alice.get(path).await.header("cache-control"), "private, no-store", "{path}");
    }
    assert_eq!(app.browser().get("/public").await.header("cache-control"), "no-cache");
    assert_eq!(app.browser().get("/public").await.header("vary"), "Cookie");
}
