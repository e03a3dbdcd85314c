//! Marks: likes, reposts and bookmarks. Each is a row of its own, so nobody waits for anybody.

use diesel::{
    QueryableByName,
    prelude::*,
    sql_types::{BigInt, Text},
};
use strum::{IntoStaticStr, VariantArray};

use super::{
    connection::DbConnection,
    messages::{self, AuthoredMessage, Cursor, PageRequest},
    notifications::{self, Notice},
    prepared::{
        Bind::{self, Integer},
        Statement, planned_once,
    },
    schema::{marks, users},
    users::UserKey,
};
use crate::domain::{MessageId, UserId};

/// As what a message is marked; in metrics the label `kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// Somebody likes it; everybody may see that.
    Like,
    /// Somebody shows it to those who follow them.
    Repost,
    /// Somebody keeps it, and nobody else sees that.
    Bookmark,
}

impl Kind {
    /// What the message's author is told, unless it is nobody's business.
    fn told(self) -> Option<notifications::Kind> {
        match self {
            Self::Like => Some(notifications::Kind::Like),
            Self::Repost => Some(notifications::Kind::Repost),
            Self::Bookmark => None,
        }
    }
}

/// What to do with a mark; in metrics the label `action`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Change {
    /// Make it.
    Set,
    /// Take it back.
    Unset,
}

/// What became of it; in metrics the label `effect`. Doing it twice is fine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Effect {
    /// A mark came or went.
    Changed,
    /// It was so already.
    Noop,
}

/// Applies a change, and tells the message's author, or takes that back; `None` when there is no such message, or it is hidden, or there is no such user. In a
/// transaction. Index: the primary keys.
///
/// # Errors
/// When the query fails; so for every function of this module.
pub fn apply(
    conn: &mut DbConnection,
    user: &UserKey,
    what: (Change, Kind),
    message: MessageId,
    now: i64,
) -> QueryResult<Option<Effect>> {
    let (change, kind) = what;
    let (Some(user), Some((author, _))) = (user.find(conn)?, messages::find_author(conn, message)?) else {
        return Ok(None);
    };
    let word: &'static str = kind.into();
    let changed = match change {
        Change::Set => {
            let row = (
                marks::message_id.eq(message.0),
                marks::kind.eq(word),
                marks::user_id.eq(user.0),
                marks::created_at.eq(now),
            );
            match conn {
                DbConnection::Postgres(conn) => {
                    diesel::insert_into(marks::table).values(row).on_conflict_do_nothing().execute(conn)?
                }
                DbConnection::Sqlite(conn) => {
                    diesel::insert_into(marks::table).values(row).on_conflict_do_nothing().execute(conn)?
                }
            }
        }
        Change::Unset => diesel::delete(marks::table.find((message.0, word, user.0))).execute(conn)?,
    };
    if changed == 0 {
        return Ok(Some(Effect::Noop));
    }
    if let Some(kind) = kind.told() {
        let notice = Notice { user: author, kind, actor: user, message: Some(message) };
        match change {
            Change::Set => _ = notifications::insert(conn, &notice, now)?,
            Change::Unset => notifications::remove(conn, &notice)?,
        }
    }
    Ok(Some(Effect::Changed))
}

/// Takes all marks off a message.
pub(super) fn forget(conn: &mut DbConnection, message: MessageId) -> QueryResult<()> {
    diesel::delete(marks::table.filter(marks::message_id.eq(message.0))).execute(conn).map(drop)
}

/// Who marked a message, in the order in which they registered, at most `limit` after `after`. Index: the primary key.
pub fn list_users(
    conn: &mut DbConnection,
    kind: Kind,
    message: MessageId,
    after: UserId,
    limit: i64,
) -> QueryResult<Vec<(i64, String)>> {
    let kind: &'static str = kind.into();
    marks::table
        .inner_join(users::table)
        .filter(marks::message_id.eq(message.0))
        .filter(marks::kind.eq(kind))
        .filter(marks::user_id.gt(after.0))
        .order(marks::user_id)
        .limit(limit)
        .select((users::id, users::username))
        .load(conn)
}

/// A message at the place where a mark puts it.
#[derive(Clone, Debug, QueryableByName)]
pub struct Marked {
    /// The message.
    #[diesel(embed)]
    pub message: AuthoredMessage,
    /// When it was marked: seconds since the epoch.
    #[diesel(sql_type = BigInt)]
    pub marked_at: i64,
    /// Who marked it.
    #[diesel(sql_type = Text)]
    pub marked_by: String,
}

impl Marked {
    /// Its place in a list of marks.
    #[must_use]
    pub fn place(&self) -> Cursor {
        Cursor { published_at: self.marked_at, id: self.message.id }
    }
}

const COLUMNS: &str = "\
    m.id, m.text, m.published_at, u.id AS author_id, u.username AS author, \
    k.created_at AS marked_at, marker.username AS marked_by";

/// What one person marked. Index: `marks_by_user`.
const BY_USER: &str = "\
    SELECT {columns} FROM marks k JOIN messages m ON m.id = k.message_id JOIN users u ON u.id = m.author_id \
    JOIN users marker ON marker.id = k.user_id \
    WHERE k.user_id = ? AND k.kind = ? AND (k.created_at, k.message_id) < (?, ?) AND k.created_at >= ? \
      AND NOT m.flagged \
    ORDER BY k.created_at DESC, k.message_id DESC LIMIT {limit}";

/// What `user` marked, the last mark first, from `page.before` down to the second `since`.
pub fn list_by_user(
    conn: &mut DbConnection,
    kind: Kind,
    user: UserId,
    page: PageRequest,
    since: i64,
) -> QueryResult<Vec<Marked>> {
    let kind: &'static str = kind.into();
    let text = BY_USER.replace("{columns}", COLUMNS).replace("{limit}", &page.limit.to_string());
    let (time, id) = (Integer(page.before.published_at), Integer(page.before.id));
    Statement::new(&text, &[Integer(user.0), Bind::Text(kind), time, id, Integer(since)]).load(conn)
}

/// What those whom one follows reposted: each of them asked, on Postgres. Index: `marks_by_user`.
const ASK_EACH_ON_POSTGRES: &str = "\
    SELECT {columns} \
    FROM (SELECT newest.message_id, newest.user_id, newest.created_at \
          FROM follows f \
          CROSS JOIN LATERAL ( \
              SELECT message_id, user_id, created_at FROM marks \
              WHERE user_id = f.followee_id AND kind = 'repost' AND (created_at, message_id) < (?, ?) \
                AND created_at >= ? \
              ORDER BY created_at DESC, message_id DESC LIMIT {limit}) newest \
          WHERE f.follower_id = ? \
          ORDER BY newest.created_at DESC, newest.message_id DESC LIMIT {limit}) k \
    JOIN messages m ON m.id = k.message_id AND NOT m.flagged JOIN users u ON u.id = m.author_id \
    JOIN users marker ON marker.id = k.user_id \
    ORDER BY k.created_at DESC, k.message_id DESC";

/// The same on SQLite, which has no LATERAL: IN over a list walks the same index.
const ASK_EACH_ON_SQLITE: &str = "\
    SELECT {columns} \
    FROM (SELECT message_id, user_id, created_at FROM marks INDEXED BY marks_by_user \
          WHERE kind = 'repost' AND (created_at, message_id) < (?, ?) AND created_at >= ? \
            AND user_id IN (SELECT followee_id FROM follows WHERE follower_id = ?) \
          ORDER BY created_at DESC, message_id DESC LIMIT {limit}) k \
    JOIN messages m ON m.id = k.message_id AND NOT m.flagged JOIN users u ON u.id = m.author_id \
    JOIN users marker ON marker.id = k.user_id \
    ORDER BY k.created_at DESC, k.message_id DESC";

/// The newest reposts of everyone, those kept that are followed. Index: `reposts_by_time`; the follows by their
/// primary key, one question a repost.
const WALK: &str = "\
    SELECT {columns} \
    FROM marks k{indexed} JOIN messages m ON m.id = k.message_id JOIN users u ON u.id = m.author_id \
    JOIN users marker ON marker.id = k.user_id \
    WHERE k.kind = 'repost' AND (k.created_at, k.message_id) < (?, ?) AND k.created_at >= ? AND NOT m.flagged \
      AND EXISTS (SELECT 1 FROM follows f WHERE f.follower_id = ? AND f.followee_id = k.user_id{offset}) \
    ORDER BY k.created_at DESC, k.message_id DESC LIMIT {limit}";

/// What those whom `reader` follows reposted, the last first, from `page.before` down to the second `since`. With
/// `follows_many` the reposts of everyone in that time are looked at, else each followee is asked.
pub fn list_reposts_for(
    conn: &mut DbConnection,
    reader: UserId,
    page: PageRequest,
    since: i64,
    follows_many: bool,
) -> QueryResult<Vec<Marked>> {
    let is_postgres = matches!(conn, DbConnection::Postgres(_));
    let text = match (follows_many, is_postgres) {
        (true, true) => WALK.replace("{indexed}", "").replace("{offset}", " OFFSET 0"),
        (true, false) => WALK.replace("{indexed}", " INDEXED BY reposts_by_time").replace("{offset}", ""),
        (false, true) => ASK_EACH_ON_POSTGRES.to_owned(),
        (false, false) => ASK_EACH_ON_SQLITE.to_owned(),
    };
    let text = text.replace("{columns}", COLUMNS).replace("{limit}", &page.limit.to_string());
    let text = planned_once(conn, text);
    let (time, id) = (Integer(page.before.published_at), Integer(page.before.id));
    Statement::new(&text, &[time, id, Integer(since), Integer(reader.0)]).load(conn)
}

#[derive(QueryableByName)]
struct End {
    #[diesel(sql_type = BigInt)]
    created_at: i64,
}

/// Where a walk over the reposts of everyone ends. Index: `reposts_by_time`.
const END: &str = "\
    SELECT created_at FROM marks{indexed} WHERE kind = 'repost' AND (created_at, message_id) < (?, ?) \
    ORDER BY created_at DESC, message_id DESC LIMIT 1 OFFSET {distance}";

/// The second of the repost `distance` after `before`; `None` when there are not so many.
pub fn find_repost(conn: &mut DbConnection, before: Cursor, distance: i64) -> QueryResult<Option<i64>> {
    let indexed = match conn {
        DbConnection::Postgres(_) => "",
        DbConnection::Sqlite(_) => " INDEXED BY reposts_by_time",
    };
    let text = END.replace("{indexed}", indexed).replace("{distance}", &distance.to_string());
    let text = planned_once(conn, text);
    let ends: Vec<End> = Statement::new(&text, &[Integer(before.published_at), Integer(before.id)]).load(conn)?;
    Ok(ends.first().map(|end| end.created_at))
}
