//! The home timeline is the same list whichever way it is found: compared with the obvious query,
//! page by page, for readers of nobody, of few, of many, and of many who are silent.

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
use minitwit::{
    db::{
        DbConnection, home,
        messages::{Cursor, PageRequest},
    },
    domain::UserId,
};
use rstest_reuse::apply;

use crate::support::{TestDatabase, on_both};

/// The talkative, among whom the readers' followees are; then the silent, who wrote one old message each.
const TALKATIVE: i64 = 250;
const SILENT: i64 = 250;
/// More than the walk looks at before it gives up.
const MESSAGES: i64 = 4000;

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

fn run(conn: &mut DbConnection, sql: &str) {
    sql_query(sql).execute(conn).unwrap_or_else(|why| panic!("{sql}: {why}"));
}

/// Numbers from 1, in SQL that both databases speak.
fn numbers(to: i64) -> String {
    format!("(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {to}) SELECT i FROM n) numbers")
}

fn fill(conn: &mut DbConnection) {
    let people = TALKATIVE + SILENT + 5;
    run(
        conn,
        &format!(
            "INSERT INTO users (username, email, password_hash, created_at) SELECT 'user ' || i, '', '', 0 FROM {}",
            numbers(people)
        ),
    );
    run(
        conn,
        &format!(
            "INSERT INTO messages (author_id, text, published_at) SELECT {TALKATIVE} + i, 'silent', i / 3 FROM {}",
            numbers(SILENT)
        ),
    );
    // Seven a second, one in 47 flagged.
    run(
        conn,
        &format!(
            "INSERT INTO messages (author_id, text, published_at, flagged) \
         SELECT 1 + (i * 31) % {TALKATIVE}, 'm', 1000 + i / 7, i % 47 = 0 FROM {}",
            numbers(MESSAGES)
        ),
    );
}

fn follow(conn: &mut DbConnection, reader: i64, from: i64, count: i64) {
    run(
        conn,
        &format!("INSERT INTO follows (follower_id, followee_id) SELECT {reader}, {from} + i FROM {}", numbers(count)),
    );
}

fn obvious(conn: &mut DbConnection, reader: i64) -> Vec<i64> {
    let rows: Vec<Id> = sql_query(format!(
        "SELECT id FROM messages WHERE NOT flagged AND (author_id = {reader} OR author_id IN \
         (SELECT followee_id FROM follows WHERE follower_id = {reader})) ORDER BY published_at DESC, id DESC"
    ))
    .load(conn)
    .unwrap();
    rows.into_iter().map(|row| row.id).collect()
}

fn paged(conn: &mut DbConnection, reader: i64) -> Vec<i64> {
    let mut ids = Vec::new();
    let mut before = Cursor::START;
    loop {
        let home::Stretch { messages, looked_to, .. } =
            home::list(conn, UserId(reader), PageRequest { before, limit: 31 }).unwrap();
        let last = messages.last().map(|row| Cursor { published_at: row.published_at, id: row.id });
        let Some(next) = looked_to.or(last) else { return ids };
        before = next;
        ids.extend(messages.iter().map(|row| row.id));
    }
}

#[apply(on_both)]
async fn every_reader_gets_what_the_obvious_query_would_give(db: TestDatabase) {
    let mut conn = db.connect();
    fill(&mut conn);
    let first_reader = TALKATIVE + SILENT + 1;
    let followees = [(0, 0), (0, 1), (10, 30), (0, TALKATIVE - 1), (TALKATIVE, SILENT)];
    for (number, (from, count)) in followees.into_iter().enumerate() {
        let reader = first_reader + i64::try_from(number).unwrap();
        if count > 0 {
            follow(&mut conn, reader, from, count);
        }
        let expected = obvious(&mut conn, reader);
        assert_eq!(expected.is_empty(), count == 0);
        assert_eq!(paged(&mut conn, reader), expected, "{count} followees from {from}");
    }
    // One's own messages are among them, also for somebody who follows many.
    follow(&mut conn, 1, 1, TALKATIVE - 1);
    let expected = obvious(&mut conn, 1);
    assert!(expected.len() > 3900);
    assert_eq!(paged(&mut conn, 1), expected);
}

#[apply(on_both)]
async fn whoever_follows_more_than_are_asked_gets_the_same_in_shorter_pages(db: TestDatabase) {
    // Three talk, 45,000 times; 5,100 wrote once each, before; all of them are followed but the first.
    const TALKING: i64 = 3;
    const QUIET: i64 = 5100;
    const MESSAGES: i64 = 45_000;
    let mut conn = db.connect();
    let users = numbers(TALKING + QUIET + 2);
    run(
        &mut conn,
        &format!(
            "INSERT INTO users (username, email, password_hash, created_at) SELECT 'u' || i, '', '', 0 FROM {users}"
        ),
    );
    run(
        &mut conn,
        &format!(
            "INSERT INTO messages (author_id, text, published_at) SELECT {TALKING} + i, 'quiet', i / 3 FROM {}",
            numbers(QUIET)
        ),
    );
    // One of those followed speaks every 7,001st time, the other once.
    run(
        &mut conn,
        &format!(
            "INSERT INTO messages (author_id, text, published_at, flagged) \
         SELECT CASE WHEN i % 7001 = 0 THEN 2 WHEN i = 30000 THEN 3 ELSE 1 END, 'm', 10000 + i / 7, i % 47 = 0 FROM {}",
            numbers(MESSAGES)
        ),
    );
    let (many, too_many) = (TALKING + QUIET + 1, TALKING + QUIET + 2);
    follow(&mut conn, too_many, 1, TALKING + QUIET - 1);
    follow(&mut conn, many, 1, 4999);
    for reader in [many, too_many] {
        let expected = obvious(&mut conn, reader);
        assert!(expected.len() > 4900);
        assert_eq!(paged(&mut conn, reader), expected, "reader {reader}");
    }
    let top = |reader| {
        home::list(&mut db.connect(), UserId(reader), PageRequest { before: Cursor::START, limit: 31 }).unwrap()
    };
    assert_eq!((top(many).messages.len(), top(many).looked_to), (31, None), "each is asked");
    let short = top(too_many);
    assert_eq!(short.messages.len(), 2, "what was found on the way, and no more is looked for");
    assert!(short.looked_to.is_some());
}
