//! A running Prometheus, asked over its API; and enough of its language to know which series a query reads.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::Value;

use crate::harness::Process;

/// A running Prometheus.
pub struct Prometheus {
    pub address: SocketAddr,
    pub process: Process,
}

/// A rule as Prometheus has read it.
pub struct Rule {
    pub name: String,
    pub query: String,
    pub is_alert: bool,
    /// `ok`, `err` or, before the first evaluation, `unknown`.
    pub health: String,
    pub last_error: String,
    pub labels: Value,
    pub annotations: Value,
    /// `firing`, `pending` or `inactive`; empty for what is no alert.
    pub state: String,
}

impl Prometheus {
    /// The series that `query` has now.
    pub async fn now(&self, query: &str) -> Result<Vec<Value>, String> {
        self.series("query", &[("query", query)]).await
    }

    /// The series that `query` had within the last half minute, as a graph asks for them.
    pub async fn over(&self, query: &str) -> Result<Vec<Value>, String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let (start, end) = ((now - 30).to_string(), now.to_string());
        self.series("query_range", &[("query", query), ("start", &start), ("end", &end), ("step", "5")]).await
    }

    async fn series(&self, path: &str, query: &[(&str, &str)]) -> Result<Vec<Value>, String> {
        let answer = self.ask(path, query).await;
        match answer["status"].as_str() {
            Some("success") => Ok(answer["data"]["result"].as_array().unwrap().clone()),
            _ => Err(answer.to_string()),
        }
    }

    async fn ask(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let url = format!("http://{}/api/v1/{path}", self.address);
        reqwest::Client::new().get(url).query(query).send().await.unwrap().json().await.unwrap()
    }

    /// Every rule.
    pub async fn rules(&self) -> Vec<Rule> {
        let answer = self.ask("rules", &[]).await;
        let groups = answer["data"]["groups"].as_array().unwrap();
        let rules = groups.iter().flat_map(|group| group["rules"].as_array().unwrap());
        let text = |rule: &Value, key: &str| rule[key].as_str().unwrap_or_default().to_owned();
        rules
            .map(|rule| Rule {
                name: text(rule, "name"),
                query: text(rule, "query"),
                is_alert: rule["type"] == "alerting",
                health: text(rule, "health"),
                last_error: text(rule, "lastError"),
                labels: rule["labels"].clone(),
                annotations: rule["annotations"].clone(),
                state: text(rule, "state"),
            })
            .collect()
    }
}

/// Whether a series of an answer has a value that can be shown: 0 divided by 0 cannot.
pub fn has_number(series: &Value) -> bool {
    let is_number = |sample: &Value| sample[1].as_str().is_some_and(|value| value != "NaN");
    is_number(&series["value"]) || series["values"].as_array().is_some_and(|samples| samples.iter().any(is_number))
}

/// The series that a query reads: names with their matchers, without ranges and offsets.
pub fn selectors(query: &str) -> BTreeSet<String> {
    const WORDS: [&str; 9] = ["and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring"];
    const LISTS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];
    let mut found = BTreeSet::new();
    let mut rest = query;
    while let Some(first) = rest.chars().next() {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        if first == '"' {
            rest = &rest[end_of_string(rest)..];
        } else if first == '[' {
            rest = &rest[rest.find(']').unwrap() + 1..];
        } else if first.is_ascii_digit() {
            // 14.4, 1e9, 7d
            rest = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '.');
        } else if is_part(first) {
            let name = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
            rest = rest[name.len()..].trim_start();
            if LISTS.contains(&name) && rest.starts_with('(') {
                rest = &rest[rest.find(')').unwrap() + 1..];
            } else if rest.starts_with('{') {
                let end = end_of_braces(rest);
                found.insert(format!("{name}{}", &rest[..end]));
                rest = &rest[end..];
            } else if ["by", "without"].iter().any(|word| rest.starts_with(word)) {
                // `sum by (…)`: a word that stands before another one is no series.
            } else if !rest.starts_with('(') && !WORDS.contains(&name) && !LISTS.contains(&name) {
                found.insert(name.to_owned());
            }
        } else {
            rest = &rest[first.len_utf8()..];
        }
    }
    found
}

/// Behind the string that `text` begins with.
fn end_of_string(text: &str) -> usize {
    let mut is_escaped = false;
    let closing = text.char_indices().skip(1).find(|(_, c)| {
        let closes = *c == '"' && !is_escaped;
        is_escaped = *c == '\\' && !is_escaped;
        closes
    });
    closing.expect("strings end").0 + 1
}

/// Behind the braces that `text` begins with.
fn end_of_braces(text: &str) -> usize {
    let mut at = 1;
    loop {
        match text.as_bytes()[at] {
            b'"' => at += end_of_string(&text[at..]),
            b'}' => return at + 1,
            _ => at += 1,
        }
    }
}

#[test]
fn the_series_of_a_query_are_found() {
    let query = r#"(sum by (surface, le) (rate(a_bucket{job="x",le="0.3",path=~"}\""}[5m])) > 14.4 * 0.001
        and on (surface) avg_over_time(level:b:rate5m[1h]) * 3600 >= 10)
        unless sum(c offset 7d) <= 50 or vector(0) or d{e="f"} * on (instance) group_left (version) g"#;
    let found: Vec<_> = selectors(query).into_iter().collect();
    assert_eq!(found, [r#"a_bucket{job="x",le="0.3",path=~"}\""}"#, "c", r#"d{e="f"}"#, "g", "level:b:rate5m"]);
}
