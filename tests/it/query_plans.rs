//! Every list is served by its index, at a size where it matters: the plans are read, no clock is.
//!
//! The statements are those that the functions of `db` really send: Diesel's instrumentation hands
//! them over, with their binds, and they are explained.

use std::sync::{Arc, Mutex};

use diesel::{Connection, QueryableByName, RunQueryDsl, connection::InstrumentationEvent, sql_query, sql_types::Text};
use futures_util::future::LocalBoxFuture;
use minitwit::{
    db::{
        DbConnection,
        circles::{self, Circle},
        follows, home,
        marks::{self, Kind},
        messages::{self, Cursor, PageRequest},
        notifications::{self, Notice},
        people, profiles, replies, search, sessions, stats,
        suggestions::{self, Sample},
        surroundings, threads, users,
    },
    domain::{MessageId, SearchQuery, UserId},
};
use rstest_reuse::apply;

use crate::support::{TestDatabase, on_both};

#[derive(QueryableByName)]
struct PostgresLine {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

#[derive(QueryableByName)]
struct SqliteLine {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// The statements that `work` sends, their binds written into them.
fn statements(db: &TestDatabase, work: impl FnOnce(&mut DbConnection)) -> Vec<String> {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let mut conn = db.connect();
    let sink = Arc::clone(&seen);
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            sink.lock().unwrap().push(query.to_string());
        }
    });
    work(&mut conn);
    drop(conn);
    let seen = seen.lock().unwrap();
    seen.iter().map(|query| with_binds(query)).collect()
}

/// `… WHERE a = $1 -- binds: [7]` to `… WHERE a = 7`; SQLite's `?` in their order.
fn with_binds(query: &str) -> String {
    let (sql, binds) = query.split_once("-- binds: [").expect("Diesel shows the binds");
    let binds: Vec<String> = binds.trim_end().trim_end_matches(']').split(", ").map(literal).collect();
    let mut text = sql.to_owned();
    for (number, bind) in binds.iter().enumerate().rev() {
        text = text.replace(&format!("${}", number + 1), bind);
    }
    for bind in &binds {
        text = text.replacen('?', bind, 1);
    }
    text.replace('`', "\"")
}

/// `"it's \"so\""`, as Rust shows it, to `'it''s "so"'`.
fn literal(bind: &str) -> String {
    let text = bind.strip_prefix('"').and_then(|bind| bind.strip_suffix('"'));
    text.map_or_else(|| bind.to_owned(), |text| format!("'{}'", text.replace("\\\"", "\"").replace('\'', "''")))
}

fn plan(db: &TestDatabase, statement: &str) -> String {
    match db.connect() {
        DbConnection::Postgres(mut conn) => {
            let lines: Vec<PostgresLine> = sql_query(format!("EXPLAIN {statement}")).load(&mut conn).unwrap();
            lines.into_iter().map(|line| line.line + "\n").collect()
        }
        DbConnection::Sqlite(mut conn) => {
            let query = sql_query(format!("EXPLAIN QUERY PLAN {statement}"));
            let lines: Vec<SqliteLine> = query.load(&mut conn).unwrap();
            lines.into_iter().map(|line| line.detail + "\n").collect()
        }
    }
}

/// What is wrong with a plan: messages, follows or notifications read from end to end, or sorted. A home timeline may
/// sort the few that it merges, and so may the list of one person's followees, a page of notifications, and a sample of
/// people to follow.
fn fault(name: &str, plan: &str) -> Option<&'static str> {
    let scans = ["Seq Scan on messages", "Seq Scan on follows", "Seq Scan on replies", "Seq Scan on marks"];
    let scans = scans.into_iter().chain(["SCAN messages\n", "SCAN m\n", "SCAN follows\n", "SCAN f\n", "SCAN r\n"]);
    let scans = scans.chain(["SCAN replies\n", "SCAN answer\n", "SCAN marks\n", "SCAN k\n"]);
    let mut scans = scans.chain(["Seq Scan on notifications", "SCAN notifications\n", "SCAN n\n"]);
    let sorts = ["Sort ", "USE TEMP B-TREE FOR ORDER BY"];
    // What a subquery of SQLite's yields is no table.
    let is_subquery =
        |scan: &str| scan.strip_prefix("SCAN").is_some_and(|name| plan.contains(&format!("CO-ROUTINE{name}")));
    if scans.any(|scan| plan.contains(scan) && !is_subquery(scan)) {
        return Some("reads a table from end to end");
    }
    let few = ["home", "followees", "thread", "search", "told", "suggested"].iter().any(|few| name.starts_with(few));
    (!few && sorts.iter().any(|sort| plan.contains(sort))).then_some("sorts")
}

fn busiest_author(db: &TestDatabase) -> UserId {
    #[derive(QueryableByName)]
    struct Author {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        author_id: i64,
    }
    let query = "SELECT author_id FROM messages GROUP BY author_id ORDER BY count(*) DESC LIMIT 1";
    let author: Author = sql_query(query).get_result(&mut db.connect()).unwrap();
    UserId(author.author_id)
}

/// Tells the users 1 to 40 so much that it matters how it is looked for.
fn tell(db: &TestDatabase) {
    let conn = &mut db.connect();
    let numbers = "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i FROM n) n";
    for statement in [
        format!(
            "INSERT INTO notifications (user_id, kind, actor_id, message_id, created_at) \
             SELECT 1 + i % 40, CASE i % 7 WHEN 0 THEN 'follow' ELSE 'like' END, 50 + i % 2900, \
                    CASE i % 7 WHEN 0 THEN NULL ELSE 1 + i % 50000 END, i FROM {numbers}"
        ),
        "ANALYZE notifications".to_owned(),
    ] {
        sql_query(statement).execute(conn).unwrap();
    }
}

/// Somebody who follows more than each are asked of.
fn collector(db: &TestDatabase) -> UserId {
    let mut conn = db.connect();
    let crowd = "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5002) SELECT i FROM n) n";
    for statement in [
        format!(
            "INSERT INTO users (username, email, password_hash, created_at) SELECT 'crowd ' || i, '', '', 0 FROM {crowd}"
        ),
        "INSERT INTO follows SELECT c.id, u.id FROM users c, users u \
         WHERE c.username = 'crowd 1' AND u.username LIKE 'crowd %' AND u.id <> c.id"
            .to_owned(),
    ] {
        sql_query(statement).execute(&mut conn).unwrap();
    }
    users::find_id(&mut conn, "crowd 1").unwrap().unwrap()
}

const DEEP: PageRequest = PageRequest { before: Cursor { published_at: 1_700_000_000, id: 30_000 }, limit: 31 };
const TOP: PageRequest = PageRequest { before: Cursor::START, limit: 31 };

/// Half of the messages are replies, 250 to each that is answered; each has been marked twice, and one person in
/// thirty reposts.
fn converse(db: &TestDatabase) {
    for statement in [
        "INSERT INTO replies SELECT id, id - id % 500 + 1 FROM messages WHERE id % 2 = 0",
        "INSERT INTO marks SELECT id, 'like', 6 + id % 2000, published_at FROM messages",
        "INSERT INTO marks SELECT id, 'bookmark', 6 + id % 50, published_at FROM messages",
        "INSERT INTO marks SELECT id, 'repost', 6 + 30 * (id % 90), published_at FROM messages WHERE id % 3 = 0",
    ] {
        sql_query(statement).execute(&mut db.connect()).unwrap();
    }
    if db.is_postgres() {
        sql_query("ANALYZE").execute(&mut db.connect()).unwrap();
    }
}

#[apply(on_both)]
async fn conversations_and_marks_use_their_indexes(db: TestDatabase) {
    db.fill(3000, 60_000, 60_000);
    converse(&db);
    let page = messages::list_public(&mut db.connect(), TOP).unwrap();
    let answered = MessageId(30_001);
    let replies = threads::list_replies(&mut db.connect(), answered, MessageId(0), 31).unwrap();
    assert_eq!((page.len(), replies.len()), (31, 31));
    let (again, marker) = (page.clone(), UserId(6));
    // Without an index: by primary keys, which SQLite does not name.
    let queries: [(&str, Query, &str); 11] = [
        ("thread, upwards", Box::new(move |conn| drop(threads::list_upwards(conn, MessageId(30_004)).unwrap())), ""),
        (
            "thread, replies",
            Box::new(move |conn| drop(threads::list_replies(conn, answered, MessageId(30_100), 31).unwrap())),
            "replies_by_parent",
        ),
        (
            "thread, nested",
            Box::new(move |conn| drop(threads::list_nested(conn, &replies).unwrap())),
            "replies_by_parent",
        ),
        (
            "around a page",
            Box::new(move |conn| drop(surroundings::list(conn, &page, Some(UserId(9))).unwrap())),
            "replies_by_parent",
        ),
        ("replies among", Box::new(move |conn| drop(replies::among(conn, &again).unwrap())), ""),
        (
            "likes of one",
            Box::new(move |conn| drop(marks::list_by_user(conn, Kind::Like, marker, DEEP, 0).unwrap())),
            "marks_by_user",
        ),
        (
            "who likes",
            Box::new(move |conn| drop(marks::list_users(conn, Kind::Like, answered, UserId(3), 31).unwrap())),
            "marks",
        ),
        (
            "home, reposts by few",
            Box::new(move |conn| drop(marks::list_reposts_for(conn, UserId(3), TOP, 0, false).unwrap())),
            "marks_by_user",
        ),
        (
            "home, reposts by many",
            Box::new(move |conn| drop(marks::list_reposts_for(conn, UserId(4), TOP, 0, true).unwrap())),
            "reposts_by_time",
        ),
        (
            "home, end of the walk",
            Box::new(move |conn| _ = marks::find_repost(conn, Cursor::START, 10_000).unwrap()),
            "reposts_by_time",
        ),
        ("whose", Box::new(move |conn| drop(messages::find_author(conn, answered).unwrap())), "messages"),
    ];
    for (name, query, index) in queries {
        for statement in statements(&db, query) {
            let plan = plan(&db, &statement);
            assert_eq!(fault(name, &plan), None, "{name}:\n{plan}");
            assert!(plan.contains(index), "{name} does not use {index}:\n{plan}");
        }
    }
}

#[apply(on_both)]
async fn profiles_notifications_and_suggestions_use_their_indexes(db: TestDatabase) {
    db.fill(3000, 60_000, 60_000);
    tell(&db);
    let liked = |message| Notice { user: UserId(1), kind: notifications::Kind::Like, actor: UserId(9), message };
    let (like, follow) = (liked(Some(MessageId(77))), Notice { kind: notifications::Kind::Follow, ..liked(None) });
    let queries: [(&str, Query, &str); 11] = [
        (
            "a profile's header",
            Box::new(|conn| drop(profiles::find_header(conn, "reader-of-2").unwrap())),
            "messages_by_author",
        ),
        (
            "following",
            Box::new(|conn| drop(circles::list(conn, Circle::Following, UserId(4), None, (UserId(9), 31)).unwrap())),
            "listed",
        ),
        (
            "followers",
            Box::new(|conn| drop(circles::list(conn, Circle::Followers, UserId(9), None, (UserId(9), 31)).unwrap())),
            "follows_by_followee",
        ),
        (
            "told",
            Box::new(|conn| drop(notifications::list(conn, UserId(1), None, i64::MAX, 200).unwrap())),
            "notifications_by_user",
        ),
        (
            "told, one kind",
            Box::new(|conn| {
                drop(notifications::list(conn, UserId(1), Some(notifications::Kind::Follow), 9000, 200).unwrap());
            }),
            "notifications_by_kind",
        ),
        (
            "session and what is unread",
            Box::new(|conn| drop(sessions::find(conn, "none", 0).unwrap())),
            "notifications_by_user",
        ),
        ("taking back a like", Box::new(move |conn| notifications::remove(conn, &like).unwrap()), "notifications_by_"),
        (
            "taking back a follow",
            Box::new(move |conn| notifications::remove(conn, &follow).unwrap()),
            "notifications_by_",
        ),
        (
            "taking back a message",
            Box::new(|conn| notifications::remove_about(conn, MessageId(78)).unwrap()),
            "notifications_by_message",
        ),
        (
            "suggested by friends",
            Box::new(|conn| drop(suggestions::list_followed(conn, UserId(3), Sample::LARGE, 7, 31).unwrap())),
            "follows",
        ),
        (
            "suggested for being active",
            Box::new(|conn| drop(suggestions::list_active(conn, None, Sample::LARGE, 31).unwrap())),
            "messages_by_time",
        ),
    ];
    for (name, query, index) in queries {
        let plans: String = statements(&db, query).iter().map(|statement| plan(&db, statement)).collect();
        assert_eq!(fault(name, &plans), None, "{name}:\n{plans}");
        assert!(plans.contains(index), "{name} does not use {index}:\n{plans}");
    }
}

type Query = Box<dyn Fn(&mut DbConnection)>;

#[apply(on_both)]
async fn every_list_uses_its_index(db: TestDatabase) {
    db.fill(3000, 60_000, 60_000);
    // Readers 1 to 5 are the seed's special ones: they follow nobody, 2, 100, 5,000 (here all), 100 silent.
    // Somebody with few messages would have them all fetched and sorted, which is as good.
    let busiest = busiest_author(&db);
    let collector = collector(&db);
    let asked = statements(&db, |conn| drop(home::list(conn, collector, TOP).unwrap()));
    assert!(!asked.iter().any(|asked| asked.contains("LATERAL") || asked.contains("author_id IN")), "{asked:?}");
    let queries: [(&str, Query, &str); 13] = [
        ("home of too many", Box::new(move |conn| drop(home::list(conn, collector, TOP).unwrap())), "messages_by_time"),
        ("public", Box::new(move |conn| drop(messages::list_public(conn, TOP).unwrap())), "messages_by_time"),
        ("public, deep", Box::new(move |conn| drop(messages::list_public(conn, DEEP).unwrap())), "messages_by_time"),
        (
            "author",
            Box::new(move |conn| drop(messages::list_by_author(conn, busiest, TOP).unwrap())),
            "messages_by_author",
        ),
        (
            "author, deep",
            Box::new(move |conn| drop(messages::list_by_author(conn, busiest, DEEP).unwrap())),
            "messages_by_author",
        ),
        ("home of nobody", Box::new(move |conn| drop(home::list(conn, UserId(1), TOP).unwrap())), "messages_by_author"),
        ("home of 2", Box::new(move |conn| drop(home::list(conn, UserId(2), TOP).unwrap())), "messages_by_author"),
        ("home of 100", Box::new(move |conn| drop(home::list(conn, UserId(3), TOP).unwrap())), "messages_by_author"),
        ("home of many", Box::new(move |conn| drop(home::list(conn, UserId(4), TOP).unwrap())), "messages_by_time"),
        (
            "home of the silent",
            Box::new(move |conn| drop(home::list(conn, UserId(5), TOP).unwrap())),
            "messages_by_author",
        ),
        ("followees", Box::new(move |conn| drop(follows::list_followees(conn, UserId(3), 100).unwrap())), "follows"),
        (
            "flag tool",
            Box::new(move |conn| drop(messages::list_for_flagging(conn, MessageId(5), 100).unwrap())),
            "messages",
        ),
        (
            "active users",
            Box::new(move |conn| _ = stats::count_active(conn, 2_000_000_000, 0).unwrap()),
            "messages_by_author",
        ),
    ];
    for (name, query, index) in queries {
        let statements = statements(&db, query);
        assert!(!statements.is_empty(), "{name}");
        let plans: Vec<String> = statements.iter().map(|statement| plan(&db, statement)).collect();
        for plan in &plans {
            assert_eq!(fault(name, plan), None, "{name}:\n{plan}");
        }
        assert!(plans.iter().any(|plan| plan.contains(index)), "{name} does not use {index}:\n{}", plans.concat());
    }
    for (faulty, expected) in [
        ("SELECT id FROM messages WHERE text = 'x'", "reads a table from end to end"),
        ("SELECT text FROM messages WHERE author_id = 200 AND NOT flagged ORDER BY text", "sorts"),
    ] {
        assert_eq!(fault("public", &plan(&db, faulty)), Some(expected), "{}", plan(&db, faulty));
    }
    let name = statements(&db, |conn| assert!(users::find_id(conn, "reader-of-2").unwrap().is_some()));
    assert!(plan(&db, &name[0]).to_lowercase().contains("index"), "{}", plan(&db, &name[0]));
}

#[apply(on_both)]
async fn searches_use_their_indexes(db: TestDatabase) {
    db.fill(3000, 60_000, 60_000);
    let tagged = "INSERT INTO message_tags (tag, published_at, message_id) \
                  SELECT 'tag' || (id % 100), published_at, id FROM messages";
    for statement in [tagged, "ANALYZE"] {
        sql_query(statement).execute(&mut db.connect()).unwrap();
    }
    let words = if db.is_postgres() { "messages_by_words" } else { "message_words VIRTUAL TABLE" };
    let [near, people] = if db.is_postgres() {
        ["messages_by_time", "people_words_pkey"]
    } else {
        ["message_words VIRTUAL TABLE", "p USING PRIMARY KEY"]
    };
    let tags = if db.is_postgres() { "message_tags_pkey" } else { "t USING PRIMARY KEY" };
    for (query, index) in [
        ("the", near),
        ("zebra", words),
        ("\"the zebra\"", words),
        ("zebra from:reader-of-2", words),
        ("from:reader-of-2", "messages_by_author"),
        ("#tag7", tags),
        ("#tag7 #tag8", "message_tags_by_message"),
        ("#tag7 the", "message_tags"),
    ] {
        let parsed = SearchQuery::parse(query).unwrap();
        let asked = statements(&db, |conn| drop(search::list(conn, &parsed, TOP).unwrap()));
        let plans: Vec<String> = asked.iter().map(|statement| plan(&db, statement)).collect();
        for plan in &plans {
            assert_eq!(fault("search", plan), None, "{query}:\n{plan}");
        }
        assert!(plans.concat().contains(index), "{query} does not use {index}:\n{}", plans.concat());
    }
    let asked = statements(&db, |conn| drop(people::find(conn, &["read", "of"], None, 31).unwrap()));
    let plan = plan(&db, &asked[0]);
    assert!(plan.contains(people), "{plan}");
    assert!(plan.contains("people_words_by_user") && !plan.contains("Seq Scan"), "{plan}");
}

#[apply(on_both)]
async fn routes_keep_to_their_budgets_of_database_work(db: TestDatabase) {
    let app = db.app();
    app.simulator().register("bob").await;
    app.simulator().register("carol").await;
    let alice = app.signed_in("alice").await;
    app.browser().get("/public").await;
    let work = async || {
        let text = app.ops("/metrics").await.1;
        let counts = text.lines().filter(|line| {
            line.starts_with("minitwit_db_query_duration_seconds_count")
                && !line.contains("\"count")
                && !line.contains("sweep")
                && !line.contains("\"find_latest\"")
        });
        counts.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u32>().unwrap()).sum::<u32>()
    };
    let simulator = app.simulator();
    simulator.tweet("bob", "hello").await;
    let thread = app.browser().get("/bob").await.attributes(".meta a.when", "href").remove(0);
    let budgets: [(&str, u32, LocalBoxFuture<'_, ()>); 19] = [
        ("GET /explore, a stranger", 1, Box::pin(async { drop(app.browser().get("/explore").await) })),
        ("GET /explore, signed in", 2, Box::pin(async { drop(alice.get("/explore").await) })),
        (
            "GET /{username}/followers, a stranger",
            1,
            Box::pin(async { drop(app.browser().get("/bob/followers").await) }),
        ),
        ("GET /{username}/following, signed in", 2, Box::pin(async { drop(alice.get("/bob/following").await) })),
        ("GET /settings/profile", 2, Box::pin(async { drop(alice.get("/settings/profile").await) })),
        ("GET /notifications, with nothing new", 2, Box::pin(async { drop(alice.get("/notifications").await) })),
        ("GET /login, a stranger", 0, Box::pin(async { drop(app.browser().get("/login").await) })),
        ("GET /public, a stranger", 1, Box::pin(async { drop(app.browser().get("/public").await) })),
        ("GET /{username}, a stranger", 1, Box::pin(async { drop(app.browser().get("/bob").await) })),
        ("GET /, signed in", 2, Box::pin(async { drop(alice.get("/").await) })),
        ("GET /public, signed in", 3, Box::pin(async { drop(alice.get("/public").await) })),
        ("GET /{username}/{id}, a stranger", 1, Box::pin(async { drop(app.browser().get(&thread).await) })),
        ("GET /{username}/{id}, signed in", 2, Box::pin(async { drop(alice.get(&thread).await) })),
        ("GET /{username}, signed in", 3, Box::pin(async { drop(alice.get("/carol").await) })),
        ("GET /search, a stranger", 1, Box::pin(async { drop(app.browser().get("/search?q=tea").await) })),
        ("GET /tags/{tag}, signed in", 2, Box::pin(async { drop(alice.get("/tags/tea").await) })),
        (
            "POST /api/msgs/{username} with latest",
            1,
            Box::pin(async {
                drop(simulator.post("/msgs/bob?latest=1", serde_json::json!({ "content": "x" })).await);
            }),
        ),
        (
            "POST /api/fllws/{username} with latest",
            1,
            Box::pin(async {
                drop(simulator.post("/fllws/bob?latest=2", serde_json::json!({ "follow": "alice" })).await);
            }),
        ),
        (
            "GET /api/msgs/{username} with latest",
            2,
            Box::pin(async { drop(simulator.get("/msgs/bob?latest=3").await) }),
        ),
    ];
    for (route, budget, visit) in budgets {
        let before = work().await;
        visit.await;
        let spent = work().await - before;
        assert!(spent <= budget, "{route} went to the database {spent} times, and may {budget} times");
    }
}
