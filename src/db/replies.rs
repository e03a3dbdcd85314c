//! Replies: messages that answer one. What hangs below each other is in `threads.rs`.

use std::collections::HashSet;

use diesel::{QueryableByName, prelude::*, sql_types::BigInt};

use super::{
    connection::DbConnection,
    messages::{self, AuthoredMessage, NewMessage},
    notifications::{self, Kind, Notice},
    posting,
    prepared::{Bind, Statement, id_list, ids_of},
    schema::replies,
    simulator::Write,
    users::UserKey,
};
use crate::domain::MessageId;

/// Stores a reply, and tells whoever is answered; `None` when its author, or the message that it answers, is not there or no longer. In a transaction.
/// Index: the primary keys.
///
/// # Errors
/// When the query fails; so for every function of this module.
pub fn insert(
    conn: &mut DbConnection,
    author: &UserKey,
    new: &NewMessage,
    parent: MessageId,
) -> QueryResult<Option<MessageId>> {
    let (Some(writer), Some((answered, _))) = (author.find(conn)?, messages::find_author(conn, parent)?) else {
        return Ok(None);
    };
    let Some(id) = posting::insert(&mut Write::alone(conn), author, new)? else { return Ok(None) };
    diesel::insert_into(replies::table)
        .values((replies::message_id.eq(id.0), replies::parent_id.eq(parent.0)))
        .execute(conn)?;
    let notice = Notice { user: answered, kind: Kind::Reply, actor: writer, message: Some(id) };
    notifications::insert(conn, &notice, new.published_at)?;
    Ok(Some(id))
}

#[derive(QueryableByName)]
struct Reply {
    #[diesel(sql_type = BigInt)]
    message_id: i64,
}

/// The ids of those of `messages` that are replies. Index: the primary key.
pub fn among(conn: &mut DbConnection, messages: &[AuthoredMessage]) -> QueryResult<HashSet<i64>> {
    let text = format!("SELECT r.message_id FROM ({}) asked JOIN replies r ON r.message_id = asked.id", id_list(conn));
    let rows: Vec<Reply> = Statement::new(&text, &[Bind::Text(&ids_of(messages))]).load(conn)?;
    Ok(rows.into_iter().map(|row| row.message_id).collect())
}
