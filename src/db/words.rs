//! What messages are found by, worked out of their texts: their words, and their tags.
//!
//! The words come from `domain::words`, for both databases. Postgres keeps them in the message's own row as a
//! `tsvector`, with an index over all; SQLite in a table of FTS5 (`message_words`), and the row says that they are
//! there. Whoever stores a message stores them with it. Where they are missing, because an older release stored it,
//! the regular sweep works them out, which begins with the process, or `minitwit migrate`. A release that makes other
//! words of a text brings a migration that sets `messages.words` to NULL everywhere (and empties `message_words`), and
//! the rest follows.

use std::fmt::Write as _;

use diesel::{
    RunQueryDsl,
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Text},
};

use super::{
    connection::DbConnection,
    prepared::{Bind, Statement},
};
use crate::domain::{segments, words::words};

/// Messages at a time.
const CHUNK: i64 = 250;

/// A text's words as Postgres reads a `tsvector`: `'ada':1 'says':2`. No word has a quotation mark in it.
pub(super) fn vector(text: &str) -> String {
    let mut vector = String::with_capacity(2 * text.len());
    for (place, word) in (1..).zip(words(text)) {
        // Cannot fail: a string takes what it gets.
        write!(vector, "'{word}':{place} ").ok();
    }
    vector
}

/// A text's tags, with blanks between, which no tag has in it.
pub(super) fn tags(text: &str) -> String {
    let tags: Vec<String> = segments::tags(text).iter().map(|tag| tag.as_str().to_owned()).collect();
    tags.join(" ")
}

/// A message whose words are wanted.
#[derive(QueryableByName)]
pub(super) struct Unread {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Text)]
    pub text: String,
    #[diesel(sql_type = BigInt)]
    pub published_at: i64,
}

/// Works out what is missing, in as many transactions as it takes, newest first, and returns of how many messages
/// that was. Costs one look into `messages_without_words` when there is none.
///
/// # Errors
/// When a query fails; so for every function of this module.
pub fn fill(conn: &mut DbConnection) -> QueryResult<usize> {
    let mut filled = 0;
    loop {
        match conn.in_transaction(fill_some)? {
            0 => return Ok(filled),
            some => filled += some,
        }
    }
}

/// Works out those of at most so many messages, in the transaction around it, and returns how many it were.
pub fn fill_some(conn: &mut DbConnection) -> QueryResult<usize> {
    const MISSING: &str = "SELECT id, text, published_at FROM messages WHERE words IS NULL ORDER BY id DESC LIMIT ";
    match conn {
        DbConnection::Postgres(conn) => {
            // Whoever has a row locked deletes it, or is another replica that fills.
            let missing: Vec<Unread> = sql_query(format!("{MISSING}{CHUNK} FOR UPDATE SKIP LOCKED")).load(conn)?;
            store_on_postgres(conn, &missing)?;
            Ok(missing.len())
        }
        DbConnection::Sqlite(sqlite) => {
            let missing: Vec<Unread> = sql_query(format!("{MISSING}{CHUNK}")).load(sqlite)?;
            for message in &missing {
                Statement::new("UPDATE messages SET words = TRUE WHERE id = ?", &[Bind::Integer(message.id)])
                    .execute(conn)?;
                store_on_sqlite(conn, message.id, message.published_at, &message.text)?;
            }
            Ok(missing.len())
        }
    }
}

fn store_on_postgres(conn: &mut PgConnection, messages: &[Unread]) -> QueryResult<()> {
    let ids: Vec<i64> = messages.iter().map(|message| message.id).collect();
    let vectors: Vec<String> = messages.iter().map(|message| vector(&message.text)).collect();
    sql_query(
        "UPDATE messages SET words = found.words::tsvector \
         FROM unnest($1, $2) AS found (id, words) WHERE messages.id = found.id",
    )
    .bind::<Array<BigInt>, _>(ids)
    .bind::<Array<Text>, _>(vectors)
    .execute(conn)?;
    let tagged: Vec<(String, &Unread)> = messages
        .iter()
        .flat_map(|message| {
            segments::tags(&message.text).into_iter().map(move |tag| (tag.as_str().to_owned(), message))
        })
        .collect();
    sql_query(
        "INSERT INTO message_tags (tag, published_at, message_id) SELECT * FROM unnest($1, $2, $3) \
         ON CONFLICT DO NOTHING",
    )
    .bind::<Array<Text>, _>(tagged.iter().map(|(tag, _)| tag.as_str()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(tagged.iter().map(|(_, message)| message.published_at).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(tagged.iter().map(|(_, message)| message.id).collect::<Vec<_>>())
    .execute(conn)
    .map(drop)
}

/// Stores the words and tags of a message whose row says that they are there.
pub(super) fn store_on_sqlite(conn: &mut DbConnection, id: i64, published_at: i64, text: &str) -> QueryResult<()> {
    let line = words(text).join(" ");
    let values = [Bind::Integer(id), Bind::Text(&line)];
    Statement::new("INSERT INTO message_words (rowid, words) VALUES (?, ?)", &values).execute(conn)?;
    for tag in segments::tags(text) {
        let values = [Bind::Text(tag.as_str()), Bind::Integer(published_at), Bind::Integer(id)];
        let insert = "INSERT INTO message_tags (tag, published_at, message_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
        Statement::new(insert, &values).execute(conn)?;
    }
    Ok(())
}

/// Takes away what a message is found by, whose text is gone: words and tags. In the transaction that empties it.
pub fn forget(conn: &mut DbConnection, id: i64) -> QueryResult<()> {
    let statements = match conn {
        DbConnection::Postgres(_) => {
            ["UPDATE messages SET words = '' WHERE id = ?", "DELETE FROM message_tags WHERE message_id = ?"]
        }
        DbConnection::Sqlite(_) => {
            ["DELETE FROM message_words WHERE rowid = ?", "DELETE FROM message_tags WHERE message_id = ?"]
        }
    };
    for statement in statements {
        Statement::new(statement, &[Bind::Integer(id)]).execute(conn)?;
    }
    // Not to be worked out again.
    if let DbConnection::Sqlite(_) = conn {
        Statement::new("UPDATE messages SET words = TRUE WHERE id = ?", &[Bind::Integer(id)]).execute(conn)?;
    }
    Ok(())
}
