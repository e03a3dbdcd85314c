//! `docs/OPERATIONS.md` against what it speaks of: whoever follows it at night must not meet a name that is gone.
//!
//! Where its links lead, `scripts/check-config` sees.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{documents, files, path, read, regex, sections};

const DOCUMENT: &str = "docs/OPERATIONS.md";
/// What the section of an alert says, in this order. Half a runbook is none.
const PARTS: &str = "Means, Urgent, Look, Causes, Do, Over when";
/// Options of docker compose that are followed by a value.
const WITH_VALUE: [&str; 5] = ["--env", "--since", "--signal", "--tail", "--volume"];

/// The files of a folder, in one text.
fn all_of(folder: &str, ending: &str) -> String {
    files(folder, &[ending]).into_iter().map(|(_, text)| text).collect()
}

/// The third-level sections below `## Alerts`: the alert's name, and what is said about it.
fn alert_sections(document: &str) -> Vec<(String, String)> {
    let alerts = sections(document, "## ").into_iter().find(|section| section.starts_with("Alerts\n"));
    let about = sections(&alerts.unwrap_or_default(), "### ");
    about[1..]
        .iter()
        .map(|section| section.split_once('\n').unwrap())
        .map(|(name, text)| (name.into(), text.into()))
        .collect()
}

fn about_alerts(document: &str, rules: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let about = alert_sections(document);
    let sections_of = |alert: &str| about.iter().filter(|(name, _)| name == alert).count();
    let (name, part) = (regex(r"^\w+$"), regex(r"^- \*\*(.*?)\*\*: ."));
    let alerts: Vec<(&str, &str)> =
        rules.split("- alert: ").skip(1).map(|rule| (name.find(rule).unwrap().as_str(), rule)).collect();
    for (alert, rule) in &alerts {
        match sections_of(alert) {
            0 => complaints.push(format!("{alert} has no section")),
            1 => {}
            _ => complaints.push(format!("{alert} has two sections")),
        }
        let link = format!("/{DOCUMENT}#{}", alert.to_lowercase());
        let mut links = rule.lines().filter_map(|line| line.trim().strip_prefix("runbook_url: "));
        if !links.any(|url| url.starts_with("https://") && url.ends_with(&link)) {
            complaints.push(format!("{alert} does not lead to its section"));
        }
    }
    for (section, text) in &about {
        if !alerts.iter().any(|(alert, _)| alert == section) {
            complaints.push(format!("there is no alert called {section}"));
            continue;
        }
        let parts: Vec<String> = part.captures_iter(text).map(|found| found[1].to_owned()).collect();
        if parts.join(", ") != PARTS {
            complaints.push(format!("{section} says {}", parts.join(", ")));
        }
    }
    complaints
}

/// The titles of the dashboards' panels and rows.
fn panels() -> BTreeSet<String> {
    fn titles(panels: &Value, found: &mut BTreeSet<String>) {
        for panel in panels.as_array().into_iter().flatten() {
            found.insert(panel["title"].as_str().unwrap().to_owned());
            titles(&panel["panels"], found);
        }
    }
    let mut found = BTreeSet::new();
    for (_, text) in files("grafana/dashboards", &["json"]) {
        let dashboard: Value = serde_json::from_str(&text).unwrap();
        titles(&dashboard["panels"], &mut found);
    }
    found
}

/// What is in italics is a panel or a row; nothing else is.
fn about_panels(document: &str, known: &BTreeSet<String>) -> Vec<String> {
    let prose = regex(r"(?s)^\s*```.*?^\s*```$|`[^`\n]*`").replace_all(document, "").replace("**", "");
    let named = regex(r"\*([^*\n]+)\*");
    let names = named.captures_iter(&prose).map(|found| found[1].to_owned());
    names.filter(|name| !known.contains(name)).map(|name| format!("no dashboard has *{name}*")).collect()
}

/// Everything that is typed: each line of a block, continued ones as one, and what is in the middle of a sentence.
fn commands(document: &str) -> Vec<String> {
    let mut commands = Vec::new();
    for block in regex(r"(?s)^\s*```sh\n(.*?)^\s*```$").captures_iter(document) {
        commands.extend(block[1].replace("\\\n", " ").lines().map(|line| line.trim().to_owned()));
    }
    let prose = regex(r"(?s)^\s*```.*?^\s*```$").replace_all(document, "");
    commands.extend(regex(r"`([^`\n]+)`").captures_iter(&prose).map(|found| found[1].to_owned()));
    commands
}

/// The services that each `docker compose` of these command lines names, and where.
fn named_services(commands: &[String]) -> Vec<(String, &str)> {
    let call = regex(
        r"docker compose (?:--profile \w+ )?(exec|run|up|stop|start|restart|rm|kill|logs|images|ps)\b([^|<>&;#)]*)",
    );
    let mut named = Vec::new();
    for command in commands {
        for found in call.captures_iter(command) {
            let mut words = found[2].split_whitespace().map(str::to_owned);
            while let Some(word) = words.next() {
                if WITH_VALUE.contains(&word.as_str()) {
                    words.next();
                } else if !word.starts_with('-') {
                    named.push((word, command.as_str()));
                    // What follows is typed inside the container.
                    if ["exec", "run"].contains(&&found[1]) {
                        break;
                    }
                }
            }
        }
    }
    named
}

/// Docker's services, by docker-compose.yml.
fn services() -> BTreeSet<String> {
    let stack = read("docker-compose.yml");
    let services = stack.split("\nservices:\n").nth(1).unwrap().split("\nnetworks:\n").next().unwrap();
    let mut services: BTreeSet<String> =
        regex(r"^  ([\w-]+):").captures_iter(services).map(|found| found[1].to_owned()).collect();
    // An operator who adds a replica makes the last one.
    services.extend(["NAME", "minitwit-3"].map(str::to_owned));
    services
}

/// As clap calls them.
fn subcommands() -> BTreeSet<String> {
    let source = read("src/cli/mod.rs");
    let variants = source.split("enum Command {").nth(1).unwrap().split("\n}").next().unwrap();
    let names = regex(r"^    ([A-Z]\w+)[(,]");
    let hump = regex(r"\B([A-Z])");
    names.captures_iter(variants).map(|found| hump.replace_all(&found[1], "-$1").to_lowercase()).collect()
}

fn about_commands(document: &str) -> Vec<String> {
    let commands = commands(document);
    let (services, subcommands) = (services(), subcommands());
    let named = named_services(&commands).into_iter().filter(|(name, _)| !services.contains(name));
    let mut complaints: Vec<String> =
        named.map(|(name, command)| format!("no service is called {name}: {command}")).collect();
    let minitwit = regex(r#"(?:/minitwit|^minitwit|"\$image"|^docker compose run .*\bbackup) ([a-z][\w-]*)"#);
    let script = regex(r"(?:^|[^\w/.])(scripts/[\w-]+)");
    for command in &commands {
        let names = minitwit.captures_iter(command).map(|found| found[1].to_owned());
        complaints.extend(
            names.filter(|name| !subcommands.contains(name)).map(|name| format!("minitwit has no {name}: {command}")),
        );
        let scripts = script.captures_iter(command).map(|found| found[1].to_owned());
        complaints
            .extend(scripts.filter(|script| !path(script).exists()).map(|script| format!("there is no {script}")));
    }
    complaints
}

fn about_settings(document: &str) -> Vec<String> {
    let mut known =
        ["docs/SETTINGS.md", ".env.example", "scripts/secrets", "deploy/caddy/Caddyfile"].map(read).concat();
    known += &all_of("deploy/caddy", "caddyfile");
    let variable = regex(r"\b(?:MINITWIT|POSTGRES|PROMETHEUS|SECRETS|CONFIG)_\w+\b");
    let known: BTreeSet<&str> = variable.find_iter(&known).map(|found| found.as_str()).collect();
    let named: BTreeSet<&str> = variable.find_iter(document).map(|found| found.as_str()).collect();
    let mut complaints: Vec<String> =
        named.difference(&known).map(|name| format!("there is no setting called {name}")).collect();
    let variables = documents::variables();
    for found in regex(r"`([a-z]+)\.([a-z_]+)`").captures_iter(document) {
        let section = format!("MINITWIT__{}__", found[1].to_uppercase());
        let variable = format!("{section}{}", found[2].to_uppercase());
        if variables.iter().any(|known| known.starts_with(&section)) && !variables.contains(&variable) {
            complaints.push(format!("there is no setting called {}.{}", &found[1], &found[2]));
        }
    }
    complaints
}

#[test]
fn it_speaks_of_what_is_there() {
    let document = read(DOCUMENT);
    assert!(alert_sections(&document).len() > 20);
    assert!(named_services(&commands(&document)).len() > 50);
    let found = [
        about_alerts(&document, &all_of("prometheus/rules", "yml")),
        about_panels(&document, &panels()),
        about_commands(&document),
        about_settings(&document),
    ];
    assert_eq!(found.concat(), Vec::<String>::new());
}

/// What is wrong with the document.
type Look<'a> = &'a dyn Fn(&str) -> Vec<String>;

#[test]
fn mistakes_are_seen() {
    let (document, rules, known) = (read(DOCUMENT), all_of("prometheus/rules", "yml"), panels());
    let alerts = |document: &str| about_alerts(document, &rules);
    let panels = |document: &str| about_panels(document, &known);
    let cases: [(Look, &str, &str, &str); 10] = [
        (&alerts, "### AppDown", "### SiteDown", "AppDown has no section"),
        (&alerts, "### AppDown", "### SiteDown", "there is no alert called SiteDown"),
        (&alerts, "### ApiDown", "### AppDown", "AppDown has two sections"),
        (
            &alerts,
            "- **Causes**: the proxy is down",
            "the proxy is down",
            "AppDown says Means, Urgent, Look, Do, Over when",
        ),
        (&panels, "*Replicas up*", "*Replicas*, *Copies up*", "no dashboard has *Copies up*"),
        (&about_commands, "restart alertmanager", "restart alerts", "no service is called alerts"),
        (&about_commands, "/minitwit doctor", "/minitwit nurse ", "minitwit has no nurse"),
        (&about_commands, "scripts/smoke", "scripts/smoulder", "there is no scripts/smoulder"),
        (&about_settings, "MINITWIT_ORIGIN", "MINITWIT_ADDRESS", "there is no setting called MINITWIT_ADDRESS"),
        (
            &about_settings,
            "`metrics.refresh_interval`",
            "`metrics.interval`",
            "there is no setting called metrics.interval",
        ),
    ];
    for (about, old, new, complaint) in cases {
        assert!(document.contains(old), "{old}");
        let found = about(&document.replace(old, new));
        assert!(found.iter().any(|text| text.starts_with(complaint)), "{complaint}: {found:?}");
    }
    let wrong = rules.replace("OPERATIONS.md#appdown", "OPERATIONS.md#down");
    assert_eq!(about_alerts(&document, &wrong), ["AppDown does not lead to its section"]);
}
