//! Statements in our own words that a connection keeps prepared.
//!
//! Diesel's `sql_query` has every call parsed and planned anew: of what one machine could do, it could
//! post two thirds as often. A [`Statement`] is found by its text among
//! those that the connection has prepared, so its text must be one of few: values that a client chooses
//! are binds, always.

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl,
    backend::Backend,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    serialize::ToSql,
    sql_types::{BigInt, HasSqlType, Text, Untyped},
    sqlite::Sqlite,
};

use super::{connection::DbConnection, messages::AuthoredMessage};

/// A value of a [`Statement`].
#[derive(Clone, Copy, Debug)]
pub(super) enum Bind<'a> {
    Integer(i64),
    Text(&'a str),
}

/// SQL with a `?` for each of its values, in their order.
pub(super) struct Statement<'a> {
    sql: &'a str,
    binds: &'a [Bind<'a>],
}

impl<'a> Statement<'a> {
    /// The statement `sql`, which has one `?` for each of `binds` and none elsewhere.
    pub(super) fn new(sql: &'a str, binds: &'a [Bind<'a>]) -> Self {
        debug_assert_eq!(sql.matches('?').count(), binds.len(), "{sql}");
        Self { sql, binds }
    }

    /// All its rows.
    pub(super) fn load<T>(self, conn: &mut DbConnection) -> QueryResult<Vec<T>>
    where
        T: QueryableByName<Pg> + QueryableByName<Sqlite> + 'static,
    {
        match conn {
            DbConnection::Postgres(conn) => RunQueryDsl::load(self, conn),
            DbConnection::Sqlite(conn) => RunQueryDsl::load(self, conn),
        }
    }

    /// How many rows it changed.
    pub(super) fn execute(self, conn: &mut DbConnection) -> QueryResult<usize> {
        match conn {
            DbConnection::Postgres(conn) => RunQueryDsl::execute(self, conn),
            DbConnection::Sqlite(conn) => RunQueryDsl::execute(self, conn),
        }
    }
}

/// Postgres plans a prepared statement for each call's values as long as a plan that knows them looks
/// cheaper than one that does not, and planning takes several times as long as reading here. So the
/// values are hidden from the planner: both plans are the same then, and after five calls it keeps one. The
/// limit stands in the text, since no good plan does without it.
pub(super) fn planned_once(conn: &DbConnection, statement: String) -> String {
    match conn {
        DbConnection::Postgres(_) => statement.replace('?', "(SELECT ?::bigint)"),
        DbConnection::Sqlite(_) => statement,
    }
}

/// A query for the ids that [`ids_of`] joined, so that the statement is the same for every page.
pub(super) fn id_list(conn: &DbConnection) -> &'static str {
    match conn {
        DbConnection::Postgres(_) => "SELECT unnest(string_to_array(?, ',')::bigint[]) AS id",
        DbConnection::Sqlite(_) => "SELECT value AS id FROM json_each('[' || ? || ']')",
    }
}

/// The ids of messages as one value for [`id_list`].
pub(super) fn ids_of<'a>(messages: impl IntoIterator<Item = &'a AuthoredMessage>) -> String {
    let ids: Vec<String> = messages.into_iter().map(|message| message.id.to_string()).collect();
    ids.join(",")
}

impl<DB> QueryFragment<DB> for Statement<'_>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text>,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let mut binds = self.binds.iter();
        for (place, piece) in self.sql.split('?').enumerate() {
            if place > 0
                && let Some(bind) = binds.next()
            {
                match bind {
                    Bind::Integer(value) => out.push_bind_param::<BigInt, _>(value)?,
                    Bind::Text(value) => out.push_bind_param::<Text, _>(*value)?,
                }
            }
            out.push_sql(piece);
        }
        Ok(())
    }
}

/// No id of its type: the text is the key.
impl QueryId for Statement<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement<'_> {
    type SqlType = Untyped;
}

impl<Conn> RunQueryDsl<Conn> for Statement<'_> {}
