//! The folder of backups: which are there, what the next is called, which may go.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use time::{OffsetDateTime, PrimitiveDateTime, format_description::BorrowedFormatItem, macros::format_description};

/// By its name alone a backup says when it was begun, in UTC.
const NAME: &[BorrowedFormatItem<'_>] =
    format_description!("minitwit-[year][month][day]T[hour][minute][second]Z.backup");
/// What a backup that cannot be restored gets behind its name.
const DAMAGED: &str = ".damaged";

/// A backup that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Where.
    pub path: PathBuf,
    /// When it was begun, in seconds since the epoch.
    pub begun: i64,
    /// Bytes.
    pub size: u64,
}

/// What a backup is called that is begun at `now`, in seconds since the epoch.
pub(super) fn name_at(now: i64) -> anyhow::Result<String> {
    Ok(OffsetDateTime::from_unix_timestamp(now)?.format(NAME)?)
}

fn time_of(name: &str) -> Option<i64> {
    let begun = PrimitiveDateTime::parse(name, NAME).ok()?.assume_utc().unix_timestamp();
    // Not everything that can be read is what would have been written.
    (name_at(begun).ok()? == name).then_some(begun)
}

/// The backups of a folder, newest first. Files with other names are none.
///
/// # Errors
/// When the folder cannot be read.
pub fn list(folder: &Path) -> io::Result<Vec<Kept>> {
    let mut kept = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Some(begun) = entry.file_name().to_str().and_then(time_of) else { continue };
        let metadata = entry.metadata()?;
        if metadata.is_file() {
            kept.push(Kept { path: entry.path(), begun, size: metadata.len() });
        }
    }
    kept.sort_by_key(|backup| std::cmp::Reverse(backup.begun));
    Ok(kept)
}

/// Those beyond the newest `keep`, but never `good`, which is known to be whole.
pub(super) fn surplus<'a>(kept: &'a [Kept], keep: usize, good: &Path) -> impl Iterator<Item = &'a Kept> {
    kept.iter().skip(keep).filter(move |backup| backup.path != good)
}

/// Puts a backup that cannot be restored aside: it counts no more, and there is something to look at.
/// Only the last one stays, so that a fault that repeats fills no disk.
pub(super) fn put_aside(folder: &Path, backup: &Path) -> io::Result<PathBuf> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_ours = entry.file_name().to_str().and_then(|name| name.strip_suffix(DAMAGED)).and_then(time_of);
        if is_ours.is_some() {
            fs::remove_file(entry.path())?;
        }
    }
    let mut aside = backup.as_os_str().to_owned();
    aside.push(DAMAGED);
    fs::rename(backup, &aside)?;
    Ok(aside.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            fs::write(folder.path().join(name), name).unwrap();
        }
        folder
    }

    fn names(kept: &[Kept]) -> Vec<String> {
        kept.iter().map(|backup| backup.path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_name_is_a_time_and_back() {
        assert_eq!(name_at(1_700_000_000).unwrap(), "minitwit-20231114T221320Z.backup");
        assert_eq!(time_of("minitwit-20231114T221320Z.backup"), Some(1_700_000_000));
        for other in [
            "minitwit-20231114T221320Z.backup.damaged",
            "minitwit-20231314T221320Z.backup",
            "minitwit-20231114T221320Z.backup2",
            "minitwit-2023-11-14.backup",
            "minitwit.backup",
            "notes.txt",
            "",
        ] {
            assert_eq!(time_of(other), None, "{other}");
        }
    }

    #[test]
    fn only_backups_are_listed_and_the_newest_first() {
        let folder = folder(&[
            "minitwit-20231114T221320Z.backup",
            "minitwit-20240101T000000Z.backup",
            "minitwit-20231114T221320Z.backup.damaged",
            "dump.sql",
        ]);
        fs::create_dir(folder.path().join("minitwit-20250101T000000Z.backup")).unwrap();
        let kept = list(folder.path()).unwrap();
        assert_eq!(names(&kept), ["minitwit-20240101T000000Z.backup", "minitwit-20231114T221320Z.backup"]);
        assert_eq!(kept[0].size, 32);
    }

    #[test]
    fn the_oldest_go_and_the_good_one_stays_even_if_its_name_is_the_oldest() {
        let all: Vec<String> = (1..=5).map(|day| format!("minitwit-2024010{day}T000000Z.backup")).collect();
        let folder = folder(&all.iter().map(String::as_str).collect::<Vec<_>>());
        let kept = list(folder.path()).unwrap();
        let gone = |keep, good: &str| -> Vec<String> {
            names(&surplus(&kept, keep, &folder.path().join(good)).cloned().collect::<Vec<_>>())
        };
        assert_eq!(gone(3, &all[4]), [all[1].clone(), all[0].clone()]);
        assert_eq!(gone(14, &all[4]), Vec::<String>::new());
        // A clock that was ahead for a while left names of the future.
        assert_eq!(gone(1, &all[0]), [all[3].clone(), all[2].clone(), all[1].clone()]);
    }

    #[test]
    fn of_the_damaged_only_the_last_stays() {
        let folder = folder(&["minitwit-20240101T000000Z.backup.damaged", "minitwit-20240102T000000Z.backup"]);
        put_aside(folder.path(), &folder.path().join("minitwit-20240102T000000Z.backup")).unwrap();
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["minitwit-20240102T000000Z.backup.damaged"]);
    }
}
