//! Settings and metrics: each is described where operators look.

use super::{read, sources};

/// Every setting's variable: `MINITWIT__SERVER__PORT`.
pub fn variables() -> Vec<String> {
    let mut section = String::new();
    let mut variables = Vec::new();
    for line in minitwit::config::DEFAULTS.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = format!("{}__", name.to_uppercase());
        } else if let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            variables.push(format!("MINITWIT__{section}{}", key.to_uppercase()));
        }
    }
    variables
}

#[test]
fn every_setting_is_documented_where_operators_look() {
    let (variables, document) = (variables(), read("docs/SETTINGS.md"));
    assert!(variables.len() > 30);
    for variable in variables {
        assert!(document.contains(&format!("`{variable}`")), "docs/SETTINGS.md does not name {variable}");
    }
}

#[test]
fn every_metric_is_documented_where_operators_look() {
    let source: String =
        sources().into_iter().filter(|(file, _)| file.starts_with("src/metrics")).map(|(_, text)| text).collect();
    let document = read("docs/METRICS.md");
    let names: Vec<&str> = source.split('"').filter(|text| text.starts_with("minitwit_") && text.len() > 10).collect();
    assert!(names.len() > 20);
    for name in names {
        assert!(document.contains(name), "docs/METRICS.md does not name {name}");
    }
}
