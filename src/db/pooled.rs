//! Pooled connections: how they are checked, given up and replaced.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use diesel::{connection::SimpleConnection, r2d2::R2D2Connection};
use r2d2::ManageConnection;

use super::{
    connection::{Access, DbConnection, OpenError},
    sqlite::{Files, FoldIn, Whereabouts, fold_in},
    target::Target,
};

/// Opens and checks the connections of one pool.
///
/// Asking each connection at each checkout whether it lives would cost a round trip a request, and
/// not asking would make every pooled connection fail once after the server restarts. So a
/// connection that dies raises `deaths`, and only those opened or checked before that are asked.
#[derive(Clone)]
pub(super) struct Manager {
    target: Target,
    access: Access,
    statement_timeout: Duration,
    deaths: Arc<AtomicU64>,
}

/// A connection in a pool.
pub(super) struct PooledConnection {
    pub(super) connection: DbConnection,
    deaths: Arc<AtomicU64>,
    /// How many deaths there were when this one was last known to live.
    checked_at: u64,
    condemned: bool,
    /// Of a connection that writes, on SQLite.
    files: Option<Files>,
}

impl Manager {
    pub(super) fn new(target: Target, access: Access, statement_timeout: Duration) -> Self {
        Self { target, access, statement_timeout, deaths: Arc::new(AtomicU64::new(0)) }
    }
}

impl PooledConnection {
    /// Asks the server, which costs a round trip: for when something has gone wrong.
    pub(super) fn is_dead(&mut self) -> bool {
        self.connection.ping().is_err()
    }

    /// Whether this is the one connection that writes to a file.
    pub(super) fn writes_to_a_file(&self) -> bool {
        self.files.is_some()
    }

    /// Looks whether what is written is found again: costs three calls of `stat` on SQLite. If it is not, tries
    /// to save what has been acknowledged before.
    ///
    /// # Errors
    /// What has become of it.
    pub(super) fn look(&mut self) -> Result<(), &'static str> {
        let (Some(files), DbConnection::Sqlite(conn)) = (&self.files, &mut self.connection) else { return Ok(()) };
        match files.look() {
            Whereabouts::InPlace => Ok(()),
            Whereabouts::Elsewhere => Err("its files were removed or replaced, and another program may have written"),
            // Out of the journal that nobody else can read, into the database.
            Whereabouts::WithoutJournal => Err(match fold_in(conn, FoldIn::Passive) {
                Ok(true) => "its journal was removed; what had been acknowledged is in the database",
                // The next look tries again.
                _ => "its journal was removed, and what had been acknowledged is not yet in the database",
            }),
        }
    }

    /// Closing the last connection moves the journal into the database. By files that lie elsewhere that would
    /// destroy it; and a connection opened in this one's place would share its index, but not its journal.
    fn must_stay_open(&self) -> bool {
        self.files.as_ref().is_some_and(|files| files.look() != Whereabouts::InPlace)
    }

    /// Gives this connection up, and has the others asked before they are used.
    pub(super) fn condemn(&mut self) {
        self.condemned = true;
        self.deaths.fetch_add(1, Ordering::Relaxed);
    }
}

impl ManageConnection for Manager {
    type Connection = PooledConnection;
    type Error = OpenError;

    fn connect(&self) -> Result<PooledConnection, OpenError> {
        let checked_at = self.deaths.load(Ordering::Relaxed);
        let mut connection = self.target.open(self.access)?;
        if let DbConnection::Postgres(conn) = &mut connection {
            conn.batch_execute(&format!("SET statement_timeout = {}", self.statement_timeout.as_millis()))?;
        }
        let files = match (&self.target, self.access) {
            (Target::Sqlite(file), Access::ReadWrite(_)) => Some(Files::of(file)?),
            _ => None,
        };
        let deaths = Arc::clone(&self.deaths);
        Ok(PooledConnection { connection, deaths, checked_at, condemned: false, files })
    }

    fn is_valid(&self, pooled: &mut PooledConnection) -> Result<(), OpenError> {
        let deaths = self.deaths.load(Ordering::Relaxed);
        if pooled.checked_at != deaths && !pooled.must_stay_open() {
            pooled.connection.ping()?;
            pooled.checked_at = deaths;
        }
        Ok(())
    }

    fn has_broken(&self, pooled: &mut PooledConnection) -> bool {
        (pooled.condemned || std::thread::panicking() || pooled.connection.is_broken()) && !pooled.must_stay_open()
    }
}
