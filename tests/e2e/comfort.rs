//! What our script adds to pages that do without it.

use fantoccini::key::Key;
use serde_json::json;

use super::{
    browser::{Browser, DESK, Look, with_browser},
    site::{PASSWORD, Site},
};

const SCRIPT: &str = include_str!("../../static/minitwit.js");

async fn signs_in(browser: &Browser, name: &str) {
    browser.visit("/login").await;
    browser.types("username", name).await;
    browser.types("password", PASSWORD).await;
    browser.press("Sign In").await;
    browser.is_told("You were logged in").await;
}

#[tokio::test]
async fn times_are_told_from_now_and_exactly_in_the_readers_zone() {
    with_browser("times", DESK, Site::start(), async |site, browser| {
        site.somebody("Alice").await;
        site.says("Alice", "hello").await;
        browser.in_zone("Pacific/Auckland").await;
        browser.visit("/public").await;
        assert_eq!(browser.texts(".messages time").await, ["now"]);
        // As the page comes, but older: the script is run again on it.
        let script = format!(
            "const time = document.querySelector('time'); time.dateTime = arguments[0]; time.title = '';\n{SCRIPT}\n\
             return [time.textContent, time.title];"
        );
        let ago = |seconds: i64| minitwit::http::html::machine_time(&(minitwit::db::now() - seconds));
        for (seconds, text) in [(5 * 60 + 20, "5 min"), (3 * 3600 + 60, "3 h"), (2 * 86_400 + 60, "2 d")] {
            let shown = browser.run(&script, vec![json!(ago(seconds))]).await;
            assert_eq!(shown[0], text);
        }
        let shown = browser.run(&script, vec![json!("2020-02-21T01:01:02Z")]).await;
        assert_eq!(shown[0], "21 Feb 2020");
        let exact = shown[1].as_str().unwrap();
        assert!(exact.contains("2020") && exact.contains("2:01:02"), "13 hours ahead: {exact}");
    })
    .await;
}

#[tokio::test]
async fn without_a_script_times_are_told_in_utc() {
    with_browser("times-no-js", Look { width: 1280, javascript: false }, Site::start(), async |site, browser| {
        site.somebody("Alice").await;
        site.says("Alice", "hello").await;
        browser.visit("/public").await;
        let shown = browser.text(".messages time").await;
        assert!(shown.len() == "2020-02-21 @ 01:01".len() && shown.contains(" @ "), "{shown}");
    })
    .await;
}

#[tokio::test]
async fn the_box_counts_down_near_the_limit_and_sends_by_the_keyboard() {
    with_browser("box", DESK, Site::start(), async |site, browser| {
        site.somebody("Alice").await;
        signs_in(browser, "Alice").await;
        let height = "return document.querySelector('#text').offsetHeight";
        let closed = browser.run(height, vec![]).await.as_i64().unwrap();
        browser.shot("closed").await;
        browser.types("text", "a few words").await;
        assert_eq!(browser.text("#text-hint").await, "Up to 500 characters.");
        assert!(closed < 50 && browser.run(height, vec![]).await.as_i64().unwrap() > 90, "one row that grows");
        let fill = "const box = document.querySelector('#text'); box.value = arguments[0]; \
                    box.dispatchEvent(new Event('input', { bubbles: true }))";
        // Letters as people see them: a family is one.
        for (text, told) in [
            ("x".repeat(480), "20 left."),
            ("👨‍👩‍👧‍👦".repeat(499), "1 left."),
            (format!("{}  ", "x".repeat(500)), "0 left."),
            ("x".repeat(503), "3 too many."),
            ("x".repeat(10), "Up to 500 characters."),
        ] {
            browser.run(fill, vec![json!(text)]).await;
            assert_eq!(browser.text("#text-hint").await, told);
        }
        browser.run(fill, vec![json!("x".repeat(503))]).await;
        browser.shot("too many").await;
        browser.run(fill, vec![json!("")]).await;
        browser.types("text", "sent by the keyboard").await;
        browser.chord(Key::Control, Key::Enter).await;
        browser.is_told("Your message was recorded").await;
        assert_eq!(browser.texts(".messages .text").await, ["sent by the keyboard"]);
        assert_eq!(browser.typed("text").await, "");
        assert_eq!(browser.complaints().await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_draft_survives_a_reload_until_it_is_sent() {
    with_browser("draft", DESK, Site::start(), async |site, browser| {
        site.somebody("Alice").await;
        site.somebody("Bob").await;
        signs_in(browser, "Alice").await;
        browser.types("text", "half a thou").await;
        browser.visit("/").await;
        assert_eq!(browser.typed("text").await, "half a thou");
        browser.visit("/public").await;
        assert_eq!(browser.typed("text").await, "half a thou", "the same box elsewhere");
        // Signed out meanwhile: nothing is lost on the way through the sign-in form.
        browser.forgets_cookies().await;
        browser.press("Share").await;
        browser.appears("#typed").await;
        signs_in(browser, "Bob").await;
        assert_eq!(browser.typed("text").await, "", "others do not get to see it");
        browser.forgets_cookies().await;
        signs_in(browser, "Alice").await;
        assert_eq!(browser.typed("text").await, "half a thou");
        browser.types("text", "ght").await;
        browser.press("Share").await;
        browser.is_told("Your message was recorded").await;
        assert_eq!(browser.texts(".messages .text").await, ["half a thought"]);
        browser.visit("/").await;
        assert_eq!(browser.typed("text").await, "", "it was sent");
        browser.types("text", "another").await;
        browser.press("Sign out").await;
        browser.is_told("You were logged out").await;
        signs_in(browser, "Alice").await;
        assert_eq!(browser.typed("text").await, "", "who signs out leaves nothing behind");
    })
    .await;
}

#[tokio::test]
async fn an_action_does_not_leave_the_page_and_goes_on_without_the_script_when_that_fails() {
    with_browser("action", DESK, Site::start(), async |site, browser| {
        site.somebody("Alice").await;
        site.somebody("Bob").await;
        signs_in(browser, "Alice").await;
        browser.visit("/Bob").await;
        browser.run("window.isSamePage = true", vec![]).await;
        browser.press("Follow").await;
        browser.is_told("You are now following \"Bob\"").await;
        assert_eq!(
            browser.run("return [window.isSamePage, document.activeElement.parentElement.className]", vec![]).await,
            json!([true, "flashes"])
        );
        assert_eq!(browser.text(".followstatus p").await, "You are currently following this user.");
        // The script's way is blocked: the browser's own remains.
        browser.run("window.fetch = () => Promise.reject(new Error('no way'))", vec![]).await;
        browser.press("Unfollow").await;
        browser.is_told("You are no longer following \"Bob\"").await;
        assert_eq!(browser.run("return window.isSamePage ?? null", vec![]).await, json!(null));
        assert_eq!(browser.complaints().await, [""; 0]);
    })
    .await;
}
