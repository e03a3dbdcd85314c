//! Storing a message, and with it all that it is found by: its words, its tags, and whom it mentions.

use super::{
    connection::DbConnection,
    mentions,
    messages::NewMessage,
    notifications::{self, Kind, Notice},
    prepared::{Bind, Statement},
    simulator::Write,
    users::UserKey,
    words,
};
use crate::{
    db::QueryResult,
    domain::{MessageId, UserId},
};

/// The message stored, if its author is there. Of users only the row behind `{author}` is looked at.
const INSERT: &str = "\
    INSERT INTO messages (author_id, text, published_at, words) SELECT id, ?, ?, {words} FROM users \
    WHERE {author} = ? RETURNING id";

/// Beside it on Postgres: its tags, which come as one text.
const TAGGED: &str = ", \
    tagged AS (INSERT INTO message_tags (tag, published_at, message_id) \
               SELECT tag, published_at, id FROM posted, unnest(string_to_array(?, ' ')) tag)";

/// And those whom it mentions, if they are still there, who are told so.
const MENTIONED: &str = ", \
    mentioned AS (INSERT INTO mentions (message_id, user_id) \
                  SELECT posted.id, u.id FROM posted, users u WHERE u.id = ANY (string_to_array(?, ' ')::bigint[]) \
                  RETURNING user_id), \
    told AS (INSERT INTO notifications (user_id, kind, actor_id, message_id, created_at) \
             SELECT m.user_id, 'mention', posted.author_id, posted.id, posted.published_at FROM mentioned m, posted \
             WHERE m.user_id <> posted.author_id)";

/// Stores a message; `None` when there is no such author, or no longer. One statement on Postgres, behind one that
/// looks for the names in it where it has an `@`; on SQLite some, in a transaction. A message without `@` and `#` costs
/// its row and its words. Index: the primary key of `users`, or the one on `username`.
///
/// # Errors
/// When a query fails.
pub fn insert(write: &mut Write<'_>, author: &UserKey, new: &NewMessage) -> QueryResult<Option<MessageId>> {
    let text = new.text.as_str();
    let mentioned = mentions::find(write.conn(), text)?;
    if write.is_on_postgres() {
        let (vector, tags) = (words::vector(text), words::tags(text));
        let people = mentioned.iter().map(i64::to_string).collect::<Vec<_>>().join(" ");
        let insert = INSERT.replace("{words}", "?::tsvector").replace("{author}", author.column());
        let mut values = vec![Bind::Text(text), Bind::Integer(new.published_at), Bind::Text(&vector), author.bind()];
        let mut statement = format!("WITH posted AS ({insert}, author_id, published_at)");
        for (also, value) in [(TAGGED, &tags), (MENTIONED, &people)] {
            if !value.is_empty() {
                statement += also;
                values.push(Bind::Text(value));
            }
        }
        statement += " SELECT (SELECT id FROM posted) AS outcome";
        return Ok(write.one_statement(&statement, &values)?.map(MessageId));
    }
    let insert = INSERT.replace("{words}", "TRUE").replace("{author}", author.column()) + " AS outcome";
    let values = [Bind::Text(text), Bind::Integer(new.published_at), author.bind()];
    let Some(id) = write.one_statement(&insert, &values)? else { return Ok(None) };
    words::store_on_sqlite(write.conn(), id, new.published_at, text)?;
    if !mentioned.is_empty() {
        mention_on_sqlite(write.conn(), author, id, new.published_at, &mentioned)?;
    }
    Ok(Some(MessageId(id)))
}

fn mention_on_sqlite(
    conn: &mut DbConnection,
    author: &UserKey,
    message: i64,
    at: i64,
    people: &[i64],
) -> QueryResult<()> {
    let author = author.find(conn)?;
    for person in people {
        let values = [Bind::Integer(message), Bind::Integer(*person)];
        Statement::new("INSERT INTO mentions (message_id, user_id) VALUES (?, ?)", &values).execute(conn)?;
        if let Some(actor) = author {
            let message = Some(MessageId(message));
            notifications::insert(conn, &Notice { user: UserId(*person), kind: Kind::Mention, actor, message }, at)?;
        }
    }
    Ok(())
}
