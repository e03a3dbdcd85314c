//! A value that a setting cannot take, as a sentence: key, value, where it came from, what is allowed.

use anyhow::anyhow;
use config::ConfigError;

use super::{
    durations::NO_DURATION,
    sources::{Source, Sources},
    variables::SECRETS,
};

/// The sentence for a file that cannot be read. Where it is no TOML, the library shows the line, which may hold a
/// secret: what stands before a `|` stays away.
pub(super) fn explain_file(error: ConfigError) -> anyhow::Error {
    let (uri, cause) = match error {
        ConfigError::FileParse { uri, cause } => (uri, cause.to_string()),
        other => return anyhow::Error::new(other).context("cannot read the settings"),
    };
    let is_shown = |line: &&str| {
        let line = line.trim_start().trim_start_matches(|digit: char| digit.is_ascii_digit()).trim_start();
        !line.starts_with('|') && !line.is_empty()
    };
    let says: Vec<&str> = cause.lines().filter(is_shown).collect();
    anyhow!("cannot read the settings in {}: {}", uri.as_deref().unwrap_or("the file"), says.join(": "))
}

/// The sentence for what the library says.
pub(super) fn explain(error: ConfigError, sources: &Sources) -> anyhow::Error {
    let (key, message, allowed) = match error {
        ConfigError::Type { key: Some(key), expected, .. } => {
            let allowed = allowed(&key, expected);
            (key, String::new(), Some(allowed))
        }
        ConfigError::At { error, key: Some(key), .. } => {
            let message = error.to_string();
            let allowed = words(&message);
            (key, message, allowed)
        }
        other => return anyhow::Error::new(other).context("cannot use the settings"),
    };
    // Of a list, the setting is the whole.
    let key = key.split('[').next().unwrap_or(&key);
    let source = sources.of(key);
    match allowed {
        Some(allowed) => anyhow!("{key}{} ({source}): write {allowed}", shown(key, sources)),
        None if *source == Source::Default => anyhow!("{key}: {message}"),
        None => anyhow!("{key} ({source}): {message}"),
    }
}

/// The value, unless it is a secret or more than a word.
fn shown(key: &str, sources: &Sources) -> String {
    use config::ValueKind::{Array, Nil, Table};
    let is_secret = SECRETS.contains(&key);
    match sources.given(key).map(|given| &given.value.kind) {
        None | Some(Array(_) | Nil | Table(_)) => String::new(),
        Some(_) if is_secret => String::new(),
        Some(value) => format!(" is {value}"),
    }
}

/// What may be written where the library wants one of its own types.
fn allowed(key: &str, expected: &str) -> String {
    match expected {
        // Of what is no number at all, the library does not say how wide it should be.
        _ if key.ends_with("port") => format!("a whole number from 0 to {} (0: a free port)", u16::MAX),
        "an unsigned 32 bit integer" => format!("a whole number from 0 to {}", u32::MAX),
        number if number.contains("integer") => "a whole number, 0 or more".to_owned(),
        "a boolean" => "true or false".to_owned(),
        other => other.to_owned(),
    }
}

/// The words that an enum of ours, a duration or an address takes.
fn words(message: &str) -> Option<String> {
    if let Some(durations) = message.strip_prefix(NO_DURATION) {
        return Some(durations.to_owned());
    }
    if message == "invalid IP address syntax" {
        return Some("an IP address: 127.0.0.1, or 0.0.0.0 for every address of this machine".to_owned());
    }
    let (_, words) = message.strip_prefix("unknown variant ")?.split_once(", expected ")?;
    Some(words.trim_start_matches("one of ").replace('`', "\""))
}

#[cfg(test)]
mod tests {
    use config::{Config, File, FileFormat};

    use super::*;

    #[test]
    fn what_is_no_toml_is_told_by_its_place_and_not_shown() {
        let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
        let path = file.path().to_str().unwrap();
        for text in [
            "[simulator]\npassword = s3cret",
            "[database]\nurl = \"postgres://u:s3cret@h/db",
            "[simulator]\npassword = \"s3c\\qret s3cret\"",
            "[simulator]\npassword = \"s3cret\" s3cret",
            "[simulator]\npassword = \"s3cret\"\npassword = \"s3cret\"",
        ] {
            std::fs::write(path, text).unwrap();
            let error = Config::builder().add_source(File::new(path, FileFormat::Toml)).build().unwrap_err();
            let why = format!("{:#}", explain_file(error));
            assert!(why.contains(path) && why.contains("line ") && !why.contains("ret"), "{why}");
        }
    }
}
