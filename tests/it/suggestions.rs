//! Whom to follow: the reasons, and that nobody is suggested whom one follows.

use rstest_reuse::apply;
use serde_json::json;

use crate::support::{TestApp, TestDatabase, on_both, pages::Page};

async fn people(app: &TestApp, names: &[&str]) {
    for name in names {
        app.simulator().register(name).await;
    }
}

fn rows(page: &Page) -> Vec<(String, String)> {
    page.texts(".people .meta a").into_iter().zip(page.texts(".people .hint")).collect()
}

fn row(name: &str, why: &str) -> (String, String) {
    (name.to_owned(), why.to_owned())
}

#[apply(on_both)]
async fn whom_those_one_follows_follow_come_first_and_then_who_is_active(db: TestDatabase) {
    let app = db.app();
    let ada = app.signed_in("ada").await;
    let simulator = app.simulator();
    people(&app, &["f1", "f2", "f3", "both", "one", "talker", "known", "silent"]).await;
    for (who, whom) in [
        ("ada", "f1"),
        ("ada", "f2"),
        ("ada", "f3"),
        ("ada", "known"),
        ("f1", "both"),
        ("f2", "both"),
        ("f3", "both"),
        ("f1", "ada"),
        ("f2", "one"),
        ("f1", "known"),
    ] {
        assert_eq!(simulator.post(&format!("/fllws/{who}"), json!({ "follow": whom })).await.status, 204);
    }
    for name in ["talker", "both", "known", "ada"] {
        simulator.tweet(name, "hello").await;
    }
    let page = ada.get("/explore").await;
    let expected = [
        row("both", "Followed by f1 and 2 others whom you follow"),
        row("one", "Followed by f2"),
        row("talker", "Wrote something lately"),
    ];
    assert_eq!((page.status, rows(&page)), (200, expected.to_vec()));
    let page = ada
        .post(
            "/both/follow",
            &page
                .attributes(".people button", "value")
                .iter()
                .take(1)
                .map(|back| ("back", back.as_str()))
                .collect::<Vec<_>>(),
        )
        .await;
    assert_eq!((page.path.as_str(), rows(&page)[0].0.as_str()), ("/explore", "one"));
}

#[apply(on_both)]
async fn a_newcomer_finds_three_people_in_the_empty_home(db: TestDatabase) {
    let app = db.app();
    let ada = app.signed_in("ada").await;
    assert!(!ada.get("/").await.has(".people"), "where there is nobody else, nobody is suggested");
    assert!(ada.get("/explore").await.has(".empty"));
    people(&app, &["bob", "cy", "di", "eve"]).await;
    for (name, times) in [("bob", 2), ("cy", 4), ("di", 3), ("eve", 1)] {
        for _ in 0..times {
            app.simulator().tweet(name, "hello").await;
        }
    }
    let page = ada.get("/").await;
    assert!(page.source.contains("There's no message so far."));
    assert_eq!(page.texts(".people .meta a"), ["cy", "di", "bob"]);
    let page = ada.post("/cy/follow", &[("back", "/")]).await;
    assert_eq!((page.path.as_str(), page.messages().len()), ("/", 4));
    assert_eq!(page.texts(".people .meta a"), ["di", "bob", "eve"], "beside what they read now");
    assert!(!ada.get("/?before=1-1").await.has(".people"), "on the first page only");
}

#[apply(on_both)]
async fn a_stranger_sees_who_is_active_and_how_to_join(db: TestDatabase) {
    let app = db.app();
    people(&app, &["bob"]).await;
    app.simulator().tweet("bob", "hello").await;
    let page = app.browser().get("/explore").await;
    assert_eq!((page.status, rows(&page)), (200, vec![row("bob", "Wrote something lately")]));
    assert!(!page.has(".people form"));
    assert_eq!(page.attributes("main .join a", "href"), ["/login?next=%2Fexplore"]);
}
