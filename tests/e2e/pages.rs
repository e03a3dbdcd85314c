//! What holds of every page, at every width, in both colours: `audit.js` says what, page by page.

use serde_json::json;

use super::{
    axe,
    browser::{Browser, DESK, with_browser},
    site::{PASSWORD, Site},
};

const AUDIT: &str = include_str!("audit.js");
/// The least that still counts as a screen (WCAG 1.4.10), a phone, a desk.
const WIDTHS: [u32; 3] = [320, 390, 1280];

/// Looks at the page that is shown in every way, and leaves it as it was at a desk.
async fn audit(browser: &Browser, step: &str) {
    looks_sound(browser, step).await;
    fits_with_large_text(browser, step).await;
    assert_eq!(browser.complaints().await, [""; 0], "{step}");
}

/// The same without what the console says.
pub async fn looks_sound(browser: &Browser, step: &str) {
    for dark in [true, false] {
        for width in WIDTHS {
            browser.looks(width, dark).await;
            let wrong = browser.run(AUDIT, vec![]).await;
            let way = format!("{step}, {width} pixels, {}", if dark { "dark" } else { "light" });
            assert_eq!(wrong, json!([]), "{way}");
            if width != 320 {
                assert_eq!(axe::violations(browser).await, [""; 0], "{way}");
            }
            if width != 320 {
                browser.shot(&format!("{step} {width}{}", if dark { " dark" } else { "" })).await;
            }
        }
    }
}

/// Text alone twice as large, as some browsers and systems enlarge it (WCAG 1.4.4): nothing is cut off or pushed out.
async fn fits_with_large_text(browser: &Browser, step: &str) {
    for width in [390, 1280] {
        browser.looks(width, false).await;
        let script = "document.querySelectorAll('details').forEach(more => more.open = true); \
                      document.documentElement.style.fontSize = '200%'; const { scrollWidth, clientWidth } = document.documentElement; \
                      return [scrollWidth <= clientWidth, ...[...document.querySelectorAll('a, button, h1, .hint, .text')] \
                      .filter(e => e.getBoundingClientRect().right > clientWidth).map(e => e.outerHTML.slice(0, 120))]";
        assert_eq!(browser.run(script, vec![]).await, json!([true]), "{step}, {width} pixels, text of 200 %");
        browser.shot(&format!("{step} {width} large text")).await;
        browser.run("document.documentElement.removeAttribute('style')", vec![]).await;
    }
}

/// People whose names and words are hard to lay out.
async fn populate(site: &Site) {
    let (long, wide) = ("Maximiliane-Alexandrina von Hohenzollern-Sigmaring", "W".repeat(50));
    for name in ["Alice", "Quiet One", "نور الهدى", long, &wide] {
        site.somebody(name).await;
    }
    for number in 1..=29 {
        site.says("Alice", &format!("Message {number} of #many, for @Alice, at https://example.org/{number}")).await;
    }
    site.says(long, &"x".repeat(500)).await;
    site.says(&wide, &"line\n".repeat(99)).await;
    site.says("نور الهدى", "صباح الخير\nand a line in English").await;
}

#[tokio::test]
async fn pages_for_strangers_are_sound() {
    with_browser("strangers", DESK, Site::start(), async |site, browser| {
        populate(site).await;
        for (path, step, title) in [
            ("/public", "public", "Public Timeline"),
            ("/login", "login", "Sign In"),
            ("/register", "register", "Sign Up"),
            ("/Quiet One", "empty profile", "Quiet One's Timeline"),
            ("/nobody", "404", "Not found"),
            ("/Alice/follow", "401", "Please sign in"),
            ("/public?before=soon", "400", "Not understood"),
            ("/Alice/replies", "with replies", "Alice's messages and replies"),
            ("/Alice/likes", "no likes", "What Alice likes"),
            ("/api/docs", "api", "For programs"),
            ("/search", "search", "Search"),
            ("/search?q=of", "search, messages", "of - Search"),
            ("/search?q=nothing", "search, nothing", "nothing - Search"),
            ("/search?q=a&show=people", "search, people", "a - Search"),
            ("/search?q=von&show=people", "search, a long name", "von - Search"),
            (&format!("/search?q={}", "x".repeat(201)), "search refused", "Search"),
            ("/tags/many", "tag", "#many"),
            ("/tags/nothing", "empty tag", "#nothing"),
            ("/explore", "whom to follow", "Whom to follow"),
            ("/Alice/followers", "nobody follows", "Alice's followers"),
        ] {
            browser.visit(path).await;
            assert_eq!(browser.title().await, format!("{title} | MiniTwit"));
            audit(browser, step).await;
        }
        browser.visit("/public").await;
        browser.press("Older").await;
        browser.appears("a[rel=first]").await;
        assert_eq!(browser.texts(".messages .text").await.len(), 2, "32 messages, 30 a page");
        audit(browser, "second page").await;
    })
    .await;
}

#[tokio::test]
async fn pages_for_members_are_sound() {
    with_browser("members", DESK, Site::start(), async |site, browser| {
        populate(site).await;
        signs_in(browser, "Quiet One").await;
        audit(browser, "told something, nothing to read").await;
        for (path, step) in [
            ("/public", "public"),
            ("/Alice", "profile"),
            ("/Quiet One", "own profile"),
            ("/explore", "whom to follow"),
            ("/notifications", "nothing has happened"),
            ("/settings/profile", "profile form"),
            ("/نور الهدى", "profile from right to left"),
            ("/Maximiliane-Alexandrina von Hohenzollern-Sigmaring", "profile with a long name"),
        ] {
            browser.visit(path).await;
            audit(browser, step).await;
        }
        browser.visit(&format!("/{}", "W".repeat(50))).await;
        audit(browser, "profile with a wide name").await;
        browser.press("Follow").await;
        browser.appears("form[action$=unfollow]").await;
        browser.visit(&format!("/{}/followers", "W".repeat(50))).await;
        audit(browser, "followers").await;
        browser.visit("/").await;
        browser.types("text", &"too long ".repeat(60)).await;
        browser.press("Share").await;
        browser.appears("div.error").await;
        audit(browser, "message refused").await;

        browser.visit("/").await;
        browser.press("Sign out").await;
        browser.is_told("You were logged out").await;
        signs_in(browser, &"W".repeat(50)).await;
        audit(browser, "home with a wide name").await;
        browser.visit("/notifications").await;
        audit(browser, "notifications").await;
    })
    .await;
}

#[tokio::test]
async fn conversations_are_sound_pages() {
    with_browser("conversations", DESK, Site::start(), async |site, browser| {
        populate(site).await;
        signs_in(browser, "Quiet One").await;
        browser.visit("/bookmarks").await;
        audit(browser, "no bookmarks").await;
        browser.visit("/Alice").await;
        let root = link(browser, ".messages > li .when").await;
        for text in ["A reply", "and another one, with a line\nmore"] {
            replies(browser, &root, text).await;
        }
        let reply = link(browser, ".replies > li .when").await;
        for number in 0..4 {
            replies(browser, &reply, &format!("below {number}")).await;
        }
        browser.visit(&root).await;
        audit(browser, "conversation").await;
        for word in ["Like", "Repost"] {
            browser.press(word).await;
            browser
                .appears(&format!(
                    ".message-actions button.on[aria-pressed=true] [href='#icon-{}']",
                    word.to_lowercase()
                ))
                .await;
        }
        browser.run("document.querySelector('.more > summary').click()", vec![]).await;
        browser.press("Bookmark").await;
        browser.appears(".more button.on").await;
        browser.visit(&root).await;
        audit(browser, "marked").await;
        for path in ["/bookmarks".to_owned(), format!("{root}/likes"), format!("{reply}/delete")] {
            browser.visit(&path).await;
            audit(browser, path.rsplit('/').next().unwrap()).await;
        }
        browser.press("Delete").await;
        browser.is_told("Your message was deleted").await;
        assert_eq!(browser.texts(".reposted").await, ["Reposted by Quiet One"]);
        audit(browser, "own page with a repost").await;
        browser.visit(&root).await;
        assert_eq!(browser.text("li.gone").await, "This message was deleted");
        audit(browser, "deleted").await;
    })
    .await;
}

/// Where a link leads.
async fn link(browser: &Browser, selector: &str) -> String {
    let script = "return document.querySelector(arguments[0]).getAttribute('href')";
    browser.run(script, vec![json!(selector)]).await.as_str().unwrap().to_owned()
}

async fn replies(browser: &Browser, path: &str, text: &str) {
    browser.visit(path).await;
    browser.types("text", text).await;
    browser.run("document.querySelector('.twitbox form').requestSubmit()", vec![]).await;
    browser.is_told("Your reply was recorded").await;
}

#[tokio::test]
async fn refusals_are_sound_pages() {
    let impatient = Site::start_with(|settings| settings.limits.login_burst = 1);
    with_browser("refusals", DESK, impatient, async |_, browser| {
        sends(browser, "/public", "").await;
        assert_eq!(browser.text("h1").await, "Wrong kind of request");
        audit(browser, "405").await;
        sends(browser, "/login", &"x".repeat(70_000)).await;
        assert_eq!(browser.text("h1").await, "Too much");
        audit(browser, "413").await;
        for _ in 0..2 {
            sends(browser, "/login", "somebody").await;
        }
        let told = browser.text("div.error").await;
        assert!(
            told.starts_with("Error: Too many attempts: wait ") && told.ends_with(" seconds and try again."),
            "{told}"
        );
        assert_eq!(browser.typed("username").await, "somebody");
        audit(browser, "429").await;
    })
    .await;
}

#[tokio::test]
async fn who_wants_more_contrast_or_their_own_colours_gets_them() {
    with_browser("contrast", DESK, Site::start(), async |site, browser| {
        populate(site).await;
        signs_in(browser, "Quiet One").await;
        browser.visit("/public").await;
        let colours = "const colour = selector => getComputedStyle(document.querySelector(selector)).color; \
                       return [colour('.meta time') === colour('body'), \
                       getComputedStyle(document.querySelector('[aria-current]')).textDecorationLine]";
        assert_eq!(browser.run(colours, vec![]).await, json!([false, "none"]));
        browser.wishes("prefers-contrast", "more").await;
        assert_eq!(browser.run(colours, vec![]).await, json!([true, "none"]), "nothing is quiet");
        assert_eq!(axe::violations(browser).await, [""; 0]);
        browser.shot("more contrast").await;
        browser.wishes("forced-colors", "active").await;
        assert_eq!(browser.run(colours, vec![]).await[1], "underline", "where one is shows without a tint");
        browser.shot("forced colours").await;
    })
    .await;
}

/// The audit would be worth little if the console did not speak up.
#[tokio::test]
async fn a_page_that_asked_others_for_something_would_be_found_out() {
    with_browser("found-out", DESK, Site::start(), async |_, browser| {
        browser.visit("/public").await;
        let stranger = "const image = new Image(); image.src = 'http://elsewhere.example/'; document.body.append(image); \
                        const wait = arguments[0]; return new Promise(seen => \
                        document.addEventListener('securitypolicyviolation', event => seen(event.effectiveDirective)))";
        assert_eq!(browser.run(stranger, vec![json!(0)]).await, "img-src");
        let complaints = browser.complaints().await;
        assert!(complaints.iter().any(|text| text.contains("Content Security Policy")), "{complaints:?}");
    })
    .await;
}

/// And axe would be worth little if it saw nothing.
#[tokio::test]
async fn a_page_that_keeps_people_out_would_be_found_out() {
    with_browser("found-out-by-axe", DESK, Site::start(), async |_, browser| {
        browser.visit("/login").await;
        browser.run("document.querySelector('label').remove(); document.documentElement.lang = ''", vec![]).await;
        let found = axe::violations(browser).await;
        for rule in ["html-has-lang", "label"] {
            assert!(
                !axe::is_installed() || found.iter().any(|text| text.starts_with(&format!("\"{rule}: "))),
                "{found:?}"
            );
        }
    })
    .await;
}

async fn signs_in(browser: &Browser, name: &str) {
    browser.visit("/login").await;
    browser.types("username", name).await;
    browser.types("password", PASSWORD).await;
    browser.press("Sign In").await;
    browser.is_told("You were logged in").await;
}

/// Sends the sign-in form elsewhere, or with more in it than anybody types.
async fn sends(browser: &Browser, path: &str, username: &str) {
    browser.visit("/login").await;
    let script = "const form = document.forms[0]; form.action = arguments[0]; form.username.value = arguments[1]; \
                  form.submit()";
    browser.run(script, vec![json!(path), json!(username)]).await;
    browser.appears(".lost, .error").await;
}
