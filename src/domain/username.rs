//! A user's name, which is also the path of the profile.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use super::routes;

/// The longest name, in characters after normalisation (the contract's number).
pub const MAX_CHARS: usize = 50;

/// What may stand in a path unescaped beside letters and digits (RFC 3986, unreserved).
const PATH_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A name fit for a user: 1 to [`MAX_CHARS`] characters, NFC, printable, no route of the site.
///
/// Case counts, spaces inside are normal ("First Last").
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(String);

impl Username {
    /// Normalises and checks; `None` when no user can bear this name.
    #[must_use]
    pub fn parse(raw: &str) -> Option<Self> {
        // A bound before the work: normalisation at most triples the characters, never divides
        // them by more than a few, and nobody needs a kilobyte of name looked at.
        if raw.len() > 16 * MAX_CHARS {
            return None;
        }
        // Most names are ASCII, which is normal as it is and needs no tables.
        let name: String = if raw.is_ascii() { raw.to_owned() } else { raw.nfc().collect() };
        let fits = (1..=MAX_CHARS).contains(&name.chars().count());
        let printable = name.chars().all(|c| !is_refused(c));
        let trimmed = name.trim() == name;
        let free = name != "." && name != ".." && !routes::is_reserved(&name);
        (fits && printable && trimmed && free).then_some(Self(name))
    }

    /// The name as it is stored and shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The profile's path, percent-encoded: `/Ada%20Lovelace`.
    #[must_use]
    pub fn profile_path(&self) -> String {
        profile_path(&self.0)
    }
}

/// The path of a stored user's profile. See [`Username::profile_path`].
#[must_use]
pub fn profile_path(stored_name: &str) -> String {
    format!("/{}", utf8_percent_encode(stored_name, PATH_SEGMENT))
}

/// `/ \ ? # %` break paths; control, format (the bidirectional overrides are such), line-separator,
/// private, surrogate and unassigned characters cannot be seen, or disguise one name as another.
fn is_refused(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control() || matches!(c, '/' | '\\' | '?' | '#' | '%');
    }
    matches!(
        c.general_category(),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::PrivateUse
            | GeneralCategory::Surrogate
            | GeneralCategory::Unassigned
    )
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_the_sample_are_fine() {
        for name in ["Roger Histand", "a", "Ångström", "李 小龍", "o'Neil", "x..y", "Public", "a+b&c=\"<d>\""] {
            assert_eq!(Username::parse(name).map(|n| n.0).as_deref(), Some(name));
        }
    }

    #[test]
    fn names_that_break_paths_or_disguise_are_refused() {
        let too_long = "x".repeat(MAX_CHARS + 1);
        for name in [
            "",
            " ",
            " a",
            "a ",
            "\u{a0}a",
            ".",
            "..",
            "a/b",
            "a\\b",
            "a?b",
            "a#b",
            "a%b",
            "a\0b",
            "a\nb",
            "a\tb",
            "a\u{202e}b",
            "a\u{200b}b",
            "a\u{feff}b",
            "a\u{2028}b",
            &too_long,
        ] {
            assert_eq!(Username::parse(name), None, "{name:?}");
        }
    }

    #[test]
    fn every_route_of_the_site_is_refused() {
        for route in routes::MOUNTED {
            assert_eq!(Username::parse(route), None, "{route}");
        }
    }

    #[test]
    fn two_spellings_of_one_name_are_one_name() {
        assert_eq!(Username::parse("e\u{301}"), Username::parse("\u{e9}"));
    }

    #[test]
    fn fifty_characters_are_counted_after_normalisation() {
        assert!(Username::parse(&"e\u{301}".repeat(MAX_CHARS)).is_some());
        assert!(Username::parse(&"e\u{301}".repeat(MAX_CHARS + 1)).is_none());
    }

    proptest! {
        #[test]
        fn what_parses_parses_again_to_itself(raw in any::<String>()) {
            if let Some(name) = Username::parse(&raw) {
                prop_assert_eq!(Username::parse(name.as_str()), Some(name));
            }
        }

        #[test]
        fn a_profile_path_is_one_ascii_segment_that_decodes_to_the_name(raw in "\\PC{1,50}") {
            if let Some(name) = Username::parse(&raw) {
                let path = name.profile_path();
                let segment = &path[1..];
                prop_assert!(path.is_ascii() && path.starts_with('/'));
                prop_assert!(!segment.contains(['/', '?', '#', ' ', '"', '<']));
                let decoded = percent_encoding::percent_decode_str(segment).decode_utf8().unwrap();
                prop_assert_eq!(decoded, name.as_str());
            }
        }
    }
}
