//! Follows: who reads whom.

use diesel::{dsl::exists, prelude::*, select, sql_types::Bool};

use super::{
    connection::DbConnection,
    prepared::{Bind, Statement, planned_once},
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
    /// The follower follows as many as one may.
    Refused,
}

/// Applies a change and stores the simulator's latest action with it. The outcome is `None` when
/// either user is unknown. Whoever follows `most` follows nobody else; to see that costs as many entries of
/// the primary key, and changes that come at the same moment do not see each other. One statement on Postgres.
///
/// # Errors
/// When the query fails; so for every function of this module.
pub fn apply(
    conn: &mut DbConnection,
    change: Change,
    follower: &str,
    followee: &str,
    most: Option<u32>,
    latest: Option<i64>,
) -> QueryResult<Recorded<Option<Effect>>> {
    match conn {
        DbConnection::Postgres(conn) => {
            let is_oneself = follower == followee;
            let (follower, followee) = (Bind::Text(follower), Bind::Text(followee));
            let latest = Bind::MaybeInteger(latest);
            let row: RecordedRow = match (change, most) {
                (Change::Follow, Some(most)) => {
                    let values = [follower, followee, Bind::Integer(most.into()), latest];
                    Statement::new(FOLLOW_WITHIN, &values).get_result(conn)
                }
                (Change::Follow, None) => Statement::new(FOLLOW, &[follower, followee, latest]).get_result(conn),
                (Change::Unfollow, _) => Statement::new(UNFOLLOW, &[follower, followee, latest]).get_result(conn),
            }?;
            Ok(row.into_recorded(|outcome| outcome.map(|outcome| effect(outcome, is_oneself))))
        }
        DbConnection::Sqlite(_) => {
            let previous = set_latest(conn, latest)?;
            let pair = (super::users::find_id(conn, follower)?, super::users::find_id(conn, followee)?);
            let (Some(follower), Some(followee)) = pair else { return Ok(Recorded { outcome: None, previous }) };
            if let Some(most) = most
                && change == Change::Follow
                && follower != followee
                && !exists_between(conn, follower, followee)?
                && follows_more_than(conn, follower, i64::from(most) - 1)?
            {
                return Ok(Recorded { outcome: Some(Effect::Refused), previous });
            }
            let changed = apply_for(conn, change, follower, followee)?;
            Ok(Recorded { outcome: Some(effect(changed, follower == followee)), previous })
        }
    }
}

/// Postgres: names resolved, change made, latest action set, in one round trip. `setval` of NULL does
/// nothing. The outcome is 1 when something has changed.
const FOLLOW: &str = "\
    WITH pair AS (SELECT a.id AS follower_id, b.id AS followee_id FROM users a, users b \
                  WHERE a.username = ? AND b.username = ?), \
    changed AS (INSERT INTO follows (follower_id, followee_id) \
                SELECT follower_id, followee_id FROM pair WHERE follower_id <> followee_id \
                ON CONFLICT DO NOTHING RETURNING 1) \
    SELECT CASE WHEN EXISTS (SELECT FROM pair) THEN (SELECT count(*) FROM changed) END AS outcome, \
           seen.last_value AS previous, \
           setval('simulator_latest', ?) \
    FROM simulator_latest seen";

/// The same, and 2 when the follower follows as many as one may and this would be one more.
const FOLLOW_WITHIN: &str = "\
    WITH pair AS (SELECT a.id AS follower_id, b.id AS followee_id FROM users a, users b \
                  WHERE a.username = ? AND b.username = ?), \
    crowded AS (SELECT FROM pair p \
                WHERE EXISTS (SELECT FROM follows f WHERE f.follower_id = p.follower_id \
                              ORDER BY f.followee_id OFFSET ? - 1 LIMIT 1) \
                  AND NOT EXISTS (SELECT FROM follows f \
                                  WHERE f.follower_id = p.follower_id AND f.followee_id = p.followee_id) \
                  AND p.follower_id <> p.followee_id), \
    changed AS (INSERT INTO follows (follower_id, followee_id) \
                SELECT follower_id, followee_id FROM pair \
                WHERE follower_id <> followee_id AND NOT EXISTS (SELECT FROM crowded) \
                ON CONFLICT DO NOTHING RETURNING 1) \
    SELECT CASE WHEN EXISTS (SELECT FROM crowded) THEN 2 \
                WHEN EXISTS (SELECT FROM pair) THEN (SELECT count(*) FROM changed) END AS outcome, \
           seen.last_value AS previous, \
           setval('simulator_latest', ?) \
    FROM simulator_latest seen";

const UNFOLLOW: &str = "\
    WITH pair AS (SELECT a.id AS follower_id, b.id AS followee_id FROM users a, users b \
                  WHERE a.username = ? AND b.username = ?), \
    changed AS (DELETE FROM follows USING pair \
                WHERE follows.follower_id = pair.follower_id AND follows.followee_id = pair.followee_id \
                RETURNING 1) \
    SELECT CASE WHEN EXISTS (SELECT FROM pair) THEN (SELECT count(*) FROM changed) END AS outcome, \
           seen.last_value AS previous, \
           setval('simulator_latest', ?) \
    FROM simulator_latest seen";

/// Reads at most one more than `number` entries of the primary key. Prepared once for each number.
const FOLLOWS_MORE: &str = "\
    SELECT EXISTS (SELECT 1 FROM follows WHERE follower_id = ? ORDER BY followee_id LIMIT 1 OFFSET {number}) AS yes";

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

/// Whether `follower` follows more than `number`, which must come from a setting or a constant. Index: the
/// primary key.
pub fn follows_more_than(conn: &mut DbConnection, follower: UserId, number: i64) -> QueryResult<bool> {
    let text = planned_once(conn, FOLLOWS_MORE.replace("{number}", &number.to_string()));
    let answers: Vec<Answer> = Statement::new(&text, &[Bind::Integer(follower.0)]).load(conn)?;
    Ok(answers.first().is_some_and(|answer| answer.yes))
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

fn effect(outcome: i64, is_oneself: bool) -> Effect {
    match outcome {
        _ if is_oneself => Effect::Oneself,
        0 => Effect::Noop,
        1 => Effect::Changed,
        _ => Effect::Refused,
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
