//! Whom somebody could follow: who is followed by those whom they follow, and who is active.
//!
//! Neither reads more, however many there are: of those whom one follows a few are asked for a few of theirs, and of
//! all messages the newest are looked at. Which few changes with the `turn`, or somebody who follows many would be
//! shown the same people for ever.

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};

use super::{
    circles::{COLUMNS, Person},
    connection::DbConnection,
    prepared::{Bind, Statement},
};
use crate::domain::UserId;

/// The turns there are: see [`list_followed`].
pub const TURNS: i64 = 1024;

/// How many are asked.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// So many of those whom somebody follows.
    pub friends: i64,
    /// Each for so many of theirs.
    pub each: i64,
    /// So many of all messages.
    pub messages: i64,
}

impl Sample {
    /// For three rows beside a page.
    pub const SMALL: Self = Self { friends: 10, each: 30, messages: 100 };
    /// For a page of them.
    pub const LARGE: Self = Self { friends: 50, each: 100, messages: 1000 };
}

/// Somebody whom somebody could follow.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Suggestion {
    /// Who.
    #[diesel(embed)]
    pub person: Person,
    /// How often that was found: of the friends who were asked, so many follow them; or so many of the newest messages
    /// are theirs.
    #[diesel(sql_type = BigInt)]
    pub times: i64,
    /// One of those friends.
    #[diesel(sql_type = Nullable<Text>)]
    pub friend: Option<String>,
}

/// Some of those whom somebody follows, from a place that goes round among all who are here.
const FRIENDS: &str = "\
    SELECT id FROM ( \
        SELECT * FROM (SELECT followee_id AS id FROM follows WHERE follower_id = ? \
                       AND followee_id >= (SELECT max(id) FROM users) * ? / {turns} \
                       ORDER BY followee_id LIMIT {friends}) onwards \
        UNION ALL \
        SELECT * FROM (SELECT followee_id AS id FROM follows WHERE follower_id = ? \
                       AND followee_id < (SELECT max(id) FROM users) * ? / {turns} \
                       ORDER BY followee_id LIMIT {friends}) wrapped) friends LIMIT {friends}";

const THEIRS_ON_POSTGRES: &str = "\
    CROSS JOIN LATERAL (SELECT f.followee_id AS id FROM follows f WHERE f.follower_id = friend.id \
                        ORDER BY f.followee_id DESC LIMIT {each}) theirs";

/// SQLite has no LATERAL: IN over a list walks the same index.
const THEIRS_ON_SQLITE: &str = "\
    CROSS JOIN users theirs ON theirs.id IN (SELECT f.followee_id FROM follows f WHERE f.follower_id = friend.id \
                                             ORDER BY f.followee_id DESC LIMIT {each})";

const FOLLOWED: &str = "\
    SELECT {columns}, found.times, friend.username AS friend \
    FROM (SELECT theirs.id, count(*) AS times, min(friend.id) AS friend_id \
          FROM ({friends_of}) friend {theirs} GROUP BY theirs.id) found \
    JOIN users u ON u.id = found.id JOIN users friend ON friend.id = found.friend_id \
    LEFT JOIN profiles p ON p.user_id = u.id \
    WHERE found.id <> ? \
      AND NOT EXISTS (SELECT 1 FROM follows known WHERE known.follower_id = ? AND known.followee_id = found.id) \
    ORDER BY found.times DESC, found.id DESC LIMIT {limit}";

/// At most `limit` people whom `reader` does not follow, and some do whom `reader` follows; first those whom the most
/// do. `turn`, from 0 to [`TURNS`], says who is asked; `limit` must be a constant, or from a setting. Index: the primary
/// key of `follows`.
///
/// # Errors
/// When the query fails; so for every function of this module.
pub fn list_followed(
    conn: &mut DbConnection,
    reader: UserId,
    sample: Sample,
    turn: i64,
    limit: i64,
) -> QueryResult<Vec<Suggestion>> {
    let theirs = match conn {
        DbConnection::Postgres(_) => THEIRS_ON_POSTGRES,
        DbConnection::Sqlite(_) => THEIRS_ON_SQLITE,
    };
    let text = FOLLOWED
        .replace("{columns}", COLUMNS)
        .replace("{friends_of}", FRIENDS)
        .replace("{theirs}", theirs)
        .replace("{turns}", &TURNS.to_string())
        .replace("{friends}", &sample.friends.to_string())
        .replace("{each}", &sample.each.to_string())
        .replace("{limit}", &limit.to_string());
    let (reader, turn) = (Bind::Integer(reader.0), Bind::Integer(turn));
    Statement::new(&text, &[reader, reader, turn, reader, turn, reader, reader]).load(conn)
}

const ACTIVE: &str = "\
    SELECT {columns}, found.times, NULL AS friend \
    FROM (SELECT author_id AS id, count(*) AS times \
          FROM (SELECT author_id FROM messages WHERE NOT flagged ORDER BY published_at DESC, id DESC LIMIT {messages}) newest \
          GROUP BY author_id) found \
    JOIN users u ON u.id = found.id LEFT JOIN profiles p ON p.user_id = u.id \
    WHERE found.id <> ? \
      AND NOT EXISTS (SELECT 1 FROM follows known WHERE known.follower_id = ? AND known.followee_id = found.id) \
    ORDER BY found.times DESC, found.id DESC LIMIT {limit}";

/// At most `limit` people who wrote some of the newest messages, and whom `reader` does not follow; first those who
/// wrote the most. Index: `messages_by_time`.
pub fn list_active(
    conn: &mut DbConnection,
    reader: Option<UserId>,
    sample: Sample,
    limit: i64,
) -> QueryResult<Vec<Suggestion>> {
    let text = ACTIVE
        .replace("{columns}", COLUMNS)
        .replace("{messages}", &sample.messages.to_string())
        .replace("{limit}", &limit.to_string());
    // Nobody's id is 0.
    let reader = Bind::Integer(reader.map_or(0, |reader| reader.0));
    Statement::new(&text, &[reader, reader, reader]).load(conn)
}
