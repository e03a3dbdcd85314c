//! Forms in whatever format they come: read, or refused aloud, and never lost in silence.

use reqwest::Method;
use rstest_reuse::apply;

use crate::support::{
    TestApp, TestDatabase,
    actors::{Browser, PASSWORD},
    on_both,
    pages::Page,
};

/// As `curl -F name=value` sends them.
fn multipart(fields: &[(&str, &str)]) -> String {
    let part = |(name, value): &(&str, &str)| {
        format!("--limit\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    fields.iter().map(part).collect::<String>() + "--limit--\r\n"
}

const MULTIPART: &str = "multipart/form-data; boundary=limit";

async fn send(browser: &Browser, path: &str, content_type: &str, body: &str) -> Page {
    let request = browser.request(Method::POST, path).header("content-type", content_type).body(body.to_owned());
    Page::read(request.send().await.unwrap()).await
}

async fn messages(app: &TestApp) -> Vec<String> {
    app.browser().get("/public").await.messages()
}

#[apply(on_both)]
async fn multipart_forms_are_read_like_all_others(db: TestDatabase) {
    let app = db.app();
    let browser = app.browser();
    let fields = [("username", "Åse Sørensen"), ("email", "a@b"), ("password", PASSWORD), ("password2", PASSWORD)];
    assert_eq!(send(&browser, "/register", MULTIPART, &multipart(&fields)).await.path, "/login");
    let fields = [("username", "Åse Sørensen"), ("password", PASSWORD)];
    assert_eq!(send(&browser, "/login", MULTIPART, &multipart(&fields)).await.flashes(), ["You were logged in"]);
    let page = send(&browser, "/add_message", MULTIPART, &multipart(&[("text", "a &=+%é\r\nb")])).await;
    assert_eq!(page.flashes(), ["Your message was recorded"]);
    assert_eq!(messages(&app).await, ["a &=+%é b"]);
}

#[apply(on_both)]
async fn what_is_no_form_is_refused_with_a_page_and_not_taken_for_a_blank_one(db: TestDatabase) {
    let app = db.app();
    let alice = app.signed_in("alice").await;
    let text = multipart(&[("text", "hi")]);
    let file = text.replace("name=\"text\"", "name=\"text\"; filename=\"text.txt\"");
    for (content_type, body, expected) in [
        ("text/plain", "text=hi", 415),
        ("application/json", "{\"text\":\"hi\"}", 415),
        ("multipart/mixed; boundary=limit", &text, 415),
        ("multipart/form-data", &text, 400),
        ("multipart/form-data; boundary=other", &text, 400),
        (MULTIPART, &text[..text.len() - 12], 400),
        (MULTIPART, &file, 400),
        (MULTIPART, &multipart(&[("message", "hi")]), 400),
        ("application/x-www-form-urlencoded", "message=hi", 400),
        ("application/x-www-form-urlencoded", "hi", 400),
        (MULTIPART, &multipart(&[("text", &"x".repeat(70_000))]), 413),
    ] {
        let page = send(&alice, "/add_message", content_type, body).await;
        assert_eq!((page.status, page.path.as_str()), (expected, "/add_message"), "{content_type}: {}", page.source);
        assert!(page.title().ends_with(" | MiniTwit") && page.has("h1"), "a page");
        if expected == 415 {
            for path in ["/login", "/register"] {
                assert_eq!(send(&alice, path, content_type, body).await.status, 415, "{path}");
            }
        }
    }
    assert_eq!(messages(&app).await, [""; 0]);
    // What it was before: blank is nothing to speak of, and who says no type means a form.
    assert_eq!(alice.say(" ").await.path, "/");
    let untyped = alice.request(Method::POST, "/add_message").body("text=hi");
    assert_eq!(Page::read(untyped.send().await.unwrap()).await.flashes(), ["Your message was recorded"]);
}

#[apply(on_both)]
async fn a_browser_leaves_the_checking_of_forms_to_us(db: TestDatabase) {
    let app = db.app();
    for path in ["/register", "/login"] {
        let page = app.browser().get(path).await;
        assert!(page.has("form[novalidate]"), "{path}");
        assert!(!page.has("input[maxlength]"), "{path}: what is pasted is cut off in silence");
    }
}
