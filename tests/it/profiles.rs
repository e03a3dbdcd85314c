//! Profiles: what a page says of its owner, editing it, and the lists of people.

use diesel::{RunQueryDsl, sql_query};
use minitwit::db::profiles::COUNTED;
use reqwest::Method;
use rstest_reuse::apply;

use crate::support::{TestDatabase, actors::Browser, on_both, pages::Page};

fn counts(page: &Page) -> Vec<String> {
    page.texts(".counts li")
}

fn names(page: &Page) -> Vec<String> {
    page.texts(".people .meta a")
}

const FIELDS: [(&str, &str); 3] =
    [("display_name", "Ada <b>"), ("bio", "one\ntwo & #three"), ("website", "ada.example/about")];

#[apply(on_both)]
async fn a_profile_says_who_somebody_is(db: TestDatabase) {
    let app = db.app();
    let (ada, bob) = (app.signed_in("Ada Lovelace").await, app.signed_in("bob").await);
    let path = "/Ada%20Lovelace";
    let bare = app.browser().get(path).await;
    assert_eq!((bare.text("h1"), bare.title()), ("Ada Lovelace".into(), "Ada Lovelace's Timeline | MiniTwit".into()));
    assert!(!bare.has(".bio") && !bare.has(".website") && !bare.has(".handle"));
    assert_eq!(bare.attributes(".profile img.avatar", "width"), ["72"]);
    let today = minitwit::http::html::shown_day(&minitwit::db::now());
    assert_eq!(bare.text(".facts"), format!("Joined {today}"));
    assert_eq!(counts(&bare), ["0 messages", "0 following", "0 followers"]);

    let page = ada.post("/settings/profile", &FIELDS).await;
    assert_eq!((page.path.as_str(), page.flashes()), (path, vec!["Your profile was changed".to_owned()]));
    for browser in [&ada, &bob, &app.browser()] {
        let page = browser.get(path).await;
        assert_eq!((page.text("h1"), page.text(".profile .handle")), ("Ada <b>".into(), "Ada Lovelace".into()));
        assert!(page.source.contains("one\ntwo &amp; "), "line breaks are kept, and nothing is HTML");
        assert_eq!(page.attributes(".bio a", "href"), ["/tags/three"]);
        assert_eq!(page.attributes("a.website", "href"), ["https://ada.example/about"]);
        assert_eq!(page.attributes("a.website", "rel"), ["nofollow noopener ugc"]);
        assert_eq!(page.text("a.website"), "ada.example/about");
    }
    assert_eq!(ada.get(path).await.text(".followstatus p"), "This is you!");
    assert_eq!(ada.get(path).await.attributes(".followstatus a", "href"), ["/settings/profile"]);
    assert!(!bob.get(path).await.has(".followstatus a"), "nobody else edits it");
    let form = ada.get("/settings/profile").await;
    assert_eq!(form.attributes("#display_name", "value"), ["Ada <b>"]);
    assert_eq!(form.attributes("#website", "value"), ["https://ada.example/about"]);
    let found = async || app.browser().get("/search?q=Ada+b&show=people").await.source.contains("Ada%20Lovelace");
    assert!(found().await, "by the display name, too");
    let emptied = ada.post("/settings/profile", &[]).await;
    assert!(!found().await);
    assert!(!emptied.has(".bio") && !emptied.has(".website"), "what is taken out is gone");
    assert_eq!(app.metric("minitwit_profiles_changed_total{source=\"web\"}").await, 2.0);
}

#[apply(on_both)]
async fn what_is_not_fit_is_shown_at_its_field_and_not_stored(db: TestDatabase) {
    let app = db.app();
    let ada = app.signed_in("ada").await;
    let (long, bio) = ("x".repeat(51), "y".repeat(301));
    for (field, value) in [("display_name", long.as_str()), ("bio", &bio), ("website", "javascript:alert(1)")] {
        let fields = FIELDS.map(|(name, fine)| (name, if name == field { value } else { fine }));
        let page = ada.post("/settings/profile", &fields).await;
        assert_eq!((page.status, page.attributes("[aria-invalid]", "name")), (400, vec![field.to_owned()]));
        assert!(page.text(".error").starts_with("Error: Your "), "{field}");
        let described = page.attributes("[aria-invalid]", "aria-describedby").remove(0);
        assert!(described.ends_with("form-error"), "{described}");
        for (name, value) in fields.iter().filter(|(name, _)| *name != "bio") {
            assert_eq!(page.attributes(&format!("#{name}"), "value"), [*value], "what was typed is kept");
        }
    }
    assert!(!ada.get("/ada").await.has(".website"));
}

#[apply(on_both)]
async fn counts_lead_to_lists_and_follow_what_happens_at_once(db: TestDatabase) {
    let app = db.app();
    let (ada, bob) = (app.signed_in("ada").await, app.signed_in("bob").await);
    app.signed_in("cy").await;
    for number in 0..10 {
        // Kept before it changes.
        app.browser().get("/ada").await;
        bob.get("/ada").await;
        let act = if number % 2 == 0 { "follow" } else { "unfollow" };
        let page = bob.post(&format!("/ada/{act}"), &[]).await;
        let expected = if number % 2 == 0 { "1 follower" } else { "0 followers" };
        assert_eq!(counts(&page)[2], expected, "to the one who did it");
        assert_eq!(counts(&app.browser().get("/ada").await)[2], expected, "and to others");
    }
    bob.post("/ada/follow", &[]).await;
    app.simulator().follow("bob", "cy").await;
    app.simulator().follow("cy", "ada").await;
    ada.say("hello").await;
    let page = app.browser().get("/ada").await;
    assert_eq!(counts(&page), ["1 message", "0 following", "2 followers"]);
    assert_eq!(page.attributes(".counts a", "href"), ["/ada", "/ada/following", "/ada/followers"]);
    assert_eq!(names(&app.browser().get("/ada/followers").await), ["bob", "cy"]);
    assert_eq!(names(&app.browser().get("/bob/following").await), ["ada", "cy"]);
    let none = app.browser().get("/ada/following").await;
    assert_eq!((none.status, none.text(".empty p:first-of-type")), (200, "ada follows nobody yet.".to_owned()));
    assert_eq!(app.browser().get("/nobody/followers").await.status, 404);
    assert!(ada.get("/bob").await.has(".badge") && !bob.get("/ada").await.has(".badge"), "who follows whom");
    assert_eq!(ada.get("/bob").await.text(".profile .badge"), "Follows you");
}

#[apply(on_both)]
async fn a_list_of_people_has_buttons_that_lead_back_to_it(db: TestDatabase) {
    let app = db.app();
    let ada = app.signed_in("ada").await;
    app.signed_in("bob").await;
    app.simulator().follow("bob", "ada").await;
    app.simulator().follow("bob", "bob").await;
    app.browser().register("Cy Twombly").await;
    app.simulator().follow("bob", "Cy Twombly").await;
    let page = ada.get("/bob/following").await;
    assert_eq!(names(&page), ["ada", "Cy Twombly"]);
    assert_eq!(page.texts(".people .badge"), ["You"]);
    assert_eq!(page.attributes(".people form", "action"), ["/Cy%20Twombly/follow"]);
    assert_eq!(page.attributes(".people button", "value"), ["/bob/following"]);
    let page = ada.post("/Cy%20Twombly/follow", &[("back", "/bob/following")]).await;
    assert_eq!((page.path.as_str(), page.flashes().len()), ("/bob/following", 1));
    assert_eq!(page.attributes(".people form", "action"), ["/Cy%20Twombly/unfollow"]);
    assert!(!app.browser().get("/bob/following").await.has(".people form"), "a stranger has none");
}

#[apply(on_both)]
async fn lists_are_paged_and_counts_end_somewhere(db: TestDatabase) {
    let app = db.app_with(|settings| settings.messages.page_size = 4);
    app.browser().register("ada").await;
    let conn = &mut db.connect();
    let numbers = format!(
        "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT i FROM n) n",
        COUNTED + 5
    );
    for statement in [
        format!(
            "INSERT INTO users (username, email, password_hash, created_at) SELECT 'u' || i, '', '', 0 FROM {numbers}"
        ),
        "INSERT INTO follows SELECT u.id, a.id FROM users u, users a WHERE a.username = 'ada' AND u.id <> a.id"
            .to_owned(),
    ] {
        sql_query(statement).execute(conn).unwrap();
    }
    assert_eq!(counts(&app.browser().get("/ada").await)[2], "9,999+ followers");
    let (mut path, mut seen) = ("/ada/followers".to_owned(), Vec::new());
    for _ in 0..3 {
        let page = app.browser().get(&path).await;
        seen.extend(names(&page));
        path = page.attributes("a[rel=next]", "href").remove(0);
    }
    assert_eq!(seen, (1..=12).map(|number| format!("u{number}")).collect::<Vec<_>>());
    let last = app.browser().get(&format!("/ada/followers?after={}", COUNTED + 3)).await;
    assert_eq!((names(&last).len(), last.has("a[rel=next]"), last.has("a[rel=first]")), (3, false, true));
}

#[apply(on_both)]
async fn who_may_do_what_to_a_profile(db: TestDatabase) {
    let app = db.app();
    let ada = app.signed_in("ada").await;
    let stranger = app.browser();
    let table: [(&str, &Browser, Method, &str, u16); 8] = [
        ("stranger", &stranger, Method::GET, "/ada", 200),
        ("stranger", &stranger, Method::GET, "/ada/following", 200),
        ("stranger", &stranger, Method::GET, "/ada/followers", 200),
        ("stranger", &stranger, Method::POST, "/ada/followers", 405),
        ("stranger", &stranger, Method::GET, "/settings/profile", 401),
        ("stranger", &stranger, Method::POST, "/settings/profile", 401),
        ("member", &ada, Method::GET, "/settings/profile", 200),
        ("member", &ada, Method::POST, "/settings/profile", 200),
    ];
    for (who, browser, method, path, status) in table {
        let answer = Page::read(browser.request(method.clone(), path).send().await.unwrap()).await;
        assert_eq!(answer.status, status, "{who}: {method} {path}");
    }
    let elsewhere = ada.request(Method::POST, "/settings/profile").header("sec-fetch-site", "cross-site");
    assert_eq!(elsewhere.form(&FIELDS).send().await.unwrap().status(), 403);
    assert!(!ada.get("/ada").await.has(".bio"));
}

#[apply(on_both)]
async fn profiles_are_changed_as_fast_as_people_write_and_no_faster(db: TestDatabase) {
    let app = db.app_with(|settings| (settings.limits.post_burst, settings.limits.post_per_minute) = (1, 1));
    let ada = app.signed_in("ada").await;
    assert_eq!(ada.post("/settings/profile", &FIELDS).await.status, 200);
    let page = ada.post("/settings/profile", &[("display_name", "Countess")]).await;
    assert_eq!((page.status, page.attributes("#display_name", "value")), (429, vec!["Countess".to_owned()]));
    assert_eq!(ada.get("/ada").await.text("h1"), "Ada <b>");
}
