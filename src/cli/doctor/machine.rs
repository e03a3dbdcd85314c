//! What the machine tells: disks, files, and the age of the newest backup.

use std::{
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use indicatif::HumanBytes;
use rustix::{
    fs::{StatVfs, statvfs},
    process::{Resource, getrlimit},
};

use super::finding::Finding;
use crate::{
    backup::{self, service::folder},
    config::{BackupSettings, Mode, Settings},
    db::{self, Target},
    listener,
};

/// Parts in a hundred of a disk that should be free, and that must be.
const LITTLE: u64 = 10;
const TOO_LITTLE: u64 = 5;
/// Hours that a backup may take and be late, beyond the interval.
const LATE: i64 = 2;

/// Everything that is asked of the machine.
pub(super) fn check(settings: &Settings, secret_files: &[PathBuf]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let target = Target::parse(&settings.database.url).ok();
    if let Some(Target::Sqlite(file)) = &target {
        findings.push(disk("database's disk", &folder_of(file)));
        if file.exists() {
            findings.push(secrecy("database's file", file));
        }
    }
    if !is_container() {
        // Docker's own secrets are readable by all in the container, which is one process.
        findings.extend(secret_files.iter().map(|file| secrecy("secret's file", file)));
    }
    findings.push(open_files(listener::files_needed(settings), getrlimit(Resource::Nofile).maximum));
    findings.extend(backups(&settings.backup, settings.mode));
    findings
}

/// `allowed`: the hard limit, up to which `serve` raises its own; `None`: no limit.
fn open_files(needed: u64, allowed: Option<u64>) -> Finding {
    const CHECK: &str = "open files";
    match allowed {
        Some(allowed) if allowed < needed => Finding::warning(
            CHECK,
            format!("{allowed} allowed from here, and the settings can need {needed}"),
            "raise the hard limit (`ulimit -Hn`, LimitNOFILE=, ulimits.nofile) or lower server.max_connections: who comes \
             when all are open waits",
        ),
        Some(allowed) => Finding::ok(CHECK, format!("{allowed} allowed, {needed} needed at most")),
        None => Finding::ok(CHECK, format!("no limit, {needed} needed at most")),
    }
}

/// Whether this looks like a container's inside, where `0.0.0.0` means its own networks.
pub(super) fn is_container() -> bool {
    ["/.dockerenv", "/run/.containerenv"].iter().any(|mark| Path::new(mark).exists())
}

/// The folder that a file is in.
pub(super) fn folder_of(file: &Path) -> PathBuf {
    backup::folder_of(file)
}

/// What is free on a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Space {
    /// Bytes, for those who are not root.
    free: u64,
    size: u64,
    /// Files that can still be made; `None` where the file system does not count them.
    free_files: Option<(u64, u64)>,
}

impl Space {
    fn of(stat: &StatVfs) -> Self {
        let free_files = (stat.f_files > 0).then_some((stat.f_favail, stat.f_files));
        Self { free: stat.f_bavail * stat.f_frsize, size: stat.f_blocks * stat.f_frsize, free_files }
    }

    /// `wanted`: bytes that the next days want.
    fn judge(self, check: &'static str, folder: &Path, wanted: u64) -> Finding {
        let percent = |part: u64, whole: u64| part.saturating_mul(100).checked_div(whole).unwrap_or(100);
        let free = percent(self.free, self.size);
        let found = format!("{} free ({free} %) at {}", HumanBytes(self.free), folder.display());
        let advice = "make room, or move it to a larger disk: a full one stops all writing";
        let files = self.free_files.map_or(100, |(free, all)| percent(free, all));
        if free < TOO_LITTLE || files < TOO_LITTLE || self.free < wanted {
            let found = if files < TOO_LITTLE { format!("{found}, and room for {files} % more files") } else { found };
            Finding::failure(check, found, advice)
        } else if free < LITTLE || files < LITTLE || self.free / 4 < wanted {
            Finding::warning(check, found, advice)
        } else {
            Finding::ok(check, found)
        }
    }
}

fn disk(check: &'static str, folder: &Path) -> Finding {
    disk_for(check, folder, 0)
}

fn disk_for(check: &'static str, folder: &Path, wanted: u64) -> Finding {
    match statvfs(folder).map_err(io::Error::from) {
        Ok(stat) => Space::of(&stat).judge(check, folder, wanted),
        Err(why) => {
            Finding::failure(check, format!("{}: {why}", folder.display()), "make the folder, or correct the path")
        }
    }
}

/// Whether others than the owner may read a file that they should not.
fn secrecy(check: &'static str, file: &Path) -> Finding {
    match std::fs::metadata(file) {
        Ok(metadata) => {
            let mode = metadata.permissions().mode() & 0o777;
            let found = format!("{} has mode {mode:04o}", file.display());
            if mode & 0o007 != 0 {
                Finding::failure(
                    check,
                    format!("{found}: everybody here may open it"),
                    format!("chmod 600 {}", file.display()),
                )
            } else if mode & 0o070 != 0 {
                Finding::warning(
                    check,
                    format!("{found}: its group may open it"),
                    format!("chmod 600 {}", file.display()),
                )
            } else {
                Finding::ok(check, found)
            }
        }
        Err(why) => Finding::failure(check, format!("{}: {why}", file.display()), "make the file, or correct the path"),
    }
}

fn backups(settings: &BackupSettings, mode: Mode) -> Vec<Finding> {
    const CHECK: &str = "newest backup";
    let directory = &settings.directory;
    if !directory.is_dir() {
        let found = format!("there is no folder {}", directory.display());
        let advice = "have minitwit backup-service running; where it runs, this is checked with its settings";
        return vec![Finding::warning(CHECK, found, advice)];
    }
    let kept = match folder::list(directory) {
        Ok(kept) => kept,
        Err(why) => {
            let found = format!("{}: {why}", directory.display());
            return vec![Finding::failure(CHECK, found, "let Minitwit's user read the folder")];
        }
    };
    let Some(newest) = kept.first() else {
        let found = format!("none in {}", directory.display());
        return vec![
            Finding::warning(
                CHECK,
                found,
                "have minitwit backup-service running, which makes the first one at once; run this where the backups are",
            ),
            disk("backups' disk", directory),
        ];
    };
    let hours = (db::now() - newest.begun) / 3600;
    let found = format!("{hours} hours old, {}, one of {}", HumanBytes(newest.size), kept.len());
    let hours_between = i64::try_from(settings.interval.as_secs() / 3600).unwrap_or(i64::MAX);
    let age = if hours > hours_between.saturating_add(LATE) {
        let advice = "look at the log of minitwit backup-service: none was made in time";
        Finding::bad(mode == Mode::Production, CHECK, found, advice)
    } else {
        Finding::ok(CHECK, found)
    };
    // The next one, and the scratch database that it is verified in, which is not compressed.
    let wanted = newest.size.saturating_mul(12);
    let mut findings = vec![age, disk_for("backups' disk", directory, wanted)];
    findings
        .extend(kept.iter().find(|backup| is_open(&backup.path)).map(|backup| secrecy("backup's file", &backup.path)));
    findings
}

fn is_open(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::State;

    const GIB: u64 = 1 << 30;

    fn judge(space: Space, wanted: u64) -> State {
        space.judge("disk", Path::new("/srv"), wanted).state
    }

    #[test]
    fn a_disk_is_judged_by_its_share_by_its_files_and_by_what_is_to_come() {
        let disk = |free: u64, files: u64| Space { free: free * GIB, size: 100 * GIB, free_files: Some((files, 1000)) };
        assert_eq!(judge(disk(50, 900), 0), State::Ok);
        assert_eq!(judge(disk(9, 900), 0), State::Warning);
        assert_eq!(judge(disk(4, 900), 0), State::Failure);
        assert_eq!(judge(disk(50, 90), 0), State::Warning);
        assert_eq!(judge(disk(50, 40), 0), State::Failure);
        assert_eq!(judge(disk(50, 900), 20 * GIB), State::Warning);
        assert_eq!(judge(disk(50, 900), 60 * GIB), State::Failure);
        // btrfs counts no files, and /proc has no size at all.
        assert_eq!(judge(Space { free: 50 * GIB, size: 100 * GIB, free_files: None }, 0), State::Ok);
        assert_eq!(judge(Space { free: 0, size: 0, free_files: None }, 0), State::Ok);
    }

    #[test]
    fn open_files_are_held_against_what_the_settings_can_need() {
        assert_eq!(open_files(10_100, Some(1024)).state, State::Warning);
        assert_eq!(open_files(10_100, Some(65_536)).state, State::Ok);
        assert_eq!(open_files(10_100, None).state, State::Ok);
    }
}
