//! What a replay found: answers by command, and how long they took.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::Serialize;

use super::client::is_right;
use crate::{
    http::Outcome,
    latencies::{self, Latencies},
    scenario::Kind,
};

/// Collects while the replay runs. Every call's time, failed ones included: twelve bytes an action buy exact
/// percentiles.
#[derive(Default)]
pub(super) struct Tally {
    calls: BTreeMap<Kind, Calls>,
    wrong_answers: Vec<WrongAnswer>,
}

#[derive(Default)]
struct Calls {
    answers: BTreeMap<Outcome, usize>,
    times: Vec<Duration>,
}

/// A finished tally: `Display` is what people read, its JSON what programs do.
#[derive(Debug, Serialize)]
pub struct Report {
    /// How long the replay took.
    pub seconds: f64,
    /// Actions a second.
    pub rate: f64,
    /// Actions that were not answered 204.
    pub failed: usize,
    /// Times of all actions.
    pub all: Latencies,
    /// The same by command; those that were never sent are missing.
    pub commands: BTreeMap<Kind, CommandReport>,
    /// Each that was not 204, in the order in which they came.
    pub wrong_answers: Vec<WrongAnswer>,
}

/// What a command was answered.
#[derive(Debug, Serialize)]
pub struct CommandReport {
    /// How often what: a status, `timeout` or `connection_error`.
    pub answers: BTreeMap<Outcome, usize>,
    /// Its times.
    #[serde(flatten)]
    pub times: Latencies,
}

/// An action that was not answered 204. `Display` is a line as the course's client writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WrongAnswer {
    /// When, in UTC: `2026-11-21T04:59:44.277Z`.
    pub time: String,
    /// Host and port that were called.
    pub host: String,
    /// The action's id.
    pub id: u64,
    /// What came instead of 204.
    pub answer: Outcome,
    /// What was to be done.
    pub command: Kind,
}

impl fmt::Display for WrongAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { time, host, id, answer, command } = self;
        write!(f, "{time},{host},{id},{answer},{command}")
    }
}

impl Tally {
    /// Counts one call.
    pub(super) fn add(&mut self, kind: Kind, outcome: Outcome, time: Duration) {
        let calls = self.calls.entry(kind).or_default();
        *calls.answers.entry(outcome).or_default() += 1;
        calls.times.push(time);
    }

    /// Keeps what was wrong about one that was counted, if anything was.
    pub(super) fn note(&mut self, wrong: Option<WrongAnswer>) {
        self.wrong_answers.extend(wrong);
    }

    /// Sums up a replay that took `total`.
    pub(super) fn finish(self, total: Duration) -> Report {
        let all = Latencies::of(self.calls.values().flat_map(|calls| &calls.times).copied().collect());
        let answers = self.calls.values().flat_map(|calls| &calls.answers);
        let failed = answers.filter(|(outcome, _)| !is_right(**outcome)).map(|(_, count)| count).sum();
        let seconds = total.as_secs_f64();
        Report {
            seconds,
            rate: latencies::rate(all.count, seconds),
            failed,
            all,
            commands: self
                .calls
                .into_iter()
                .map(|(kind, Calls { answers, times })| (kind, CommandReport { answers, times: Latencies::of(times) }))
                .collect(),
            wrong_answers: self.wrong_answers,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seconds, rate, failed, all, commands, .. } = self;
        writeln!(f, "{} actions in {seconds:.3} s: {rate:.1} actions/s, {failed} failed", all.count)?;

        writeln!(f, "\n{:10} {:>16} {:>9}", "command", "answer", "count")?;
        for (kind, command) in commands {
            for (outcome, count) in &command.answers {
                writeln!(f, "{kind:10} {outcome:>16} {count:>9}")?;
            }
        }
        writeln!(f, "\n{:10} {}", "ms", Latencies::heads())?;
        for (kind, command) in commands {
            writeln!(f, "{kind:10} {}", command.times.columns())?;
        }
        writeln!(f, "{:10} {}", "all", all.columns())
    }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::*;

    #[test]
    fn a_report_counts_by_command_and_answer() {
        let mut tally = Tally::default();
        let ms = Duration::from_millis;
        tally.add(Kind::Tweet, Outcome::Status(StatusCode::NO_CONTENT), ms(2));
        tally.add(Kind::Tweet, Outcome::Status(StatusCode::NO_CONTENT), ms(4));
        tally.add(Kind::Tweet, Outcome::TimedOut, ms(300));
        tally.add(Kind::Register, Outcome::Status(StatusCode::FORBIDDEN), ms(1));
        let report = tally.finish(Duration::from_secs(2));
        assert_eq!((report.all.count, report.failed), (4, 2));
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

    #[test]
    fn programs_read_the_same_as_one_object() {
        let mut tally = Tally::default();
        tally.add(Kind::Tweet, Outcome::Status(StatusCode::NO_CONTENT), Duration::from_millis(2));
        tally.add(Kind::Tweet, Outcome::TimedOut, Duration::from_millis(300));
        let host = "127.0.0.1:8080".to_owned();
        let time = "2026-11-21T04:59:44.277Z".to_owned();
        tally.note(Some(WrongAnswer { time, host, id: 7, answer: Outcome::TimedOut, command: Kind::Tweet }));
        let report = serde_json::to_string_pretty(&tally.finish(Duration::from_secs(2))).unwrap();
        insta::assert_snapshot!(report, @r#"
        {
          "seconds": 2.0,
          "rate": 1.0,
          "failed": 1,
          "all": {
            "count": 2,
            "p50_ms": 2.0,
            "p95_ms": 300.0,
            "p99_ms": 300.0,
            "max_ms": 300.0
          },
          "commands": {
            "tweet": {
              "answers": {
                "204": 1,
                "timeout": 1
              },
              "count": 2,
              "p50_ms": 2.0,
              "p95_ms": 300.0,
              "p99_ms": 300.0,
              "max_ms": 300.0
            }
          },
          "wrong_answers": [
            {
              "time": "2026-11-21T04:59:44.277Z",
              "host": "127.0.0.1:8080",
              "id": 7,
              "answer": "timeout",
              "command": "tweet"
            }
          ]
        }
        "#);
    }
}
