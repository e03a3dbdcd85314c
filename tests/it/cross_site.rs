//! Requests that another site makes in a visitor's name are refused, on both doors.

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::json;

use crate::support::{
    TestApp, TestDatabase,
    actors::{Answer, Browser, PASSWORD},
    on_both,
    pages::Page,
};

const CROSS: (&str, &str) = ("sec-fetch-site", "cross-site");

async fn status(browser: &Browser, method: Method, path: &str, header: (&str, &str)) -> u16 {
    let request = browser.request(method, path).header(header.0, header.1).form(&[("text", "forged")]);
    request.send().await.unwrap().status().as_u16()
}

/// What signing in sets: the session's cookie and the strict one, `name=value; attributes`.
async fn cookies_of(app: &TestApp, name: &str) -> [String; 2] {
    let fields = [("username", name), ("password", PASSWORD)];
    let browser = Browser::without_redirects(app.address);
    let response = browser.request(Method::POST, "/login").form(&fields).send().await.unwrap();
    let cookies: Vec<String> =
        response.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned()).collect();
    ["session=", "same_site="].map(|name| cookies.iter().find(|cookie| cookie.contains(name)).expect(name).clone())
}

fn pair(cookie: &str) -> &str {
    cookie.split(';').next().unwrap()
}

async fn get(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Page {
    let browser = Browser::without_redirects(app.address);
    let request =
        headers.iter().fold(browser.request(Method::GET, path), |request, (name, value)| request.header(*name, *value));
    Page::read(request.send().await.unwrap()).await
}

#[apply(on_both)]
async fn what_a_page_elsewhere_may_have_begun_over_plain_http_is_asked_about_first(db: TestDatabase) {
    let app = db.app();
    for name in ["bob", "alice", "Åse <i>"] {
        app.browser().register(name).await;
    }
    let [session, strict] = cookies_of(&app, "alice").await;
    let [_, of_bob] = cookies_of(&app, "bob").await;
    let alone = pair(&session).to_owned();
    let other = format!("{alone}; {}", pair(&of_bob));
    let garbled = format!("{}; {}x", pair(&session), pair(&strict));
    for (path, title) in [
        ("/logout", "Sign out?"),
        ("/bob/follow", "Follow bob?"),
        ("/bob/unfollow", "Unfollow bob?"),
        ("/bob/%66ollow", "Follow bob?"),
        ("/%6cogout", "Sign out?"),
        ("/%C3%85se%20%3Ci%3E/follow", "Follow Åse <i>?"),
    ] {
        for cookie in [&alone, &other, &garbled] {
            let page = get(&app, path, &[("cookie", cookie)]).await;
            assert_eq!((page.status, page.text("h1").as_str()), (403, title), "{path}");
            assert!(
                page.has("main form[method=post] button") && !page.has("main form[action]"),
                "it posts to where one is"
            );
            assert_eq!(page.header("cache-control"), "private, no-store");
        }
    }
    assert_eq!(app.metric("minitwit_http_rejected_total{reason=\"csrf\"}").await, 18.0);
    let both = format!("{}; {alone}", pair(&strict));
    let bob = get(&app, "/bob", &[("cookie", &both)]).await;
    assert_eq!(bob.text(".followstatus p"), "You are not yet following this user.", "and still signed in");

    // The page's own button, the strict cookie, or a browser that says whose wish it is.
    let own = format!("http://{}", app.address);
    let button = app.browser().request(Method::POST, "/bob/follow").header("cookie", &alone).header("origin", &own);
    let page = Page::read(button.send().await.unwrap()).await;
    assert_eq!((page.status, page.path.as_str()), (200, "/bob"));
    let follows = async || app.simulator().get("/fllws/alice").await.body["follows"] == json!(["bob"]);
    assert!(follows().await);
    assert_eq!(get(&app, "/bob/unfollow", &[("cookie", &both)]).await.status, 302);
    assert!(!follows().await);
    assert_eq!(get(&app, "/bob/follow", &[("cookie", &alone), ("sec-fetch-site", "none")]).await.status, 302);
    assert!(follows().await);
    assert_eq!(get(&app, "/logout", &[("cookie", &alone), ("sec-fetch-site", "same-origin")]).await.status, 302);
    assert_eq!(get(&app, "/", &[("cookie", &both)]).await.status, 302, "signed out");
}

#[apply(on_both)]
async fn whoever_is_nobody_is_asked_nothing(db: TestDatabase) {
    let app = db.app();
    app.browser().register("bob").await;
    for headers in [&[][..], &[("cookie", "minitwit_session=nonsense")]] {
        assert_eq!(get(&app, "/logout", headers).await.header("location"), "/public");
        assert_eq!(get(&app, "/bob/follow", headers).await.status, 401);
    }
}

#[apply(on_both)]
async fn the_strict_cookie_belongs_to_its_session_and_goes_with_it(db: TestDatabase) {
    let app = db.app();
    app.browser().register("alice").await;
    let [session, strict] = cookies_of(&app, "alice").await;
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(strict.split("; ").any(|one| one == attribute), "{strict}");
    }
    let token = pair(&session).split_once('=').unwrap().1;
    assert!(!strict.contains(token), "whoever reads it cannot sign in with it");
    let [_, another] = cookies_of(&app, "alice").await;
    assert_ne!(pair(&strict), pair(&another), "another session");
    let gone = get(&app, "/logout", &[("cookie", &format!("{}; {}", pair(&session), pair(&strict)))]).await;
    let removed = |name: &str| {
        gone.headers.get_all("set-cookie").iter().any(|cookie| {
            let cookie = cookie.to_str().unwrap();
            cookie.starts_with(&format!("minitwit_{name}=;")) && cookie.contains("Max-Age=0")
        })
    };
    assert!(removed("session") && removed("same_site"));

    let secure = db.app_with(|settings| settings.server.origin = "https://minitwit.example".parse().unwrap());
    for cookie in cookies_of(&secure, "alice").await {
        assert!(cookie.starts_with("__Host-minitwit_") && cookie.contains("; Secure"), "{cookie}");
    }
}

#[apply(on_both)]
async fn forged_requests_are_403_pages_and_change_nothing(db: TestDatabase) {
    let app = db.app();
    app.browser().register("bob").await;
    let alice = app.signed_in("alice").await;
    for header in [CROSS, ("sec-fetch-site", "same-site"), ("origin", "https://evil.example"), ("origin", "null")] {
        for (method, path) in [
            (Method::POST, "/add_message"),
            (Method::GET, "/bob/follow"),
            (Method::POST, "/bob/follow"),
            (Method::GET, "/bob/unfollow"),
            // What the router reads decoded, the check must too.
            (Method::GET, "/bob/%66ollow"),
            (Method::GET, "/%6cogout"),
            (Method::POST, "/logout"),
            (Method::GET, "/logout"),
            (Method::POST, "/register"),
            (Method::POST, "/login"),
        ] {
            assert_eq!(status(&alice, method.clone(), path, header).await, 403, "{method} {path} {header:?}");
        }
    }
    let home = alice.get("/").await;
    assert_eq!((home.path.as_str(), home.messages().len()), ("/", 0), "still signed in, nothing posted");
    assert_eq!(alice.get("/bob").await.text(".followstatus p"), "You are not yet following this user.");
    assert_eq!(app.metric("minitwit_http_rejected_total{reason=\"csrf\"}").await, 40.0);
}

#[apply(on_both)]
async fn honest_requests_and_links_from_elsewhere_pass(db: TestDatabase) {
    let app = db.app();
    let alice = app.signed_in("alice").await;
    let own = format!("http://{}", app.address);
    for header in
        [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "none"), ("origin", own.as_str()), ("x-none", "")]
    {
        assert_eq!(status(&alice, Method::POST, "/add_message", header).await, 200, "{header:?}");
    }
    for path in ["/", "/public", "/alice", "/login", "/register", "/api/latest"] {
        assert_eq!(status(&alice, Method::GET, path, CROSS).await, 200, "{path}: a link from elsewhere");
    }
}

#[apply(on_both)]
async fn the_api_refuses_browsers_of_other_sites_in_json(db: TestDatabase) {
    let app = db.app();
    let request = app.simulator().request(Method::POST, "/register").header(CROSS.0, CROSS.1);
    let body = json!({ "username": "a", "email": "a@b", "pwd": "x" });
    let answer = Answer::read(request.json(&body).send().await.unwrap()).await;
    assert_eq!(answer.status, 403);
    assert!(answer.error().contains("another site"));
}

#[apply(on_both)]
async fn trusted_origins_are_a_setting(db: TestDatabase) {
    let app = db.app_with(|settings| settings.server.trusted_origins = vec!["https://friend.example".parse().unwrap()]);
    let alice = app.signed_in("alice").await;
    let request = alice.request(Method::POST, "/add_message").header("origin", "https://friend.example");
    assert_eq!(request.form(&[("text", "hi")]).send().await.unwrap().status(), 200);
}
