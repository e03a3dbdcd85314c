//! The settings in force as TOML, without their secrets.

use std::fmt::Write;

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use serde::Serializer;
use serde_json::Value;

use super::{DEFAULTS, Settings, sources::Sources, variables::SECRETS};

/// Stands for what is not shown.
const MASK: &str = "***";

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
    serializer.serialize_str(&without_password(url.expose_secret()))
}

/// A database's address without its passwords. Of one that is not well-formed only the scheme stays.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once(':') else { return MASK.to_owned() };
    if scheme == "sqlite" {
        return url.to_owned();
    }
    let well_formed = || {
        let (address, parameters) = rest.strip_prefix("//")?.split_once('?').unwrap_or((&rest[2..], ""));
        let (authority, path) = address.split_at(address.find(['/', '#']).unwrap_or(address.len()));
        // Whatever stands behind an @ in the wrong place may be the end of a password.
        if authority.matches('@').count() > 1 || path.contains('@') || parameters.contains('@') {
            return None;
        }
        let authority = match authority.split_once('@').map(|(user, host)| (user.split_once(':'), host)) {
            Some((Some((user, _)), host)) => format!("{user}:{MASK}@{host}"),
            _ => authority.to_owned(),
        };
        let parameters: Vec<String> = parameters.split('&').map(without_secret).collect();
        let question = if parameters == [""] { "" } else { "?" };
        Some(format!("{scheme}://{authority}{path}{question}{}", parameters.join("&")))
    };
    well_formed().unwrap_or_else(|| format!("{scheme}://{MASK}"))
}

/// A parameter of libpq's; those that are called so are secrets, or the paths of some.
fn without_secret(parameter: &str) -> String {
    let (name, _) = parameter.split_once('=').unwrap_or((parameter, ""));
    let plain = percent_decode_str(name).decode_utf8_lossy().to_lowercase();
    let is_secret = ["pass", "secret", "key"].iter().any(|word| plain.contains(word));
    if is_secret { format!("{name}={MASK}") } else { parameter.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_all_but_its_passwords() {
        for (url, shown) in [
            ("sqlite://minitwit.db", "sqlite://minitwit.db"),
            ("postgres://db/minitwit", "postgres://db/minitwit"),
            ("postgres://me@db:5432/minitwit?connect_timeout=9", "postgres://me@db:5432/minitwit?connect_timeout=9"),
            ("postgres://me:s3cret@db,other:5433/minitwit", "postgres://me:***@db,other:5433/minitwit"),
            ("postgresql://me:s3:cret@[::1]/x?sslmode=off", "postgresql://me:***@[::1]/x?sslmode=off"),
            ("postgres://db/x?user=me&password=s3cret&a=b", "postgres://db/x?user=me&password=***&a=b"),
            ("postgres://db/x?p%61ssword=s3cret", "postgres://db/x?p%61ssword=***"),
            ("postgres://me:s3/cret@db/x", "postgres://***"),
            ("postgres://me:s3?cret@db/x", "postgres://***"),
            ("postgres://me:s3@cret@db/x", "postgres://***"),
            ("postgres://db/x?password=s3@cret", "postgres://***"),
            ("postgres:me:s3cret@db", "postgres://***"),
            ("host=db password=s3cret", "***"),
        ] {
            assert_eq!(without_password(url), shown);
            assert!(!without_password(url).contains("cret"));
        }
    }
}
