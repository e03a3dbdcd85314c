//! The one list of tables.
//!
//! Whatever is done with all tables goes by it: backups and restores (`backup/`), filling a database
//! (`transfer.rs`), and the test that both databases have exactly these tables and columns
//! (`tests/it/migrations.rs`). A new table gets a file here with its row and a line in [`BACKED_UP`]; or, if a
//! backup does without it, a line in [`LEFT_OUT`].
//!
//! Whoever knows a table works with its [`Row`]s. Whoever does not, as a backup, goes through [`Table`]: there a row
//! is a line, which is the same whichever database it comes from.

/// Stores rows: on Postgres by binary `COPY`, on SQLite by one prepared `INSERT`.
macro_rules! insert {
    ($table:ident, $conn:ident, $rows:expr) => {
        match $conn {
            DbConnection::Postgres(conn) => {
                diesel::copy_from($table::table).from_insertable($rows).execute(conn).map(drop)
            }
            DbConnection::Sqlite(conn) => {
                $rows.iter().try_for_each(|row| diesel::insert_into($table::table).values(row).execute(conn).map(drop))
            }
        }
    };
}

mod follows;
mod marks;
mod mentions;
mod messages;
mod notifications;
mod profiles;
mod replies;
mod users;

use diesel::{QueryableByName, prelude::*, sql_query, sql_types::BigInt};
use serde::{Serialize, de::DeserializeOwned};

pub use self::{
    follows::FollowRow, marks::MarkRow, mentions::MentionRow, messages::MessageRow, notifications::NotificationRow,
    profiles::ProfileRow, replies::ReplyRow, users::UserRow,
};
use super::connection::DbConnection;

/// The tables that a backup holds, in the order in which they are filled: rows refer to those of the tables before.
pub static BACKED_UP: [Table; 8] = [
    Table::of::<UserRow>(),
    Table::of::<MessageRow>(),
    Table::of::<FollowRow>(),
    Table::of::<MentionRow>(),
    Table::of::<ReplyRow>(),
    Table::of::<MarkRow>(),
    Table::of::<ProfileRow>(),
    Table::of::<NotificationRow>(),
];

/// The tables of which a backup holds no rows.
pub static LEFT_OUT: [LeftOut; 4] = [
    LeftOut {
        name: "sessions",
        columns: &["token_hash", "user_id", "created_at", "expires_at"],
        is_emptied: true,
        why: "people sign in again, and what was signed out stays so",
    },
    LeftOut {
        name: "simulator_latest",
        columns: &["last_value"],
        is_emptied: false,
        why: "it is one number, on Postgres a sequence, and stands in a backup's first line",
    },
    LeftOut {
        name: "people_words",
        columns: &["word", "user_id"],
        is_emptied: true,
        why: "they follow from the names",
    },
    LeftOut {
        name: "message_tags",
        columns: &["tag", "published_at", "message_id"],
        is_emptied: true,
        why: "they follow from the messages' texts",
    },
];

/// Rows held in memory at once: a megabyte or two.
pub const CHUNK: usize = 10_000;

/// A row of a table that is backed up.
///
/// As JSON it is an array of its fields (`serde_tuple`), in the order of [`Row::COLUMNS`]. Its functions fail when a
/// query does.
pub trait Row: Serialize + DeserializeOwned {
    /// The table's name.
    const TABLE: &'static str;
    /// The columns that a backup holds, as the fields are ordered.
    const COLUMNS: &'static [&'static str];
    /// The columns that follow from the others: [`Row::insert`] works them out.
    const DERIVED: &'static [&'static str] = &[];
    /// Whether the database gives each row an `id`: after a restore it has to go on behind the last one.
    const HAS_IDENTITY: bool;
    /// The version of the backup's format in which the table is there for the first time: a new table raises it by
    /// one, and older backups are still read.
    const SINCE: u32;

    /// Stores rows; those they refer to are there already. Indexes stay in force meanwhile: building them afterwards
    /// would take half the time, and would leave denser ones than a live site ever has.
    fn insert(conn: &mut DbConnection, rows: &[Self]) -> QueryResult<()>;

    /// The first `limit` rows after `last` in the order of the primary key, which is also the index.
    fn page(conn: &mut DbConnection, last: Option<&Self>, limit: i64) -> QueryResult<Vec<Self>>;
}

/// Stores all `rows`, however many, a [`CHUNK`] at a time.
///
/// # Errors
/// When a query fails; so for every function of this module.
pub fn insert_all<R: Row>(conn: &mut DbConnection, mut rows: impl Iterator<Item = R>) -> QueryResult<()> {
    let mut chunk = Vec::with_capacity(CHUNK);
    loop {
        chunk.extend(rows.by_ref().take(CHUNK));
        if chunk.is_empty() {
            return Ok(());
        }
        R::insert(conn, &chunk)?;
        chunk.clear();
    }
}

/// How many rows there are. Reads an index from end to end.
pub fn count<R: Row>(conn: &mut DbConnection) -> QueryResult<i64> {
    count_in(conn, R::TABLE)
}

fn count_in(conn: &mut DbConnection, table: &str) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }
    let count: Count = sql_query(format!("SELECT count(*) AS number FROM {table}")).get_result(conn)?;
    Ok(count.number)
}

/// A table that is left out of backups.
#[derive(Debug)]
pub struct LeftOut {
    /// Its name.
    pub name: &'static str,
    /// All its columns.
    pub columns: &'static [&'static str],
    /// Whether a restore that replaces what is there empties it.
    pub is_emptied: bool,
    /// Why a backup does without its rows.
    pub why: &'static str,
}

/// Takes lines of rows, and how many they are.
type TakeLines<'a> = &'a mut dyn FnMut(&[u8], usize) -> anyhow::Result<()>;

/// A table that is backed up, whatever its rows are made of; see [`Row`] for the fields.
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The columns that a backup holds.
    pub columns: &'static [&'static str],
    /// The others, which follow from those.
    pub derived: &'static [&'static str],
    /// Whether the database gives each row an `id`.
    pub has_identity: bool,
    /// The version of the backup's format that has it first.
    pub since: u32,
    read: fn(&mut DbConnection, TakeLines<'_>) -> anyhow::Result<()>,
    insert: fn(&mut DbConnection, &[u8]) -> Result<(), RefusedLines>,
}

impl Table {
    const fn of<R: Row>() -> Self {
        Self {
            name: R::TABLE,
            columns: R::COLUMNS,
            derived: R::DERIVED,
            has_identity: R::HAS_IDENTITY,
            since: R::SINCE,
            read: read_lines::<R>,
            insert: insert_lines::<R>,
        }
    }

    /// How many rows it has. Reads an index from end to end.
    pub fn count(&self, conn: &mut DbConnection) -> QueryResult<i64> {
        count_in(conn, self.name)
    }

    /// Hands all rows to `take`, a [`CHUNK`] at a time and none at the end: as lines, in the order of the primary key.
    ///
    /// # Errors
    /// Those of `take`, and when a query fails.
    pub fn read(
        &self,
        conn: &mut DbConnection,
        mut take: impl FnMut(&[u8], usize) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        (self.read)(conn, &mut take)
    }

    /// Stores the rows of these lines; those they refer to are there already.
    ///
    /// # Errors
    /// When a line is no row, and then none is stored; or a query fails.
    pub fn insert(&self, conn: &mut DbConnection, lines: &[u8]) -> Result<(), RefusedLines> {
        (self.insert)(conn, lines)
    }
}

/// Why lines are not in the database.
#[derive(Debug, thiserror::Error)]
pub enum RefusedLines {
    /// One of them is no row of this table.
    #[error("line {number}: {why}")]
    NoRow {
        /// Which, counted from 1.
        number: u64,
        /// What is wrong with it.
        why: serde_json::Error,
    },
    /// The database does not take them.
    #[error(transparent)]
    Query(#[from] diesel::result::Error),
}

fn read_lines<R: Row>(conn: &mut DbConnection, take: TakeLines<'_>) -> anyhow::Result<()> {
    let (mut lines, mut last) = (Vec::new(), None);
    loop {
        let mut page = R::page(conn, last.as_ref(), i64::try_from(CHUNK)?)?;
        lines.clear();
        for row in &page {
            serde_json::to_writer(&mut lines, row)?;
            lines.push(b'\n');
        }
        take(&lines, page.len())?;
        last = page.pop();
        if last.is_none() {
            return Ok(());
        }
    }
}

fn insert_lines<R: Row>(conn: &mut DbConnection, lines: &[u8]) -> Result<(), RefusedLines> {
    let rows: Result<Vec<R>, RefusedLines> = (1..)
        .zip(lines.split_inclusive(|&byte| byte == b'\n'))
        .map(|(number, line)| serde_json::from_slice(line).map_err(|why| RefusedLines::NoRow { number, why }))
        .collect();
    Ok(R::insert(conn, &rows?)?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn there_and_back<R: Row + PartialEq + std::fmt::Debug>(row: &R) {
        let line = serde_json::to_string(row).unwrap();
        assert!(line.starts_with('[') && !line.contains('\n'), "{line}");
        assert_eq!(serde_json::from_str::<R>(&line).unwrap(), *row);
        let values: Vec<serde_json::Value> = serde_json::from_str(&line).unwrap();
        assert_eq!(values.len(), R::COLUMNS.len());
    }

    proptest! {
        #[test]
        fn a_row_is_a_line_and_back(id: i64, other: i64, text: String, more: String, flagged: bool) {
            there_and_back(&MessageRow { id, author_id: other, text: text.clone(), published_at: other, flagged });
            there_and_back(&FollowRow { follower_id: id, followee_id: other });
            there_and_back(&MentionRow { message_id: id, user_id: other });
            there_and_back(&ReplyRow { message_id: id, parent_id: other });
            there_and_back(&MarkRow { message_id: id, kind: more.clone(), user_id: other, created_at: id });
            let message_id = flagged.then_some(other);
            there_and_back(&NotificationRow { id, user_id: other, kind: more.clone(), actor_id: id, message_id, created_at: other });
            let bio = flagged.then(|| text.clone());
            there_and_back(&ProfileRow { user_id: id, display_name: None, bio, website: Some(more.clone()), notifications_seen: other });
            let password_hash = format!("{more}{text}");
            there_and_back(&UserRow { id, username: text, email: more, password_hash, created_at: other });
        }
    }

    #[test]
    fn no_table_is_listed_twice() {
        let names = || BACKED_UP.iter().map(|table| table.name).chain(LEFT_OUT.iter().map(|table| table.name));
        assert_eq!(names().collect::<BTreeSet<_>>().len(), names().count());
    }
}
