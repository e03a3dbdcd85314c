//! One type over both backends, and how such a connection is opened.

#![expect(missing_docs, reason = "the derive writes items without documentation")]

use std::path::PathBuf;

use anyhow::{Context, ensure};
use diesel::{
    Connection, MultiConnection, PgConnection, QueryResult, SqliteConnection,
    connection::{AnsiTransactionManager, TransactionManager},
};
use secrecy::ExposeSecret;

use super::{sqlite, target::Target};
use crate::config::Synchronous;

/// A connection to either database. `match` on it where the dialects differ.
#[derive(MultiConnection)]
pub enum DbConnection {
    /// Production.
    Postgres(PgConnection),
    /// Embedded: one file, nothing to install.
    Sqlite(SqliteConnection),
}

impl DbConnection {
    /// Runs `work` in a transaction; on SQLite one that takes the write lock at once. A deferred
    /// one would fail with "database is locked", whatever the timeout, if it read before it wrote.
    ///
    /// # Errors
    /// What `work` returned, or what beginning or committing did.
    pub fn in_transaction<T>(&mut self, work: impl FnOnce(&mut Self) -> QueryResult<T>) -> QueryResult<T> {
        let Self::Sqlite(sqlite) = self else { return self.transaction(work) };
        AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")?;
        let outcome = work(self);
        let Self::Sqlite(sqlite) = self else { return outcome };
        match outcome {
            Ok(value) => AnsiTransactionManager::commit_transaction(sqlite).map(|()| value),
            Err(why) => {
                // A failed rollback leaves the connection broken, and the pool throws it away.
                AnsiTransactionManager::rollback_transaction(sqlite).ok();
                Err(why)
            }
        }
    }
}

impl Target {
    /// Opens one connection that may write, for a command or a start; a file that is missing is made. What
    /// it commits on SQLite is on the disk, whatever `database.synchronous` says.
    ///
    /// # Errors
    /// When the database cannot be reached or the file not be opened: which, and why.
    pub fn connect(&self) -> anyhow::Result<DbConnection> {
        let made = match self {
            Self::Postgres(_) => Ok(()),
            Self::Sqlite(file) => sqlite::create_private(file),
        };
        made.and_then(|()| self.open(Access::ReadWrite(Synchronous::Full))).with_context(|| self.refusal())
    }

    /// Opens one connection to a database that is there; a missing file is not made.
    ///
    /// # Errors
    /// As [`Target::connect`], and when there is no such file.
    pub fn connect_existing(&self) -> anyhow::Result<DbConnection> {
        self.must_exist()?;
        self.connect()
    }

    /// As [`Target::connect_existing`], only to read: on SQLite nothing can be changed through it.
    ///
    /// # Errors
    /// As [`Target::connect_existing`].
    pub fn connect_to_look(&self) -> anyhow::Result<DbConnection> {
        self.must_exist()?;
        self.open(Access::ReadOnly).with_context(|| self.refusal())
    }

    fn must_exist(&self) -> anyhow::Result<()> {
        if let Self::Sqlite(file) = self {
            ensure!(file.exists(), "there is no database {}: is this the right folder?", file.display());
        }
        Ok(())
    }

    fn refusal(&self) -> String {
        match self {
            Self::Postgres(_) => format!("cannot open the database {}", self.place()),
            // The reason names the file.
            Self::Sqlite(_) => "cannot open the database".to_owned(),
        }
    }

    pub(super) fn open(&self, access: Access) -> Result<DbConnection, OpenError> {
        match self {
            Self::Postgres(url) => Ok(DbConnection::Postgres(PgConnection::establish(url.expose_secret())?)),
            Self::Sqlite(file) => sqlite::open(file, access).map(DbConnection::Sqlite),
        }
    }
}

/// Why a connection could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The server or the file said no.
    #[error(transparent)]
    Connection(#[from] diesel::ConnectionError),
    /// The server said no later.
    #[error(transparent)]
    Query(#[from] diesel::result::Error),
    /// A file of SQLite's.
    #[error("{}: {reason}", .file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// What a pooled connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// On SQLite: refuses to write.
    ReadOnly,
    /// Reads and writes; on SQLite with this care for the disk.
    ReadWrite(Synchronous),
}
