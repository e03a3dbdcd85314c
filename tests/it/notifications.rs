//! Notifications: who is told what, what belongs together, and what is unread.

use diesel::{RunQueryDsl, sql_query};
use minitwit::{
    db::notifications::{self, Kind, Notice},
    domain::{MessageId, UserId},
};
use reqwest::Method;
use rstest_reuse::apply;

use crate::support::{TestApp, TestDatabase, actors::Browser, on_both, pages::Page};

/// The sentences, without the times.
fn lines(page: &Page) -> Vec<String> {
    let times = page.texts(".notifications time");
    let lines = page.texts(".notifications .deed");
    lines.iter().zip(times).map(|(line, time)| line.trim_end_matches(&time).trim_end().to_owned()).collect()
}

/// What the navigation says.
async fn unread(browser: &Browser) -> String {
    browser.get("/public").await.text(".navigation a[href='/notifications'] .unseen")
}

async fn has_news(browser: &Browser) -> bool {
    browser.get("/public").await.has(".navigation a[href='/notifications'] .unseen")
}

async fn newest(app: &TestApp, name: &str) -> String {
    app.browser().get(&format!("/{name}")).await.attributes(".meta a.when", "href").remove(0)
}

#[apply(on_both)]
async fn a_follower_and_an_answer_are_told_and_taken_back(db: TestDatabase) {
    let app = db.app();
    let (ada, bob) = (app.signed_in("ada").await, app.signed_in("bob").await);
    assert_eq!(ada.get("/notifications").await.text(".empty p:first-of-type"), "Nothing has happened yet.");
    assert!(!has_news(&ada).await);
    ada.say("a question").await;
    let question = newest(&app, "ada").await;
    bob.post(&format!("{question}/reply"), &[("text", "an answer")]).await;
    let answer = app.browser().get(&question).await.attributes("ul.replies .meta a.when", "href").remove(0);
    bob.post("/ada/follow", &[]).await;
    assert_eq!(unread(&ada).await, ", 2 unread");
    assert!(!has_news(&bob).await, "nobody is told what they did themselves");
    let page = ada.get("/notifications").await;
    assert_eq!(lines(&page), ["New: bob follows you", "New: bob answered you"]);
    assert_eq!(page.attributes(".notifications .text a", "href"), std::slice::from_ref(&answer));
    assert_eq!(page.texts(".notifications .text"), ["an answer"]);
    assert!(!page.has(".navigation a[href='/notifications'] .unseen"), "whoever looks has seen them");
    assert!(!has_news(&ada).await);
    assert_eq!(lines(&ada.get("/notifications").await), ["bob follows you", "bob answered you"]);

    bob.post("/ada/unfollow", &[]).await;
    bob.post(&format!("{answer}/delete"), &[]).await;
    assert_eq!(lines(&ada.get("/notifications").await), Vec::<String>::new());
    bob.post("/ada/follow", &[]).await;
    bob.post("/ada/follow", &[]).await;
    assert_eq!(unread(&ada).await, ", 1 unread", "twice is once");
    ada.post(&format!("{question}/reply"), &[("text", "to myself")]).await;
    assert_eq!(unread(&ada).await, ", 1 unread");
    assert_eq!(app.metric("minitwit_notification_visits_total{result=\"news\"}").await, 1.0);
}

#[apply(on_both)]
async fn the_simulators_follows_are_told_too(db: TestDatabase) {
    let app = db.app();
    let ada = app.signed_in("ada").await;
    let simulator = app.simulator();
    for name in ["bob", "cy", "di", "eve"] {
        simulator.register(name).await;
        let path = format!("/fllws/{name}?latest=7");
        assert_eq!(simulator.post(&path, serde_json::json!({ "follow": "ada" })).await.status, 204);
    }
    assert_eq!(simulator.latest().await, 7);
    assert_eq!(lines(&ada.get("/notifications").await), ["New: eve, di and 2 others follow you"]);
    for name in ["eve", "di", "bob"] {
        simulator.unfollow(name, "ada").await;
    }
    assert_eq!(lines(&ada.get("/notifications").await), ["cy follows you"]);
}

/// Tells the user 1 what the users from 2 on did.
fn tell(db: &TestDatabase, kind: Kind, actor: i64, message: Option<i64>) -> bool {
    let notice = Notice { user: UserId(1), kind, actor: UserId(actor), message: message.map(MessageId) };
    notifications::insert(&mut db.connect(), &notice, 0).unwrap()
}

#[apply(on_both)]
async fn whoever_is_mentioned_is_told_once(db: TestDatabase) {
    let app = db.app();
    let (ada, bob) = (app.signed_in("ada").await, app.signed_in("bob").await);
    bob.say("hello @ada and @bob, and @ada again").await;
    app.simulator().register("cy").await;
    app.simulator().tweet("cy", "so says @ada").await;
    assert!(!has_news(&bob).await, "nobody is told what they did themselves");
    assert_eq!(lines(&ada.get("/notifications").await), ["New: cy mentioned you", "New: bob mentioned you"]);
    ada.say("a question").await;
    let question = newest(&app, "ada").await;
    bob.post(&format!("{question}/reply"), &[("text", "well, @ada")]).await;
    assert_eq!(lines(&ada.get("/notifications").await)[0], "New: bob answered you");
    assert_eq!(lines(&ada.get("/notifications").await).len(), 3, "an answer with one's name in it is an answer");
}

#[apply(on_both)]
async fn what_belongs_together_is_one_line_and_kinds_are_asked_for_alone(db: TestDatabase) {
    let app = db.app();
    let ada = app.signed_in("ada").await;
    for name in ["bob", "cy", "di"] {
        app.simulator().register(name).await;
    }
    ada.say("first").await;
    ada.say("second").await;
    app.simulator().tweet("bob", "hello").await;
    for (kind, actor, message) in [
        (Kind::Like, 2, Some(1)),
        (Kind::Like, 3, Some(2)),
        (Kind::Like, 4, Some(1)),
        (Kind::Repost, 2, Some(1)),
        (Kind::Mention, 2, Some(3)),
        (Kind::Like, 3, Some(1)),
    ] {
        assert!(tell(&db, kind, actor, message));
    }
    assert!(!tell(&db, Kind::Like, 1, Some(1)), "nobody is told what they did themselves");
    tell(&db, Kind::Reply, 2, Some(2));
    assert!(!tell(&db, Kind::Mention, 2, Some(2)), "an answer with one's name in it is an answer");
    let page = ada.get("/notifications").await;
    let all = [
        "New: bob answered you",
        "New: cy, di and 1 other liked your message",
        "New: bob mentioned you",
        "New: bob reposted your message",
        "New: cy liked your message",
    ];
    assert_eq!(lines(&page), all);
    assert_eq!(page.texts(".notifications .text"), ["second", "first", "hello", "first", "second"]);
    let filters = page.attributes(".tabs a", "href");
    assert_eq!(filters.len(), 6);
    assert_eq!(lines(&ada.get("/notifications?kind=like").await).len(), 2);
    assert_eq!(lines(&ada.get("/notifications?kind=mention").await), ["bob mentioned you"]);
    assert_eq!(lines(&ada.get("/notifications?kind=nonsense").await).len(), 5);
    let likes = ada.get("/notifications?kind=like").await;
    assert_eq!(likes.texts(".tabs a[aria-current]"), ["Likes"]);

    let unlike = Notice { user: UserId(1), kind: Kind::Like, actor: UserId(4), message: Some(MessageId(1)) };
    notifications::remove(&mut db.connect(), &unlike).unwrap();
    minitwit::db::messages::set_flagged(&mut db.connect(), MessageId(3), true).unwrap();
    let left =
        ["bob answered you", "cy and bob liked your message", "bob reposted your message", "cy liked your message"];
    assert_eq!(lines(&ada.get("/notifications").await), left, "what is hidden or taken back is not told");
    tell(&db, Kind::Mention, 4, Some(3));
    assert!(has_news(&ada).await);
    assert_eq!(lines(&ada.get("/notifications").await), left);
    assert!(!has_news(&ada).await, "what is hidden does not call for ever");
}

#[apply(on_both)]
async fn notifications_are_paged_and_counted_no_further_than_people_read(db: TestDatabase) {
    let app = db.app();
    let ada = app.signed_in("ada").await;
    app.simulator().register("bob").await;
    let numbers = "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250) SELECT i FROM n) n";
    for statement in [
        format!(
            "INSERT INTO messages (id, author_id, text, published_at) SELECT 100 + i, 2, 'm' || i, 0 FROM {numbers}"
        ),
        format!(
            "INSERT INTO notifications (user_id, kind, actor_id, message_id, created_at) \
             SELECT 1, 'mention', 2, 100 + i, 0 FROM {numbers}"
        ),
    ] {
        sql_query(statement).execute(&mut db.connect()).unwrap();
    }
    assert_eq!(unread(&ada).await, ", 99+ unread");
    let (mut path, mut seen) = ("/notifications?kind=mention".to_owned(), Vec::new());
    loop {
        let page = ada.get(&path).await;
        seen.extend(page.texts(".notifications .text"));
        let Some(older) = page.attributes("a[rel=next]", "href").pop() else { break };
        path = older;
    }
    assert_eq!(seen, (1..=250).rev().map(|number| format!("m{number}")).collect::<Vec<_>>());
    assert_eq!(unread(&ada).await, ", 99+ unread", "looking for something is not looking at what is new");
    ada.get("/notifications").await;
    assert!(!has_news(&ada).await);
}

#[apply(on_both)]
async fn only_whoever_looks_has_seen_them(db: TestDatabase) {
    let app = db.app();
    let (ada, bob) = (app.signed_in("ada").await, app.signed_in("bob").await);
    bob.post("/ada/follow", &[]).await;
    let ahead = ada.request(Method::GET, "/notifications").header("sec-purpose", "prefetch;prerender");
    for request in [ada.request(Method::HEAD, "/notifications"), ahead] {
        assert_eq!(request.send().await.unwrap().status(), 200);
        assert!(has_news(&ada).await);
    }
    assert_eq!(bob.get("/notifications").await.texts(".notifications li"), Vec::<String>::new(), "each their own");
    assert_eq!(app.browser().get("/notifications").await.status, 401);
    assert_eq!(ada.post("/notifications", &[]).await.status, 405);
    assert!(has_news(&ada).await);
}
