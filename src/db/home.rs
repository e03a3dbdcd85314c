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
//!
//! Nobody on the site follows more than `limits.max_follows`, 5,000; the simulator's users may. For them a
//! longer walk, of 10,000 messages, replaces asking: a page then has what it found, be it fewer messages
//! than fit or none, and says where to look further. So whatever one follows, a page costs at most two walks
//! or one walk and 5,000 questions; and all pages together are exact for everybody.

use diesel::{QueryResult, QueryableByName, sql_types::BigInt};

use super::{
    connection::DbConnection,
    follows::follows_more_than,
    messages::{AuthoredMessage, Cursor, PageRequest},
    prepared::{Bind::Integer, Statement, planned_once},
};
use crate::domain::UserId;

/// From so many followees on the walk is tried first.
const MANY: i64 = 200;
/// How many messages the walk looks at before it gives up: about 2 ms.
const STRETCH: i64 = 3000;
/// The most followees of whom each is asked.
const MOST: i64 = 5000;
/// How many messages are walked for a page of those who follow more.
const LONG_STRETCH: i64 = 10_000;

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
/// Index: `messages_by_time`, twice; the follows by their primary key, one question a message: `OFFSET 0` keeps
/// Postgres from reading all the reader's follows into a hash first (14 instead of 2.5 ms for 20,000).
const WALK_ON_POSTGRES: &str = "\
    SELECT m.id, m.text, m.published_at, u.id AS author_id, u.username AS author \
    FROM messages m JOIN users u ON u.id = m.author_id \
    WHERE NOT m.flagged AND (m.published_at, m.id) < (?, ?) \
      AND m.published_at >= {end} \
      AND (m.author_id = ? \
           OR EXISTS (SELECT 1 FROM follows f WHERE f.follower_id = ? AND f.followee_id = m.author_id OFFSET 0)) \
    ORDER BY m.published_at DESC, m.id DESC LIMIT {limit}";

/// The same on SQLite, which has to be told: with the statistics of ANALYZE it begins with the users
/// instead, sorts all messages, and takes 150 ms.
const WALK_ON_SQLITE: &str = "\
    SELECT m.id, m.text, m.published_at, u.id AS author_id, u.username AS author \
    FROM messages m INDEXED BY messages_by_time CROSS JOIN users u ON u.id = m.author_id \
    WHERE NOT m.flagged AND (m.published_at, m.id) < (?, ?) \
      AND m.published_at >= {end} \
      AND (m.author_id = ? \
           OR EXISTS (SELECT 1 FROM follows f WHERE f.follower_id = ? AND f.followee_id = m.author_id)) \
    ORDER BY m.published_at DESC, m.id DESC LIMIT {limit}";

/// Where a walk ends: the time of the message so far from the cursor. Index: `messages_by_time`.
const END_ON_POSTGRES: &str = "\
    SELECT published_at FROM messages WHERE NOT flagged AND (published_at, id) < (?, ?) \
    ORDER BY published_at DESC, id DESC LIMIT 1 OFFSET {distance}";

const END_ON_SQLITE: &str = "\
    SELECT published_at FROM messages INDEXED BY messages_by_time WHERE NOT flagged AND (published_at, id) < (?, ?) \
    ORDER BY published_at DESC, id DESC LIMIT 1 OFFSET {distance}";

#[derive(QueryableByName)]
struct End {
    #[diesel(sql_type = BigInt)]
    published_at: i64,
}

/// What was found, newest first, and how far was looked.
#[derive(Debug)]
pub struct Stretch {
    /// At most as many as were asked for.
    pub messages: Vec<AuthoredMessage>,
    /// Where to look further, if these are fewer than were asked for and yet may not be all.
    pub looked_to: Option<Cursor>,
    /// Whether the reader follows more than each are asked of.
    pub follows_many: bool,
}

/// The unflagged messages of `reader` and of those whom `reader` follows. See the module for the
/// indexes. `page.limit` must come from a setting: each is a statement of its own.
///
/// # Errors
/// When a query fails.
pub fn list(conn: &mut DbConnection, reader: UserId, page: PageRequest) -> QueryResult<Stretch> {
    let follows_many = follows_more_than(conn, reader, MANY)?;
    if follows_many {
        let is_full = |found: &Vec<AuthoredMessage>| i64::try_from(found.len()).is_ok_and(|found| found == page.limit);
        let walked = walk(conn, reader, page)?;
        if is_full(&walked) {
            return Ok(Stretch { messages: walked, looked_to: None, follows_many });
        }
        if follows_more_than(conn, reader, MOST)? {
            // Found before it is walked to: what is posted or flagged meanwhile moves it no more.
            let end = end(conn, page.before, LONG_STRETCH)?;
            let walked = walk_to(conn, reader, page, end.unwrap_or(i64::MIN))?;
            let looked_to = end.filter(|_| !is_full(&walked)).map(|published_at| Cursor { published_at, id: 0 });
            return Ok(Stretch { messages: walked, looked_to, follows_many });
        }
    }
    let messages = ask_each(conn, reader, page)?;
    Ok(Stretch { messages, looked_to: None, follows_many })
}

/// The walk of [`STRETCH`] messages, in one statement.
fn walk(conn: &mut DbConnection, reader: UserId, page: PageRequest) -> QueryResult<Vec<AuthoredMessage>> {
    let (walk, end) = match conn {
        DbConnection::Postgres(_) => (WALK_ON_POSTGRES, END_ON_POSTGRES),
        DbConnection::Sqlite(_) => (WALK_ON_SQLITE, END_ON_SQLITE),
    };
    let end = format!("COALESCE(({}), 0)", end.replace("{distance}", &STRETCH.to_string()));
    let text = walk.replace("{limit}", &page.limit.to_string()).replace("{end}", &end);
    let text = planned_once(conn, text);
    let (time, id) = (Integer(page.before.published_at), Integer(page.before.id));
    let reader = Integer(reader.0);
    Statement::new(&text, &[time, id, time, id, reader, reader]).load(conn)
}

/// The walk to a moment that is known.
fn walk_to(conn: &mut DbConnection, reader: UserId, page: PageRequest, end: i64) -> QueryResult<Vec<AuthoredMessage>> {
    let text = match conn {
        DbConnection::Postgres(_) => WALK_ON_POSTGRES,
        DbConnection::Sqlite(_) => WALK_ON_SQLITE,
    };
    let text = text.replace("{limit}", &page.limit.to_string()).replace("{end}", "?");
    let text = planned_once(conn, text);
    let (time, id) = (Integer(page.before.published_at), Integer(page.before.id));
    let reader = Integer(reader.0);
    Statement::new(&text, &[time, id, Integer(end), reader, reader]).load(conn)
}

/// The time of the message `distance` after `before`; `None` when there are not so many.
fn end(conn: &mut DbConnection, before: Cursor, distance: i64) -> QueryResult<Option<i64>> {
    let text = match conn {
        DbConnection::Postgres(_) => END_ON_POSTGRES,
        DbConnection::Sqlite(_) => END_ON_SQLITE,
    };
    let text = planned_once(conn, text.replace("{distance}", &distance.to_string()));
    let ends: Vec<End> = Statement::new(&text, &[Integer(before.published_at), Integer(before.id)]).load(conn)?;
    Ok(ends.first().map(|end| end.published_at))
}

fn ask_each(conn: &mut DbConnection, reader: UserId, page: PageRequest) -> QueryResult<Vec<AuthoredMessage>> {
    let text = match conn {
        DbConnection::Postgres(_) => ASK_EACH_ON_POSTGRES,
        DbConnection::Sqlite(_) => ASK_EACH_ON_SQLITE,
    };
    let text = planned_once(conn, text.replace("{limit}", &page.limit.to_string()));
    let (time, id) = (Integer(page.before.published_at), Integer(page.before.id));
    let reader = Integer(reader.0);
    Statement::new(&text, &[reader, reader, time, id]).load(conn)
}
