//! Search: the same answers on both databases.

use diesel::{QueryableByName, RunQueryDsl, sql_query};
use minitwit::{
    backup::{Watch, back_up, restore},
    db::{
        DbConnection, mentions,
        messages::{self, Cursor, PageRequest},
        people, search,
        transfer::{Ending, Occupied},
        users, words,
    },
    domain::{MessageId, SearchQuery},
};
use rstest_reuse::apply;

use crate::support::{TestApp, TestDatabase, actors::Browser, on_both, pages::Page};

async fn find(browser: &Browser, query: &[(&str, &str)]) -> Page {
    let page = browser.get(&format!("/search?{}", serde_urlencoded::to_string(query).unwrap())).await;
    assert_eq!(page.status, 200, "{query:?}: {}", page.source);
    page
}

async fn messages(browser: &Browser, text: &str) -> Vec<String> {
    find(browser, &[("q", text)]).await.messages()
}

/// Everybody of these names, and who says what, the oldest first.
async fn tell(app: &TestApp, sayings: &[(&str, &str)]) {
    for (name, text) in sayings {
        app.simulator().register(name).await;
        assert_eq!(app.simulator().tweet(name, text).await.status, 204, "{text}");
    }
}

#[apply(on_both)]
async fn what_is_asked_for_is_found_and_nothing_else(db: TestDatabase) {
    let app = db.app_with(|settings| settings.limits.search_burst = 0);
    tell(
        &app,
        &[
            ("Søren", "Black coffee with Søren in the garden"),
            ("Ada Lovelace", "coffee, black as the night #Garden"),
            ("Ada Lovelace", "Don't send e-mail: STRASSE, Crème brûlée"),
            ("bob", "李小龍 drinks tea #garden #tea"),
            ("bob", "the tea of 2026, https://example.org/tea-house"),
            ("bob", "'; DROP TABLE messages; -- \" OR * NEAR(a b) & | ! <-> \\ NULL null"),
        ],
    )
    .await;
    let [garden, night, email, chinese, link, evil] = [
        "Black coffee with Søren in the garden",
        "coffee, black as the night #Garden",
        "Don't send e-mail: STRASSE, Crème brûlée",
        "李小龍 drinks tea #garden #tea",
        "the tea of 2026, example.org/tea-house",
        "'; DROP TABLE messages; -- \" OR * NEAR(a b) & | ! <-> \\ NULL null",
    ];
    let browser = app.browser();
    for (query, expected) in [
        ("soren", &[garden][..]),
        ("SØREN", &[garden]),
        ("sören", &[garden]),
        ("coffee", &[night, garden]),
        ("coffee black", &[night, garden]),
        ("\"black coffee\"", &[garden]),
        ("\"coffee black\"", &[night]),
        ("“coffee black” night", &[night]),
        ("\"black garden\"", &[]),
        ("straße", &[email]),
        ("creme", &[email]),
        ("e-mail", &[email]),
        ("mail-e", &[]),
        ("don't", &[email]),
        ("小龍", &[chinese]),
        ("龍小", &[]),
        ("garden", &[chinese, night, garden]),
        ("#garden", &[chinese, night]),
        ("#GARDEN #tea", &[chinese]),
        ("#garden #none", &[]),
        ("#garden coffee", &[night]),
        ("#garden #tea drinks from:bob", &[chinese]),
        ("tea", &[link, chinese]),
        ("tea from:bob 2026", &[link]),
        ("from:bob", &[evil, link, chinese]),
        ("from:\"Ada Lovelace\"", &[email, night]),
        ("from:\"Ada Lovelace\" #garden", &[night]),
        ("from:\"ada lovelace\"", &[]),
        ("from:nobody tea", &[]),
        ("tea-house", &[link]),
        ("gard", &[]),
        ("drop table", &[evil]),
        ("null", &[evil]),
        ("near \"a b\"", &[evil]),
        ("or", &[evil]),
        ("' & ! | \\ null", &[evil]),
        ("nothing", &[]),
    ] {
        assert_eq!(messages(&browser, query).await, expected, "{query}");
        let mut best = find(&browser, &[("q", query), ("order", "best")]).await.messages();
        best.sort_unstable();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(best, expected, "{query}, best first");
    }
    assert_eq!(app.metric("minitwit_searches_total{kind=\"people\"}").await, 0.0);
    assert!(app.metric("minitwit_searches_total{kind=\"best\"}").await > 30.0);
}

#[apply(on_both)]
async fn what_suits_best_comes_first_if_that_is_asked_for(db: TestDatabase) {
    let app = db.app();
    let texts = ["tea tea tea", "tea", "a long story about something else, with tea at its end, and no more than that"];
    tell(&app, &texts.map(|text| ("bob", text))).await;
    let page = find(&app.browser(), &[("q", "tea"), ("order", "best")]).await;
    assert_eq!(page.messages(), texts);
    assert_eq!(messages(&app.browser(), "tea").await, [texts[2], texts[1], texts[0]]);
    assert_eq!(page.text("nav.tabs a[aria-current]"), "Best");
}

/// Follows the links to the end.
async fn read_all(browser: &Browser, first: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut next = Some(first.to_owned());
    while let Some(path) = next {
        let page = browser.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        pages.push([page.messages(), page.texts("ul.people li")].concat());
        next = page.attributes("nav.pages a[rel=next]", "href").pop();
    }
    pages
}

#[apply(on_both)]
async fn links_lead_through_all_that_is_found_once(db: TestDatabase) {
    let app = db.app_with(|settings| settings.messages.page_size = 4);
    let texts: Vec<String> = (0..13).map(|number| format!("tea {number} {}", "and more ".repeat(number % 3))).collect();
    let texts: Vec<String> = texts.iter().map(|text| text.trim().to_owned()).collect();
    tell(&app, &texts.iter().map(|text| ("bob", text.as_str())).collect::<Vec<_>>()).await;
    tell(&app, &[("bob", "coffee")]).await;
    let mut expected: Vec<String> = texts.iter().rev().cloned().collect();
    assert_eq!(read_all(&app.browser(), "/search?q=tea").await.concat(), expected);
    let best = read_all(&app.browser(), "/search?q=tea&order=best").await;
    assert_eq!(best.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 4, 1]);
    assert!(best[0].iter().all(|text| !text.contains("more")), "{best:?}");
    let mut best = best.concat();
    best.sort_unstable();
    expected.sort_unstable();
    assert_eq!(best, expected);
    for number in 0..9 {
        app.simulator().register(&format!("Anna {number}")).await;
    }
    let people = read_all(&app.browser(), "/search?q=ann&show=people").await;
    assert_eq!(people.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 1]);
    assert_eq!(people.concat(), (0..9).map(|number| format!("Anna {number}")).collect::<Vec<_>>());
}

#[apply(on_both)]
async fn people_are_found_by_the_beginnings_of_their_names(db: TestDatabase) {
    let app = db.app();
    for name in ["Søren Kierkegaard", "sorensen", "Ann Anna Annason", "Anne-Marie O'Neil", "李小龍", "!", "søren"]
    {
        assert_eq!(app.simulator().register(name).await.status, 204, "{name}");
    }
    let browser = app.browser();
    let people = async |query: &str| find(&browser, &[("q", query), ("show", "people")]).await.texts("ul.people li");
    assert_eq!(people("soren").await, ["Søren Kierkegaard", "søren", "sorensen"], "exactly so comes first");
    assert_eq!(people("ann").await, ["Ann Anna Annason", "Anne-Marie O'Neil"], "nobody is found twice");
    assert_eq!(people("kierke sø").await, ["Søren Kierkegaard"]);
    assert_eq!(people("neil anne").await, ["Anne-Marie O'Neil"]);
    assert_eq!(people("李").await, ["李小龍"]);
    for nobody in ["ierkegaard", "ann soren", "#soren", "a b c d e f g h"] {
        assert!(people(nobody).await.is_empty(), "{nobody}");
    }
    let page = find(&browser, &[("q", "soren")]).await;
    assert_eq!(page.texts("ul.people li").len(), 3, "and a few above the messages");
    assert_eq!(page.attributes("ul.people a", "href")[0], "/S%C3%B8ren%20Kierkegaard");
}

#[apply(on_both)]
async fn what_is_hidden_is_not_found(db: TestDatabase) {
    let app = db.app();
    tell(&app, &[("bob", "tea #tea"), ("bob", "tea as well #tea")]).await;
    assert!(messages::set_flagged(&mut db.connect(), MessageId(2), true).unwrap());
    for query in ["tea", "#tea", "from:bob", "tea from:bob #tea", "\"as well\" tea"] {
        let expected = if query.contains("well") { vec![] } else { vec!["tea #tea"] };
        assert_eq!(messages(&app.browser(), query).await, expected, "{query}");
    }
    assert!(messages::set_flagged(&mut db.connect(), MessageId(2), false).unwrap());
    assert_eq!(messages(&app.browser(), "tea").await.len(), 2);
    let alice = app.signed_in("alice").await;
    alice.say("@bob, my tea #tea").await;
    assert_eq!(messages(&app.browser(), "tea #tea from:alice").await, ["@bob, my tea #tea"]);
    assert_eq!(alice.post("/alice/3/delete", &[]).await.status, 200);
    for query in ["my", "#tea from:alice", "from:alice"] {
        assert!(messages(&app.browser(), query).await.is_empty(), "{query}: it is deleted");
    }
}

#[apply(on_both)]
async fn what_another_release_stored_is_found_after_a_sweep(db: TestDatabase) {
    let conn = &mut db.connect();
    for statement in [
        "INSERT INTO users (username, email, password_hash, created_at) VALUES ('Old Bob', '', '', 0)",
        "INSERT INTO messages (author_id, text, published_at) VALUES (1, 'Old tea #Old', 7)",
        "INSERT INTO messages (author_id, text, published_at) VALUES (1, '', 8)",
    ] {
        sql_query(statement).execute(conn).unwrap();
    }
    let old = SearchQuery::parse("tea").unwrap();
    let page = PageRequest { before: Cursor::START, limit: 5 };
    assert!(search::list(conn, &old, page).unwrap().is_empty());
    assert_eq!((words::fill(conn).unwrap(), people::fill(conn).unwrap()), (2, 1));
    assert_eq!((words::fill(conn).unwrap(), people::fill(conn).unwrap()), (0, 0));
    let app = db.app();
    let browser = app.browser();
    for query in ["tea", "#old", "\"old tea\" #old"] {
        assert_eq!(messages(&browser, query).await, ["Old tea #Old"], "{query}");
    }
    assert_eq!(find(&browser, &[("q", "bo"), ("show", "people")]).await.texts("ul.people li"), ["Old Bob"]);
    words::forget(conn, 1).unwrap();
    for query in ["tea", "#old"] {
        assert!(messages(&browser, query).await.is_empty(), "{query}");
    }
    assert_eq!(words::fill(conn).unwrap(), 0, "what is forgotten stays so");
}

fn is_any_missing(conn: &mut DbConnection) -> bool {
    #[derive(QueryableByName)]
    struct Missing {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        number: i64,
    }
    let missing: Missing =
        sql_query("SELECT count(*) AS number FROM messages WHERE words IS NULL").get_result(conn).unwrap();
    missing.number > 0
}

/// After an upgrade that is every message there is: a start that waited for them would look like one that failed.
#[apply(on_both)]
async fn an_application_works_out_what_is_missing_beside_its_work(db: TestDatabase) {
    let conn = &mut db.connect();
    let numbers = "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600) SELECT i FROM n) n";
    for statement in [
        "INSERT INTO users (username, email, password_hash, created_at) VALUES ('Old Bob', '', '', 0)".to_owned(),
        format!("INSERT INTO messages (author_id, text, published_at) SELECT 1, 'old tea ' || i, i FROM {numbers}"),
    ] {
        sql_query(statement).execute(conn).unwrap();
    }
    let app = db.app();
    assert_eq!(app.browser().get("/public").await.messages().len(), 30);
    let mut patience = 100;
    while is_any_missing(conn) {
        patience -= 1;
        assert!(patience > 0, "it is not worked out");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    assert_eq!(messages(&app.browser(), "\"tea 1\"").await, ["old tea 1"]);
}

#[apply(on_both)]
async fn a_filled_database_can_be_searched(db: TestDatabase) {
    db.fill(300, 6000, 7000);
    let app = db.app();
    assert_eq!(words::fill(&mut db.connect()).unwrap(), 0);
    assert_eq!(people::fill(&mut db.connect()).unwrap(), 0);
    let page = app.browser().get("/public").await;
    for text in page.messages().iter().take(5) {
        let found = messages(&app.browser(), &format!("\"{text}\"")).await;
        assert!(found.contains(text), "{text}: {found:?}");
    }
    assert!(!find(&app.browser(), &[("q", "reader"), ("show", "people")]).await.texts("ul.people li").is_empty());
}

/// What messages are found by is no part of a backup, and is there after a restore; whom they mention is in it.
#[test]
fn what_was_restored_is_found() {
    let (from, to) = (TestDatabase::sqlite(), TestDatabase::postgres());
    for (from, to) in [(&from, &to), (&to, &TestDatabase::sqlite()), (&to, &from)] {
        let conn = &mut from.connect();
        if users::find_id(conn, "bob").unwrap().is_none() {
            for statement in [
                "INSERT INTO users (username, email, password_hash, created_at) VALUES ('bob', '', '', 0)",
                "INSERT INTO messages (author_id, text, published_at) VALUES (1, 'Søren, @bob #Tea', 7)",
                "INSERT INTO mentions (message_id, user_id) VALUES (1, 1)",
            ] {
                sql_query(statement).execute(conn).unwrap();
            }
        }
        let watch = Watch::on_terminal().unwrap();
        let (file, _) = back_up(conn, from.target().backend(), Vec::new(), &watch).unwrap();
        let conn = &mut to.connect();
        restore(conn, &file[..], Occupied::Replace, Ending::Commit, &watch).unwrap();
        assert_eq!((words::fill(conn).unwrap(), people::fill(conn).unwrap()), (0, 0), "nothing is missing");
        let page = PageRequest { before: Cursor::START, limit: 5 };
        for query in ["soren", "#tea", "bob #tea from:bob"] {
            let found = search::list(conn, &SearchQuery::parse(query).unwrap(), page).unwrap();
            assert_eq!(found.len(), 1, "{query}");
            assert_eq!(mentions::list_names(conn, &found).unwrap()[&1], ["bob"]);
        }
        assert_eq!(people::find(conn, &["bo"], None, 5).unwrap().len(), 1);
    }
}

#[apply(on_both)]
async fn an_empty_search_is_a_form_and_a_long_one_an_error(db: TestDatabase) {
    let app = db.app();
    for path in ["/search", "/search?q=", "/search?q=%21%3F", "/search?q=%23&show=people"] {
        let page = app.browser().get(path).await;
        assert_eq!((page.status, page.has("nav.tabs"), page.has("form[role=search]")), (200, false, true), "{path}");
    }
    let long = app.browser().get(&format!("/search?q={}", "x".repeat(201))).await;
    assert_eq!(long.status, 400);
    assert!(long.text("div.error").contains("at most 200"));
    assert_eq!(long.attributes("input[type=search]", "aria-invalid"), ["true"]);
    let shown = find(&app.browser(), &[("q", "<b>\"x\"'&")]).await;
    assert_eq!(shown.attributes("input[type=search]", "value"), ["<b>\"x\"'&"]);
    assert!(!shown.source.contains("<b>"));
    assert_eq!(app.browser().get("/search?q=x&before=nonsense").await.status, 400);
}

#[apply(on_both)]
async fn searches_have_a_limit_for_each_address(db: TestDatabase) {
    let app = db.app_with(|settings| (settings.limits.search_burst, settings.limits.search_per_minute) = (2, 1));
    let browser = app.browser();
    for _ in 0..2 {
        assert_eq!(browser.get("/search?q=tea").await.status, 200);
    }
    let refused = browser.get("/search?q=tea&show=people").await;
    assert_eq!(refused.status, 429);
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(browser.get("/search").await.status, 200, "the form is free");
}
