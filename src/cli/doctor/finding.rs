//! What the doctor found, and how it is told.

use std::io::{self, Write};

use console::Style;
use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// As it should be.
    Ok,
    /// It works, and may hurt one day.
    Warning,
    /// It does not work, or hurts already.
    Failure,
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// What was looked at.
    pub(super) check: &'static str,
    pub(super) state: State,
    /// What was seen.
    pub(super) found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) advice: Option<String>,
}

impl Finding {
    pub(super) fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, state: State::Ok, found: found.into(), advice: None }
    }

    pub(super) fn warning(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, state: State::Warning, found: found.into(), advice: Some(advice.into()) }
    }

    pub(super) fn failure(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, state: State::Failure, found: found.into(), advice: Some(advice.into()) }
    }

    /// A failure where it counts, a warning elsewhere.
    pub(super) fn bad(
        is_failure: bool,
        check: &'static str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        let state = if is_failure { State::Failure } else { State::Warning };
        Self { check, state, found: found.into(), advice: Some(advice.into()) }
    }
}

/// The worst of all.
pub(super) fn worst(findings: &[Finding]) -> State {
    findings.iter().map(|finding| finding.state).max().unwrap_or(State::Ok)
}

/// A line for each, its advice below it, and a sum; in colours where `out` is a terminal that has some.
pub(super) fn write_table(out: &mut impl Write, findings: &[Finding]) -> io::Result<()> {
    let width = findings.iter().map(|finding| finding.check.len()).max().unwrap_or_default();
    for finding in findings {
        let (word, style) = look(finding.state);
        writeln!(out, "{}  {:width$}  {}", style.apply_to(format!("{word:7}")), finding.check, finding.found)?;
        if let Some(advice) = &finding.advice {
            writeln!(out, "{:7}  {:width$}  -> {advice}", "", "")?;
        }
    }
    let count = |state| findings.iter().filter(|finding| finding.state == state).count();
    let (ok, warnings, failures) = (count(State::Ok), count(State::Warning), count(State::Failure));
    writeln!(out, "{} checks: {ok} ok, {warnings} warning(s), {failures} failure(s)", findings.len())
}

fn look(state: State) -> (&'static str, Style) {
    match state {
        State::Ok => ("ok", Style::new().green()),
        State::Warning => ("warning", Style::new().yellow()),
        State::Failure => ("failure", Style::new().red().bold()),
    }
}
