//! What a page elsewhere can make a browser do at `http://` and a name: there Chromium sends neither
//! `Sec-Fetch-Site` nor, with a GET, `Origin`, and the session's cookie goes with every navigation.

use super::{
    browser::{Browser, DESK, Look, with_browser},
    elsewhere::Elsewhere,
    pages::looks_sound,
    site::{PASSWORD, Site},
};

/// Whatever the page elsewhere does, the browser ends at a page of ours in the same window.
const NAVIGATIONS: [&str; 7] = ["link", "refresh", "location", "silent", "get", "post", "detour"];
const WITHOUT_SCRIPTS: [&str; 2] = ["link", "refresh"];
const GOALS: [&str; 2] = ["/Bob/follow", "/logout"];

#[tokio::test]
async fn no_page_elsewhere_signs_anybody_out_or_follows_in_their_name() {
    let site = Site::named("victim.test");
    with_browser("elsewhere", DESK, site, async |site, browser| {
        let evil = Elsewhere::start(&site.origin()).await;
        begin(site, browser).await;
        for goal in GOALS {
            for way in NAVIGATIONS {
                leads_here(browser, &evil, way, goal).await;
                nothing_has_happened(browser, way).await;
            }
            browser.visit_url(&evil.page("image", goal)).await;
            nothing_has_happened(browser, "image").await;
            browser.visit_url(&evil.page("window", goal)).await;
            let windows = browser.windows(2).await;
            browser.turns_to(windows[1].clone()).await;
            browser.appears(".navigation").await;
            browser.closes_window().await;
            browser.turns_to(windows[0].clone()).await;
            nothing_has_happened(browser, "window").await;
        }
    })
    .await;
}

#[tokio::test]
async fn no_page_elsewhere_does_so_without_javascript() {
    let look = Look { width: 390, javascript: false };
    with_browser("elsewhere-no-js", look, Site::named("victim.test"), async |site, browser| {
        let evil = Elsewhere::start(&site.origin()).await;
        begin(site, browser).await;
        for goal in GOALS {
            for way in WITHOUT_SCRIPTS {
                leads_here(browser, &evil, way, goal).await;
                nothing_has_happened(browser, way).await;
            }
        }
        ones_own_wishes_are_carried_out(browser, &evil).await;
    })
    .await;
}

#[tokio::test]
async fn whoever_is_asked_can_say_yes() {
    with_browser("asked", DESK, Site::named("victim.test"), async |site, browser| {
        let evil = Elsewhere::start(&site.origin()).await;
        begin(site, browser).await;
        leads_here(browser, &evil, "link", "/Bob/follow").await;
        assert_eq!(browser.title().await, "Follow Bob? | MiniTwit");
        looks_sound(browser, "follow").await;
        leads_here(browser, &evil, "link", "/logout").await;
        assert_eq!(browser.title().await, "Sign out? | MiniTwit");
        looks_sound(browser, "sign out").await;
        ones_own_wishes_are_carried_out(browser, &evil).await;
    })
    .await;
}

/// Somebody is there, and somebody else signs in.
async fn begin(site: &Site, browser: &Browser) {
    site.somebody("Alice").await;
    site.somebody("Bob").await;
    browser.visit("/login").await;
    let told = browser.run("return [isSecureContext, location.hostname]", vec![]).await;
    assert_eq!(told, serde_json::json!([false, "victim.test"]), "or the browser would say whose wish it is");
    browser.types("username", "Alice").await;
    browser.types("password", PASSWORD).await;
    browser.press("Sign In").await;
    browser.is_told("You were logged in").await;
}

async fn leads_here(browser: &Browser, evil: &Elsewhere, way: &str, goal: &str) {
    browser.visit_url(&evil.page(way, goal)).await;
    if way == "link" {
        browser.press("Kittens").await;
    }
    // No page elsewhere has one.
    browser.appears(".navigation").await;
}

async fn nothing_has_happened(browser: &Browser, way: &str) {
    browser.visit("/").await;
    assert_eq!(browser.path().await, "/", "{way}: signed out");
    assert!(browser.elements(".flashes").await.is_empty(), "{way}: something was done");
    browser.visit("/Bob").await;
    assert_eq!(browser.text(".followstatus p").await, "You are not yet following this user.", "{way}");
}

/// By the pages' buttons, by an address that is typed, and by the button of the question.
async fn ones_own_wishes_are_carried_out(browser: &Browser, evil: &Elsewhere) {
    browser.visit("/Bob").await;
    browser.press("Follow").await;
    browser.is_told("You are now following \"Bob\"").await;
    browser.visit("/Bob/unfollow").await;
    browser.is_told("You are no longer following \"Bob\"").await;
    leads_here(browser, evil, "link", "/Bob/follow").await;
    browser.press("Follow").await;
    browser.is_told("You are now following \"Bob\"").await;
    leads_here(browser, evil, "link", "/logout").await;
    browser.press("Sign out").await;
    browser.is_told("You were logged out").await;
    assert_eq!(browser.path().await, "/public");
}
