//! What stands around the messages of a page: whom they answer, how often they were answered, liked and reposted,
//! and what the reader has done with them.
//!
//! One statement for all messages of a page, and one more if a text mentions somebody. Counts are no columns that many would have to write to: they are counted
//! from the indexes, and no further than [`COUNTED`].

use std::collections::HashMap;

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Bool, Nullable, Text},
};

use super::{
    connection::DbConnection,
    mentions,
    messages::AuthoredMessage,
    prepared::{Bind, Statement, id_list, ids_of},
};
use crate::domain::{MessageId, UserId};

/// So far things are counted; this many may be more. Bounds what a page costs, whatever is popular.
pub const COUNTED: i64 = 100;

/// What is known of one message beside its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// How many replies it has; at most [`COUNTED`], as the other counts.
    pub replies: i64,
    /// How many like it.
    pub likes: i64,
    /// How many reposted it.
    pub reposts: i64,
    /// Whether the reader likes it.
    pub is_liked: bool,
    /// Whether the reader reposted it.
    pub is_reposted: bool,
    /// Whether the reader keeps it.
    pub is_bookmarked: bool,
    /// What it answers, if it is a reply.
    pub answered: Option<Answered>,
    /// The names of those whom its text mentions.
    pub mentioned: Vec<String>,
}

/// The message that a reply answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Its id.
    pub id: MessageId,
    /// Its author; none if it is hidden or gone.
    pub author: Option<String>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    replies: i64,
    #[diesel(sql_type = BigInt)]
    likes: i64,
    #[diesel(sql_type = BigInt)]
    reposts: i64,
    #[diesel(sql_type = Bool)]
    is_liked: bool,
    #[diesel(sql_type = Bool)]
    is_reposted: bool,
    #[diesel(sql_type = Bool)]
    is_bookmarked: bool,
    #[diesel(sql_type = Nullable<BigInt>)]
    parent_id: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    parent_author: Option<String>,
}

/// The messages' ids come as one text, so that the statement is the same for every page. Indexes: the primary keys
/// of `replies`, `marks`, `messages` and `users`, and `replies_by_parent`.
const AROUND: &str = "\
    SELECT asked.id, \
           (SELECT count(*) FROM (SELECT 1 FROM replies r JOIN messages m ON m.id = r.message_id \
                                  WHERE r.parent_id = asked.id AND NOT m.flagged LIMIT {counted}) counted) AS replies, \
           (SELECT count(*) FROM (SELECT 1 FROM marks k WHERE k.message_id = asked.id AND k.kind = 'like' \
                                  LIMIT {counted}) counted) AS likes, \
           (SELECT count(*) FROM (SELECT 1 FROM marks k WHERE k.message_id = asked.id AND k.kind = 'repost' \
                                  LIMIT {counted}) counted) AS reposts, \
           EXISTS (SELECT 1 FROM marks k WHERE k.message_id = asked.id AND k.kind = 'like' \
                   AND k.user_id = {reader}) AS is_liked, \
           EXISTS (SELECT 1 FROM marks k WHERE k.message_id = asked.id AND k.kind = 'repost' \
                   AND k.user_id = {reader}) AS is_reposted, \
           EXISTS (SELECT 1 FROM marks k WHERE k.message_id = asked.id AND k.kind = 'bookmark' \
                   AND k.user_id = {reader}) AS is_bookmarked, \
           answer.parent_id, author.username AS parent_author \
    FROM ({ids}) asked \
    LEFT JOIN replies answer ON answer.message_id = asked.id \
    LEFT JOIN messages parent ON parent.id = answer.parent_id AND NOT parent.flagged \
    LEFT JOIN users author ON author.id = parent.author_id";

/// What stands around `messages`, by their ids, as `reader` sees it.
///
/// # Errors
/// When the query fails.
pub fn list(
    conn: &mut DbConnection,
    messages: &[AuthoredMessage],
    reader: Option<UserId>,
) -> QueryResult<HashMap<i64, Surroundings>> {
    if messages.is_empty() {
        return Ok(HashMap::new());
    }
    let text =
        AROUND.replace("{ids}", id_list(conn)).replace("{counted}", &COUNTED.to_string()).replace("{reader}", "?");
    let ids = ids_of(messages);
    // Nobody's id is 0.
    let reader = Bind::Integer(reader.map_or(0, |reader| reader.0));
    let rows: Vec<Row> = Statement::new(&text, &[reader, reader, reader, Bind::Text(&ids)]).load(conn)?;
    let mut mentioned = mentions::list_names(conn, messages)?;
    let around = |row: Row| {
        let mentioned = mentioned.remove(&row.id).unwrap_or_default();
        (row.id, Surroundings { mentioned, ..row.into() })
    };
    Ok(rows.into_iter().map(around).collect())
}

impl Surroundings {
    /// Of a message of which nothing is known.
    pub const NOTHING: Self = Self {
        replies: 0,
        likes: 0,
        reposts: 0,
        is_liked: false,
        is_reposted: false,
        is_bookmarked: false,
        answered: None,
        mentioned: Vec::new(),
    };
}

impl From<Row> for Surroundings {
    fn from(row: Row) -> Self {
        let Row { replies, likes, reposts, is_liked, is_reposted, is_bookmarked, .. } = row;
        let answered = row.parent_id.map(|id| Answered { id: MessageId(id), author: row.parent_author });
        Self { replies, likes, reposts, is_liked, is_reposted, is_bookmarked, answered, mentioned: Vec::new() }
    }
}
