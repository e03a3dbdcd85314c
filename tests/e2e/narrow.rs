//! Phones: the two bars, what the thumb meets, and the order in which the keyboard goes.

use fantoccini::key::Key;
use serde_json::json;

use super::{
    browser::{Browser, Look, with_browser},
    site::{PASSWORD, Site},
};

const PHONE: Look = Look { width: 390, javascript: true };

async fn signs_in(browser: &Browser, name: &str) {
    browser.visit("/login").await;
    browser.types("username", name).await;
    browser.types("password", PASSWORD).await;
    browser.press("Sign In").await;
    browser.is_told("You were logged in").await;
}

/// What lies on top in the middle of what each selector finds, by the text of the link or button that it is in.
async fn on_top(browser: &Browser, selector: &str) -> Vec<String> {
    let script = "return [...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility()).map(e => { \
        const box = e.getBoundingClientRect(); \
        const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2); \
        return e.contains(top) ? 'itself' : top.outerHTML.slice(0, 80) })";
    let found = browser.run(script, vec![json!(selector)]).await;
    found.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_way_has_its_own_place_under_the_thumb() {
    with_browser("bars", PHONE, Site::start(), async |site, browser| {
        site.somebody("Alice").await;
        for number in 0..30 {
            site.says("Alice", &format!("message {number}")).await;
        }
        browser.visit("/public").await;
        assert_eq!(browser.texts(".navigation a").await, ["Public", "Sign in", "Sign up"]);
        signs_in(browser, "Alice").await;
        assert_eq!(browser.texts(".navigation a").await, ["Home", "Public", "Post", "Notifications", "Me"]);
        let places = browser
            .run(
                "const at = selector => document.querySelector(selector).getBoundingClientRect(); \
            return [at('.bar').top, at('.bar').height, innerHeight - at('.navigation').bottom]",
                vec![],
            )
            .await;
        assert_eq!(places, json!([0, 52, 0]), "a row at the top, and one at the bottom");
        let ways = on_top(browser, ".bar a, .bar button, .navigation a").await;
        assert_eq!(ways, vec!["itself"; 8], "brand, search, sign out, and five below");
        browser.press("Post").await;
        assert_eq!(browser.run("return document.activeElement.id", vec![]).await, "text");
        browser.press("My profile").await;
        assert_eq!(browser.title().await, "Alice's Timeline | MiniTwit");
        browser.press("Sign out").await;
        browser.is_told("You were logged out").await;
    })
    .await;
}

#[tokio::test]
async fn the_keyboard_goes_through_a_bar_before_it_goes_on() {
    with_browser("bars-order", PHONE, Site::start(), async |site, browser| {
        site.somebody("Alice").await;
        signs_in(browser, "Alice").await;
        browser.visit("/public").await;
        let mut order = Vec::new();
        for _ in 0..10 {
            browser.key(Key::Tab).await;
            let script = "const e = document.activeElement; return e.name || e.innerText.trim()";
            order.push(browser.run(script, vec![]).await.as_str().unwrap().to_owned());
        }
        assert_eq!(
            order,
            [
                "Skip to the content",
                "MiniTwit",
                "Search",
                "Sign out",
                "Home",
                "Public",
                "Post",
                "Notifications",
                "Me",
                "text"
            ]
        );
    })
    .await;
}

/// A ring that cuts through the name that it is meant to show is worse than none.
#[tokio::test]
async fn the_ring_of_the_focus_goes_around_the_words() {
    with_browser("ring", PHONE, Site::start(), async |site, browser| {
        site.somebody("Alice Liddell").await;
        site.says("Alice Liddell", "hello").await;
        browser.visit("/public").await;
        browser.run("document.querySelector('main').focus()", vec![]).await;
        browser.key(Key::Tab).await;
        let script = "const link = document.activeElement; const ringed = [link, ...link.querySelectorAll('*')] \
            .find(e => getComputedStyle(e).outlineStyle === 'solid'); if (!ringed) return 'no ring'; \
            const range = document.createRange(); range.selectNodeContents(link); \
            const [words, box] = [range.getBoundingClientRect(), ringed.getBoundingClientRect()]; \
            const room = parseFloat(getComputedStyle(ringed).outlineOffset); \
            return [link.innerText, box.top - room <= words.top && box.bottom + room >= words.bottom, room >= 0]";
        assert_eq!(browser.run(script, vec![]).await, json!(["Alice Liddell", true, true]));
        browser.shot("focus on a name").await;
    })
    .await;
}

#[tokio::test]
async fn on_paper_there_is_what_was_said_and_nothing_to_press() {
    with_browser("paper", PHONE, Site::start(), async |site, browser| {
        site.somebody("Alice").await;
        site.says("Alice", "to be printed").await;
        signs_in(browser, "Alice").await;
        browser.visit("/public").await;
        browser.on_paper().await;
        let script = "return [...document.querySelectorAll('nav, button, textarea, footer, .rail, .brand, .skip')] \
                      .filter(e => e.checkVisibility()).map(e => e.outerHTML)";
        assert_eq!(browser.run(script, vec![]).await, json!([]));
        assert_eq!(browser.texts(".messages .text").await, ["to be printed"]);
        browser.shot("paper").await;
    })
    .await;
}
