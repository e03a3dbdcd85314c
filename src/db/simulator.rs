//! The simulator's latest action: one number, the same for every replica.
//!
//! On Postgres a sequence: setting it takes no lock that others would queue for, so that actions
//! keep their rate with many clients (`docs/adr/0004-latest-is-a-sequence.md`). On SQLite a row.
//!
//! A call of the simulator that changes something has its number stored together with that change. The
//! functions of other tables know nothing of it: they are given a [`Write`], which brings the number along.

use diesel::{
    prelude::*,
    result::Error as QueryError,
    sql_types::{BigInt, Nullable},
};

use super::{
    Db,
    connection::DbConnection,
    prepared::{Bind, Statement},
    schema::simulator_latest,
};
use crate::error::Error;

/// What makes a `SELECT … AS outcome` set the latest action, too, and say which one was the latest before.
const ALONG_ON_POSTGRES: &str =
    ", seen.last_value AS previous, setval('simulator_latest', ?) FROM simulator_latest seen";

/// The row of a statement that a [`Write`] runs.
#[derive(QueryableByName)]
struct Outcome {
    #[diesel(sql_type = Nullable<BigInt>)]
    outcome: Option<i64>,
}

/// The same with the action that was the latest before.
#[derive(QueryableByName)]
struct Recorded {
    #[diesel(sql_type = Nullable<BigInt>)]
    outcome: Option<i64>,
    #[diesel(sql_type = BigInt)]
    previous: i64,
}

/// A connection for one piece of writing work, and the simulator's action, if that work is part of one.
pub struct Write<'a> {
    conn: &'a mut DbConnection,
    /// Still to be stored.
    latest: Option<i64>,
    /// The latest action before it, once it is stored.
    previous: Option<i64>,
}

impl<'a> Write<'a> {
    /// For work that is part of no call, in a transaction of its own.
    pub(super) fn alone(conn: &'a mut DbConnection) -> Self {
        Self { conn, latest: None, previous: None }
    }

    /// The connection, for statements that nothing is stored along with.
    pub(super) fn conn(&mut self) -> &mut DbConnection {
        self.conn
    }

    /// Whether the statements have to be Postgres'.
    pub(super) fn is_on_postgres(&self) -> bool {
        matches!(self.conn, DbConnection::Postgres(_))
    }

    /// Runs `sql` and returns the `outcome` of its one row; `None` if that is NULL, or if there is no row.
    ///
    /// On Postgres `sql` has to end in a select list (`SELECT … AS outcome`), to which storing the simulator's
    /// action is added: all of it is one statement.
    pub(super) fn one_statement(&mut self, sql: &str, values: &[Bind<'_>]) -> QueryResult<Option<i64>> {
        let Some(latest) = self.latest.filter(|_| self.is_on_postgres()) else {
            let rows: Vec<Outcome> = Statement::new(sql, values).load(self.conn)?;
            return Ok(rows.first().and_then(|row| row.outcome));
        };
        let values = [values, &[Bind::Integer(latest)]].concat();
        let rows: Vec<Recorded> = Statement::new(&[sql, ALONG_ON_POSTGRES].concat(), &values).load(self.conn)?;
        let row = rows.first().ok_or(QueryError::NotFound)?;
        (self.latest, self.previous) = (None, Some(row.previous));
        Ok(row.outcome)
    }

    /// Stores the simulator's action unless a statement has, and returns the one before; `None` if there is none.
    fn finish(self) -> QueryResult<Option<i64>> {
        match self.latest {
            Some(latest) => set_latest(self.conn, latest).map(Some),
            None => Ok(self.previous),
        }
    }
}

impl Db {
    /// As [`Db::write_one`], and stores `latest`, if there is one, as the simulator's latest action: in the
    /// same statement on Postgres, in the same transaction on SQLite. Returns what `work` does, and the latest
    /// action before this one if one was stored.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn write_one_along<T, F>(
        &self,
        query: &'static str,
        latest: Option<i64>,
        work: F,
    ) -> Result<(T, Option<i64>), Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Write<'_>) -> QueryResult<T> + Send + 'static,
    {
        let store = move |conn: &mut DbConnection| -> QueryResult<(T, Option<i64>)> {
            let mut write = Write { conn, latest, previous: None };
            let value = work(&mut write)?;
            Ok((value, write.finish()?))
        };
        self.write_one(query, store).await
    }
}

/// The latest action; -1 before the first.
///
/// # Errors
/// When the query fails; so for every function of this module.
pub fn find_latest(conn: &mut DbConnection) -> QueryResult<i64> {
    simulator_latest::table.select(simulator_latest::last_value).first(conn)
}

/// Makes `latest` the latest action and returns the one before. The last one to come wins, not the largest.
/// One statement on Postgres.
pub fn set_latest(conn: &mut DbConnection, latest: i64) -> QueryResult<i64> {
    if let DbConnection::Postgres(_) = conn {
        let mut write = Write { conn, latest: Some(latest), previous: None };
        write.one_statement("SELECT NULL::bigint AS outcome", &[])?;
        return write.previous.ok_or(QueryError::NotFound);
    }
    let previous = find_latest(conn)?;
    diesel::update(simulator_latest::table).set(simulator_latest::last_value.eq(latest)).execute(conn)?;
    Ok(previous)
}
