//! Requests that another site makes in a visitor's name are refused, on both doors.

use reqwest::Method;
use serde_json::json;

use crate::support::actors::{Answer, Browser};

const CROSS: (&str, &str) = ("sec-fetch-site", "cross-site");

async fn status(browser: &Browser, method: Method, path: &str, header: (&str, &str)) -> u16 {
    let request = browser.request(method, path).header(header.0, header.1).form(&[("text", "forged")]);
    request.send().await.unwrap().status().as_u16()
}

on_both! {
    async fn forged_requests_are_403_pages_and_change_nothing(db: TestDatabase) {
        let app = db.app();
        app.browser().register("bob").await;
        let alice = app.signed_in("alice").await;
        for header in [CROSS, ("sec-fetch-site", "same-site"), ("origin", "https://evil.example"), ("origin", "null")] {
            for (method, path) in [(Method::POST, "/add_message"), (Method::GET, "/bob/follow"), (Method::POST, "/bob/follow"),
                (Method::GET, "/bob/unfollow"),
                // What the router reads decoded, the check must too.
                (Method::GET, "/bob/%66ollow"), (Method::GET, "/%6cogout"),
                (Method::POST, "/logout"), (Method::GET, "/logout"), (Method::POST, "/register"),
                (Method::POST, "/login")]
            {
                assert_eq!(status(&alice, method.clone(), path, header).await, 403, "{method} {path} {header:?}");
            }
        }
        let home = alice.get("/").await;
        assert_eq!((home.path.as_str(), home.messages().len()), ("/", 0), "still signed in, nothing posted");
        assert_eq!(alice.get("/bob").await.text(".followstatus p"), "You are not yet following this user.");
        assert_eq!(app.metric("minitwit_http_rejected_total{reason=\"csrf\"}").await, 40.0);
    }

    async fn honest_requests_and_links_from_elsewhere_pass(db: TestDatabase) {
        let app = db.app();
        let alice = app.signed_in("alice").await;
        let own = format!("http://{}", app.address);
        for header in [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "none"), ("origin", own.as_str()), ("x-none", "")] {
            assert_eq!(status(&alice, Method::POST, "/add_message", header).await, 200, "{header:?}");
        }
        for path in ["/", "/public", "/alice", "/login", "/register", "/api/latest"] {
            assert_eq!(status(&alice, Method::GET, path, CROSS).await, 200, "{path}: a link from elsewhere");
        }
    }

    async fn the_api_refuses_browsers_of_other_sites_in_json(db: TestDatabase) {
        let app = db.app();
        let request = app.simulator().request(Method::POST, "/register").header(CROSS.0, CROSS.1);
        let body = json!({ "username": "a", "email": "a@b", "pwd": "x" });
        let answer = Answer::read(request.json(&body).send().await.unwrap()).await;
        assert_eq!(answer.status, 403);
        assert!(answer.error().contains("another site"));
    }

    async fn trusted_origins_are_a_setting(db: TestDatabase) {
        let app = db.app_with(|settings| settings.server.trusted_origins = vec!["https://friend.example".parse().unwrap()]);
        let alice = app.signed_in("alice").await;
        let request = alice.request(Method::POST, "/add_message").header("origin", "https://friend.example");
        assert_eq!(request.form(&[("text", "hi")]).send().await.unwrap().status(), 200);
    }
}
