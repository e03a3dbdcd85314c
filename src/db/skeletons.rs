//! What each name looks like, beside the name: `users.skeleton`.
//!
//! It follows from the name alone, so backups leave it out. Whoever stores users stores it; where it is
//! missing, because an older release stored the user, it is worked out after each migration and by the
//! regular sweep. A release whose `unicode-security` knows other pairs brings a migration that sets it to
//! NULL for everybody, and the rest follows.

use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Text},
};

use super::{connection::DbConnection, schema::users};
use crate::domain::lookalikes::skeleton;

/// Names at a time.
const CHUNK: i64 = 1000;

/// Works out what is missing, in as many transactions as it takes, and returns how many there were. Costs
/// one look into `users_by_skeleton` when there is none.
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

/// Works out at most a thousand, in the transaction around it, and returns how many it were.
pub fn fill_some(conn: &mut DbConnection) -> QueryResult<usize> {
    let missing: Vec<(i64, String)> =
        users::table.filter(users::skeleton.is_null()).limit(CHUNK).select((users::id, users::username)).load(conn)?;
    let (ids, skeletons): (Vec<i64>, Vec<String>) = missing.into_iter().map(|(id, name)| (id, skeleton(&name))).unzip();
    match conn {
        DbConnection::Postgres(conn) => sql_query(
            "UPDATE users SET skeleton = look.skeleton \
             FROM unnest($1, $2) AS look (id, skeleton) WHERE users.id = look.id",
        )
        .bind::<Array<BigInt>, _>(ids)
        .bind::<Array<Text>, _>(skeletons)
        .execute(conn),
        conn @ DbConnection::Sqlite(_) => {
            for (id, skeleton) in ids.iter().zip(skeletons) {
                diesel::update(users::table.find(id)).set(users::skeleton.eq(skeleton)).execute(conn)?;
            }
            Ok(ids.len())
        }
    }
}
