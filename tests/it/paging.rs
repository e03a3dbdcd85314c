//! Paging by keyset: every message once, none lost, none twice, while new ones come.

use rstest_reuse::apply;

use crate::support::{TestApp, TestDatabase, actors::Browser, on_both};

async fn fill(app: &TestApp, name: &str, count: usize) {
    app.simulator().register(name).await;
    for number in 0..count {
        assert_eq!(app.simulator().tweet(name, &format!("{name} {number}")).await.status, 204);
    }
}

/// Follows "Older" to the end, posting a message in between.
async fn read_all(app: &TestApp, browser: &Browser, path: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let page = browser.get(&path).await;
        assert_eq!(page.status, 200);
        pages.push(page.messages());
        next = page.attributes("nav.pages a[rel=next]", "href").pop();
        app.simulator().tweet("late", "comes later").await;
    }
    pages
}

#[apply(on_both)]
async fn older_links_lead_through_every_message_once(db: TestDatabase) {
    let app = db.app();
    app.simulator().register("late").await;
    fill(&app, "alice", 65).await;
    let bob = app.signed_in("bob").await;
    bob.get("/alice/follow").await;
    let expected: Vec<String> = (0..65).rev().map(|number| format!("alice {number}")).collect();
    for (browser, path) in [(&app.browser(), "/public"), (&app.browser(), "/alice"), (&bob, "/")] {
        let pages = read_all(&app, browser, path).await;
        let all: Vec<String> = pages.concat().into_iter().filter(|text| text.starts_with("alice")).collect();
        assert_eq!(all, expected, "{path}");
        assert!(pages.iter().all(|page| page.len() <= 30), "{path}: 30 a page");
    }
}

#[apply(on_both)]
async fn a_full_page_without_more_has_no_older_link(db: TestDatabase) {
    let app = db.app();
    fill(&app, "alice", 30).await;
    let page = app.browser().get("/alice").await;
    assert_eq!(page.messages().len(), 30);
    assert!(!page.has("nav.pages"));
    fill(&app, "alice", 1).await;
    let page = app.browser().get("/alice").await;
    assert_eq!(page.texts("nav.pages a"), ["Older"]);
    let second = app.browser().get(&page.attributes("nav.pages a", "href")[0]).await;
    assert_eq!(second.messages(), ["alice 0"]);
    assert_eq!(second.texts("nav.pages a"), ["Newest"]);
    assert_eq!(second.attributes("nav.pages a", "href"), ["/alice"]);
}

#[apply(on_both)]
async fn the_page_size_is_a_setting(db: TestDatabase) {
    let app = db.app_with(|settings| settings.messages.page_size = 2);
    fill(&app, "alice", 3).await;
    assert_eq!(app.browser().get("/public").await.messages(), ["alice 2", "alice 1"]);
}
