//! Whether a backup can be restored: by restoring it, into a scratch database.
//!
//! Fails as restoring does, and when the scratch database cannot be made.

use std::{fs::Permissions, io::Read, os::unix::fs::PermissionsExt, path::Path};

use anyhow::Context;
use secrecy::SecretString;

use super::{
    file::SCRATCH_FOLDER,
    format::{Header, Sum},
    transfer::{self, Taken},
    watch::Watch,
};
use crate::db::{
    Target, migrations,
    transfer::{Ending, Occupied},
};

/// Restores into a SQLite file of its own below `folder`, which is removed again.
pub fn verify_below(folder: &Path, input: impl Read, watch: &Watch) -> anyhow::Result<(Header, Vec<Sum>)> {
    let cannot = || format!("cannot make a scratch database in {}", folder.display());
    // The rows are as secret here as in the backup.
    let private = Permissions::from_mode(0o700);
    let scratch =
        tempfile::Builder::new().prefix(SCRATCH_FOLDER).permissions(private).tempdir_in(folder).with_context(cannot)?;
    let url = SecretString::from(format!("sqlite://{}", scratch.path().join("verify.db").display()));
    verify_in(&Target::parse(&url)?, input, watch)
}

/// Restores into an empty database and leaves it empty.
pub fn verify_in(target: &Target, input: impl Read, watch: &Watch) -> anyhow::Result<(Header, Vec<Sum>)> {
    migrations::run(target)?;
    let mut conn = target.connect()?;
    transfer::restore(&mut conn, input, Occupied::Refuse, Ending::RollBack, watch).map_err(|why| {
        if why.is::<Taken>() { why.context("a backup is verified in an empty database only") } else { why }
    })
}
