//! What the rules say of a system that is well, but for one thing.

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;

use super::watched::Watched;
use crate::harness::eventually;

/// Numbers are left out by the simulator, and the watchdog always fires: both reach Alertmanager. Nothing else
/// fires, whatever the alerts make of a short life, of restarts that were none and of rates over nothing.
pub async fn only_what_happened_is_alerted(watched: &Watched) {
    let expected = BTreeSet::from(["SimulatorSkippedActions".to_owned(), "Watchdog".to_owned()]);
    eventually("Alertmanager knows", Duration::from_secs(30), async || {
        let url = format!("http://{}/api/v2/alerts", watched.alertmanager);
        let alerts: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        let alerts = alerts.as_array().unwrap().iter();
        let names: BTreeSet<String> =
            alerts.map(|alert| alert["labels"]["alertname"].as_str().unwrap().to_owned()).collect();
        expected.is_subset(&names).then_some(())
    })
    .await;
    let mut alerts = 0;
    for rule in watched.prometheus.rules().await.iter().filter(|rule| rule.is_alert) {
        alerts += 1;
        // The machine's own trouble is not ours.
        if rule.name != "OutOfMemoryKill" {
            assert_eq!(rule.state == "firing", expected.contains(&rule.name), "{}: {}", rule.name, rule.state);
        }
        let severity = rule.labels["severity"].as_str().unwrap();
        assert!(["critical", "warning", "none"].contains(&severity), "{}: {severity}", rule.name);
        assert_eq!(severity == "none", rule.name == "Watchdog");
        let note = |key: &str| rule.annotations[key].as_str().unwrap_or_default();
        assert!(note("summary").len() > 10 && !note("summary").ends_with('.'), "{}: summary", rule.name);
        assert!(note("description").ends_with('.'), "{}: description", rule.name);
    }
    assert!(alerts >= 30, "{alerts}");
}
