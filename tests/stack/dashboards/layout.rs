//! What can be read off the files: that dashboards fit a screen and say what they show, that rules have
//! tests, and that names agree between files. The shapes of panels are those of Grafana 13.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde_json::Value;

use super::{
    files::{self, Source},
    promql,
    watched::file,
};

/// Kinds of panels, and an option that each must have, so that none is a shell.
const KINDS: [(&str, &str); 7] = [
    ("timeseries", "legend"),
    ("stat", "reduceOptions"),
    ("table", "cellHeight"),
    ("bargauge", "reduceOptions"),
    ("heatmap", "yAxis"),
    ("state-timeline", "rowHeight"),
    ("logs", "showTime"),
];
/// By Grafana's names. `none` is a unit too: a state, or a number that is a name.
const UNITS: [&str; 9] = ["short", "none", "s", "d", "percentunit", "reqps", "ops", "bytes", "Bps"];
/// Grid rows that show on a screen of 1080 lines, beside Grafana's own bars.
const SCREEN: u64 = 30;
/// A row that is open stands below the first screen, and has one of its own.
const OPEN_ROWS: [&str; 1] = ["Machine"];
/// Pixels that a table's column has unless it says otherwise, and below which Grafana does not go.
const COLUMN: (u64, u64) = (150, 50);
/// Statuses that a busy day sees, each a column where answers are listed by status.
const STATUSES: u64 = 6;

/// Pixels inside a panel on a screen 1440 wide, beside Grafana's own margins; its menu is folded.
fn room(panel: &Value) -> u64 {
    (1440 - 48) * panel["gridPos"]["w"].as_u64().unwrap() / 24 - 16
}

/// Columns of a table.
fn columns(panel: &Value) -> u64 {
    let target = &panel["targets"][0];
    if let Some(sql) = target["rawSql"].as_str() {
        let list = sql.strip_prefix("SELECT ").unwrap().split(" FROM ").next().unwrap();
        return if list == "*" {
            columns_of_view(sql.rsplit(' ').next().unwrap())
        } else {
            list.split(", ").count() as u64
        };
    }
    let labels = text(target, "expr").split_once("by (").map(|(_, rest)| rest.split(')').next().unwrap().split(", "));
    let is_matrix = panel["transformations"][0]["id"] == "groupingToMatrix";
    match labels {
        Some(_) if is_matrix => 1 + STATUSES,
        Some(labels) => (labels.count() + panel["targets"].as_array().unwrap().len()) as u64,
        // All labels: an alert's name and severity, and what it is about.
        None => 5,
    }
}

fn columns_of_view(name: &str) -> u64 {
    let views = read("migrations/postgres/2026-11-21-100300_create_dashboard_views/up.sql");
    let (_, definition) = views.split_once(&format!("CREATE VIEW {name} AS\n")).unwrap();
    definition.split("\n    FROM ").next().unwrap().matches(" AS ").count() as u64
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}"))
}

fn read(name: &str) -> String {
    fs::read_to_string(file(name)).unwrap_or_else(|why| panic!("{name}: {why}"))
}

/// The files of a folder, in one text.
fn all_of(folder: &str) -> String {
    let mut paths: Vec<_> = fs::read_dir(file(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// What stands behind `key` on lines of a YAML file.
fn values(yaml: &str, key: &str) -> Vec<String> {
    yaml.lines().filter_map(|line| line.trim_start().strip_prefix(key)).map(|value| value.trim().to_owned()).collect()
}

#[test]
fn every_panel_says_what_it_shows_and_in_which_unit() {
    for dashboard in files::dashboards() {
        let mut titles = BTreeSet::new();
        for panel in dashboard.panels() {
            let title = text(panel, "title");
            let place = format!("{}: {title}", dashboard.name);
            assert!(titles.insert(title), "{place}: twice");
            assert!(text(panel, "description").len() > 20 && text(panel, "description").ends_with('.'), "{place}");
            let option = KINDS.iter().find(|(kind, _)| panel["type"] == *kind).expect(&place).1;
            assert!(!panel["options"][option].is_null(), "{place}: no option {option}");
            let defaults = &panel["fieldConfig"]["defaults"];
            assert!(UNITS.contains(&text(defaults, "unit")), "{place}: {}", defaults["unit"]);
            assert!(panel["fieldConfig"]["overrides"].is_array(), "{place}");
            let steps = defaults["thresholds"]["steps"].as_array().expect(&place);
            assert!(steps[0]["value"].is_null(), "{place}: thresholds begin at minus infinity");
            assert!(steps[1..].is_sorted_by(|one, next| one["value"].as_f64() < next["value"].as_f64()), "{place}");
            let targets = panel["targets"].as_array().expect(&place);
            let letters: BTreeSet<_> = targets.iter().map(|target| text(target, "refId")).collect();
            assert!(!targets.is_empty() && letters.len() == targets.len(), "{place}");
            for target in targets {
                assert_eq!(target["datasource"], panel["datasource"], "{place}");
                // A graph asks for a stretch of time, a table for a moment.
                let is_graph = ["timeseries", "state-timeline", "heatmap"].contains(&text(panel, "type"));
                if panel["datasource"]["uid"] == "prometheus" {
                    assert_eq!(target["range"] == true, target["instant"] != true, "{place}");
                    assert!(!is_graph || target["range"] == true, "{place}");
                    assert!(panel["type"] != "table" || target["format"] == "table", "{place}");
                }
            }
        }
        assert!(titles.len() >= 10, "{}", dashboard.name);
    }
}

#[test]
fn panels_lie_side_by_side_and_the_first_ones_on_one_screen() {
    for dashboard in files::dashboards() {
        let mut ids = BTreeSet::new();
        let levels = dashboard.levels();
        for level in &levels {
            let mut taken = BTreeMap::new();
            for panel in level {
                let title = text(panel, "title");
                let [x, y, w, h] = ["x", "y", "w", "h"].map(|key| panel["gridPos"][key].as_u64().unwrap());
                assert!(w > 0 && h > 0 && x + w <= 24, "{title}: {x} {y} {w} {h}");
                assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}: an id twice");
                for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (y, x))) {
                    if let Some(other) = taken.insert(cell, title) {
                        panic!("{}: {title} lies over {other}", dashboard.name);
                    }
                }
            }
            // No holes: every line that anything is on is full.
            let lines: BTreeSet<u64> = taken.keys().map(|(y, _)| *y).collect();
            assert_eq!(taken.len(), 24 * lines.len(), "{}: a hole", dashboard.name);
            let rows = level.iter().filter(|panel| panel["type"] == "row");
            let rows: BTreeSet<u64> = rows.map(|row| row["gridPos"]["y"].as_u64().unwrap()).collect();
            let mut screens: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
            for line in lines {
                screens.entry(rows.range(..=line).count()).or_default().push(line);
            }
            for screen in screens.values() {
                assert!(screen[screen.len() - 1] - screen[0] < SCREEN, "{}: too high", dashboard.name);
            }
        }
        for row in levels[0].iter().filter(|panel| panel["type"] == "row") {
            let is_open = OPEN_ROWS.contains(&text(row, "title"));
            assert_eq!(row["collapsed"], !is_open, "{}", row["title"]);
            // Grafana keeps the panels of an open row beside it, and does not show them inside.
            assert_eq!(row["panels"].as_array().unwrap().is_empty(), is_open, "{}", row["title"]);
        }
    }
}

#[test]
fn tables_fit_into_their_panels() {
    let mut tables = 0;
    for dashboard in files::dashboards() {
        for panel in dashboard.panels().into_iter().filter(|panel| panel["type"] == "table") {
            let place = format!("{}: {}", dashboard.name, text(panel, "title"));
            let overrides = panel["fieldConfig"]["overrides"].as_array().unwrap();
            let properties = overrides.iter().flat_map(|one| one["properties"].as_array().unwrap());
            let fixed = properties.filter(|property| property["id"] == "custom.width");
            let fixed: Vec<u64> = fixed.map(|property| property["value"].as_u64().unwrap()).collect();
            let least = panel["fieldConfig"]["defaults"]["custom"]["minWidth"].as_u64().unwrap_or(COLUMN.0);
            assert!(least >= COLUMN.1, "{place}");
            let needed = fixed.iter().sum::<u64>() + (columns(panel) - fixed.len() as u64) * least;
            assert!(needed <= room(panel), "{place}: {needed} pixels in {}", room(panel));
            tables += 1;
        }
    }
    assert_eq!(tables, 6);
    assert_eq!(columns_of_view("dashboards.posting_hours"), 25, "a weekday and 24 hours");
}

#[test]
fn percentiles_are_named_where_they_are_drawn() {
    let mut named = 0;
    for dashboard in files::dashboards() {
        for target in dashboard.panels().into_iter().flat_map(|panel| panel["targets"].as_array().unwrap()) {
            let Some(query) = target["expr"].as_str() else { continue };
            for (percentile, ways) in [
                ("p50", ["histogram_quantile(0.5,", "_seconds:p50"]),
                ("p95", ["histogram_quantile(0.95,", "_seconds:p95"]),
                ("p99", ["histogram_quantile(0.99,", "_seconds:p99"]),
            ] {
                let is_asked = ways.iter().any(|way| query.contains(way));
                let legend = target["legendFormat"].as_str().unwrap_or_default();
                assert_eq!(is_asked, legend.contains(percentile), "{}: {query}", dashboard.name);
                named += u32::from(is_asked);
            }
        }
    }
    assert!(named >= 15, "{named}");
}

#[test]
fn dashboards_are_what_provisioning_and_other_dashboards_expect() {
    let datasources = read("grafana/provisioning/datasources/minitwit.yml");
    let provided: BTreeMap<String, String> =
        values(&datasources, "uid: ").into_iter().zip(values(&datasources, "type: ")).collect();
    assert_eq!(provided.keys().collect::<Vec<_>>(), ["alertmanager", "loki", "postgres", "prometheus"]);
    let names: Vec<String> = files::dashboards().into_iter().map(|dashboard| dashboard.name).collect();
    assert_eq!(names, ["business", "infrastructure", "simulator"]);
    for dashboard in files::dashboards() {
        let json = &dashboard.json;
        assert_eq!(text(json, "uid"), format!("minitwit-{}", dashboard.name));
        assert!(json["id"].is_null(), "an id is the database's");
        assert!(json["schemaVersion"].as_u64() >= Some(39) && json["timezone"] == "utc");
        // The link to the other dashboards goes by this tag.
        assert_eq!(json["tags"], serde_json::json!(["minitwit"]));
        assert_eq!((&json["links"][0]["type"], &json["links"][0]["tags"]), (&"dashboards".into(), &json["tags"]));
        assert!(text(&json["annotations"]["list"][0], "expr").contains("minitwit_build_info"), "deploys are marked");
        for panel in dashboard.panels() {
            let (uid, kind) = (text(&panel["datasource"], "uid"), text(&panel["datasource"], "type"));
            assert_eq!(provided.get(uid).map(String::as_str), Some(kind), "{}", panel["title"]);
        }
        let all = json["panels"].to_string();
        for variable in dashboard.variables() {
            let name = text(variable, "name");
            assert!(all.contains(&format!("=~\\\"${name}\\\"")), "{}: nothing uses ${name}", dashboard.name);
            assert!(!text(variable, "description").is_empty() && !text(variable, "label").is_empty());
        }
    }
    // Where Grafana looks, and where Compose puts them.
    let folder = values(&read("grafana/provisioning/dashboards/minitwit.yml"), "path: ").remove(0);
    assert!(read("docker-compose.yml").contains(&format!("./grafana/dashboards:{folder}:ro")), "{folder}");
    // The same step between samples on both sides: $__rate_interval is made of it.
    for scraping in ["prometheus/prometheus.yml", "prometheus/prometheus-swarm.yml"] {
        assert_eq!(values(&read(scraping), "scrape_interval: "), values(&datasources, "timeInterval: "));
    }
}

#[test]
fn queries_name_their_jobs_and_sql_panels_read_views_only() {
    for question in files::questions() {
        let query = question.filled_in();
        match question.source {
            Source::Prometheus => {
                for series in promql::selectors(&query) {
                    // Whatever else exports such a name is not meant. Records have no job; these mean all jobs.
                    let is_general = series.contains(':')
                        || ["up", "ALERTS", "process_start_time_seconds"].contains(&series.split('{').next().unwrap());
                    assert!(is_general || series.contains("job=\""), "{}: {series}", question.place);
                }
            }
            Source::Postgres => {
                let words: Vec<&str> = query.split_whitespace().collect();
                let read = words.windows(2).filter(|pair| ["FROM", "JOIN"].contains(&pair[0])).map(|pair| pair[1]);
                assert!(
                    read.clone().count() == 1 && read.clone().all(|name| name.starts_with("dashboards.")),
                    "{query}"
                );
            }
            // `$__auto` was the last thing in it that was not LogQL's.
            Source::Loki => assert!(query.contains("{service=~"), "{}", question.place),
        }
    }
}

#[test]
fn every_alert_has_a_case_where_it_fires_and_one_where_it_stays_quiet() {
    let rules = all_of("prometheus/rules");
    let alerts = values(&rules, "- alert: ");
    assert!(alerts.len() >= 30 && alerts.iter().collect::<BTreeSet<_>>().len() == alerts.len());
    let tests = all_of("prometheus/tests");
    let (mut fires, mut quiet) = (BTreeSet::new(), BTreeSet::new());
    let mut name = "";
    for line in tests.lines().map(str::trim) {
        if let Some(alert) = line.strip_prefix("- alertname: ") {
            name = alert;
        } else if line == "exp_alerts: []" {
            quiet.insert(name.to_owned());
        } else if line == "exp_alerts:" {
            fires.insert(name.to_owned());
        }
    }
    let all: BTreeSet<String> = alerts.into_iter().collect();
    assert_eq!(fires, all);
    quiet.insert("Watchdog".to_owned());
    assert_eq!(quiet, all);
}

#[test]
fn every_job_is_scraped_on_one_machine_and_on_a_swarm_and_missed_when_it_is_gone() {
    let jobs = |name: &str| values(&read(name), "- job_name: ");
    let all = jobs("prometheus/prometheus.yml");
    assert_eq!(all, jobs("prometheus/prometheus-swarm.yml"));
    let rules = read("prometheus/rules/alerts-machine.yml");
    let missed: BTreeSet<&str> =
        rules.split("absent(up{job=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(missed, all.iter().map(String::as_str).collect());
}
