//! Forms: in the order that scripts expect, refused without losing a word, and without a mouse.

use fantoccini::key::Key;

use super::{
    browser::{Browser, DESK, with_browser},
    site::{PASSWORD, Site},
};

/// The course's browser test, in its own steps: inputs are told apart by their order alone.
#[tokio::test]
async fn a_script_that_knows_only_the_order_of_inputs_can_register() {
    with_browser("order", DESK, Site::start(), async |_, browser| {
        browser.visit("/register").await;
        let inputs = browser.elements("input").await;
        for (input, text) in inputs.iter().zip(["Me", "me@example.org", "secure123", "secure123"]) {
            input.send_keys(text).await.unwrap();
        }
        inputs[4].send_keys(&Key::Enter.to_string()).await.unwrap();
        let flashes = browser.appears(".flashes").await;
        assert_eq!(flashes.text().await.unwrap(), "You were successfully registered and can login now");
        assert_eq!(browser.path().await, "/login");
    })
    .await;
}

#[tokio::test]
async fn a_refused_form_keeps_what_was_typed_but_no_password() {
    with_browser("refused", DESK, Site::start(), async |site, browser| {
        site.somebody("Alice").await;

        browser.visit("/register").await;
        for (field, text) in
            [("username", "Zoë"), ("email", "zoe@example.org"), ("password", "one"), ("password2", "another")]
        {
            browser.types(field, text).await;
        }
        browser.press("Sign Up").await;
        is_refused(browser, "The two passwords do not match").await;
        assert_eq!(
            (browser.typed("username").await.as_str(), browser.typed("email").await.as_str()),
            ("Zoë", "zoe@example.org")
        );
        assert_eq!((browser.typed("password").await, browser.typed("password2").await), (String::new(), String::new()));
        browser.shot("register").await;

        browser.visit("/login").await;
        browser.types("username", "Alice").await;
        browser.types("password", "wrong").await;
        browser.press("Sign In").await;
        is_refused(browser, "Invalid password").await;
        assert_eq!((browser.typed("username").await, browser.typed("password").await), ("Alice".into(), String::new()));
        browser.shot("login").await;

        browser.types("password", PASSWORD).await;
        browser.press("Sign In").await;
        browser.is_told("You were logged in").await;
        let text = format!("{}that is one too many", "words ".repeat(81));
        browser.types("text", &text).await;
        browser.press("Share").await;
        is_refused(browser, "Your message is too long: at most 500 characters fit").await;
        assert_eq!(browser.typed("text").await, text);
        browser.shot("message").await;

        browser.forgets_cookies().await;
        browser.press("Share").await;
        let kept = browser.appears("#typed").await.prop("value").await.unwrap();
        assert_eq!((browser.text("h1").await.as_str(), kept), ("Please sign in", Some(text)));
        browser.shot("message of nobody").await;
    })
    .await;
}

/// Their own checks would say it in the browser's words, one field at a time, or cut off what was pasted.
#[tokio::test]
async fn browsers_let_us_say_what_is_wrong_with_a_form() {
    with_browser("own-words", DESK, Site::start(), async |_, browser| {
        browser.visit("/register").await;
        browser.press("Sign Up").await;
        is_refused(browser, "You have to enter a username").await;
        browser.types("username", "Zoë").await;
        browser.types("email", "nowhere").await;
        browser.press("Sign Up").await;
        browser.appears("#username[value='Zoë']").await;
        is_refused(browser, "You have to enter a valid email address").await;
        browser.shot("register").await;
        let long = format!("{}@example.org", "x".repeat(300));
        browser.run("document.forms[0].email.value = ''", vec![]).await;
        browser.types("email", &long).await;
        assert_eq!(browser.typed("email").await, long, "not cut off");
        browser.visit("/login").await;
        browser.press("Sign In").await;
        is_refused(browser, "Invalid username").await;
    })
    .await;
}

async fn is_refused(browser: &Browser, why: &str) {
    let error = browser.appears("div.error").await;
    assert_eq!(error.text().await.unwrap(), format!("Error: {why}"));
}

#[tokio::test]
async fn everything_works_without_a_mouse() {
    with_browser("keyboard", DESK, Site::start(), async |site, browser| {
        site.somebody("Alice").await;
        site.somebody("Bob").await;

        browser.visit("/login").await;
        browser.key(Key::Tab).await;
        assert_eq!(focused(browser).await, "Skip to the content");
        browser.shot("skip link").await;
        browser.key(Key::Enter).await;
        browser.key(Key::Tab).await;
        assert_eq!(focused(browser).await, "username", "the first stop in the content");
        types(browser, "Alice").await;
        browser.key(Key::Tab).await;
        types(browser, PASSWORD).await;
        browser.key(Key::Enter).await;
        browser.is_told("You were logged in").await;

        tabs_to(browser, "text").await;
        browser.shot("focus in the box").await;
        types(browser, "No mouse").await;
        browser.key(Key::Tab).await;
        assert_eq!(focused(browser).await, "Share");
        browser.key(Key::Enter).await;
        browser.is_told("Your message was recorded").await;
        assert_eq!(browser.texts(".messages .text").await, ["No mouse"]);

        browser.visit("/Bob").await;
        tabs_to(browser, "Follow Bob").await;
        browser.shot("focus on a button").await;
        browser.key(Key::Enter).await;
        browser.is_told("You are now following \"Bob\"").await;
        tabs_to(browser, "Sign out").await;
        browser.key(Key::Enter).await;
        browser.is_told("You were logged out").await;
    })
    .await;
}

/// Presses Tab until that control has the focus, which must show.
async fn tabs_to(browser: &Browser, control: &str) {
    for _ in 0..20 {
        browser.key(Key::Tab).await;
        if focused(browser).await == control {
            let outline = browser.run("return getComputedStyle(document.activeElement).outlineStyle", vec![]).await;
            assert_eq!(outline, "solid", "{control} shows no focus");
            return;
        }
    }
    panic!("no Tab leads to {control}");
}

/// The name of the field, or the text of the link or button, that has the focus.
async fn focused(browser: &Browser) -> String {
    let script = "const e = document.activeElement; return e.name || e.textContent.trim()";
    browser.run(script, vec![]).await.as_str().unwrap().to_owned()
}

/// Types where the focus is.
async fn types(browser: &Browser, text: &str) {
    browser.focused().await.send_keys(text).await.unwrap();
}
