//! The dashboards as files: their panels, and what these ask.

use std::{fs, path::Path};

use serde_json::Value;

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Prometheus,
    Postgres,
    Loki,
}

/// A dashboard's file.
pub struct Dashboard {
    pub name: String,
    pub json: Value,
}

/// A query somewhere in a dashboard.
#[derive(Debug)]
pub struct Question {
    /// `business / Users / A`
    pub place: String,
    pub source: Source,
    /// As it stands in the file.
    pub text: String,
    /// Asked over the time shown, and not for its end.
    pub is_range: bool,
    /// What its variables stand for when everything is chosen.
    variables: Vec<(String, String)>,
}

/// What Grafana puts in for its own variables; the time shown is two minutes here.
const BUILT_IN: [(&str, &str); 5] =
    [("__rate_interval", "15s"), ("__interval", "5s"), ("__range", "2m"), ("__range_s", "120"), ("__auto", "5s")];

impl Question {
    /// With values for its variables, as Grafana would send it.
    pub fn filled_in(&self) -> String {
        let mut text = self.text.clone();
        let built_in = BUILT_IN.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut values: Vec<_> = self.variables.iter().chain(&built_in).collect();
        // The longest first: `$__range` begins like `$__range_s`.
        values.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        for (name, value) in values {
            text = text.replace(&format!("${name}"), value).replace(&format!("${{{name}}}"), value);
        }
        // What is left belongs to label_replace.
        assert!(!text.replace("${1}", "").contains('$'), "{}: an unknown variable: {text}", self.place);
        text
    }
}

/// Every file in `grafana/dashboards`.
pub fn dashboards() -> Vec<Dashboard> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("grafana/dashboards");
    let mut dashboards: Vec<Dashboard> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let json = serde_json::from_str(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
            Dashboard { name: path.file_stem().unwrap().to_str().unwrap().to_owned(), json }
        })
        .collect();
    dashboards.sort_by(|one, other| one.name.cmp(&other.name));
    dashboards
}

impl Dashboard {
    /// Panels that show something, those inside rows too.
    pub fn panels(&self) -> Vec<&Value> {
        self.levels().into_iter().flatten().filter(|panel| panel["type"] != "row").collect()
    }

    /// The panels that share a grid: those of the dashboard, where an open row's stand too, and those
    /// inside each row that is closed.
    pub fn levels(&self) -> Vec<Vec<&Value>> {
        let top: Vec<&Value> = self.json["panels"].as_array().unwrap().iter().collect();
        let rows = top.iter().filter(|panel| panel["type"] == "row" && panel["collapsed"] == true);
        let mut levels: Vec<Vec<&Value>> = rows.map(|row| row["panels"].as_array().unwrap().iter().collect()).collect();
        levels.insert(0, top);
        levels
    }

    pub fn variables(&self) -> &[Value] {
        self.json["templating"]["list"].as_array().unwrap()
    }

    fn questions(&self) -> Vec<Question> {
        let variables: Vec<(String, String)> = self
            .variables()
            .iter()
            .map(|variable| {
                let text = |key: &str| variable[key].as_str().unwrap().to_owned();
                (text("name"), text("allValue"))
            })
            .collect();
        let question = |place: String, source, text: &str, is_range| Question {
            place: format!("{} / {place}", self.name),
            source,
            text: text.to_owned(),
            is_range,
            variables: variables.clone(),
        };
        let mut questions = Vec::new();
        for panel in self.panels() {
            for target in panel["targets"].as_array().unwrap() {
                let place = format!("{} / {}", panel["title"].as_str().unwrap(), target["refId"].as_str().unwrap());
                let (source, key) = match target["datasource"]["uid"].as_str().unwrap() {
                    "prometheus" => (Source::Prometheus, "expr"),
                    "loki" => (Source::Loki, "expr"),
                    "postgres" => (Source::Postgres, "rawSql"),
                    other => panic!("{place}: {other}"),
                };
                questions.push(question(place, source, target[key].as_str().unwrap(), target["range"] == true));
            }
        }
        for annotation in self.json["annotations"]["list"].as_array().unwrap() {
            let place = format!("annotation {}", annotation["name"].as_str().unwrap());
            questions.push(question(place, Source::Prometheus, annotation["expr"].as_str().unwrap(), true));
        }
        for variable in self.variables().iter().filter(|variable| variable["type"] == "query") {
            let place = format!("variable {}", variable["name"].as_str().unwrap());
            let query = variable["query"]["query"].as_str().unwrap();
            let inside = query.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')')).expect(query);
            let (series, label) = inside.rsplit_once(", ").unwrap();
            questions.push(question(place, Source::Prometheus, &format!("count by ({label}) ({series})"), false));
        }
        questions
    }
}

/// Everything that dashboards ask.
pub fn questions() -> Vec<Question> {
    dashboards().iter().flat_map(Dashboard::questions).collect()
}
