//! What one account may do: post, follow and register so often, follow so many, and have so many costly
//! pages worked on at a time. Never the simulator.

use std::time::Duration;

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
use minitwit::{
    db::{DbConnection, skeletons},
    domain::UserId,
    startup::Stop,
};
use reqwest::{Method, Response};
use rstest_reuse::apply;
use serde_json::json;

use crate::support::{TestApp, TestDatabase, actors::Browser, on_both};

fn retry_after(response: &Response) -> u64 {
    response.headers()["retry-after"].to_str().unwrap().parse().unwrap()
}

async fn act(browser: &Browser, method: Method, path: &str) -> Response {
    browser.request(method, path).send().await.unwrap()
}

async fn say(browser: &Browser, text: &str) -> Response {
    browser.request(Method::POST, "/add_message").form(&[("text", text)]).send().await.unwrap()
}

fn run(conn: &mut DbConnection, sql: &str) {
    sql_query(sql).execute(conn).unwrap_or_else(|why| panic!("{sql}: {why}"));
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn count(conn: &mut DbConnection, sql: &str) -> i64 {
    sql_query(sql).get_result::<Count>(conn).unwrap().n
}

async fn follows(app: &TestApp, name: &str) -> Vec<String> {
    let list = app.simulator().get(&format!("/fllws/{name}?no=1000")).await.body;
    serde_json::from_value(list["follows"].clone()).unwrap()
}

#[apply(on_both)]
async fn one_session_posts_its_burst_and_no_more_and_the_simulator_what_it_likes(db: TestDatabase) {
    let app = db.app();
    let burst = app.state.settings.limits.post_burst;
    app.signed_in("alice").await;
    let alice = Browser::without_redirects(app.address);
    alice.sign_in("alice").await;
    let mut stored = 0;
    for number in 0..burst + 40 {
        let response = say(&alice, &format!("number {number}")).await;
        match response.status().as_u16() {
            302 => stored += 1,
            429 => assert!((1..=3).contains(&retry_after(&response)), "one every two seconds"),
            other => panic!("{other}"),
        }
    }
    // What came in while it ran is part of the bargain: one every two seconds.
    assert!((burst..burst + 30).contains(&stored), "{stored} stored");
    for number in 0..burst + 40 {
        assert_eq!(app.simulator().tweet("alice", &format!("simulated {number}")).await.status, 204);
    }
    assert!(app.metric("minitwit_http_rejected_total{reason=\"rate_limit\"}").await >= 10.0);
}

#[apply(on_both)]
async fn a_message_that_comes_too_fast_stands_in_the_box_again(db: TestDatabase) {
    let app = db.app_with(|settings| (settings.limits.post_burst, settings.limits.post_per_minute) = (1, 1));
    let alice = app.signed_in("alice").await;
    assert_eq!(alice.say("the first").await.status, 200);
    let page = alice.say("the <second>").await;
    assert_eq!((page.status, page.text("textarea[name=text]").as_str()), (429, "the <second>"));
    let seconds: u64 = page.header("retry-after").parse().unwrap();
    assert_eq!(page.text("div.error"), format!("Error: Too many attempts: wait {seconds} seconds and try again."));
    assert_eq!(page.attributes(".twitbox form", "action"), ["/add_message"]);
    assert_eq!((page.title().as_str(), page.header("cache-control")), ("Slow down | MiniTwit", "private, no-store"));
    assert!((50..=61).contains(&seconds));
    // Another session of the same account is the same account.
    let again = app.browser();
    again.sign_in("alice").await;
    assert_eq!(again.say("the third").await.status, 429);
    assert_eq!(app.browser().get("/public").await.messages(), ["the first"]);
}

#[apply(on_both)]
async fn an_address_has_a_limit_over_its_accounts(db: TestDatabase) {
    let app = db.app_with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        (settings.limits.post_address_burst, settings.limits.post_address_per_minute) = (2, 1);
    });
    let (alice, bob) = (app.signed_in("alice").await, app.signed_in("bob").await);
    let from = async |browser: &Browser, address: &str| {
        let request = browser.request(Method::POST, "/add_message").header("x-forwarded-for", address);
        request.form(&[("text", "x")]).send().await.unwrap().status().as_u16()
    };
    let answers = [from(&alice, "192.0.2.1").await, from(&bob, "192.0.2.1").await, from(&bob, "192.0.2.1").await];
    assert_eq!(answers, [200, 200, 429]);
    assert_eq!(from(&bob, "192.0.2.2").await, 200);
}

#[apply(on_both)]
async fn only_what_would_be_stored_is_counted(db: TestDatabase) {
    let app = db.app_with(|settings| (settings.limits.post_burst, settings.limits.post_per_minute) = (1, 1));
    app.signed_in("alice").await;
    let alice = Browser::without_redirects(app.address);
    alice.sign_in("alice").await;
    let too_long = "x".repeat(501);
    for (text, status) in [("", 302), ("\u{fffc}", 302), (&too_long, 400), ("real", 302), ("more", 429), (" ", 302)] {
        assert_eq!(say(&alice, text).await.status(), status, "{text:?}");
    }
    assert_eq!(app.browser().get("/public").await.messages(), ["real"]);
}

#[apply(on_both)]
async fn following_and_unfollowing_by_either_method_share_a_limit(db: TestDatabase) {
    let app = db.app_with(|settings| (settings.limits.follow_burst, settings.limits.follow_per_minute) = (3, 1));
    app.simulator().register("bob").await;
    app.signed_in("alice").await;
    let alice = Browser::without_redirects(app.address);
    alice.sign_in("alice").await;
    for (method, path) in [(Method::GET, "/bob/follow"), (Method::POST, "/bob/unfollow"), (Method::POST, "/bob/follow")]
    {
        assert_eq!(act(&alice, method, path).await.status(), 302, "{path}");
    }
    for (method, path) in [(Method::GET, "/bob/unfollow"), (Method::POST, "/bob/unfollow")] {
        let refused = act(&alice, method, path).await;
        assert_eq!(refused.status(), 429, "{path}");
        assert!(retry_after(&refused) <= 61);
    }
    assert_eq!(follows(&app, "alice").await, ["bob"]);
    for _ in 0..10 {
        assert_eq!(app.simulator().follow("alice", "bob").await.status, 204);
    }
}

#[apply(on_both)]
async fn registering_has_a_limit_for_people_on_both_doors(db: TestDatabase) {
    let app = db.app_with(|settings| (settings.limits.register_burst, settings.limits.register_per_minute) = (2, 1));
    assert_eq!(app.browser().register("one").await.status, 200);
    let body = |name: &str| json!({ "username": name, "email": "a@example.org", "pwd": "open sesame" });
    let stranger =
        async |name: &str| app.simulator().anonymous(Method::POST, "/register").json(&body(name)).send().await.unwrap();
    assert_eq!(stranger("two").await.status(), 204);
    let refused = stranger("three").await;
    assert_eq!((refused.status().as_u16(), retry_after(&refused) <= 61), (429, true));
    let page = app.browser().register("four").await;
    assert_eq!((page.status, page.attributes("input[name=username]", "value")), (429, vec!["four".to_owned()]));
    for number in 0..10 {
        assert_eq!(app.simulator().register(&format!("simulated {number}")).await.status, 204);
    }
}

#[apply(on_both)]
async fn nobody_on_the_site_follows_more_than_the_limit(db: TestDatabase) {
    let app = db.app_with(|settings| settings.limits.max_follows = 2);
    for name in ["ann", "ben", "cat", "dan"] {
        app.simulator().register(name).await;
    }
    let alice = app.signed_in("alice").await;
    for name in ["ann", "ben"] {
        assert_eq!(alice.get(&format!("/{name}/follow")).await.status, 200);
    }
    let page = alice.get("/cat/follow").await;
    assert_eq!(page.status, 403);
    assert!(page.text("main").contains("You follow as many people as one can"), "{}", page.text("main"));
    assert_eq!(
        (page.title().as_str(), page.attributes("main a", "href")),
        ("Not allowed | MiniTwit", vec!["/cat".to_owned()])
    );
    assert_eq!(alice.post("/ben/follow", &[]).await.status, 200, "nobody new");
    assert_eq!(follows(&app, "alice").await, ["ann", "ben"]);
    assert_eq!(
        app.metric("minitwit_follow_actions_total{action=\"follow\",effect=\"refused\",source=\"web\"}").await,
        1.0
    );
    alice.get("/ann/unfollow").await;
    assert_eq!(alice.get("/cat/follow").await.status, 200);
    assert_eq!(app.simulator().follow("alice", "dan").await.status, 204, "the simulator has none");
    assert_eq!(follows(&app, "alice").await, ["ben", "cat", "dan"]);
    assert_eq!(alice.get("/dan/unfollow").await.status, 200, "letting go is never refused");
}

#[apply(on_both)]
async fn one_account_has_two_costly_pages_worked_on_at_a_time(db: TestDatabase) {
    let app = db.app_with(|settings| settings.database.wait = Duration::from_secs(2));
    let (alice, bob) = (app.signed_in("alice").await, app.signed_in("bob").await);
    let (alice_id, mut conn) = (find_id(&db, "alice"), db.connect());
    assert_eq!(count(&mut conn, "SELECT count(*) AS n FROM users"), 2);
    let first = app.state.turns.take(alice_id).await.unwrap();
    let _second = app.state.turns.take(alice_id).await.unwrap();
    let third = act(&alice, Method::GET, "/").await;
    assert_eq!((third.status().as_u16(), retry_after(&third)), (429, 1));
    assert_eq!(act(&alice, Method::GET, "/public").await.status(), 200, "no costly page");
    assert_eq!(act(&bob, Method::GET, "/").await.status(), 200);
    // In line, and away again: it leaves nothing behind.
    let impatient = alice.request(Method::GET, "/").timeout(Duration::from_millis(20)).send().await;
    assert!(impatient.unwrap_err().is_timeout());
    drop(first);
    let many = futures_util::future::join_all((0..8).map(|_| act(&alice, Method::GET, "/"))).await;
    assert!(many.iter().all(|response| response.status() == 200), "they wait in line");
}

#[apply(on_both)]
async fn names_that_look_like_anothers_are_refused_for_people_and_not_for_the_simulator(db: TestDatabase) {
    let app = db.app();
    app.simulator().register("raul").await;
    for (first, twin) in [("raul", "r\u{430}ul"), ("Ian Smith", "lan Smith"), ("modern", "rnodern")] {
        app.browser().register(first).await;
        let page = app.browser().register(twin).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.text("div.error"), "Error: The username looks too much like one that is already taken");
        assert_eq!(page.attributes("input[name=username]", "value"), [twin]);
        let body = json!({ "username": twin, "email": "a@example.org", "pwd": "open sesame" });
        let stranger = app.simulator().anonymous(Method::POST, "/register").json(&body).send().await.unwrap();
        assert_eq!(stranger.status(), 400);
        assert_eq!(app.simulator().register(twin).await.status, 204);
    }
    app.browser().register("Mike").await;
    for look in [
        "\u{430}dmin",
        "ADMlN",
        "APl",
        "PUBLlC",
        "\u{a4ee}\u{a4d3}\u{a4df}\u{a4f2}\u{a4e0}",
        "admi\u{307}n",
        "Mi\u{307}ke",
    ] {
        let page = app.browser().register(look).await;
        let words = "Error: The username looks too much like one that is already taken";
        assert_eq!(page.text("div.error"), words, "{look}");
    }
    assert_eq!(app.browser().register("Raul").await.flashes().len(), 1, "case counts");
}

#[apply(on_both)]
async fn of_two_who_register_names_that_look_alike_at_once_one_gets_in(db: TestDatabase) {
    let (one, other) = (db.app(), db.app());
    let pairs = [("paul 1", "p\u{430}ul 1"), ("paul 2", "p\u{430}ul 2"), ("paul 3", "p\u{430}ul 3")];
    for (name, twin) in pairs {
        let (first, second) = (one.browser(), other.browser());
        let (first, second) = tokio::join!(first.register(name), second.register(twin));
        let refused = [&first, &second].into_iter().filter(|page| page.has("div.error")).count();
        assert_eq!(refused, 1, "{name}");
    }
    assert_eq!(count(&mut db.connect(), "SELECT count(*) AS n FROM users"), 3);
}

#[apply(on_both)]
async fn users_that_an_older_release_stored_are_completed_and_their_owners_still_sign_in(db: TestDatabase) {
    let app = db.app();
    app.browser().register("Roger Histand").await;
    app.stop(Stop::Now);
    // As the release before would have stored them, also with names that are not given any more.
    let store = |name: &str| {
        let row = "SELECT 'NAME', email, password_hash, created_at FROM users WHERE username = 'Roger Histand'";
        let row = row.replace("NAME", name);
        run(&mut db.connect(), &format!("INSERT INTO users (username, email, password_hash, created_at) {row}"));
    };
    let tower = format!("x{}", "\u{301}".repeat(12));
    let old = [
        "Roger  Histand",
        "Admin",
        "\u{3164}",
        "\u{fffc}",
        "\u{301}",
        &tower,
        "ADMlN",
        "anna",
        "help",
        "manifest.webmanifest",
    ];
    old.into_iter().for_each(store);
    assert_eq!(skeletons::fill(&mut db.connect()).unwrap(), old.len(), "as a migration does");
    assert_eq!(skeletons::fill(&mut db.connect()).unwrap(), 0);
    // Beside this release, and its regular sweep.
    store("otto");
    let app = db.app();
    let missing = "SELECT count(*) AS n FROM users WHERE skeleton IS NULL";
    for _ in 0..200 {
        if count(&mut db.connect(), missing) == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for twin in ["ann\u{430}", "\u{43e}tto"] {
        let page = app.browser().register(twin).await;
        assert_eq!(page.text("div.error"), "Error: The username looks too much like one that is already taken");
    }
    for name in old {
        let owner = app.browser();
        assert_eq!(owner.sign_in(name).await.flashes(), ["You were logged in"], "{name:?}");
        let profile = owner.get(&minitwit::http::html::profile_path(name)).await;
        assert!(profile.status == 200 && profile.title().ends_with("'s Timeline | MiniTwit"), "{name:?}");
    }
    assert_eq!(app.simulator().follow("anna", "Admin").await.status, 204);
}

fn find_id(db: &TestDatabase, name: &str) -> UserId {
    minitwit::db::users::find_id(&mut db.connect(), name).unwrap().unwrap()
}
