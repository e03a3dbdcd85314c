//! Headers on every answer, assets, and what must not leak.

use reqwest::Method;
use rstest_reuse::apply;

use crate::support::{TestDatabase, actors::Browser, on_both};

#[apply(on_both)]
async fn every_answer_bears_the_security_headers_and_an_id(db: TestDatabase) {
    let app = db.app();
    let browser = Browser::without_redirects(app.address);
    for (method, path, expected) in [
        (Method::GET, "/public", 200),
        (Method::GET, "/", 302),
        (Method::GET, "/nobody", 404),
        (Method::POST, "/add_message", 401),
        (Method::DELETE, "/public", 405),
        (Method::GET, "/api/latest", 200),
        (Method::GET, "/api/msgs", 403),
        (Method::GET, "/api/nothing", 404),
        (Method::POST, "/api/register", 400),
        (Method::GET, "/avatars/1.svg", 200),
        (Method::GET, "/robots.txt", 200),
        (Method::GET, "/favicon.ico", 200),
        (Method::GET, "/api/docs", 200),
    ] {
        let response = browser.request(method.clone(), path).send().await.unwrap();
        let headers = response.headers();
        assert_eq!(response.status(), expected, "{method} {path}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(!policy.contains("unsafe") && policy.contains("script-src 'self';"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "same-origin", "{path}");
        assert_eq!(headers["x-request-id"].len(), 36, "{path}");
        assert!(!headers.contains_key("access-control-allow-origin"), "no CORS");
        assert!(!headers.contains_key("server"), "{path}");
    }
}

#[apply(on_both)]
async fn pages_ask_nobody_else_for_anything(db: TestDatabase) {
    let app = db.app();
    let alice = app.signed_in("alice").await;
    let page = alice.say("http://evil.example/x.png").await;
    // A link in what somebody wrote is asked for by whoever follows it, and says whose words it is.
    for attribute in ["src", "href", "action"] {
        for target in page.attributes(&format!("[{attribute}]:not(.text a[rel='nofollow noopener ugc'])"), attribute) {
            assert!(target.starts_with('/') && !target.starts_with("//") || target.starts_with('#'), "{target}");
        }
    }
    assert_eq!(page.attributes(".text a", "href"), ["http://evil.example/x.png"]);
    assert!(!page.source.contains("alice@example.org"), "no address on any page");
}

#[apply(on_both)]
async fn assets_are_immutable_under_names_with_a_hash(db: TestDatabase) {
    let app = db.app();
    let page = app.browser().get("/public").await;
    let style = &page.attributes("link[rel=stylesheet]", "href")[0];
    assert!(style.starts_with("/static/style.") && style.len() == "/static/style.12345678.css".len(), "{style}");
    let sheet = app.browser().get(style).await;
    assert_eq!((sheet.status, sheet.header("content-type")), (200, "text/css; charset=utf-8"));
    assert_eq!(sheet.header("cache-control"), "public, max-age=31536000, immutable");
    assert!(sheet.source.len() <= 20_000, "the budget of the style sheet");
    let script = &page.attributes("script", "src")[0];
    let script = app.browser().get(script).await;
    assert_eq!((script.status, script.header("content-type")), (200, "text/javascript; charset=utf-8"));
    assert_eq!(script.header("cache-control"), "public, max-age=31536000, immutable");
    assert!(script.source.len() <= 5_000, "the budget of the script: {}", script.source.len());
    for gone in ["/static/style.css", "/static/style.00000000.css", "/static/"] {
        assert_eq!(app.browser().get(gone).await.status, 404, "{gone}");
    }
}

#[apply(on_both)]
async fn avatars_are_drawn_here_and_kept_for_a_year(db: TestDatabase) {
    let app = db.app();
    let alice = app.signed_in("alice").await;
    let page = alice.say("hi").await;
    let avatar = app.browser().get(&page.attributes("img.avatar", "src")[0]).await;
    assert_eq!((avatar.status, avatar.header("content-type")), (200, "image/svg+xml"));
    assert_eq!(avatar.header("cache-control"), "public, max-age=31536000, immutable");
    assert!(avatar.source.starts_with("<svg"));
    assert_ne!(avatar.source, app.browser().get("/avatars/999.svg").await.source);
}
