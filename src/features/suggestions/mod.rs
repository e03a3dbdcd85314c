//! Whom to follow: people whom those one follows follow, and people who are active; each with the reason.

pub mod html;

use crate::{
    db::{
        self,
        circles::Person,
        suggestions::{self, Sample, Suggestion, TURNS},
    },
    domain::UserId,
    error::Error,
    state::AppState,
};

/// How many stand beside a page.
pub const FEW: usize = 3;
/// How many a page of them has.
const MANY: usize = 30;
/// Seconds after which others are asked for theirs.
const TURN: i64 = 3600;

/// Somebody whom one could follow, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggested {
    /// Who.
    pub person: Person,
    /// Why.
    pub why: Why,
}

/// Why somebody is suggested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Somebody follows them whom the reader follows, and so do others of those who were asked.
    FollowedBy {
        /// Who does.
        friend: String,
        /// How many others.
        others: i64,
    },
    /// They wrote some of the newest messages.
    Active,
}

/// A few people whom `reader` could follow; nobody where there is nobody.
///
/// # Errors
/// When a query fails.
pub fn few(conn: &mut db::DbConnection, reader: UserId) -> db::QueryResult<Vec<Suggested>> {
    list(conn, Some(reader), Sample::SMALL, FEW)
}

/// Many people whom `reader`, or somebody who is not signed in, could follow.
///
/// # Errors
/// When the database does not answer.
pub async fn many(state: &AppState, reader: Option<UserId>) -> Result<Vec<Suggested>, Error> {
    state.db.read("suggestions", move |conn| list(conn, reader, Sample::LARGE, MANY)).await
}

fn list(
    conn: &mut db::DbConnection,
    reader: Option<UserId>,
    sample: Sample,
    most: usize,
) -> db::QueryResult<Vec<Suggested>> {
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let mut found = match reader {
        Some(reader) => suggestions::list_followed(conn, reader, sample, turn(reader, db::now()), limit)?,
        None => Vec::new(),
    };
    if found.len() < most {
        let active = suggestions::list_active(conn, reader, sample, limit)?;
        let known: Vec<i64> = found.iter().map(|suggestion| suggestion.person.id).collect();
        found.extend(active.into_iter().filter(|suggestion| !known.contains(&suggestion.person.id)));
        found.truncate(most);
    }
    Ok(found.into_iter().map(Suggested::from).collect())
}

/// Who is asked: the same for an hour, and each reader from a place of their own.
fn turn(reader: UserId, now: i64) -> i64 {
    // Steps of 387 come to every turn before they come to one again.
    (reader.0 % TURNS + now / TURN * 387).rem_euclid(TURNS)
}

impl From<Suggestion> for Suggested {
    fn from(found: Suggestion) -> Self {
        let why = match found.friend {
            Some(friend) => Why::FollowedBy { friend, others: found.times - 1 },
            None => Why::Active,
        };
        Self { person: found.person, why }
    }
}

impl Why {
    /// As the reader reads it.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::FollowedBy { friend, others: 0 } => format!("Followed by {friend}"),
            Self::FollowedBy { friend, others: 1 } => format!("Followed by {friend} and 1 other whom you follow"),
            Self::FollowedBy { friend, others } => {
                format!("Followed by {friend} and {others} others whom you follow")
            }
            Self::Active => "Wrote something lately".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_turn_comes_and_none_changes_within_the_hour() {
        let turns: BTreeSet<i64> = (0..TURNS).map(|hour| turn(UserId(7), hour * TURN)).collect();
        assert_eq!((turns.len(), turns.first(), turns.last()), (1024, Some(&0), Some(&1023)));
        assert_eq!(turn(UserId(7), 0), turn(UserId(7), TURN - 1));
    }
}
