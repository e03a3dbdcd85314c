//! Fills an empty database for benchmarks, fast and always with the same rows, but for the password's hash.
//!
//! Who is who and what they wrote is in [`crate::population`], how rows get into a database is the product's
//! business. In one transaction: a load that fails leaves nothing.

use std::time::{Duration, Instant};

use anyhow::{anyhow, ensure};
use indicatif::ProgressBar;
use minitwit::{
    config::PasswordSettings,
    db::{
        Target, migrations,
        stats::{self, Counts},
        tables,
        transfer::{self, Ending, Occupied},
    },
    domain::{Hasher, Password},
};

use crate::population::Rows;

/// What was done.
pub struct Filled {
    /// How much there is now.
    pub counts: Counts,
    /// How long all of it took.
    pub total: Duration,
    /// How long the database took of it to gather statistics.
    pub statistics: Duration,
}

/// Migrates, refuses if there is anybody, fills, and counts. `progress` goes one step a row.
///
/// # Errors
/// When there are users already, or the database fails; then nothing is stored.
pub fn fill(target: &Target, rows: &Rows, password_hash: &str, progress: &ProgressBar) -> anyhow::Result<Filled> {
    migrations::run(target)?;
    let mut conn = target.connect()?;
    let begun = Instant::now();
    let filled = transfer::load(&mut conn, Occupied::Refuse, Ending::Commit, |conn| {
        progress.set_message("users");
        tables::insert_all(conn, rows.users(password_hash).inspect(|_| progress.inc(1)))?;
        progress.set_message("messages");
        tables::insert_all(conn, rows.messages().inspect(|_| progress.inc(1)))?;
        progress.set_message("follows");
        tables::insert_all(conn, rows.follows().inspect(|_| progress.inc(1)))?;
        Ok(())
    })?;
    ensure!(
        filled.is_some(),
        "there are users in this database already: seed fills an empty one only, so name a new one"
    );
    let filled = begun.elapsed();
    progress.set_message("statistics");
    transfer::settle(&mut conn)?;
    let total = begun.elapsed();
    Ok(Filled { counts: stats::count(&mut conn)?, total, statistics: total.saturating_sub(filled) })
}

/// One hash for all: ten thousand would take five minutes.
///
/// # Errors
/// When argon2 refuses these costs, or the system has no randomness.
pub fn hash(password: &Password, costs: &PasswordSettings) -> anyhow::Result<String> {
    let hasher = Hasher::new(costs.memory_kib, costs.iterations, costs.parallelism);
    hasher.and_then(|hasher| hasher.hash(password)).map_err(|why| anyhow!("argon2 failed: {why}"))
}
