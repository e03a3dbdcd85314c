//! The tags in messages: `#garden`.

use percent_encoding::utf8_percent_encode;
use unicode_normalization::UnicodeNormalization;

use super::{marks, routes, username::PATH_SEGMENT};

/// The longest tag, in characters after normalisation.
pub const MAX_CHARS: usize = 50;

/// A tag as messages are found by it: NFC, in lower case, without its `#`. Letters, digits, marks and `_`, at least
/// one letter among them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(String);

impl Tag {
    /// Reads a tag with or without its `#`; `None` when it is none.
    #[must_use]
    pub fn parse(raw: &str) -> Option<Self> {
        let raw = raw.strip_prefix('#').unwrap_or(raw);
        // A bound before the work, as for names.
        if raw.len() > 16 * MAX_CHARS {
            return None;
        }
        let tag: String = raw.nfc().flat_map(char::to_lowercase).nfc().collect();
        let is_word = tag.chars().all(is_word) && tag.chars().any(char::is_alphabetic);
        let fits = tag.chars().count() <= MAX_CHARS && !marks::begins_with_mark(&tag) && !marks::has_tower(&tag);
        (is_word && fits).then_some(Self(tag))
    }

    /// The tag without its `#`, as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path of its timeline, percent-encoded.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/{}/{}", routes::TAGS, utf8_percent_encode(&self.0, PATH_SEGMENT))
    }
}

/// What words are made of, tags and the ends of names included.
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || (!c.is_ascii() && marks::is_mark(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_tag_is_one_in_any_case_and_spelling() {
        for (raw, tag) in [
            ("#Garden", "garden"),
            ("garden", "garden"),
            ("#Cafe\u{301}", "caf\u{e9}"),
            ("#ÆBLE", "æble"),
            ("#北京", "北京"),
            ("#2024goals", "2024goals"),
            ("#snake_case", "snake_case"),
            ("#हिन्दी", "हिन्दी"),
        ] {
            assert_eq!(Tag::parse(raw).unwrap().as_str(), tag, "{raw}");
        }
    }

    #[test]
    fn numbers_signs_and_sentences_are_no_tags() {
        for raw in ["", "#", "#1", "#2024", "#___", "##a", "#a b", "#a-b", "#c++", "#\u{301}a", "#❤", "#a\u{202e}b"] {
            assert_eq!(Tag::parse(raw), None, "{raw}");
        }
        assert!(Tag::parse(&"x".repeat(MAX_CHARS)).is_some());
        assert!(Tag::parse(&"x".repeat(MAX_CHARS + 1)).is_none());
    }

    proptest! {
        #[test]
        fn a_tag_parses_to_itself_and_its_path_leads_to_it(raw in "#?[\\w\\PC]{1,30}") {
            if let Some(tag) = Tag::parse(&raw) {
                let path = tag.path();
                let word = path.strip_prefix("/tags/").unwrap();
                prop_assert!(word.is_ascii() && !word.contains(['/', '?', '#', '"']));
                let word = percent_encoding::percent_decode_str(word).decode_utf8().unwrap();
                prop_assert_eq!(Tag::parse(&word), Some(tag));
            }
        }
    }
}
