//! Profiles: what people say about themselves, and what their page says of them.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Nullable, Text},
};

use super::{
    connection::DbConnection,
    people,
    prepared::{Bind, Statement},
    schema::{profiles, users},
    users::UserKey,
};
use crate::domain::{Bio, DisplayName, UserId, Website};

/// So far a profile's counts go; this many may be more. Bounds what the page of somebody popular costs.
pub const COUNTED: i64 = 10_000;

/// What somebody says about themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// A name beside the username.
    pub display_name: Option<DisplayName>,
    /// A few lines.
    pub bio: Option<Bio>,
    /// An address.
    pub website: Option<Website>,
}

/// What a person's page says of them before their messages.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Header {
    /// Who.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Since when they are here, in seconds since the epoch.
    #[diesel(sql_type = BigInt)]
    pub joined: i64,
    /// A name beside the username.
    #[diesel(sql_type = Nullable<Text>)]
    pub display_name: Option<String>,
    /// A few lines.
    #[diesel(sql_type = Nullable<Text>)]
    pub bio: Option<String>,
    /// An address.
    #[diesel(sql_type = Nullable<Text>)]
    pub website: Option<String>,
    /// How many messages of theirs are shown; at most [`COUNTED`], as the other counts.
    #[diesel(sql_type = BigInt)]
    pub messages: i64,
    /// How many they follow.
    #[diesel(sql_type = BigInt)]
    pub following: i64,
    /// How many follow them.
    #[diesel(sql_type = BigInt)]
    pub followers: i64,
}

/// Counts are no columns that every post and follow would have to write to: they are counted from the indexes.
const HEADER: &str = "\
    SELECT u.id, u.created_at AS joined, p.display_name, p.bio, p.website, \
           (SELECT count(*) FROM (SELECT 1 FROM messages m WHERE m.author_id = u.id AND NOT m.flagged \
                                  LIMIT {counted}) counted) AS messages, \
           (SELECT count(*) FROM (SELECT 1 FROM follows f WHERE f.follower_id = u.id LIMIT {counted}) counted) AS following, \
           (SELECT count(*) FROM (SELECT 1 FROM follows f WHERE f.followee_id = u.id LIMIT {counted}) counted) AS followers \
    FROM users u LEFT JOIN profiles p ON p.user_id = u.id WHERE u.username = ?";

/// The header of the page of whoever is called `username`. Indexes: the one on `username`, `messages_by_author`, the
/// primary key of `follows`, `follows_by_followee`.
///
/// # Errors
/// When the query fails; so for every function of this module.
pub fn find_header(conn: &mut DbConnection, username: &str) -> QueryResult<Option<Header>> {
    let text = HEADER.replace("{counted}", &COUNTED.to_string());
    let headers: Vec<Header> = Statement::new(&text, &[Bind::Text(username)]).load(conn)?;
    Ok(headers.into_iter().next())
}

/// What is stored of a profile, as it is shown in the form: all fields are there. Index: the primary key.
pub fn find(conn: &mut DbConnection, user: UserId) -> QueryResult<[Option<String>; 3]> {
    let row = profiles::table
        .find(user.0)
        .select((profiles::display_name, profiles::bio, profiles::website))
        .first::<(Option<String>, Option<String>, Option<String>)>(conn)
        .optional()?;
    let (display_name, bio, website) = row.unwrap_or_default();
    Ok([display_name, bio, website])
}

/// Stores what somebody says about themselves, instead of what they said before, and the words that they are found by;
/// `false` if they are gone. In a transaction.
pub fn save(conn: &mut DbConnection, user: &UserKey, profile: &Profile) -> QueryResult<bool> {
    let Some(user) = user.find(conn)? else { return Ok(false) };
    let said = (
        profiles::display_name.eq(profile.display_name.as_ref().map(DisplayName::as_str)),
        profiles::bio.eq(profile.bio.as_ref().map(Bio::as_str)),
        profiles::website.eq(profile.website.as_ref().map(Website::as_str)),
    );
    let row = (profiles::user_id.eq(user.0), said);
    // Through the enum there is no ON CONFLICT.
    match conn {
        DbConnection::Postgres(conn) => diesel::insert_into(profiles::table)
            .values(row)
            .on_conflict(profiles::user_id)
            .do_update()
            .set(said)
            .execute(conn)?,
        DbConnection::Sqlite(conn) => diesel::insert_into(profiles::table)
            .values(row)
            .on_conflict(profiles::user_id)
            .do_update()
            .set(said)
            .execute(conn)?,
    };
    let username: String = users::table.find(user.0).select(users::username).first(conn)?;
    let names = [Some(username.as_str()), profile.display_name.as_ref().map(DisplayName::as_str)];
    people::store(conn, user.0, &names.into_iter().flatten().collect::<Vec<_>>())?;
    Ok(true)
}
