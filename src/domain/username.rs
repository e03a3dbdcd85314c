//! A user's name, which is also the path of the profile.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use super::{invisible::is_invisible, marks, routes};

/// The longest name, in characters after normalisation (the contract's number).
pub const MAX_CHARS: usize = 50;

/// What may stand in a path unescaped beside letters and digits (RFC 3986, unreserved).
pub(super) const PATH_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A name that a user can bear: 1 to [`MAX_CHARS`] characters, NFC, nothing that breaks a path.
///
/// Case counts, spaces inside are normal ("First Last").
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(String);

impl Username {
    /// The name that somebody wants to have: one that [`Username::parse`] reads, of visible characters and
    /// single spaces between them, with marks on letters and not too many on one, and in no case a word of
    /// the site. `None` when it is not to be given.
    #[must_use]
    pub fn choose(raw: &str) -> Option<Self> {
        let name = Self::parse(raw)?;
        let is_word = |word: &str| !word.is_empty() && !word.chars().any(is_unseen) && !marks::begins_with_mark(word);
        let fits = name.0.split(' ').all(is_word) && !marks::has_tower(&name.0);
        (fits && !routes::is_reserved(&folded(&name.0))).then_some(name)
    }

    /// The name that somebody is looked for by: normalised, and `None` when nobody can bear it.
    /// More lenient than [`Username::choose`]: accounts older than a rule keep signing in.
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
        let free = name != "." && name != ".." && !routes::was_never_a_name(&name);
        (fits && printable && trimmed && free).then_some(Self(name))
    }

    /// A name that the database holds. Not looked at again: it was parsed when it was stored, if by the rules of
    /// an older release.
    #[must_use]
    pub fn stored(name: String) -> Self {
        Self(name)
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

/// What makes one name pass for another by leaving nothing to see, or no more than a space.
fn is_unseen(c: char) -> bool {
    c.is_whitespace() || is_invisible(c)
}

/// A word as whoever skims over it reads it: without case, without width or ligature.
fn folded(word: &str) -> String {
    let lower = |text: &str| text.nfkc().flat_map(char::to_lowercase).collect::<String>();
    // Twice: a compatibility letter may have a capital in it, and the small letter of a capital a mark.
    lower(&lower(word))
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
        for name in ["Roger Histand", "a", "Ångström", "李 小龍", "o'Neil", "x..y", "Publican", "a+b&c=\"<d>\""] {
            assert_eq!(Username::parse(name).map(|n| n.0).as_deref(), Some(name));
            assert_eq!(Username::choose(name), Username::parse(name));
        }
    }

    #[test]
    fn names_that_pass_for_another_are_not_given_and_still_found() {
        for name in [
            "Roger  Histand",
            "Roger\u{a0}Histand",
            "Roger\u{3000}Histand",
            "Roger Histand\u{3164}",
            "Roger Histand\u{ffa0}",
            "Roger\u{34f} Histand",
            "Roger Histand\u{fe0f}",
            "Roger Histand\u{e0100}",
            "\u{3164}",
            "\u{2800}",
            "a\u{115f}b",
            "a\u{1160}",
            "\u{17b4}a",
            "\u{17b5}",
            "\u{fffc}",
            "Mike\u{fffc}",
            "Admin",
            "PUBLIC",
            "Public",
            "ＡＰＩ",
            "ſtatic",
            "Messages",
            "help",
            "Help",
            "OAuth",
            "ｒｅｐｏｒｔ",
            "Manifest.WebManifest",
            "Ada.RSS",
        ] {
            assert_eq!(Username::choose(name), None, "{name:?}");
            assert!(Username::parse(name).is_some(), "{name:?}");
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
    fn names_of_every_script_bear_their_marks_and_no_towers() {
        for name in
            ["Nguyễn Thị Phương Uyên", "น้ำผึ้ง กุ๊กกู๋", "שָׁלוֹם בֶּן־דָּוִד", "مُحَمَّدٌ الأَمِينُ", "प्रियंका श्रीवास्तव", "တင့်ထွန်းနွဲ့", "བཀྲ་ཤིས ཧྐྵྨླྺྼྻྂ"]
        {
            assert!(Username::choose(name).is_some(), "{name}");
            assert!(Username::choose(&name.nfd().collect::<String>()).is_some(), "{name}");
        }
        let (most, tower) = (format!("x{}", "\u{301}".repeat(8)), format!("x{}", "\u{301}".repeat(9)));
        assert!(Username::choose(&most).is_some());
        for name in
            [&tower, &format!("Roger {tower}"), "\u{301}", "\u{301}a", "Roger \u{301}", "a \u{93f}b", "\u{20dd}"]
        {
            assert_eq!(Username::choose(name), None, "{name:?}");
            assert!(Username::parse(name).is_some(), "{name:?}: who has it signs in");
        }
    }

    #[test]
    fn every_route_of_the_site_is_refused_and_found_where_it_was_a_name() {
        for route in routes::reserved() {
            assert_eq!(Username::parse(route).is_none(), routes::was_never_a_name(route), "{route}");
            assert_eq!(Username::choose(route), None, "{route}");
            assert_eq!(Username::choose(&route.to_uppercase()), None, "{route}");
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
        fn a_name_that_is_given_is_found_and_has_no_gap(raw in "[\\PC\\p{Default_Ignorable_Code_Point} \\x{2800}\\x{a0}]{1,20}") {
            if let Some(name) = Username::choose(&raw) {
                prop_assert_eq!(Username::parse(&raw), Some(name.clone()));
                prop_assert_eq!(Username::choose(name.as_str()), Some(name.clone()));
                prop_assert!(!name.as_str().chars().any(is_invisible));
                prop_assert_eq!(name.as_str().split_whitespace().collect::<Vec<_>>().join(" "), name.as_str());
            }
        }

        #[test]
        fn no_spelling_of_a_route_is_given(at in 0..routes::MOUNTED.len(), capitals: u32, wide: u32) {
            let disguise = |(place, c): (usize, char)| {
                let c = if capitals >> place & 1 == 1 { c.to_ascii_uppercase() } else { c };
                let is_wide = wide >> place & 1 == 1;
                if is_wide { char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c) } else { c }
            };
            let name: String = routes::MOUNTED[at].chars().enumerate().map(disguise).collect();
            prop_assert_eq!(Username::choose(&name), None, "{}", name);
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
