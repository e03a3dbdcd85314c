//! The text of a message.

use unicode_segmentation::UnicodeSegmentation;

/// Bytes allowed for each character of the limit: the longest emoji in use (a family of four with
/// skin tones) has 41, and a "character" with a thousand accents is no text.
const BYTES_PER_CHARACTER: usize = 48;

/// Why a text cannot be posted. `Display` is what the author reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Nothing but white space.
    #[error("You have to enter a message")]
    Blank,
    /// More than the limit, counted as a reader counts: in grapheme clusters.
    #[error("Your message is too long: at most {limit} characters fit")]
    TooLong {
        /// The limit in force.
        limit: usize,
    },
    /// NUL or another control character that is no line break.
    #[error("Your message contains a control character")]
    ControlCharacter,
}

/// A text fit to be posted: trimmed, not blank, within the limit, line breaks as `\n`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageText(String);

impl MessageText {
    /// Trims, unifies line breaks and checks. `limit` is in characters as a reader counts them
    /// (the setting `messages.max_length`).
    ///
    /// # Errors
    /// The first rule that the text breaks.
    pub fn parse(raw: &str, limit: usize) -> Result<Self, MessageError> {
        let text = raw.trim();
        if text.is_empty() {
            return Err(MessageError::Blank);
        }
        // Cheap first: a megabyte of text is refused before anybody counts its graphemes.
        if text.len() > limit.saturating_mul(BYTES_PER_CHARACTER) {
            return Err(MessageError::TooLong { limit });
        }
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(MessageError::ControlCharacter);
        }
        // A text has at most as many graphemes as bytes: most messages need no counting.
        if text.len() > limit && text.graphemes(true).count() > limit {
            return Err(MessageError::TooLong { limit });
        }
        Ok(Self(text))
    }

    /// The text as stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_is_trimmed_and_keeps_its_line_breaks() {
        let text = MessageText::parse("  one\r\ntwo\rthree\n ", 500).unwrap();
        assert_eq!(text.as_str(), "one\ntwo\nthree");
    }

    #[test]
    fn blank_texts_and_control_characters_are_refused() {
        assert_eq!(MessageText::parse(" \n\u{a0}", 500), Err(MessageError::Blank));
        for text in ["a\0b", "a\tb", "a\u{1b}[31m", "a\u{85}b"] {
            assert_eq!(MessageText::parse(text, 500), Err(MessageError::ControlCharacter), "{text:?}");
        }
    }

    #[test]
    fn the_limit_counts_what_a_reader_counts() {
        let family = "👨‍👩‍👧‍👦";
        assert!(MessageText::parse(&family.repeat(500), 500).is_ok());
        assert_eq!(MessageText::parse(&family.repeat(501), 500), Err(MessageError::TooLong { limit: 500 }));
    }

    #[test]
    fn a_letter_with_a_thousand_accents_is_too_long() {
        let zalgo = format!("a{}", "\u{301}".repeat(50_000));
        assert_eq!(MessageText::parse(&zalgo, 500), Err(MessageError::TooLong { limit: 500 }));
    }

    proptest! {
        #[test]
        fn what_parses_parses_again_to_itself(raw in any::<String>()) {
            if let Ok(text) = MessageText::parse(&raw, 40) {
                prop_assert_eq!(MessageText::parse(text.as_str(), 40), Ok(text));
            }
        }
    }
}
