//! A backup's file: complete under its name, or not there at all.

use std::{
    fs::{self, File},
    io::{self, BufWriter, ErrorKind, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail, ensure};

/// What a file is called while it is written: this, something random, and [`PARTIAL`].
const SCRATCH_FILE: &str = ".minitwit-backup-";
const PARTIAL: &str = ".partial";
/// What a folder is called while it holds a scratch database: this, and something random.
pub(super) const SCRATCH_FOLDER: &str = ".minitwit-verify-";
/// Untouched for so long, such a thing is nobody's.
const FORGOTTEN: Duration = Duration::from_hours(1);

/// Lets `write` fill a file, which gets its name when everything is on the disk: whoever sees the name
/// sees all of it. Only its owner may read it. A file that is there is not overwritten.
pub fn create_file<T>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&File>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let exists = || format!("{} exists already: a backup overwrites nothing", path.display());
    ensure!(!path.try_exists()?, exists());
    let folder = folder_of(path);
    let cannot = || format!("cannot write to {}", folder.display());
    let mut partial = tempfile::Builder::new();
    partial.prefix(SCRATCH_FILE).suffix(PARTIAL);
    // Mode 0600, and gone when this function fails.
    let partial = partial.tempfile_in(&folder).with_context(cannot)?;
    let mut out = BufWriter::with_capacity(1 << 16, partial.as_file());
    let outcome = write(&mut out)?;
    out.flush().with_context(cannot)?;
    drop(out);
    partial.as_file().sync_all().with_context(cannot)?;
    match partial.persist_noclobber(path) {
        Err(why) if why.error.kind() == ErrorKind::AlreadyExists => bail!(exists()),
        persisted => persisted.with_context(cannot)?,
    };
    // The name, too.
    File::open(&folder).and_then(|folder| folder.sync_all()).with_context(cannot)?;
    Ok(outcome)
}

/// The folder that a file is in.
#[must_use]
pub fn folder_of(path: &Path) -> PathBuf {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// Opens a backup; `-` is standard input.
pub fn open_file(path: &Path) -> anyhow::Result<Box<dyn io::Read>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    ensure!(!file.metadata()?.is_dir(), "{} is a folder", path.display());
    Ok(Box::new(file))
}

/// Removes what was being written or used in `folder` when its process was killed: what nobody has
/// touched for an hour.
pub(super) fn sweep(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (name, metadata) = (entry.file_name(), entry.metadata()?);
        let name = name.to_str().unwrap_or_default();
        let age = metadata.modified()?.elapsed().unwrap_or_default();
        if age < FORGOTTEN {
            continue;
        }
        if metadata.is_dir() && name.starts_with(SCRATCH_FOLDER) {
            fs::remove_dir_all(entry.path())?;
        } else if metadata.is_file() && name.starts_with(SCRATCH_FILE) && name.ends_with(PARTIAL) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
