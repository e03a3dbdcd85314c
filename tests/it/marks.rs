//! Likes, reposts and bookmarks: the buttons, the lists, and where reposts stand.

use reqwest::Method;
use rstest_reuse::apply;

use crate::support::{TestApp, TestDatabase, actors::Browser, on_both, pages::Page};

/// Says something as `name`; the path of it.
async fn say(app: &TestApp, browser: &Browser, name: &str, text: &str) -> String {
    assert_eq!(browser.say(text).await.status, 200);
    let page = app.browser().get(&format!("/{name}")).await;
    page.attributes(".messages > li .meta a.when", "href").swap_remove(0)
}

/// What stands on the buttons below the message that a page shows first.
fn buttons(page: &Page) -> Vec<String> {
    page.texts(".messages > li:first-child .message-actions button")
}

#[apply(on_both)]
async fn a_button_marks_and_the_same_button_takes_it_back(db: TestDatabase) {
    let app = db.app();
    let (ann, bob) = (app.signed_in("Ann").await, app.signed_in("Bob").await);
    let path = say(&app, &ann, "Ann", "hello").await;
    for (button, taken_back, before, after) in [
        ("like", "unlike", ["Like", "Repost", "Bookmark"], ["Liked 1", "Repost", "Bookmark"]),
        ("repost", "unrepost", ["Like", "Repost", "Bookmark"], ["Like", "Reposted 1", "Bookmark"]),
        ("bookmark", "unbookmark", ["Like", "Repost", "Bookmark"], ["Like", "Repost", "Bookmarked"]),
    ] {
        assert_eq!(buttons(&bob.get("/public").await), before, "{button}");
        for _ in 0..2 {
            let back = bob.post(&format!("{path}/{button}"), &[("back", "/public")]).await;
            assert_eq!((back.status, back.path.as_str()), (200, "/public"));
            assert_eq!(buttons(&back), after, "{button}: twice is as good as once");
        }
        let action = &bob.get("/public").await.attributes(".message-actions form", "action");
        assert!(action.contains(&format!("{path}/{taken_back}")), "{action:?}");
        assert_eq!(buttons(&bob.post(&format!("{path}/{taken_back}"), &[("back", "/public")]).await), before);
    }
    let like = |effect| {
        format!("minitwit_mark_actions_total{{action=\"set\",effect=\"{effect}\",kind=\"like\",source=\"web\"}}")
    };
    assert_eq!((app.metric(&like("changed")).await, app.metric(&like("noop")).await), (1.0, 1.0));
}

#[apply(on_both)]
async fn one_is_led_back_to_the_message_and_never_to_another_site(db: TestDatabase) {
    let app = db.app();
    let ann = app.signed_in("Ann").await;
    let path = say(&app, &ann, "Ann", "hello").await;
    let id = path.rsplit('/').next().unwrap();
    let careful = Browser::without_redirects(app.address);
    careful.sign_in("Ann").await;
    for (back, place) in [
        ("/public?before=1999999999-9", format!("/public?before=1999999999-9#m{id}")),
        ("//evil.example", path.clone()),
        ("https://evil.example/", path.clone()),
        ("/\\evil.example", path.clone()),
        ("/%0d%0aevil", path.clone()),
        ("", path.clone()),
    ] {
        let answer = careful.post(&format!("{path}/like"), &[("back", back)]).await;
        assert_eq!((answer.status, answer.header("location")), (302, place.as_str()), "{back}");
    }
}

#[apply(on_both)]
async fn who_may_mark_what(db: TestDatabase) {
    let app = db.app();
    let (ann, bob) = (app.signed_in("Ann").await, app.signed_in("Bob").await);
    let path = say(&app, &ann, "Ann", "hello").await;
    let gone = say(&app, &ann, "Ann", "gone").await;
    ann.post(&format!("{gone}/delete"), &[]).await;
    for word in ["like", "unlike", "repost", "unrepost", "bookmark", "unbookmark"] {
        for (who, browser, path, status) in [
            ("a stranger", &app.browser(), &path, 401),
            ("a member", &bob, &path, 200),
            ("the author", &ann, &path, 200),
            ("of what is gone", &bob, &gone, 404),
            ("of what never was", &bob, &"/Ann/999999".to_owned(), 404),
        ] {
            assert_eq!(browser.post(&format!("{path}/{word}"), &[]).await.status, status, "{word}: {who}");
        }
        let by_get = bob.request(Method::GET, &format!("{path}/{word}")).send().await.unwrap();
        assert_eq!(by_get.status(), 405, "{word} by GET");
    }
}

#[apply(on_both)]
async fn a_repost_is_seen_by_followers_and_on_the_reposters_page_and_nowhere_else(db: TestDatabase) {
    let app = db.app();
    let (ann, bob, cid) = (app.signed_in("Ann").await, app.signed_in("Bob").await, app.signed_in("Cid").await);
    let path = say(&app, &ann, "Ann", "hello").await;
    cid.get("/Bob/follow").await;
    bob.post(&format!("{path}/repost"), &[]).await;
    for (browser, path) in [(&cid, "/"), (&cid, "/Bob"), (&app.browser(), "/Bob")] {
        let page = browser.get(path).await;
        assert_eq!(
            (page.messages(), page.texts(".reposted")),
            (vec!["hello".into()], vec!["Reposted by Bob".into()]),
            "{path}"
        );
    }
    for path in ["/public", "/Ann"] {
        let page = cid.get(path).await;
        assert_eq!((page.messages(), page.texts(".reposted")), (vec!["hello".into()], vec![]), "{path}");
    }
    assert_eq!(app.simulator().get("/msgs").await.body.as_array().unwrap().len(), 1);
    assert_eq!(app.simulator().get("/msgs/Bob").await.body.as_array().unwrap().len(), 0);
    cid.get("/Ann/follow").await;
    assert_eq!(cid.get("/").await.messages(), ["hello"], "once on a page");
    bob.post(&format!("{path}/unrepost"), &[]).await;
    assert_eq!(app.browser().get("/Bob").await.messages(), Vec::<String>::new());
    bob.post(&format!("{path}/repost"), &[]).await;
    ann.post(&format!("{path}/delete"), &[]).await;
    assert_eq!(cid.get("/").await.messages(), Vec::<String>::new());
}

#[apply(on_both)]
async fn home_timelines_with_reposts_are_paged_without_loss(db: TestDatabase) {
    let app = db.app_with(|settings| settings.messages.page_size = 3);
    let (ann, bob, cid) = (app.signed_in("Ann").await, app.signed_in("Bob").await, app.signed_in("Cid").await);
    cid.get("/Bob/follow").await;
    let mut expected = Vec::new();
    for number in 0..8 {
        let path = say(&app, &ann, "Ann", &format!("a{number}")).await;
        bob.post(&format!("{path}/repost"), &[]).await;
        bob.say(&format!("b{number}")).await;
        expected.extend([format!("a{number}"), format!("b{number}")]);
    }
    let (mut seen, mut next) = (Vec::new(), Some("/".to_owned()));
    while let Some(path) = next {
        let page = cid.get(&path).await;
        assert!(page.messages().len() <= 3, "{path}");
        seen.extend(page.messages());
        next = page.attributes("nav.pages a[rel=next]", "href").pop();
    }
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected, "each once");
}

#[apply(on_both)]
async fn a_persons_page_leaves_replies_out(db: TestDatabase) {
    let app = db.app_with(|settings| settings.messages.page_size = 2);
    let ann = app.signed_in("Ann").await;
    let path = say(&app, &ann, "Ann", "first").await;
    for number in 0..5 {
        ann.post(&format!("{path}/reply"), &[("text", &format!("reply {number}"))]).await;
    }
    ann.say("last").await;
    assert_eq!(app.browser().get("/Ann").await.messages(), ["last", "first"]);
}

#[apply(on_both)]
async fn a_person_has_a_list_with_replies_and_one_of_likes(db: TestDatabase) {
    let app = db.app_with(|settings| settings.messages.page_size = 2);
    let (ann, bob) = (app.signed_in("Ann").await, app.signed_in("Bob B").await);
    let mut paths = Vec::new();
    for number in 0..3 {
        paths.push(say(&app, &ann, "Ann", &format!("m{number}")).await);
    }
    bob.post(&format!("{}/reply", paths[0]), &[("text", "a reply")]).await;
    bob.say("no reply").await;
    for path in &paths {
        bob.post(&format!("{path}/like"), &[]).await;
    }
    for browser in [&app.browser(), &ann] {
        let page = browser.get("/Bob B/replies").await;
        assert_eq!(page.title(), "Bob B's messages and replies | MiniTwit");
        assert_eq!(page.messages(), ["no reply", "a reply"]);
        let page = browser.get("/Bob B/likes").await;
        assert_eq!((page.title(), page.messages().len()), ("What Bob B likes | MiniTwit".to_owned(), 2));
        assert_eq!(page.text(".tabs [aria-current]"), "Likes");
        let next = page.attributes("nav.pages a[rel=next]", "href").remove(0);
        assert_eq!(browser.get(&next).await.messages().len(), 1);
        assert_eq!(browser.get("/nobody/likes").await.status, 404);
        assert_eq!(browser.get("/nobody/replies").await.status, 404);
        let tabs = browser.get("/Bob B").await.attributes(".tabs a", "href");
        assert_eq!(tabs, ["/Bob%20B", "/Bob%20B/replies", "/Bob%20B/likes"]);
    }
}

#[apply(on_both)]
async fn everybody_may_see_who_likes_and_reposts_and_nobody_who_keeps(db: TestDatabase) {
    let app = db.app_with(|settings| settings.messages.page_size = 2);
    let ann = app.signed_in("Ann").await;
    let path = say(&app, &ann, "Ann", "hello").await;
    for name in ["Bob", "Cid", "Dan"] {
        let browser = app.signed_in(name).await;
        for button in ["like", "repost", "bookmark"] {
            browser.post(&format!("{path}/{button}"), &[]).await;
        }
    }
    for list in ["likes", "reposts"] {
        let page = app.browser().get(&format!("{path}/{list}")).await;
        assert_eq!((page.status, page.texts("ul.people li")), (200, vec!["Bob".into(), "Cid".into()]), "{list}");
        let next = page.attributes("nav.pages a[rel=next]", "href").remove(0);
        assert_eq!(app.browser().get(&next).await.texts("ul.people li"), ["Dan"], "{list}");
    }
    assert_eq!(app.browser().get(&format!("{path}/bookmarks")).await.status, 404);
    assert_eq!(app.browser().get(&path.replace("Ann", "Bob")).await.status, 404);
    assert_eq!(app.browser().get("/bookmarks").await.status, 401);
}

#[apply(on_both)]
async fn bookmarks_are_ones_own_the_last_one_first(db: TestDatabase) {
    let app = db.app_with(|settings| settings.messages.page_size = 2);
    let (ann, bob) = (app.signed_in("Ann").await, app.signed_in("Bob").await);
    let mut paths = Vec::new();
    for number in 0..3 {
        paths.push(say(&app, &ann, "Ann", &format!("m{number}")).await);
    }
    assert_eq!(bob.get("/bookmarks").await.text(".empty p:first-of-type"), "You keep nothing here so far.");
    for at in [1, 2, 0] {
        bob.post(&format!("{}/bookmark", paths[at]), &[]).await;
    }
    let page = bob.get("/bookmarks").await;
    assert_eq!(page.messages().len(), 2);
    let next = page.attributes("nav.pages a[rel=next]", "href").remove(0);
    let all = [page.messages(), bob.get(&next).await.messages()].concat();
    assert_eq!(all.len(), 3);
    assert_eq!(ann.get("/bookmarks").await.messages(), Vec::<String>::new());
}
