//! What Minitwit is for, from signing up to signing out.

use super::{
    browser::{Browser, Look, with_browser},
    site::{PASSWORD, Site},
};

#[tokio::test]
async fn somebody_joins_says_something_and_follows_at_a_desk() {
    journey("desk", Look { width: 1280, javascript: true }).await;
}

#[tokio::test]
async fn somebody_joins_says_something_and_follows_at_a_desk_without_javascript() {
    journey("desk-no-js", Look { width: 1280, javascript: false }).await;
}

#[tokio::test]
async fn somebody_joins_says_something_and_follows_on_a_phone() {
    journey("phone", Look { width: 390, javascript: true }).await;
}

#[tokio::test]
async fn somebody_joins_says_something_and_follows_on_a_phone_without_javascript() {
    journey("phone-no-js", Look { width: 390, javascript: false }).await;
}

async fn journey(name: &str, look: Look) {
    with_browser(&format!("journey-{name}"), look, Site::start(), async |site, browser| {
        scripts_run_or_not(browser, look.javascript).await;
        site.somebody("Bob Builder").await;
        site.says("Bob Builder", "Yes we can. Grüße, 世界").await;

        browser.visit("/").await;
        assert_eq!(browser.path().await, "/public", "nobody is signed in");
        browser.press("Sign up").await;
        registers(browser, "Åse Sørensen").await;
        signs_in(browser, "Åse Sørensen").await;
        says_something(browser, "Hello from me").await;
        follows_and_unfollows(browser, "Bob Builder", "Yes we can. Grüße, 世界").await;

        browser.press("Sign out").await;
        browser.is_told("You were logged out").await;
        assert_eq!(browser.path().await, "/public");
        assert!(browser.elements(".twitbox").await.is_empty(), "strangers cannot post");
        browser.shot("signed out").await;
        assert_eq!(browser.complaints().await, [""; 0]);
    })
    .await;
}

/// That the browser is as it should be, or these tests would prove less than they say.
async fn scripts_run_or_not(browser: &Browser, expected: bool) {
    browser.visit_url("data:text/html,<title>off</title><script>document.title='on'</script>").await;
    assert_eq!(browser.title().await, if expected { "on" } else { "off" });
}

async fn registers(browser: &Browser, name: &str) {
    assert_eq!(browser.title().await, "Sign Up | MiniTwit");
    browser.types("username", name).await;
    browser.types("email", "ase@example.org").await;
    browser.types("password", PASSWORD).await;
    browser.types("password2", PASSWORD).await;
    browser.shot("sign up").await;
    browser.press("Sign Up").await;
    browser.is_told("You were successfully registered and can login now").await;
    assert_eq!(browser.path().await, "/login");
    browser.shot("registered").await;
}

async fn signs_in(browser: &Browser, name: &str) {
    browser.types("username", name).await;
    browser.types("password", PASSWORD).await;
    browser.press("Sign In").await;
    browser.is_told("You were logged in").await;
    assert_eq!(browser.title().await, "My Timeline | MiniTwit");
    assert_eq!(browser.text(".twitbox h2").await, format!("What's on your mind {name}?"));
    assert_eq!(browser.text(".empty p").await, "There's no message so far.");
    browser.shot("signed in").await;
}

async fn says_something(browser: &Browser, text: &str) {
    browser.types("text", text).await;
    browser.press("Share").await;
    browser.is_told("Your message was recorded").await;
    assert_eq!(browser.texts(".messages .text").await, [text], "on one's own timeline");
    browser.shot("said something").await;
}

/// Starts at home, ends at that person's page.
async fn follows_and_unfollows(browser: &Browser, whom: &str, what_they_said: &str) {
    let followstatus = ".followstatus p";
    browser.press("Public").await;
    assert_eq!(browser.texts(".messages .text").await, ["Hello from me", what_they_said], "newest first");
    browser.shot("public").await;

    browser.press(whom).await;
    assert_eq!(browser.title().await, format!("{whom}'s Timeline | MiniTwit"));
    assert_eq!(browser.text(followstatus).await, "You are not yet following this user.");
    browser.shot("a stranger").await;
    browser.press("Follow").await;
    browser.is_told(&format!("You are now following \"{whom}\"")).await;
    assert_eq!(browser.text(followstatus).await, "You are currently following this user.");
    browser.shot("followed").await;

    browser.press("Home").await;
    assert_eq!(browser.texts(".messages .text").await, ["Hello from me", what_they_said]);
    browser.shot("home with a friend").await;

    browser.press(whom).await;
    browser.press("Unfollow").await;
    browser.is_told(&format!("You are no longer following \"{whom}\"")).await;
    browser.press("Home").await;
    assert_eq!(browser.texts(".messages .text").await, ["Hello from me"]);
}
