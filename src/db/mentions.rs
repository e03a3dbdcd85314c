//! Whom messages mention: decided when they are posted, and kept.

use std::collections::HashMap;

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};

use super::{
    connection::DbConnection,
    messages::AuthoredMessage,
    prepared::{Bind, Statement},
    schema::users,
};
use crate::domain::{MessageId, segments};

/// The ids of those whom `text` mentions, of the people there are at this moment. One query, and none for a text
/// without an `@`. Index: the unique one on `username`.
///
/// # Errors
/// When the query fails; so for every function of this module.
pub(super) fn find(conn: &mut DbConnection, text: &str) -> QueryResult<Vec<i64>> {
    let candidates = segments::candidates(text);
    if candidates.is_empty() {
        return Ok(Vec::new());
    }
    let known = users::table.filter(users::username.eq_any(candidates)).select((users::username, users::id));
    let known: Vec<(String, i64)> = match conn {
        DbConnection::Postgres(conn) => known.load(conn)?,
        DbConnection::Sqlite(conn) => known.load(conn)?,
    };
    let (names, ids): (Vec<String>, Vec<i64>) = known.into_iter().unzip();
    let mentioned = segments::mentioned(text, &names);
    Ok(names.iter().zip(ids).filter(|(name, _)| mentioned.contains(name.as_str())).map(|(_, id)| id).collect())
}

/// Forgets whom a message mentions, whose text is gone.
pub(super) fn forget(conn: &mut DbConnection, message: MessageId) -> QueryResult<()> {
    Statement::new("DELETE FROM mentions WHERE message_id = ?", &[Bind::Integer(message.0)]).execute(conn).map(drop)
}

/// A name in a message.
#[derive(QueryableByName)]
struct Mention {
    #[diesel(sql_type = BigInt)]
    message_id: i64,
    #[diesel(sql_type = Text)]
    username: String,
}

const NAMES_ON_POSTGRES: &str = "\
    SELECT n.message_id, u.username FROM mentions n JOIN users u ON u.id = n.user_id \
    WHERE n.message_id = ANY (string_to_array(?, ',')::bigint[])";

const NAMES_ON_SQLITE: &str = "\
    SELECT n.message_id, u.username FROM mentions n JOIN users u ON u.id = n.user_id \
    WHERE n.message_id IN (SELECT value FROM json_each('[' || ? || ']'))";

/// The names that are mentioned in these messages, by the messages' ids. One query, and none where no text has an
/// `@`. Index: the primary keys.
pub fn list_names(conn: &mut DbConnection, messages: &[AuthoredMessage]) -> QueryResult<HashMap<i64, Vec<String>>> {
    let with_at = messages.iter().filter(|message| message.text.contains('@'));
    let ids: Vec<String> = with_at.map(|message| message.id.to_string()).collect();
    let mut names: HashMap<i64, Vec<String>> = HashMap::new();
    if ids.is_empty() {
        return Ok(names);
    }
    let text = match conn {
        DbConnection::Postgres(_) => NAMES_ON_POSTGRES,
        DbConnection::Sqlite(_) => NAMES_ON_SQLITE,
    };
    let mentions: Vec<Mention> = Statement::new(text, &[Bind::Text(&ids.join(","))]).load(conn)?;
    for Mention { message_id, username } in mentions {
        names.entry(message_id).or_default().push(username);
    }
    Ok(names)
}
