//! Conversations: a message's own page, replies, and taking back.

use diesel::{RunQueryDsl, sql_query};
use minitwit::{
    db::{messages, surroundings::COUNTED},
    domain::MessageId,
};
use reqwest::Method;
use rstest_reuse::apply;

use crate::support::{TestApp, TestDatabase, actors::Browser, on_both, pages::Page};

/// The path of the newest message of all, which is `name`'s.
async fn newest(app: &TestApp, name: &str) -> String {
    let page = app.browser().get("/public").await;
    assert_eq!(page.texts(".messages > li .meta a:first-child")[0], name);
    page.attributes(".messages > li .meta a.when", "href").swap_remove(0)
}

/// Says something as `name`; the path of it.
async fn say(app: &TestApp, browser: &Browser, name: &str, text: &str) -> String {
    assert_eq!(browser.say(text).await.status, 200);
    newest(app, name).await
}

/// Answers the message at `path` as `name`; the path of the reply.
async fn answer(app: &TestApp, browser: &Browser, name: &str, path: &str, text: &str) -> String {
    let page = browser.post(&format!("{path}/reply"), &[("text", text)]).await;
    assert_eq!((page.status, page.flashes()), (200, vec!["Your reply was recorded".to_owned()]));
    newest(app, name).await
}

fn thread(page: &Page) -> Vec<String> {
    page.texts("ul.thread > li .text")
}

fn replies(page: &Page) -> Vec<String> {
    page.texts("ul.replies .text")
}

#[apply(on_both)]
async fn a_message_has_a_page_with_what_it_answers_and_what_answers_it(db: TestDatabase) {
    let app = db.app();
    let (ann, bob) = (app.signed_in("Ann").await, app.signed_in("Bob B").await);
    let first = say(&app, &ann, "Ann", "first").await;
    let second = answer(&app, &bob, "Bob B", &first, "second").await;
    let third = answer(&app, &ann, "Ann", &second, "third").await;
    answer(&app, &bob, "Bob B", &third, "fourth").await;
    let page = app.browser().get(&third).await;
    assert_eq!((page.status, page.title()), (200, "Ann's message | MiniTwit".to_owned()));
    assert_eq!(thread(&page), ["first", "second", "third"]);
    assert_eq!(replies(&page), ["fourth"]);
    assert_eq!(page.texts("ul.thread .answers"), ["Answers Ann", "Answers Bob B"]);
    assert_eq!(page.attributes("ul.thread .answers a", "href"), [first.clone(), second.clone()]);
    assert!(!page.has(".twitbox"), "strangers have nothing to write in");
    assert_eq!(ann.get(&third).await.text(".twitbox h2"), "Add to your message");
    assert_eq!(bob.get(&third).await.text(".twitbox h2"), "Reply to Ann");
}

#[apply(on_both)]
async fn a_timeline_says_whom_a_reply_answers_and_how_often_something_was_answered(db: TestDatabase) {
    let app = db.app();
    let (ann, bob) = (app.signed_in("Ann").await, app.signed_in("Bob").await);
    let first = say(&app, &ann, "Ann", "first").await;
    answer(&app, &bob, "Bob", &first, "one").await;
    answer(&app, &bob, "Bob", &first, "two").await;
    bob.get("/Ann/follow").await;
    for (browser, path) in [(&app.browser(), "/public"), (&ann, "/public"), (&bob, "/")] {
        let page = browser.get(path).await;
        assert_eq!(page.messages(), ["two", "one", "first"], "{path}");
        assert_eq!(page.texts(".messages .answers"), ["Answers Ann", "Answers Ann"], "{path}");
        assert_eq!(page.texts(".messages .count"), ["2"], "{path}");
    }
}

#[apply(on_both)]
async fn replies_come_in_order_at_most_two_levels_deep(db: TestDatabase) {
    let app = db.app();
    let ann = app.signed_in("Ann").await;
    let root = say(&app, &ann, "Ann", "root").await;
    let a = answer(&app, &ann, "Ann", &root, "a").await;
    let b = answer(&app, &ann, "Ann", &root, "b").await;
    let below = answer(&app, &ann, "Ann", &b, "b1").await;
    answer(&app, &ann, "Ann", &below, "b1x").await;
    for text in ["a1", "a2", "a3", "a4"] {
        answer(&app, &ann, "Ann", &a, text).await;
    }
    let page = app.browser().get(&root).await;
    assert_eq!(replies(&page), ["a", "a1", "a2", "a3", "b", "b1"]);
    assert_eq!(page.texts("ul.replies > li.nested .text"), ["a1", "a2", "a3", "b1"]);
    let more = page.attributes("li.more a", "href");
    assert_eq!(more, [format!("{a}#replies"), format!("{below}#replies")]);
    assert_eq!(replies(&app.browser().get(&a).await), ["a1", "a2", "a3", "a4"]);
}

#[apply(on_both)]
async fn replies_are_paged_and_each_is_there_once(db: TestDatabase) {
    let app = db.app_with(|settings| settings.messages.page_size = 2);
    let ann = app.signed_in("Ann").await;
    let root = say(&app, &ann, "Ann", "root").await;
    for number in 0..5 {
        answer(&app, &ann, "Ann", &root, &number.to_string()).await;
    }
    let (mut seen, mut next) = (Vec::new(), Some(root.clone()));
    while let Some(path) = next {
        let page = app.browser().get(&path).await;
        assert_eq!(thread(&page), ["root"], "{path}");
        assert_eq!(page.has("nav.pages a[rel=first]"), path != root);
        seen.extend(replies(&page));
        next = page.attributes("nav.pages a[rel=next]", "href").pop();
    }
    assert_eq!(seen, ["0", "1", "2", "3", "4"]);
}

#[apply(on_both)]
async fn what_is_deleted_is_gone_everywhere_and_its_replies_stay(db: TestDatabase) {
    let app = db.app();
    let (ann, bob) = (app.signed_in("Ann").await, app.signed_in("Bob").await);
    let first = say(&app, &ann, "Ann", "a secret").await;
    let reply = answer(&app, &bob, "Bob", &first, "an answer").await;
    let asked = ann.get(&format!("{first}/delete")).await;
    assert_eq!((asked.status, asked.text("blockquote")), (200, "a secret".to_owned()));
    assert!(app.browser().get("/public").await.source.contains("a secret"), "asking does nothing");
    let done = ann.post(&format!("{first}/delete"), &[]).await;
    assert_eq!((done.path.as_str(), done.flashes()), ("/Ann", vec!["Your message was deleted".to_owned()]));
    for path in ["/public", "/Ann", "/", &first, &reply] {
        assert!(!ann.get(path).await.source.contains("a secret"), "{path}");
    }
    assert!(!app.simulator().get("/msgs").await.body.to_string().contains("a secret"));
    let page = app.browser().get(&first).await;
    assert_eq!((page.status, page.text("li.gone")), (410, "This message was deleted".to_owned()));
    assert_eq!(replies(&page), ["an answer"]);
    assert!(!ann.get(&first).await.has(".twitbox"), "nobody answers what is gone");
    assert_eq!(app.browser().get("/public").await.texts(".answers"), ["Answers a message that is gone"]);
    assert_eq!(app.metric("minitwit_messages_deleted_total{source=\"web\"}").await, 1.0);
    let id: i64 = first.rsplit('/').next().unwrap().parse().unwrap();
    assert!(!messages::set_flagged(&mut db.connect(), MessageId(id), false).unwrap(), "it cannot be unflagged");
    for again in ["delete", "reply"] {
        assert_eq!(ann.post(&format!("{first}/{again}"), &[("text", "x")]).await.status, 404, "{again}");
    }
    let alone = say(&app, &ann, "Ann", "alone").await;
    ann.post(&format!("{alone}/delete"), &[]).await;
    assert_eq!(app.browser().get(&alone).await.status, 404, "nothing is left of it");
}

#[apply(on_both)]
async fn who_may_do_what_to_a_message(db: TestDatabase) {
    let app = db.app();
    let (ann, bob) = (app.signed_in("Ann").await, app.signed_in("Bob").await);
    let path = say(&app, &ann, "Ann", "hello").await;
    let stranger = app.browser();
    let (delete, reply) = (format!("{path}/delete"), format!("{path}/reply"));
    let table: [(&str, &Browser, Method, &str, u16); 9] = [
        ("stranger", &stranger, Method::GET, &path, 200),
        ("stranger", &stranger, Method::POST, &reply, 401),
        ("stranger", &stranger, Method::GET, &delete, 401),
        ("stranger", &stranger, Method::POST, &delete, 401),
        ("member", &bob, Method::GET, &delete, 403),
        ("member", &bob, Method::POST, &delete, 404),
        ("member", &bob, Method::POST, &reply, 200),
        ("author", &ann, Method::GET, &delete, 200),
        ("author", &ann, Method::POST, &delete, 200),
    ];
    for (who, browser, method, path, status) in table {
        let request = browser.request(method.clone(), path).form(&[("text", "hi")]);
        assert_eq!(Page::read(request.send().await.unwrap()).await.status, status, "{who}: {method} {path}");
    }
}

#[apply(on_both)]
async fn a_reply_that_is_not_fit_is_shown_again_and_nothing_is_stored(db: TestDatabase) {
    let app = db.app();
    let ann = app.signed_in("Ann").await;
    let path = say(&app, &ann, "Ann", "hello").await;
    let long = "x".repeat(501);
    let page = ann.post(&format!("{path}/reply"), &[("text", &long)]).await;
    assert_eq!((page.status, page.text("textarea")), (400, long));
    assert!(page.text(".error").contains("too long"));
    let blank = ann.post(&format!("{path}/reply"), &[("text", "  ")]).await;
    assert_eq!((blank.status, blank.path.as_str(), blank.flashes()), (200, path.as_str(), vec![]));
    let id = path.rsplit('/').next().unwrap();
    for nowhere in
        [format!("/Bob/{id}"), format!("/{id}/{id}"), "/Ann/999999".into(), "/Ann/99999999999999999999".into()]
    {
        assert_eq!(ann.get(&nowhere).await.status, 404, "{nowhere}");
    }
    assert_eq!(app.browser().get("/public").await.messages(), ["hello"]);
}

#[apply(on_both)]
async fn a_flagged_message_is_hidden_in_its_thread_too(db: TestDatabase) {
    let app = db.app();
    let ann = app.signed_in("Ann").await;
    let root = say(&app, &ann, "Ann", "root").await;
    let bad = answer(&app, &ann, "Ann", &root, "bad").await;
    answer(&app, &ann, "Ann", &bad, "below").await;
    let id: i64 = bad.rsplit('/').next().unwrap().parse().unwrap();
    assert!(messages::set_flagged(&mut db.connect(), MessageId(id), true).unwrap());
    let page = app.browser().get(&root).await;
    assert_eq!(page.texts("ul.replies li.gone"), ["This message is hidden"]);
    assert_eq!(replies(&page), ["below"]);
    assert!(!page.source.contains("bad"));
}

#[apply(on_both)]
async fn what_is_answered_a_thousand_times_costs_no_more_than_a_hundred(db: TestDatabase) {
    let app = db.app();
    let ann = app.signed_in("Ann").await;
    let root = say(&app, &ann, "Ann", "root").await;
    let id = root.rsplit('/').next().unwrap();
    let conn = &mut db.connect();
    let numbers = format!(
        "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {COUNTED}) SELECT i FROM n) n"
    );
    for statement in [
        format!("INSERT INTO messages (id, author_id, text, published_at) SELECT 1000 + i, 1, 'r', 0 FROM {numbers}"),
        format!("INSERT INTO replies SELECT 1000 + i, {id} FROM {numbers}"),
    ] {
        sql_query(statement).execute(conn).unwrap();
    }
    assert_eq!(ann.get(&root).await.texts("ul.thread .count"), ["99+"]);
}
