//! The home timeline: the newest messages of a reader and of those whom the reader follows.
//!
//! No single shape of SQL is good for everybody (measured at a million messages and 10,000 users;
//! `docs/adr/0011-two-ways-to-a-home-timeline.md` has the figures):
//!
//! - **Ask each author** for their newest few and merge. Its cost grows with the followees: well
//!   under 2 ms for a hundred, 54 ms for 5,000.
//! - **Walk the newest messages** of everyone and keep those that are followed. A moment for people
//!   who follow many, but it reads the whole index for those who follow only the silent.
//!
//! So readers who follow few have each author asked; for the others the newest 3,000 messages
//! are walked, and only if they do not fill the page each author is asked after all. What the walk
//! finds is exact: whatever it has not reached is older.

use diesel::{QueryResult, QueryableByName, sql_types::Bool};

use super::{
    connection::DbConnection,
    messages::{MessageRow, Slice},
    prepared::{Bind::Integer, Statement},
};
use crate::domain::UserId;

/// From so many followees on the walk is tried first.
const MANY: i64 = 200;
/// How many messages the walk looks at before it gives up: about 2 ms.
const STRETCH: i64 = 3000;

/// Each author asked, on Postgres: at most a page of (id, time) pairs of each, index-only, then the newest
/// page of all is read whole. Index: `messages_by_author`, from the cursor.
const ASK_EACH_ON_POSTGRES: &str = "\
    SELECT m.id, m.text, m.published_at, u.id AS author_id, u.username AS author \
    FROM (SELECT newest.id, newest.published_at \
          FROM (SELECT followee_id AS id FROM follows WHERE follower_id = ? UNION ALL SELECT ?) author \
          CROSS JOIN LATERAL ( \
              SELECT id, published_at FROM messages \
              WHERE author_id = author.id AND NOT flagged AND (published_at, id) < (?, ?) \
              ORDER BY published_at DESC, id DESC LIMIT {limit}) newest \
          ORDER BY newest.published_at DESC, newest.id DESC LIMIT {limit}) page \
    JOIN messages m ON m.id = page.id JOIN users u ON u.id = m.author_id \
    ORDER BY page.published_at DESC, page.id DESC";

/// The same on SQLite, which has no LATERAL: IN over a list walks the same index.
const ASK_EACH_ON_SQLITE: &str = "\
    SELECT m.id, m.text, m.published_at, u.id AS author_id, u.username AS author \
    FROM messages m JOIN users u ON u.id = m.author_id \
    WHERE m.author_id IN (SELECT followee_id FROM follows WHERE follower_id = ? UNION ALL SELECT ?) \
      AND NOT m.flagged AND (m.published_at, m.id) < (?, ?) \
    ORDER BY m.published_at DESC, m.id DESC LIMIT {limit}";

/// The walk, down to the time of the [`STRETCH`]th message from the cursor. It stops at a full page.
/// Index: `messages_by_time`, twice; the follows by their primary key.
const WALK_ON_POSTGRES: &str = "\
    SELECT m.id, m.text, m.published_at, u.id AS author_id, u.username AS author \
    FROM messages m JOIN users u ON u.id = m.author_id \
    WHERE NOT m.flagged AND (m.published_at, m.id) < (?, ?) \
      AND m.published_at >= COALESCE( \
          (SELECT published_at FROM messages WHERE NOT flagged AND (published_at, id) < (?, ?) \
           ORDER BY published_at DESC, id DESC LIMIT 1 OFFSET {stretch}), 0) \
      AND (m.author_id = ? \
           OR EXISTS (SELECT 1 FROM follows f WHERE f.follower_id = ? AND f.followee_id = m.author_id)) \
    ORDER BY m.published_at DESC, m.id DESC LIMIT {limit}";

/// The same on SQLite, which has to be told: with the statistics of ANALYZE it begins with the users
/// instead, sorts all messages, and takes 150 ms.
const WALK_ON_SQLITE: &str = "\
    SELECT m.id, m.text, m.published_at, u.id AS author_id, u.username AS author \
    FROM messages m INDEXED BY messages_by_time CROSS JOIN users u ON u.id = m.author_id \
    WHERE NOT m.flagged AND (m.published_at, m.id) < (?, ?) \
      AND m.published_at >= COALESCE( \
          (SELECT published_at FROM messages INDEXED BY messages_by_time \
           WHERE NOT flagged AND (published_at, id) < (?, ?) \
           ORDER BY published_at DESC, id DESC LIMIT 1 OFFSET {stretch}), 0) \
      AND (m.author_id = ? \
           OR EXISTS (SELECT 1 FROM follows f WHERE f.follower_id = ? AND f.followee_id = m.author_id)) \
    ORDER BY m.published_at DESC, m.id DESC LIMIT {limit}";

/// Reads at most [`MANY`] entries of the primary key.
const FOLLOWS_MANY: &str = "\
    SELECT EXISTS (SELECT 1 FROM follows WHERE follower_id = ? ORDER BY followee_id LIMIT 1 OFFSET {many}) AS yes";

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

/// The unflagged messages of `reader` and of those whom `reader` follows. See the module for the
/// indexes. `slice.limit` must come from a setting: each is a statement of its own.
///
/// # Errors
/// When a query fails.
pub fn list(conn: &mut DbConnection, reader: UserId, slice: Slice) -> QueryResult<Vec<MessageRow>> {
    if follows_many(conn, reader)? {
        let walked = walk(conn, reader, slice)?;
        if i64::try_from(walked.len()).is_ok_and(|found| found == slice.limit) {
            return Ok(walked);
        }
    }
    ask_each(conn, reader, slice)
}

fn follows_many(conn: &mut DbConnection, reader: UserId) -> QueryResult<bool> {
    let text = FOLLOWS_MANY.replace("{many}", &MANY.to_string());
    let text = planned_once(conn, text);
    let answers: Vec<Answer> = Statement::new(&text, &[Integer(reader.0)]).load(conn)?;
    Ok(answers.first().is_some_and(|answer| answer.yes))
}

fn walk(conn: &mut DbConnection, reader: UserId, slice: Slice) -> QueryResult<Vec<MessageRow>> {
    let text = match conn {
        DbConnection::Postgres(_) => WALK_ON_POSTGRES,
        DbConnection::Sqlite(_) => WALK_ON_SQLITE,
    };
    let text = text.replace("{limit}", &slice.limit.to_string()).replace("{stretch}", &STRETCH.to_string());
    let text = planned_once(conn, text);
    let (time, id) = (Integer(slice.before.published_at), Integer(slice.before.id));
    let reader = Integer(reader.0);
    Statement::new(&text, &[time, id, time, id, reader, reader]).load(conn)
}

fn ask_each(conn: &mut DbConnection, reader: UserId, slice: Slice) -> QueryResult<Vec<MessageRow>> {
    let text = match conn {
        DbConnection::Postgres(_) => ASK_EACH_ON_POSTGRES,
        DbConnection::Sqlite(_) => ASK_EACH_ON_SQLITE,
    };
    let text = planned_once(conn, text.replace("{limit}", &slice.limit.to_string()));
    let (time, id) = (Integer(slice.before.published_at), Integer(slice.before.id));
    let reader = Integer(reader.0);
    Statement::new(&text, &[reader, reader, time, id]).load(conn)
}

/// Postgres plans a prepared statement for each call's values as long as a plan that knows them looks
/// cheaper than one that does not, and planning takes several times as long as reading here. So the
/// values are hidden from the planner: both plans are the same then, and after five calls it keeps one. The
/// limit stands in the text, since no good plan does without it.
fn planned_once(conn: &DbConnection, statement: String) -> String {
    match conn {
        DbConnection::Postgres(_) => statement.replace('?', "(SELECT ?::bigint)"),
        DbConnection::Sqlite(_) => statement,
    }
}
