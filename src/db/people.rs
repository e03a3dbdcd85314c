//! People as they are found by the words of their names.
//!
//! The words come from `domain::words`, and a person is found by the beginnings of them. Whoever stores a name stores
//! its words; where they are missing, because an older release stored the user, the regular sweep works them out, which
//! begins with the process, or `minitwit migrate`.

use std::collections::BTreeSet;

use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Nullable, Text},
};

use super::{
    connection::DbConnection,
    prepared::{Bind, Statement},
    schema::{people_words, users},
};
use crate::domain::words::words;

/// People at a time.
const CHUNK: i64 = 1000;
/// Words of a query that are looked for; nobody's name has as many.
pub const MAX_WORDS: usize = 6;

/// Somebody who was found.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct FoundPerson {
    /// Who.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Their name.
    #[diesel(sql_type = Text)]
    pub username: String,
    /// The word of their name that begins as the longest one that was looked for.
    #[diesel(sql_type = Text)]
    pub word: String,
}

/// A row of `people_words`.
#[derive(Insertable)]
#[diesel(table_name = people_words, treat_none_as_default_value = false)]
pub(super) struct PersonWord {
    word: String,
    user_id: i64,
}

impl PersonWord {
    /// The rows of a person who is called so.
    pub(super) fn all<'a>(user_id: i64, names: impl IntoIterator<Item = &'a str>) -> impl Iterator<Item = Self> {
        let words: BTreeSet<String> = names.into_iter().flat_map(words).collect();
        words.into_iter().map(move |word| Self { word, user_id })
    }
}

/// Stores the words of all the names that a user has, instead of those before. In a transaction.
///
/// # Errors
/// When a query fails; so for every function of this module.
pub fn store(conn: &mut DbConnection, user: i64, names: &[&str]) -> QueryResult<()> {
    diesel::delete(people_words::table.filter(people_words::user_id.eq(user))).execute(conn)?;
    diesel::update(users::table.find(user)).set(users::is_findable.eq(true)).execute(conn)?;
    insert(conn, user, names)
}

/// Stores the words of a further name of a user, those that are not there yet.
pub(super) fn add(conn: &mut DbConnection, user: i64, name: &str) -> QueryResult<()> {
    for row in PersonWord::all(user, [name]) {
        match conn {
            DbConnection::Postgres(conn) => {
                diesel::insert_into(people_words::table).values(row).on_conflict_do_nothing().execute(conn)?
            }
            DbConnection::Sqlite(conn) => {
                diesel::insert_into(people_words::table).values(row).on_conflict_do_nothing().execute(conn)?
            }
        };
    }
    Ok(())
}

/// Stores the words of the names of a user who has none yet, and whose row says that they are there.
pub(super) fn insert(conn: &mut DbConnection, user: i64, names: &[&str]) -> QueryResult<()> {
    for PersonWord { word, user_id } in PersonWord::all(user, names.iter().copied()) {
        diesel::insert_into(people_words::table)
            .values((people_words::word.eq(word), people_words::user_id.eq(user_id)))
            .execute(conn)?;
    }
    Ok(())
}

/// Works out what is missing, in as many transactions as it takes, and returns of how many people that was. Costs one
/// look into `users_not_findable` when there is none.
pub fn fill(conn: &mut DbConnection) -> QueryResult<usize> {
    let mut filled = 0;
    loop {
        match conn.in_transaction(fill_some)? {
            0 => return Ok(filled),
            some => filled += some,
        }
    }
}

/// Works out the words of at most a thousand people, in the transaction around it, and returns how many it were.
pub fn fill_some(conn: &mut DbConnection) -> QueryResult<usize> {
    #[derive(QueryableByName)]
    struct Unknown {
        #[diesel(sql_type = BigInt)]
        id: i64,
        #[diesel(sql_type = Text)]
        username: String,
        #[diesel(sql_type = Nullable<Text>)]
        display_name: Option<String>,
    }
    let lock = match conn {
        // Whoever has a row locked is another replica that fills.
        DbConnection::Postgres(_) => "FOR UPDATE SKIP LOCKED",
        DbConnection::Sqlite(_) => "",
    };
    let missing = format!(
        "SELECT id, username, (SELECT p.display_name FROM profiles p WHERE p.user_id = users.id) AS display_name \
         FROM users WHERE NOT is_findable ORDER BY id LIMIT {CHUNK} {lock}"
    );
    let missing: Vec<Unknown> = sql_query(missing).load(conn)?;
    for user in &missing {
        let names = [Some(user.username.as_str()), user.display_name.as_deref()];
        store(conn, user.id, &names.into_iter().flatten().collect::<Vec<_>>())?;
    }
    Ok(missing.len())
}

/// Of those words of a person that begin as wanted the first one counts, so that nobody is found twice.
const FIND: &str = "\
    SELECT u.id, u.username, p.word FROM people_words p JOIN users u ON u.id = p.user_id \
    WHERE p.word >= ? AND p.word < ? AND (p.word, p.user_id) > (?, ?) \
      AND NOT EXISTS (SELECT 1 FROM people_words earlier \
                      WHERE earlier.user_id = p.user_id AND earlier.word >= ? AND earlier.word < p.word)";

const ANOTHER: &str = " \
    AND EXISTS (SELECT 1 FROM people_words other WHERE other.user_id = p.user_id AND other.word >= ? AND other.word < ?)";

/// People whose names have words that begin as all of `wanted` do, at most `limit`, which must come from a setting:
/// in the order of the word that begins as the longest of them, so that whoever is called exactly so comes first.
/// After somebody who was found (their word and id), if `after` names one. More than [`MAX_WORDS`] find nobody.
///
/// Index: the primary key, walked over all words that begin as the longest one wanted; `people_words_by_user`.
pub fn find(
    conn: &mut DbConnection,
    wanted: &[&str],
    after: Option<(&str, i64)>,
    limit: i64,
) -> QueryResult<Vec<FoundPerson>> {
    let mut wanted = wanted.to_vec();
    wanted.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let Some((longest, others)) = wanted.split_first().filter(|_| wanted.len() <= MAX_WORDS) else {
        return Ok(Vec::new());
    };
    let ends: Vec<String> = wanted.iter().map(|word| format!("{word}\u{10ffff}")).collect();
    let (word, id) = after.unwrap_or(("", 0));
    let mut values =
        vec![Bind::Text(longest), Bind::Text(&ends[0]), Bind::Text(word), Bind::Integer(id), Bind::Text(longest)];
    for (other, end) in others.iter().zip(&ends[1..]) {
        values.extend([Bind::Text(other), Bind::Text(end)]);
    }
    let others = ANOTHER.repeat(others.len());
    let statement = format!("{FIND}{others} ORDER BY p.word, p.user_id LIMIT {limit}");
    Statement::new(&statement, &values).load(conn)
}
