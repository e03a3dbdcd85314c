//! Grafana's dashboards and Prometheus' rules, proved without Grafana.
//!
//! The whole of what Prometheus watches runs for real: Postgres with the stack's roles, two replicas behind
//! the proxy, the backup service, Debian's exporters and Alertmanager, and Debian's Prometheus with the
//! stack's own scrape configuration and rules, of which only addresses and intervals are changed. While
//! people and the simulator come and go, every query of every panel, variable, annotation and rule is asked,
//! and every series that a rule reads: each has data, or stands in [`empty`] with the reason why not.
//! SQL panels are asked of Postgres as Grafana's role, which may read nothing else.
//! [`layout`] reads the files without starting anything.

mod empty;
mod files;
mod layout;
mod people;
mod promql;
mod rules;
mod sql;
mod watched;

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use self::{
    empty::{EMPTY_HERE, When},
    files::{Question, Source},
    people::People,
    promql::Prometheus,
    watched::Watched,
};
use crate::harness::{self, eventually};

/// How long questions are asked again until they have an answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// Something to ask Prometheus.
struct Check {
    /// Where it stands.
    place: String,
    query: String,
    /// Over a stretch of time, as a graph asks, and not for now.
    is_range: bool,
    has_data: bool,
}

impl Check {
    fn new(place: &str, query: &str, is_range: bool) -> Self {
        Self { place: place.to_owned(), query: query.to_owned(), is_range, has_data: false }
    }

    async fn ask(&mut self, prometheus: &Prometheus) {
        let answer = if self.is_range { prometheus.over(&self.query).await } else { prometheus.now(&self.query).await };
        let series = answer.unwrap_or_else(|why| panic!("{}: {why}\n{}", self.place, self.query));
        self.has_data = series.iter().any(promql::has_number);
    }
}

/// Every query of the dashboards, and every record, expression and series of the rules.
async fn checks(prometheus: &Prometheus, questions: &[Question]) -> Vec<Check> {
    let mut checks = Vec::new();
    for question in questions.iter().filter(|question| question.source == Source::Prometheus) {
        checks.push(Check::new(&question.place, &question.filled_in(), question.is_range));
    }
    let mut series = BTreeSet::new();
    for rule in prometheus.rules().await {
        let place = format!("rule {}", rule.name);
        assert_eq!((rule.health.as_str(), rule.last_error.as_str()), ("ok", ""), "{place}");
        series.extend(promql::selectors(&rule.query));
        if !rule.is_alert {
            checks.push(Check::new(&place, &rule.name, false));
        }
    }
    for selector in series {
        checks.push(Check::new("series of a rule", &format!("last_over_time({selector}[1m])"), false));
    }
    checks
}

/// Asks all until each has data; then compares with what is known to be empty here.
async fn every_check_has_data_or_a_reason(prometheus: &Prometheus, mut checks: Vec<Check>) {
    let begun = Instant::now();
    let is_excused = |check: &Check| EMPTY_HERE.iter().any(|entry| entry.is_about(&check.place, &check.query));
    loop {
        for check in checks.iter_mut().filter(|check| !check.has_data) {
            check.ask(prometheus).await;
        }
        let is_settled = checks.iter().all(|check| check.has_data || is_excused(check));
        if is_settled || begun.elapsed() > PATIENCE {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let mut wrong = Vec::new();
    for check in checks.iter().filter(|check| !check.has_data && !is_excused(check)) {
        wrong.push(format!("no data: {}: {}", check.place, check.query));
    }
    for entry in EMPTY_HERE.iter().filter(|entry| entry.source == Source::Prometheus) {
        let about: Vec<_> = checks.iter().filter(|check| entry.is_about(&check.place, &check.query)).collect();
        if about.is_empty() {
            wrong.push(format!("excused, and nowhere to be found: {}", entry.text));
        }
        if entry.when == When::Always {
            let found = about.iter().filter(|check| check.has_data);
            wrong.extend(found.map(|check| format!("excused, and has data: {}: {}", check.place, check.query)));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    println!("{} queries asked, {:?}", checks.len(), begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_of_every_panel_and_rule_has_data_or_a_reason_why_not() {
    let _turn = harness::turn().await;
    let begun = Instant::now();
    let Some(watched) = Watched::start().await else { return };
    println!("started: {:?}", begun.elapsed());
    let people = People::come(&watched);
    let prometheus = &watched.prometheus;
    eventually("Prometheus has evaluated every rule", PATIENCE, async || {
        let rules = prometheus.rules().await;
        (!rules.is_empty() && rules.iter().all(|rule| rule.health == "ok")).then_some(())
    })
    .await;

    let questions = files::questions();
    let checks = checks(prometheus, &questions).await;
    assert!(checks.len() > 180, "{} are not all", checks.len());
    every_check_has_data_or_a_reason(prometheus, checks).await;
    rules::only_what_happened_is_alerted(&watched).await;
    sql::every_panel_is_answered_to_a_role_that_may_read_nothing_else(&watched, &questions);
    people.leave().await;
    println!("all: {:?}", begun.elapsed());
}
