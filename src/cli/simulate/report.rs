//! What a replay found: answers by command, and how long they took.

use std::{collections::BTreeMap, fmt, time::Duration};

use super::{super::scenario_file::Kind, client::Outcome};

/// Collects while the replay runs.
#[derive(Default)]
pub(super) struct Tally {
    answers: BTreeMap<(Kind, Outcome), u64>,
    /// Every call's, failed ones included: twelve bytes an action buy exact percentiles.
    latencies: BTreeMap<Kind, Vec<Duration>>,
}

/// A finished tally; `Display` is what the operator reads.
pub(super) struct Report {
    answers: BTreeMap<(Kind, Outcome), u64>,
    latencies: Vec<(&'static str, Vec<Duration>)>,
    total: Duration,
}

impl Tally {
    /// Counts one call.
    pub(super) fn add(&mut self, kind: Kind, outcome: Outcome, latency: Duration) {
        *self.answers.entry((kind, outcome)).or_default() += 1;
        self.latencies.entry(kind).or_default().push(latency);
    }

    /// Sums up a replay that took `total`.
    pub(super) fn finish(self, total: Duration) -> Report {
        let all: Vec<_> = self.latencies.values().flatten().copied().collect();
        let mut latencies: Vec<_> = self.latencies.into_iter().map(|(kind, list)| (kind.as_str(), list)).collect();
        latencies.push(("all", all));
        for (_, list) in &mut latencies {
            list.sort_unstable();
        }
        Report { answers: self.answers, latencies, total }
    }
}

impl Report {
    /// Actions that were sent.
    pub(super) fn actions(&self) -> u64 {
        self.answers.values().sum()
    }

    /// Actions that were not answered 204.
    pub(super) fn failed(&self) -> u64 {
        self.answers.iter().filter(|((_, outcome), _)| !outcome.is_right()).map(|(_, count)| count).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (actions, seconds) = (self.actions(), self.total.as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "a rate with one decimal; exact below 2^52 actions")]
        let rate = if actions == 0 { 0.0 } else { actions as f64 / seconds };
        writeln!(f, "{actions} actions in {seconds:.3} s: {rate:.1} actions/s, {} failed", self.failed())?;

        writeln!(f, "\n{:10} {:>16} {:>9}", "command", "answer", "count")?;
        for ((kind, outcome), count) in &self.answers {
            writeln!(f, "{kind:10} {outcome:>16} {count:>9}")?;
        }
        writeln!(f, "\n{:10} {:>9} {:>9} {:>9} {:>9}", "ms", "p50", "p95", "p99", "max")?;
        for (name, sorted) in &self.latencies {
            write!(f, "{name:10}")?;
            for percent in [50, 95, 99, 100] {
                write!(f, " {:>9.3}", percentile(sorted, percent).as_secs_f64() * 1e3)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// The nearest rank: the least value that so many percent do not exceed. Zero of nothing.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::*;

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let list: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        for (percent, expected) in [(50, 100), (95, 190), (99, 198), (100, 200)] {
            assert_eq!(percentile(&list, percent), Duration::from_millis(expected));
        }
        assert_eq!(percentile(&list[..1], 50), Duration::from_millis(1));
        assert_eq!(percentile(&list[..3], 50), Duration::from_millis(2));
        assert_eq!(percentile(&[], 99), Duration::ZERO);
    }

    #[test]
    fn a_report_counts_by_command_and_answer() {
        let mut tally = Tally::default();
        let ms = Duration::from_millis;
        tally.add(Kind::Tweet, Outcome::Status(StatusCode::NO_CONTENT), ms(2));
        tally.add(Kind::Tweet, Outcome::Status(StatusCode::NO_CONTENT), ms(4));
        tally.add(Kind::Tweet, Outcome::TimedOut, ms(300));
        tally.add(Kind::Register, Outcome::Status(StatusCode::FORBIDDEN), ms(1));
        let report = tally.finish(Duration::from_secs(2));
        assert_eq!((report.actions(), report.failed()), (4, 2));
        insta::assert_snapshot!(report.to_string(), @r"
        4 actions in 2.000 s: 2.0 actions/s, 2 failed

        command              answer     count
        register                403         1
        tweet                   204         2
        tweet               timeout         1

        ms               p50       p95       p99       max
        register       1.000     1.000     1.000     1.000
        tweet          4.000   300.000   300.000   300.000
        all            2.000   300.000   300.000   300.000
        ");
    }

    #[test]
    fn nothing_sent_is_a_report_too() {
        let report = Tally::default().finish(Duration::ZERO).to_string();
        assert!(report.starts_with("0 actions in 0.000 s: 0.0 actions/s, 0 failed\n"), "{report}");
    }
}
