//! A message's conversation: what it answers, up to the first message, and what answers it.
//!
//! Replies come in order of their ids, and are paged by them. Nothing here costs more on a long conversation than on a
//! short one: so many above, so many below, and a few below each of those.

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Bool, Nullable},
};

use super::{
    connection::DbConnection,
    messages::AuthoredMessage,
    prepared::{Bind, Statement, id_list, ids_of},
};
use crate::domain::MessageId;

/// How many messages above one are shown at most: the nearest.
pub const ABOVE: i64 = 50;
/// How many replies to a reply are shown beside it.
pub const NESTED: i64 = 3;

/// A message in a conversation.
#[derive(Clone, Debug, QueryableByName)]
pub struct ThreadMessage {
    /// The message; without text if it is gone.
    #[diesel(embed)]
    pub message: AuthoredMessage,
    /// What it answers.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub parent_id: Option<i64>,
    /// Whether it is hidden.
    #[diesel(sql_type = Bool)]
    pub is_hidden: bool,
    /// Whether its author has deleted it; then it is hidden, too.
    #[diesel(sql_type = Bool)]
    pub is_deleted: bool,
}

/// What [`ThreadMessage`] is made of.
const COLUMNS: &str = "\
    m.id, CASE WHEN m.flagged THEN '' ELSE m.text END AS text, m.published_at, u.id AS author_id, u.username AS author, \
    answer.parent_id, m.flagged AS is_hidden, m.text = '' AS is_deleted";

/// The message and those above it, the first one first. Index: the primary keys.
const UPWARDS: &str = "\
    WITH RECURSIVE above (id, distance) AS ( \
        SELECT ?{bigint}, 0 UNION ALL \
        SELECT r.parent_id, above.distance + 1 FROM above JOIN replies r ON r.message_id = above.id \
        WHERE above.distance < {most}) \
    SELECT {columns} FROM above {join} messages m ON m.id = above.id JOIN users u ON u.id = m.author_id \
    LEFT JOIN replies answer ON answer.message_id = m.id ORDER BY above.distance DESC";

/// A message with at most [`ABOVE`] that it answers, the first one first, itself last; nothing if there is no such
/// message. One that is gone with its author is left out, and so is what is above it.
///
/// # Errors
/// When the query fails; so for every function of this module.
pub fn list_upwards(conn: &mut DbConnection, id: MessageId) -> QueryResult<Vec<ThreadMessage>> {
    // SQLite is told the order: with the statistics of ANALYZE it begins with the messages, all of them.
    let (bigint, join) = match conn {
        DbConnection::Postgres(_) => ("::bigint", "JOIN"),
        DbConnection::Sqlite(_) => ("", "CROSS JOIN"),
    };
    let text = UPWARDS
        .replace("{bigint}", bigint)
        .replace("{join}", join)
        .replace("{most}", &ABOVE.to_string())
        .replace("{columns}", COLUMNS);
    Statement::new(&text, &[Bind::Integer(id.0)]).load(conn)
}

/// Replies that are there, and those that are gone but have been answered themselves. Index: `replies_by_parent`.
const REPLIES: &str = "\
    SELECT {columns} FROM replies answer JOIN messages m ON m.id = answer.message_id JOIN users u ON u.id = m.author_id \
    WHERE answer.parent_id = ? AND answer.message_id > ? \
      AND (NOT m.flagged OR EXISTS (SELECT 1 FROM replies below WHERE below.parent_id = m.id)) \
    ORDER BY answer.message_id LIMIT {limit}";

/// The replies to a message after the one with the id `after`, at most `limit`, which must come from a setting.
pub fn list_replies(
    conn: &mut DbConnection,
    parent: MessageId,
    after: MessageId,
    limit: i64,
) -> QueryResult<Vec<ThreadMessage>> {
    let text = REPLIES.replace("{columns}", COLUMNS).replace("{limit}", &limit.to_string());
    Statement::new(&text, &[Bind::Integer(parent.0), Bind::Integer(after.0)]).load(conn)
}

const NESTED_ON_POSTGRES: &str = "\
    SELECT {columns} FROM ({ids}) asked \
    CROSS JOIN LATERAL (SELECT r.message_id, r.parent_id FROM replies r JOIN messages n ON n.id = r.message_id \
                        WHERE r.parent_id = asked.id AND NOT n.flagged ORDER BY r.message_id LIMIT {limit}) answer \
    JOIN messages m ON m.id = answer.message_id JOIN users u ON u.id = m.author_id ORDER BY m.id";

/// SQLite has no LATERAL: IN over a list walks the same index.
const NESTED_ON_SQLITE: &str = "\
    SELECT {columns} FROM ({ids}) asked \
    CROSS JOIN messages m ON m.id IN (SELECT r.message_id FROM replies r JOIN messages n ON n.id = r.message_id \
                                      WHERE r.parent_id = asked.id AND NOT n.flagged \
                                      ORDER BY r.message_id LIMIT {limit}) \
    JOIN replies answer ON answer.message_id = m.id JOIN users u ON u.id = m.author_id ORDER BY m.id";

/// The first [`NESTED`] replies to each of `parents`, and one more if there is one. Index: `replies_by_parent`.
pub fn list_nested(conn: &mut DbConnection, parents: &[ThreadMessage]) -> QueryResult<Vec<ThreadMessage>> {
    if parents.is_empty() {
        return Ok(Vec::new());
    }
    let text = match conn {
        DbConnection::Postgres(_) => NESTED_ON_POSTGRES,
        DbConnection::Sqlite(_) => NESTED_ON_SQLITE,
    };
    let text = text.replace("{columns}", COLUMNS).replace("{limit}", &(NESTED + 1).to_string());
    let text = text.replace("{ids}", id_list(conn));
    let ids = ids_of(parents.iter().map(|parent| &parent.message));
    Statement::new(&text, &[Bind::Text(&ids)]).load(conn)
}
