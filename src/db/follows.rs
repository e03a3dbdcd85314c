//! Follows: who reads whom.

use diesel::{dsl::exists, prelude::*, select, sql_types::Bool};
use strum::{IntoStaticStr, VariantArray};

use super::{
    connection::DbConnection,
    notifications::{self, Kind, Notice},
    now,
    prepared::{Bind, Statement, planned_once},
    schema::{follows, users},
    simulator::Write,
    users::{UserKey, find_id},
};
use crate::domain::{UserId, Username};

/// What to do with a follow; in metrics the label `action`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Change {
    /// Begin to follow.
    Follow,
    /// Stop following.
    Unfollow,
}

/// What became of it; in metrics the label `effect`. Doing it twice is fine; following oneself stores nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Effect {
    /// A follow came or went.
    Changed,
    /// It was so already.
    Noop,
    /// Both are the same user: there is nothing to change.
    #[strum(serialize = "noop")]
    Oneself,
    /// The follower follows as many as one may.
    Refused,
}

/// Applies a change, and tells whoever is followed, or takes that back; `None` when either user is unknown. Whoever
/// follows `most` follows nobody else; to see that costs as many entries of the primary key, and changes that come at
/// the same moment do not see each other. One statement on Postgres. Index: the primary keys, the one on `username`, and
/// `notifications_by_actor`.
///
/// # Errors
/// When the query fails; so for every function of this module.
pub fn apply(
    write: &mut Write<'_>,
    change: Change,
    follower: &UserKey,
    followee: &Username,
    most: Option<u32>,
) -> QueryResult<Option<Effect>> {
    // Who unfollows is bound by nothing.
    let most = most.filter(|_| change == Change::Follow);
    if write.is_on_postgres() {
        apply_on_postgres(write, change, follower, followee, most)
    } else {
        apply_on_sqlite(write, change, follower, followee, most)
    }
}

/// Both users, if they are there, in one row.
const PAIR: &str = "\
    WITH pair AS (SELECT a.id AS follower_id, b.id AS followee_id FROM users a, users b \
                  WHERE a.{follower} = ? AND b.username = ?), ";

/// Whoever is followed now is told so. Values: now.
const TELL: &str = "\
    told AS (INSERT INTO notifications (user_id, kind, actor_id, created_at) \
             SELECT followee_id, 'follow', follower_id, ? FROM changed) ";

const FOLLOW: &str = "\
    changed AS (INSERT INTO follows (follower_id, followee_id) \
                SELECT follower_id, followee_id FROM pair WHERE follower_id <> followee_id \
                ON CONFLICT DO NOTHING RETURNING follower_id, followee_id), {tell} \
    SELECT (SELECT CASE WHEN follower_id = followee_id THEN 3 \
                        ELSE (SELECT count(*) FROM changed) END FROM pair) AS outcome";

/// The same, unless the follower follows as many as one may and this would be one more.
const FOLLOW_WITHIN: &str = "\
    crowded AS (SELECT FROM pair p \
                WHERE EXISTS (SELECT FROM follows f WHERE f.follower_id = p.follower_id \
                              ORDER BY f.followee_id OFFSET ? - 1 LIMIT 1) \
                  AND NOT EXISTS (SELECT FROM follows f \
                                  WHERE f.follower_id = p.follower_id AND f.followee_id = p.followee_id)), \
    changed AS (INSERT INTO follows (follower_id, followee_id) \
                SELECT follower_id, followee_id FROM pair \
                WHERE follower_id <> followee_id AND NOT EXISTS (SELECT FROM crowded) \
                ON CONFLICT DO NOTHING RETURNING follower_id, followee_id), {tell} \
    SELECT (SELECT CASE WHEN follower_id = followee_id THEN 3 \
                        WHEN EXISTS (SELECT FROM crowded) THEN 2 \
                        ELSE (SELECT count(*) FROM changed) END FROM pair) AS outcome";

const UNFOLLOW: &str = "\
    changed AS (DELETE FROM follows USING pair \
                WHERE follows.follower_id = pair.follower_id AND follows.followee_id = pair.followee_id \
                RETURNING follows.follower_id, follows.followee_id), \
    untold AS (DELETE FROM notifications n USING changed \
               WHERE n.actor_id = changed.follower_id AND n.kind = 'follow' AND n.user_id = changed.followee_id) \
    SELECT (SELECT CASE WHEN follower_id = followee_id THEN 3 \
                        ELSE (SELECT count(*) FROM changed) END FROM pair) AS outcome";

fn apply_on_postgres(
    write: &mut Write<'_>,
    change: Change,
    follower: &UserKey,
    followee: &Username,
    most: Option<u32>,
) -> QueryResult<Option<Effect>> {
    let rest = match (change, most) {
        (Change::Follow, None) => FOLLOW,
        (Change::Follow, Some(_)) => FOLLOW_WITHIN,
        (Change::Unfollow, _) => UNFOLLOW,
    };
    let statement = PAIR.replace("{follower}", follower.column()) + &rest.replace("{tell}", TELL);
    let mut values = vec![follower.bind(), Bind::Text(followee.as_str())];
    values.extend(most.map(|most| Bind::Integer(most.into())));
    values.extend((change == Change::Follow).then(|| Bind::Integer(now())));
    let effect = |outcome| match outcome {
        0 => Effect::Noop,
        1 => Effect::Changed,
        2 => Effect::Refused,
        _ => Effect::Oneself,
    };
    Ok(write.one_statement(&statement, &values)?.map(effect))
}

fn apply_on_sqlite(
    write: &mut Write<'_>,
    change: Change,
    follower: &UserKey,
    followee: &Username,
    most: Option<u32>,
) -> QueryResult<Option<Effect>> {
    let conn = write.conn();
    let (Some(follower), Some(followee)) = (follower.find(conn)?, find_id(conn, followee.as_str())?) else {
        return Ok(None);
    };
    if follower == followee {
        return Ok(Some(Effect::Oneself));
    }
    if let Some(most) = most
        && !exists_between(conn, follower, followee)?
        && follows_more_than(conn, follower, i64::from(most) - 1)?
    {
        return Ok(Some(Effect::Refused));
    }
    let statement = match change {
        Change::Follow => {
            "INSERT INTO follows (follower_id, followee_id) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING 1 AS outcome"
        }
        Change::Unfollow => "DELETE FROM follows WHERE follower_id = ? AND followee_id = ? RETURNING 1 AS outcome",
    };
    let changed = write.one_statement(statement, &[Bind::Integer(follower.0), Bind::Integer(followee.0)])?;
    if changed.is_none() {
        return Ok(Some(Effect::Noop));
    }
    let notice = Notice { user: followee, kind: Kind::Follow, actor: follower, message: None };
    match change {
        Change::Follow => _ = notifications::insert(write.conn(), &notice, now())?,
        Change::Unfollow => notifications::remove(write.conn(), &notice)?,
    }
    Ok(Some(Effect::Changed))
}

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
