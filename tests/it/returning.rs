//! Signing in leads back to where one was, and never elsewhere.

use reqwest::Method;
use rstest_reuse::apply;

use crate::support::{
    TestApp, TestDatabase,
    actors::{Browser, PASSWORD},
    on_both,
};

/// Where signing in by the form at `path` leads.
async fn after_signing_in(app: &TestApp, path: &str) -> String {
    let browser = Browser::without_redirects(app.address);
    let fields = [("username", "alice"), ("password", PASSWORD)];
    let answer = browser.post(path, &fields).await;
    assert_eq!(answer.status, 302, "{path}");
    answer.header("location").to_owned()
}

#[apply(on_both)]
async fn a_stranger_signs_in_and_is_back_with_the_button_one_tap_away(db: TestDatabase) {
    let app = db.app();
    app.browser().register("alice").await;
    app.browser().register("Roger Histand").await;
    app.simulator().tweet("Roger Histand", "hello").await;
    let stranger = app.browser();
    let profile = stranger.get("/Roger%20Histand").await;
    assert!(!profile.has(".followstatus"));
    let links = profile.attributes("main a[href^='/login']", "href");
    assert_eq!(links, ["/login?next=%2FRoger%2520Histand"]);
    let form = stranger.get(&links[0]).await;
    assert_eq!(form.attributes("main form", "action"), links, "the form leads on too");
    let wrong = stranger.post(&links[0], &[("username", "alice"), ("password", "wrong")]).await;
    assert_eq!(wrong.attributes("main form", "action"), links, "and so does the second attempt");
    let back = stranger.post(&links[0], &[("username", "alice"), ("password", PASSWORD)]).await;
    assert_eq!((back.path.as_str(), back.flashes()), ("/Roger%20Histand", vec!["You were logged in".to_owned()]));
    assert_eq!(back.attributes(".followstatus form", "action"), ["/Roger%20Histand/follow"]);
    assert_eq!(stranger.get(&links[0]).await.path, "/Roger%20Histand", "already signed in");

    let message = profile.attributes(".meta a.when", "href").remove(0);
    let thread = app.browser().get(&message).await;
    let link = thread.attributes("main a[href^='/login']", "href").remove(0);
    assert_eq!(after_signing_in(&app, &link).await, message);
}

#[apply(on_both)]
async fn who_has_to_sign_up_first_is_led_back_too(db: TestDatabase) {
    let app = db.app();
    app.browser().register("bob").await;
    let stranger = app.browser();
    let form = stranger.get("/login?next=%2Fbob").await;
    let sign_up = form.attributes("main a[href^='/register']", "href");
    assert_eq!(sign_up, ["/register?next=%2Fbob"]);
    let page = stranger.get(&sign_up[0]).await;
    assert_eq!(page.attributes("main form", "action"), sign_up);
    assert_eq!(page.attributes("input", "name")[..4], ["username", "email", "password", "password2"], "nothing before");
    let fields = [("username", "alice"), ("email", "a@example.org"), ("password", PASSWORD), ("password2", PASSWORD)];
    let page = stranger.post(&sign_up[0], &fields).await;
    assert_eq!(
        (page.path.as_str(), page.attributes("main form", "action")),
        ("/login", vec!["/login?next=%2Fbob".to_owned()])
    );
}

#[apply(on_both)]
async fn nobody_is_led_to_another_site(db: TestDatabase) {
    let app = db.app();
    app.browser().register("alice").await;
    for next in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "%2F%2Fevil.example",
        "%2F%5Cevil.example",
        "/%09/evil.example",
        "javascript:alert(1)",
        "/bob/follow",
        "/logout",
        "",
    ] {
        assert_eq!(after_signing_in(&app, &format!("/login?next={next}")).await, "/", "{next}");
        let form = app.browser().get(&format!("/login?next={next}")).await;
        assert_eq!(form.attributes("main form", "action"), ["/login"], "{next}");
    }
    assert_eq!(after_signing_in(&app, "/login").await, "/", "as the contract says");
}

#[apply(on_both)]
async fn a_page_for_people_who_are_signed_in_is_had_after_signing_in(db: TestDatabase) {
    let app = db.app();
    app.browser().register("alice").await;
    let page = app.browser().get("/settings/profile").await;
    assert_eq!(page.status, 401);
    let link = page.attributes("main a", "href").remove(0);
    assert_eq!(link, "/login?next=%2Fsettings%2Fprofile");
    assert_eq!(after_signing_in(&app, &link).await, "/settings/profile");
    // What changes something is not done by signing in.
    let posted = app.browser().post("/settings/profile", &[]).await;
    assert_eq!((posted.status, posted.attributes("main a", "href")), (401, vec!["/login".into(), "/register".into()]));
}

#[apply(on_both)]
async fn a_button_leads_back_to_the_page_that_it_was_on_if_that_is_one_of_ours(db: TestDatabase) {
    let app = db.app();
    app.browser().register("bob").await;
    app.browser().register("alice").await;
    let alice = Browser::without_redirects(app.address);
    alice.sign_in("alice").await;
    for (back, place) in [
        ("/explore", "/explore"),
        ("/bob/followers?after=7", "/bob/followers?after=7"),
        ("//evil.example", "/bob"),
        ("", "/bob"),
    ] {
        for act in ["follow", "unfollow"] {
            let answer = alice.post(&format!("/bob/{act}"), &[("back", back)]).await;
            assert_eq!((answer.status, answer.header("location")), (302, place), "{act} from {back}");
        }
    }
    let answer = alice.request(Method::POST, "/bob/follow").header("content-type", "text/plain").body("x").send().await;
    assert_eq!(answer.unwrap().headers()["location"], "/bob", "as the contract says, whatever is sent along");
}
