//! The end of a process on SQLite: whatever is in the journal goes into the database, or nothing is touched.
//!
//! SQLite folds the journal in when the last connection is closed. That is too late, for nobody waits for the
//! pools, which other threads drop; and where the files were removed or replaced under us it is harmful: by
//! our old index it would overwrite what another program has written since.

use super::{
    Backend, Db, DbConnection,
    pool::Pool,
    sqlite::{FoldIn, fold_in},
};
use crate::error::Error;

/// As metrics and logs name it.
const QUERY: &str = "fold_in";

/// Turns that are waited for at the end, a `database.wait_ms` each: one write may wait five seconds for a
/// stranger's lock.
const TURNS: usize = 6;

impl Db {
    /// Moves what is in SQLite's journal into the database as far as nobody is in the way, while serving goes on:
    /// what a stop begins with. Nothing on Postgres.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn prepare_to_stop(&self) -> Result<(), Error> {
        self.fold_in(FoldIn::Passive).await
    }

    /// Empties SQLite's journal into the database: the last that is done with it. Where that cannot be done, as
    /// its files are not in place or another program holds them, no connection of this process is ever closed:
    /// for the files that is an end by SIGKILL, which leaves them as they lie. Nothing on Postgres.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn stop(&self) -> Result<(), Error> {
        let mut outcome = self.fold_in(FoldIn::Truncate).await;
        for _ in 1..TURNS {
            // Somebody else's turn.
            let Err(Error::Unavailable { source: None, .. }) = outcome else { break };
            outcome = self.fold_in(FoldIn::Truncate).await;
        }
        if outcome.is_err() {
            self.pools().for_each(Pool::never_close);
        }
        outcome
    }

    async fn fold_in(&self, how: FoldIn) -> Result<(), Error> {
        let is_open = self.backend == Backend::Sqlite && self.writing.sizes().open > 0;
        if !is_open {
            return Ok(());
        }
        let work = move |conn: &mut DbConnection| match conn {
            // What another program still reads stays in the journal, where the next start finds it.
            DbConnection::Sqlite(conn) => fold_in(conn, how).map(|_| ()),
            DbConnection::Postgres(_) => Ok(()),
        };
        self.run(&self.writing, QUERY, work).await
    }
}
