//! How the site behaves beyond the contract: who is signed in on every page, where a form hurts, what is given back,
//! what other sites and phones are told.

use std::time::Duration;

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::Value;

use crate::support::{TestDatabase, actors::Browser, on_both, pages::Page};

fn is_members(page: &Page) -> bool {
    page.has("form[action='/logout']") && page.attributes(".navigation a", "href").contains(&"/alice".to_owned())
}

#[apply(on_both)]
async fn refusals_do_not_look_signed_out(db: TestDatabase) {
    let app = db.app();
    app.browser().register("bob").await;
    let alice = app.signed_in("alice").await;
    for path in ["/nobody", "/a/b/c", "/public?before=soon", "/static/nothing.css"] {
        let page = alice.get(path).await;
        assert!(page.status >= 400 && is_members(&page), "{path}");
        assert!(!is_members(&app.browser().get(path).await), "{path}");
    }
    let answer = alice.request(Method::DELETE, "/public").send().await.unwrap();
    let page = Page::read(answer).await;
    assert!(page.status == 405 && is_members(&page));
    // Asked whether it is meant: without the strict cookie, as from a page elsewhere.
    let cookies = Browser::without_redirects(app.address).sign_in("alice").await;
    let session = cookies.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    let session = session.filter_map(|value| value.split(';').next()).find(|pair| pair.contains("session=")).unwrap();
    let request = app.browser().request(Method::GET, "/bob/follow").header("cookie", session);
    let page = Page::read(request.send().await.unwrap()).await;
    assert_eq!((page.status, page.title().as_str()), (403, "Follow bob? | MiniTwit"));
    assert!(is_members(&page));
}

/// Nobody knows whether the cookie is worth anything: the page offers what suits everybody.
#[apply(on_both)]
async fn a_refusal_without_a_database_claims_nothing_about_who_is_signed_in(db: TestDatabase) {
    let app = db.app_with(|settings| {
        settings.database.wait = Duration::from_millis(50);
        settings.database.pool_size = 1;
    });
    let alice = app.signed_in("alice").await;
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let state = app.state.clone();
    let siege = tokio::spawn(async move { state.db.read("siege", move |_| Ok(held.recv().is_ok())).await });
    let mut page = alice.get("/public").await;
    for _ in 0..100 {
        if page.status == 503 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        page = alice.get("/public").await;
    }
    assert_eq!(page.status, 503);
    for path in ["/public", "/a/b/c"] {
        let page = alice.get(path).await;
        assert_eq!(page.attributes(".navigation a", "href"), ["/", "/public"], "{path}");
    }
    let page = app.browser().get("/a/b/c").await;
    assert!(page.attributes(".navigation a", "href").contains(&"/login".to_owned()), "who brings no cookie is nobody");
    hold.send(()).ok();
    siege.await.unwrap().ok();
}

#[apply(on_both)]
async fn slashes_at_the_end_of_a_path_do_no_harm(db: TestDatabase) {
    let app = db.app();
    app.browser().register("Roger Histand").await;
    let browser = Browser::without_redirects(app.address);
    for (path, place) in [
        ("/public/", "/public"),
        ("/public//?before=1-2", "/public?before=1-2"),
        ("/Roger%20Histand/", "/Roger%20Histand"),
        ("/login/", "/login"),
        ("/a/b/", "/a/b"),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let answer = browser.request(method, path).send().await.unwrap();
            assert_eq!((answer.status().as_u16(), &answer.headers()["location"]), (308, &place.parse().unwrap()));
        }
        assert_eq!(browser.post(path, &[]).await.status, 404, "{path}: only reading");
    }
    assert_eq!(app.browser().get("/Roger%20Histand/").await.status, 200);
    for path in ["//elsewhere.example/", "//", "/%2felsewhere.example/", "/api/msgs/", "/api/nothing/"] {
        let answer = browser.get(path).await;
        let place = answer.header("location");
        assert!(place.is_empty() || place == "/%2felsewhere.example", "{path} leads to {place}");
    }
    for path in ["/api/msgs/", "/api/nothing/"] {
        assert_eq!(browser.get(path).await.status, 404, "{path}: no redirect under /api");
    }
}

#[apply(on_both)]
async fn words_that_were_too_much_come_back_as_far_as_they_were_read(db: TestDatabase) {
    let app = db.app_with(|settings| settings.server.body_limit = 1000);
    let alice = app.signed_in("alice").await;
    let page = alice.say(&"long words ".repeat(200)).await;
    assert_eq!((page.status, page.title().as_str()), (413, "Too much | MiniTwit"));
    let kept = page.text("textarea");
    assert!(kept.starts_with("long words long words ") && kept.len() > 900, "{} characters", kept.len());
    assert!(page.text(".typed label").contains("the beginning of it"));
    assert!(is_members(&page));
    // Names and passwords are nothing to show.
    let page = app.browser().sign_in_with(&"x".repeat(2000), "secret").await;
    assert!(page.status == 413 && !page.has("textarea") && !page.source.contains("xxx"));
}

#[apply(on_both)]
async fn a_form_says_where_it_hurts(db: TestDatabase) {
    let app = db.app();
    let browser = app.browser();
    browser.register("taken").await;
    for (name, email, password, again, field) in [
        ("", "", "", "", "username"),
        ("a/b", "", "", "", "username"),
        ("taken", "a@b", "x", "x", "username"),
        ("meh", "broken", "x", "x", "email"),
        ("meh", "a@b", "", "", "password"),
        ("meh", "a@b", "x", "y", "password"),
    ] {
        let page = browser.register_with(name, email, password, again).await;
        hurts(&page, field);
        assert!(page.text("#username-hint").contains("/ \\ ? # %"), "which names are valid");
    }
    hurts(&browser.sign_in_with("nobody", "x").await, "username");
    hurts(&browser.sign_in_with("taken", "x").await, "password");
    for path in ["/login", "/register"] {
        assert!(!app.browser().get(path).await.has("[aria-invalid], [autofocus]"), "{path}");
    }
}

fn hurts(page: &Page, field: &str) {
    assert_eq!(page.attributes("[aria-invalid=true]", "name"), [field]);
    assert_eq!(page.attributes("[autofocus]", "name"), [field], "the focus goes there");
    assert!(page.attributes("[aria-invalid=true]", "aria-describedby")[0].split(' ').any(|id| id == "form-error"));
    assert!(page.has(&format!("input[name={field}] + #form-error")), "the reason stands at the field");
}

#[apply(on_both)]
async fn what_is_told_once_has_the_focus(db: TestDatabase) {
    let alice = db.app();
    let alice = alice.signed_in("alice").await;
    let page = alice.say("hello").await;
    assert_eq!(page.texts("[autofocus]"), ["Your message was recorded"]);
    assert_eq!(page.attributes("[autofocus]", "tabindex"), ["-1"]);
    assert_eq!(page.attributes("ul", "role"), ["list", "list"], "lists without bullets are lists for everybody");
}

#[apply(on_both)]
async fn the_box_to_write_in_stands_on_first_pages_only(db: TestDatabase) {
    let app = db.app_with(|settings| settings.messages.page_size = 2);
    let alice = app.signed_in("alice").await;
    for number in 0..3 {
        alice.say(&format!("message {number}")).await;
    }
    for path in ["/", "/public", "/alice"] {
        let page = alice.get(path).await;
        assert!(page.has(".twitbox"), "{path}");
        let older = alice.get(&page.attributes("a[rel=next]", "href")[0]).await;
        assert!(older.messages().len() == 1 && !older.has(".twitbox"), "{path}");
    }
}

#[apply(on_both)]
async fn a_message_of_many_lines_is_cut_with_a_sign_and_whole_on_its_own_page(db: TestDatabase) {
    let app = db.app();
    let simulator = app.simulator();
    simulator.register("alice").await;
    simulator.tweet("alice", &"short\n".repeat(12)).await;
    simulator.tweet("alice", &"long\n".repeat(13)).await;
    for path in ["/public", "/alice"] {
        let page = app.browser().get(path).await;
        assert_eq!(page.texts(".text.clamped"), [["long"; 13].join(" ")], "{path}");
        let all = app.browser().get(&page.attributes("a.show-all", "href")[0]).await;
        assert_eq!(all.messages(), [["long"; 13].join(" ")]);
        assert!(!all.has(".clamped") && !all.has(".show-all"));
    }
}

#[apply(on_both)]
async fn an_empty_place_invites(db: TestDatabase) {
    let app = db.app();
    let alice = app.signed_in("alice").await;
    for (page, place) in [
        (app.browser().get("/public").await, "/register"),
        (app.browser().get("/alice").await, "/register"),
        (alice.get("/").await, "/public"),
        (alice.get("/public").await, "#text"),
        (alice.get("/alice").await, "/public"),
    ] {
        assert_eq!(page.attributes(".empty a.button", "href"), [place], "{}", page.path);
        assert!(page.has(".empty .bird") && page.text(".empty").contains("There's no message so far."));
    }
}

#[apply(on_both)]
async fn other_sites_are_told_what_a_public_page_is(db: TestDatabase) {
    let app = db.app_with(|settings| settings.server.origin = "https://minitwit.example".parse().unwrap());
    let alice = app.signed_in("alice").await;
    alice.say("hello").await;
    let named = |page: &Page, name: &str| page.attributes(&format!("meta[property='og:{name}']"), "content");
    for path in ["/public", "/alice", "/login", "/register", "/api/docs"] {
        let page = app.browser().get(path).await;
        assert_eq!(page.attributes("meta[name=description]", "content").len(), 1, "{path}");
        assert!(!named(&page, "title")[0].is_empty() && !named(&page, "description")[0].is_empty(), "{path}");
        let card = named(&page, "image").remove(0);
        let card = card.strip_prefix("https://minitwit.example").expect("the whole address");
        let answer = app.browser().request(Method::GET, card).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "image/png");
        assert_eq!(size(&answer.bytes().await.unwrap()), (1200, 630), "as the page says");
    }
    let page = app.browser().get("/nobody").await;
    assert!(named(&page, "title").is_empty(), "nothing to share");
}

#[apply(on_both)]
async fn phones_can_take_the_site_among_their_apps(db: TestDatabase) {
    let app = db.app();
    let browser = app.browser();
    let page = browser.get("/public").await;
    let place = page.attributes("link[rel=manifest]", "href").remove(0);
    let answer = browser.request(Method::GET, &place).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/manifest+json");
    let manifest: Value = answer.json().await.unwrap();
    for icon in manifest["icons"].as_array().unwrap() {
        let answer = browser.request(Method::GET, icon["src"].as_str().unwrap()).send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"]),
            (200, &icon["type"].as_str().unwrap().parse().unwrap())
        );
    }
    let place = page.attributes("link[rel=apple-touch-icon]", "href").remove(0);
    let picture = browser.request(Method::GET, &place).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(size(&picture), (180, 180));
}

/// Width and height, as the head of a PNG says.
fn size(png: &[u8]) -> (u32, u32) {
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}
