//! Follows: who reads whom.

use diesel::{dsl::exists, prelude::*, select};

use super::{
    connection::DbConnection,
    prepared::{Bind, Statement},
    schema::{follows, users},
    simulator::{Recorded, RecordedRow, set_latest},
};
use crate::domain::UserId;

/// What to do with a follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Begin to follow.
    Follow,
    /// Stop following.
    Unfollow,
}

/// What became of it. Doing it twice is fine; following oneself stores nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A follow came or went.
    Changed,
    /// It was so already.
    Noop,
    /// Both are the same user: there is nothing to change.
    Oneself,
}

/// Applies a change and stores the simulator's latest action with it. The outcome is `None` when
/// either user is unknown. One statement on Postgres.
///
/// # Errors
/// When the query fails; so for every function of this module.
pub fn apply(
    conn: &mut DbConnection,
    change: Change,
    follower: &str,
    followee: &str,
    latest: Option<i64>,
) -> QueryResult<Recorded<Option<Effect>>> {
    match conn {
        DbConnection::Postgres(conn) => {
            let values = [Bind::Text(follower), Bind::Text(followee), Bind::MaybeInteger(latest)];
            let row: RecordedRow = Statement::new(statement(change), &values).get_result(conn)?;
            Ok(row.into_recorded(|changed| changed.map(|changed| effect(changed, follower == followee))))
        }
        DbConnection::Sqlite(_) => {
            let previous = set_latest(conn, latest)?;
            let pair = (super::users::find_id(conn, follower)?, super::users::find_id(conn, followee)?);
            let (Some(follower), Some(followee)) = pair else { return Ok(Recorded { outcome: None, previous }) };
            let changed = apply_for(conn, change, follower, followee)?;
            Ok(Recorded { outcome: Some(effect(changed, follower == followee)), previous })
        }
    }
}

/// Postgres: names resolved, change made, latest action set, in one round trip. `setval` of NULL does
/// nothing.
fn statement(change: Change) -> &'static str {
    match change {
        Change::Follow => {
            "WITH pair AS (SELECT a.id AS follower_id, b.id AS followee_id FROM users a, users b \
                           WHERE a.username = ? AND b.username = ?), \
             changed AS (INSERT INTO follows (follower_id, followee_id) \
                         SELECT follower_id, followee_id FROM pair WHERE follower_id <> followee_id \
                         ON CONFLICT DO NOTHING RETURNING 1) \
             SELECT CASE WHEN EXISTS (SELECT FROM pair) THEN (SELECT count(*) FROM changed) END AS outcome, \
                    seen.last_value AS previous, \
                    setval('simulator_latest', ?) \
             FROM simulator_latest seen"
        }
        Change::Unfollow => {
            "WITH pair AS (SELECT a.id AS follower_id, b.id AS followee_id FROM users a, users b \
                           WHERE a.username = ? AND b.username = ?), \
             changed AS (DELETE FROM follows USING pair \
                         WHERE follows.follower_id = pair.follower_id AND follows.followee_id = pair.followee_id \
                         RETURNING 1) \
             SELECT CASE WHEN EXISTS (SELECT FROM pair) THEN (SELECT count(*) FROM changed) END AS outcome, \
                    seen.last_value AS previous, \
                    setval('simulator_latest', ?) \
             FROM simulator_latest seen"
        }
    }
}

fn apply_for(conn: &mut DbConnection, change: Change, follower: UserId, followee: UserId) -> QueryResult<i64> {
    let row = (follows::follower_id.eq(follower.0), follows::followee_id.eq(followee.0));
    let changed = match (conn, change) {
        (_, Change::Follow) if follower == followee => 0,
        (DbConnection::Postgres(conn), Change::Follow) => {
            diesel::insert_into(follows::table).values(row).on_conflict_do_nothing().execute(conn)?
        }
        (DbConnection::Sqlite(conn), Change::Follow) => {
            diesel::insert_into(follows::table).values(row).on_conflict_do_nothing().execute(conn)?
        }
        (conn, Change::Unfollow) => diesel::delete(follows::table.find((follower.0, followee.0))).execute(conn)?,
    };
    Ok(i64::from(changed > 0))
}

fn effect(changed: i64, is_oneself: bool) -> Effect {
    match changed {
        _ if is_oneself => Effect::Oneself,
        0 => Effect::Noop,
        _ => Effect::Changed,
    }
}

/// Whether `follower` follows `followee`. Index: the primary key.
pub fn exists_between(conn: &mut DbConnection, follower: UserId, followee: UserId) -> QueryResult<bool> {
    select(exists(follows::table.find((follower.0, followee.0)))).get_result(conn)
}

/// The names of those whom `follower` follows, in the order in which they registered. Index: the
/// primary key, which has this order.
pub fn list_followees(conn: &mut DbConnection, follower: UserId, limit: i64) -> QueryResult<Vec<String>> {
    follows::table
        .inner_join(users::table.on(users::id.eq(follows::followee_id)))
        .filter(follows::follower_id.eq(follower.0))
        .order(follows::followee_id)
        .limit(limit)
        .select(users::username)
        .load(conn)
}
