//! Which indexes there should be, and which are missing: without one of them a list is as slow as it is long.
//!
//! What there should be is read off a SQLite database in memory that was migrated for the purpose. An
//! index is told by its table, columns and uniqueness, not by its name: keys have other names on Postgres.

use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Bool, Nullable, Text},
};

use super::{connection::DbConnection, migrations};

/// An index, as a database describes it.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Index {
    /// Its table.
    #[diesel(sql_type = Text)]
    pub table_name: String,
    /// Its name; empty for a key that needs none.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Its columns, with commas between.
    #[diesel(sql_type = Text)]
    pub columns: String,
    /// Whether it lets no two rows be alike.
    #[diesel(sql_type = Bool)]
    pub is_unique: bool,
    /// Whether it is complete and in use.
    #[diesel(sql_type = Bool)]
    pub is_valid: bool,
    /// The statement that makes it, unless it comes with its table.
    #[diesel(sql_type = Nullable<Text>)]
    pub definition: Option<String>,
}

impl Index {
    fn serves_as(&self, wanted: &Self) -> bool {
        self.table_name == wanted.table_name && self.columns == wanted.columns && (self.is_unique || !wanted.is_unique)
    }
}

/// The index of words on Postgres; on SQLite it is a table of FTS5.
const BY_WORDS: &str = "\
    CREATE INDEX messages_by_words ON messages USING gin (words) WITH (gin_pending_list_limit = 256) \
    WHERE words IS NOT NULL";

/// The migrations' indexes that are missing, and those that Postgres has given up building.
///
/// # Errors
/// When a query fails.
pub fn find_missing(conn: &mut DbConnection) -> anyhow::Result<Vec<Index>> {
    let there = list(conn)?;
    let mut wanted = wanted()?;
    if let DbConnection::Postgres(_) = conn {
        wanted.push(Index {
            table_name: "messages".to_owned(),
            name: "messages_by_words".to_owned(),
            columns: "words".to_owned(),
            is_unique: false,
            is_valid: true,
            definition: Some(BY_WORDS.to_owned()),
        });
    }
    Ok(wanted
        .into_iter()
        .filter_map(|wanted| {
            let mut candidates = there.iter().filter(|index| index.serves_as(&wanted)).peekable();
            if candidates.peek().is_none() {
                return Some(Index { is_valid: true, ..wanted });
            }
            let is_served = candidates.any(|index| index.is_valid);
            (!is_served).then_some(Index { is_valid: false, ..wanted })
        })
        .collect())
}

/// How many indexes there should be.
///
/// # Errors
/// When the migrations fail in memory.
pub fn count_wanted() -> anyhow::Result<usize> {
    Ok(wanted()?.len())
}

fn wanted() -> anyhow::Result<Vec<Index>> {
    let mut conn = SqliteConnection::establish(":memory:")?;
    migrations::run_on(&mut conn)?;
    Ok(list(&mut DbConnection::Sqlite(conn))?)
}

fn list(conn: &mut DbConnection) -> QueryResult<Vec<Index>> {
    let query = match conn {
        DbConnection::Postgres(_) => {
            "SELECT t.relname::text AS table_name, i.relname::text AS name, x.indisunique AS is_unique, \
                    x.indisvalid AND x.indisready AS is_valid, NULL::text AS definition, \
                    coalesce((SELECT string_agg(a.attname, ',' ORDER BY k.position) \
                     FROM unnest(x.indkey::int2[]) WITH ORDINALITY k (number, position) \
                     JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number), '')::text AS columns \
             FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid \
             WHERE t.relnamespace = current_schema()::regnamespace"
        }
        // The primary key of an ordinary table is the table itself, and in no list of indexes. What an index of FTS5
        // keeps its words in are tables, too.
        DbConnection::Sqlite(_) => {
            "WITH within AS (SELECT name FROM pragma_table_list WHERE type <> 'table') \
             SELECT t.name AS table_name, l.name AS name, l.\"unique\" AS is_unique, 1 AS is_valid, \
                    (SELECT sql FROM sqlite_master d WHERE d.name = l.name) AS definition, \
                    (SELECT group_concat(name) FROM (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno)) AS columns \
             FROM sqlite_master t, pragma_index_list(t.name) l \
             WHERE t.type = 'table' AND l.origin <> 'pk' AND t.name NOT IN within \
             UNION ALL \
             SELECT t.name, '', 1, 1, NULL, \
                    (SELECT group_concat(name) FROM (SELECT name FROM pragma_table_info(t.name) WHERE pk > 0 ORDER BY pk)) \
             FROM sqlite_master t \
             WHERE t.type = 'table' AND t.name NOT IN within AND EXISTS (SELECT 1 FROM pragma_table_info(t.name) WHERE pk > 0)"
        }
    };
    sql_query(query).load(conn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_migrations_define_is_what_is_wanted() {
        let wanted = wanted().unwrap();
        let of = |table: &str| {
            let mut columns: Vec<_> = wanted
                .iter()
                .filter(|index| index.table_name == table)
                .map(|index| (index.columns.as_str(), index.is_unique, index.definition.is_some()))
                .collect();
            columns.sort_unstable();
            columns
        };
        assert_eq!(
            of("users"),
            [("id", false, true), ("id", true, false), ("skeleton", false, true), ("username", true, false)]
        );
        assert_eq!(
            of("messages"),
            [
                ("author_id,published_at,id", false, true),
                ("id", false, true),
                ("id", true, false),
                ("published_at,id", false, true)
            ]
        );
        assert_eq!(of("follows"), [("followee_id,follower_id", false, true), ("follower_id,followee_id", true, false)]);
        assert_eq!(wanted.len(), count_wanted().unwrap());
    }
}
