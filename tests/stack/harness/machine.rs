//! Who kept the machine busy: a limit in time can only be judged where the time was ours.

use std::collections::{BTreeMap, BTreeSet};

use procfs::{CurrentSI, KernelStats, process::all_processes};

/// Ticks of all processors since the machine started.
pub struct Look {
    all: u64,
    busy: u64,
    /// Of this process, of those that it started, and of every Postgres.
    ours: u64,
}

impl Look {
    pub fn now() -> Self {
        let cpu = KernelStats::current().unwrap().total;
        let idle = cpu.idle + cpu.iowait.unwrap_or(0);
        // What the hypervisor gave to others counts as busy.
        let busy = [Some(cpu.user), Some(cpu.nice), Some(cpu.system), cpu.irq, cpu.softirq, cpu.steal];
        let busy = busy.into_iter().flatten().sum();
        Self { all: busy + idle, busy, ours: ours() }
    }

    /// The share of the machine, 0 to 1, that others have used since.
    #[expect(clippy::cast_precision_loss, reason = "ticks of minutes")]
    pub fn others_since(&self) -> f64 {
        let now = Self::now();
        let theirs = (now.busy - self.busy).saturating_sub(now.ours.saturating_sub(self.ours));
        theirs as f64 / (now.all - self.all).max(1) as f64
    }
}

/// A process counts those of its children that it has waited for.
fn ours() -> u64 {
    let stats: Vec<_> = all_processes().unwrap().flatten().filter_map(|process| process.stat().ok()).collect();
    let parents: BTreeMap<i32, i32> = stats.iter().map(|stat| (stat.pid, stat.ppid)).collect();
    let mut family = BTreeSet::from([i32::try_from(std::process::id()).unwrap()]);
    // The harness' Postgres belongs to nobody, and other people's counts as ours: that errs against us.
    family.extend(stats.iter().filter(|stat| stat.comm == "postgres").map(|stat| stat.pid));
    let is_ours = |mut pid: i32| loop {
        if family.contains(&pid) {
            return true;
        }
        match parents.get(&pid) {
            Some(parent) => pid = *parent,
            None => return false,
        }
    };
    let ticks =
        |stat: &procfs::process::Stat| stat.utime + stat.stime + u64::try_from(stat.cutime + stat.cstime).unwrap_or(0);
    stats.iter().filter(|stat| is_ours(stat.pid)).map(ticks).sum()
}
