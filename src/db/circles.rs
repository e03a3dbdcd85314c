//! Lists of people: whom somebody follows, and who follows them, as a reader sees them.
//!
//! In the order in which they registered, which is the one that the indexes have, and paged by it.

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Bool, Nullable, Text},
};

use super::{
    connection::DbConnection,
    prepared::{Bind, Statement},
};
use crate::domain::UserId;

/// Somebody in a list.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Person {
    /// Who.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Their name.
    #[diesel(sql_type = Text)]
    pub username: String,
    /// A name beside it.
    #[diesel(sql_type = Nullable<Text>)]
    pub display_name: Option<String>,
    /// A few lines.
    #[diesel(sql_type = Nullable<Text>)]
    pub bio: Option<String>,
    /// Whether the reader follows them.
    #[diesel(sql_type = Bool)]
    pub is_followed: bool,
}

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Circle {
    /// Those whom somebody follows.
    Following,
    /// Those who follow somebody.
    Followers,
}

impl Circle {
    /// The column of `follows` with the one whose list it is, and that with those who are listed.
    fn columns(self) -> (&'static str, &'static str) {
        match self {
            Self::Following => ("follower_id", "followee_id"),
            Self::Followers => ("followee_id", "follower_id"),
        }
    }
}

/// What a [`Person`] is made of, `u` being their user and `p` their profile.
pub(super) const COLUMNS: &str = "\
    u.id, u.username, p.display_name, p.bio, \
    EXISTS (SELECT 1 FROM follows mine WHERE mine.follower_id = ? AND mine.followee_id = u.id) AS is_followed";

const CIRCLE: &str = "\
    SELECT {columns} FROM follows listed JOIN users u ON u.id = listed.{listed} LEFT JOIN profiles p ON p.user_id = u.id \
    WHERE listed.{owner} = ? AND listed.{listed} > ? ORDER BY listed.{listed} LIMIT {limit}";

/// The people in a list of `owner`'s after the one with the id `after`, at most `limit`, which must come from a
/// setting. Index: the primary key of `follows`, or `follows_by_followee`.
///
/// # Errors
/// When the query fails.
pub fn list(
    conn: &mut DbConnection,
    circle: Circle,
    owner: UserId,
    reader: Option<UserId>,
    (after, limit): (UserId, i64),
) -> QueryResult<Vec<Person>> {
    let (owner_column, listed) = circle.columns();
    let text = CIRCLE
        .replace("{columns}", COLUMNS)
        .replace("{listed}", listed)
        .replace("{owner}", owner_column)
        .replace("{limit}", &limit.to_string());
    // Nobody's id is 0.
    let reader = reader.map_or(0, |reader| reader.0);
    Statement::new(&text, &[Bind::Integer(reader), Bind::Integer(owner.0), Bind::Integer(after.0)]).load(conn)
}
