//! Makes backups when they are due, verifies them, removes old ones, and goes on after a failure.

use std::{
    fs::{self, File},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool, mpsc},
    time::{Duration, Instant},
};

use anyhow::Context;
use tracing::{error, info};

use super::folder::{self, Kept};
use crate::{
    backup::{
        file,
        format::Damaged,
        transfer::{self, Different},
        verify,
        watch::{Stopped, Watch},
    },
    config::BackupSettings,
    db::{self, Target},
    metrics::BackupMetrics,
};

/// Works on a thread of its own: everything it does blocks.
pub(super) struct Keeper {
    target: Target,
    settings: BackupSettings,
    metrics: BackupMetrics,
    watch: Watch,
    /// The backup that this process has restored and compared last.
    verified: Option<PathBuf>,
}

impl Keeper {
    /// Makes the folder if it is missing, and tries to write to it: a volume that is not there, or not
    /// ours, should stop the start.
    pub(super) fn new(
        target: Target,
        settings: BackupSettings,
        metrics: BackupMetrics,
        stop: Arc<AtomicBool>,
    ) -> anyhow::Result<Self> {
        let directory = &settings.directory;
        let cannot = || format!("cannot keep backups in {} (backup.directory)", directory.display());
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).with_context(cannot)?;
        tempfile::tempfile_in(directory).with_context(cannot)?;
        let keeper = Self { target, watch: Watch::until(stop), settings, metrics, verified: None };
        keeper.look()?;
        Ok(keeper)
    }

    /// Works until the other end of `stop` is dropped.
    pub(super) fn run(mut self, stop: &mpsc::Receiver<()>) {
        loop {
            let wait = self.turn().unwrap_or_else(|why| {
                if !why.is::<Stopped>() {
                    self.metrics.failures.inc();
                    let again_in_s = self.settings.retry_interval.as_secs();
                    error!(causes = format!("{why:#}"), again_in_s, "backup failed");
                }
                self.settings.retry_interval
            });
            if stop.recv_timeout(wait) != Err(mpsc::RecvTimeoutError::Timeout) {
                return;
            }
        }
    }

    /// Does what is due, and returns how long nothing will be.
    fn turn(&mut self) -> anyhow::Result<Duration> {
        file::sweep(&self.settings.directory).context("cannot remove what a killed process left")?;
        let (now, interval) = (db::now(), i64::try_from(self.settings.interval.as_secs())?);
        let newest = self.look()?.into_iter().next();
        let newest = match newest.filter(|newest| seconds_left(newest.begun, now, interval) > 0) {
            Some(newest) => newest,
            None => self.back_up(now)?,
        };
        if self.verified.as_ref() != Some(&newest.path) {
            self.verify(&newest)?;
            self.remove_old(&newest.path)?;
        }
        let left = seconds_left(newest.begun, db::now(), interval);
        Ok(Duration::from_secs(left.max(1).unsigned_abs()))
    }

    /// Reads the folder, which is all the memory there is, into the metrics.
    fn look(&self) -> anyhow::Result<Vec<Kept>> {
        let kept = folder::list(&self.settings.directory).context("cannot read the folder of backups")?;
        self.metrics.files.set(i64::try_from(kept.len())?);
        self.metrics.last_success.set(kept.first().map_or(0.0, |newest| seconds(newest.begun)));
        self.metrics.size.set(kept.first().map_or(0, |newest| i64::try_from(newest.size).unwrap_or(i64::MAX)));
        Ok(kept)
    }

    fn back_up(&self, now: i64) -> anyhow::Result<Kept> {
        let path = self.settings.directory.join(folder::name_at(now)?);
        let begun = Instant::now();
        let mut conn = self.target.connect_existing()?;
        let sums = file::create_file(&path, |out| {
            transfer::back_up(&mut conn, self.target.backend(), out, &self.watch).map(|(_, sums)| sums)
        })?;
        let (size, took) = (fs::metadata(&path)?.len(), begun.elapsed());
        self.metrics.duration.set(took.as_secs_f64());
        self.look()?;
        let rows: u64 = sums.iter().map(|sum| sum.rows).sum();
        info!(backup = name(&path), size, rows, duration_ms = took.as_secs_f64() * 1e3, "backup made");
        Ok(Kept { path, begun: now, size })
    }

    fn verify(&mut self, backup: &Kept) -> anyhow::Result<()> {
        let begun = Instant::now();
        let input = File::open(&backup.path).context("cannot read the backup again")?;
        if let Err(why) = verify::verify_below(&self.settings.directory, input, &self.watch) {
            if why.is::<Damaged>() || why.is::<Different>() {
                let aside = folder::put_aside(&self.settings.directory, &backup.path)?;
                self.look()?;
                return Err(why.context(format!("the backup was bad, and is {} now", name(&aside))));
            }
            return Err(why.context(format!("{} could not be verified", name(&backup.path))));
        }
        self.verified = Some(backup.path.clone());
        self.metrics.last_verified.set(seconds(db::now()));
        info!(backup = name(&backup.path), duration_ms = begun.elapsed().as_secs_f64() * 1e3, "backup verified");
        Ok(())
    }

    /// Only ever after `good` has been verified.
    fn remove_old(&self, good: &Path) -> anyhow::Result<()> {
        for old in folder::surplus(&self.look()?, self.settings.keep, good) {
            fs::remove_file(&old.path).with_context(|| format!("cannot remove {}", old.path.display()))?;
            info!(backup = name(&old.path), "old backup removed");
        }
        self.look().map(drop)
    }
}

/// Until the next backup is due. One that bears a time of the future, which a wrong clock gave it, counts as
/// made now.
fn seconds_left(begun: i64, now: i64, interval: i64) -> i64 {
    begun.min(now).saturating_add(interval).saturating_sub(now)
}

#[expect(clippy::cast_precision_loss, reason = "seconds fit for 280 million years")]
fn seconds(time: i64) -> f64 {
    time as f64
}

/// For the log: the folder is a setting.
fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_is_due_an_interval_after_the_newest() {
        assert_eq!(seconds_left(1000, 1000, 3600), 3600);
        assert_eq!(seconds_left(1000, 4599, 3600), 1);
        assert_eq!(seconds_left(1000, 4600, 3600), 0);
        assert!(seconds_left(1000, 9000, 3600) < 0);
        assert_eq!(seconds_left(5000, 1000, 3600), 3600, "from the future");
        assert!(seconds_left(i64::MIN, 1000, 3600) < 0);
    }
}
