//! The settings in force as TOML, without their secrets.

use std::fmt::Write;

use secrecy::{ExposeSecret, SecretString};
use serde::Serializer;
use serde_json::Value;

use super::{DEFAULTS, DatabaseUrl, Settings, database_url::MASK, sources::Sources, variables::SECRETS};

/// The settings in force, in the order of `defaults.toml`, each with where it came from. The text is a
/// settings file: read as one it gives the same settings, but for secrets, which are comments in it.
#[must_use]
pub fn effective(settings: &Settings, sources: &Sources) -> String {
    let all = serde_json::to_value(settings).unwrap_or_default();
    let mut text = String::from("# The settings in force, and where each came from. Secrets are not shown.\n\n");
    let mut section = &all;
    let mut prefix = String::new();
    for line in DEFAULTS.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            _ = writeln!(text, "\n{line}");
            section = &all[name];
            prefix = format!("{name}.");
        } else if let Some((name, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            let key = format!("{prefix}{name}");
            let value = literal(&section[name]);
            let hidden = if SECRETS.contains(&key.as_str()) && value.contains(MASK) { "# " } else { "" };
            _ = writeln!(text, "{hidden}{name} = {value}  # {}", sources.of(&key));
        }
    }
    text
}

/// JSON's strings, numbers, booleans and lists are TOML's, but for one character.
fn literal(value: &Value) -> String {
    value.to_string().replace('\u{7f}', "\\u007f")
}

/// For a setting that is a secret as a whole.
pub(super) fn hide<S: Serializer>(_: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(MASK)
}

/// For an address that may hold a password.
pub(super) fn hide_password<S: Serializer>(url: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&DatabaseUrl::without_password(url.expose_secret()))
}
