//! The text of a message.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

use super::{
    invisible::is_invisible,
    marks::{MAX_MARKS, has_tower},
};

/// How much one message may be (the settings under `[messages]`).
#[derive(Clone, Copy, Debug)]
pub struct MessageRules {
    /// Characters, as a reader counts them: grapheme clusters.
    pub max_length: usize,
    /// Bytes in UTF-8; 0: as many as the body of a request.
    pub max_bytes: usize,
}

/// Why a text cannot be posted. `Display` is what the author reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Nothing that anybody could see.
    #[error("You have to enter a message")]
    Blank,
    /// More than the limit, counted as a reader counts: in grapheme clusters.
    #[error("Your message is too long: at most {limit} characters fit")]
    TooLong {
        /// The limit in force.
        limit: usize,
    },
    /// Few characters, but of many bytes each.
    #[error("Your message is too large: at most {limit} bytes fit, and some characters take 25 and more")]
    TooLarge {
        /// The limit in force.
        limit: usize,
    },
    /// A stack of accents.
    #[error("Your message has a character with too many combining marks: at most {MAX_MARKS} fit on one")]
    TooManyMarks,
    /// NUL or another control character that is no line break.
    #[error("Your message contains a control character")]
    ControlCharacter,
}

/// A text fit to be posted: trimmed, not blank, within the limits, line breaks as `\n`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageText(String);

impl MessageText {
    /// Trims, unifies line breaks and checks.
    ///
    /// # Errors
    /// The first rule that the text breaks.
    pub fn parse(raw: &str, rules: MessageRules) -> Result<Self, MessageError> {
        let text = raw.trim();
        if text.chars().all(|c| c.is_whitespace() || is_invisible(c)) {
            return Err(MessageError::Blank);
        }
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        // Cheap first: a megabyte of text is refused before anybody counts its graphemes.
        if rules.max_bytes > 0 && text.len() > rules.max_bytes {
            // Letters of a byte each are too many, not too large.
            let limit = rules.max_length;
            let is_long = text.len() > limit && text.chars().count() > limit.saturating_mul(2 + MAX_MARKS);
            let too_large = MessageError::TooLarge { limit: rules.max_bytes };
            return Err(if is_long { MessageError::TooLong { limit } } else { too_large });
        }
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(MessageError::ControlCharacter);
        }
        // A text has at most as many graphemes as bytes: most messages need no counting.
        if text.len() > rules.max_length && text.graphemes(true).count() > rules.max_length {
            return Err(MessageError::TooLong { limit: rules.max_length });
        }
        if has_tower(&text) {
            return Err(MessageError::TooManyMarks);
        }
        Ok(Self(text))
    }

    /// The text as stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The beginning of a text, at most `most` characters as a reader counts them, with a sign that there is more.
#[must_use]
pub fn excerpt(text: &str, most: usize) -> Cow<'_, str> {
    match text.grapheme_indices(true).nth(most) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", text[..end].trim_end())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(raw: &str) -> Result<MessageText, MessageError> {
        MessageText::parse(raw, MessageRules { max_length: 500, max_bytes: 12_500 })
    }

    #[test]
    fn a_text_is_trimmed_and_keeps_its_line_breaks() {
        assert_eq!(parse("  one\r\ntwo\rthree\n ").unwrap().as_str(), "one\ntwo\nthree");
    }

    #[test]
    fn control_characters_are_refused() {
        for text in ["a\0b", "a\tb", "a\u{1b}[31m", "a\u{85}b", "\0"] {
            assert_eq!(parse(text), Err(MessageError::ControlCharacter), "{text:?}");
        }
    }

    #[test]
    fn a_text_that_nobody_can_see_is_blank() {
        for text in
            ["", " \n\u{a0}", "\u{3164}", "\u{2800} \u{2800}", "\u{200b}\u{feff}", "\u{34f}\u{e0100}\u{ad}", "\u{fffc}"]
        {
            assert_eq!(parse(text), Err(MessageError::Blank), "{text:?}");
        }
        for text in ["\u{200b}.", "\u{2800}a", "❤\u{fe0f}", "\u{301}"] {
            assert_eq!(parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn the_limit_counts_what_a_reader_counts() {
        // Letters of every length, conjuncts, Hangul of parts, and the longest emoji in common use.
        for character in ["a", "é", "e\u{301}", "李", "क्षि", "\u{1112}\u{1161}\u{11ab}", "𝔊", "🤦🏽‍♀️", "👨‍👩‍👧‍👦"]
        {
            assert!(parse(&character.repeat(500)).is_ok(), "{character}");
            assert!(parse(&character.repeat(501)).is_err(), "{character}");
        }
        assert_eq!(parse(&"é".repeat(501)), Err(MessageError::TooLong { limit: 500 }));
        assert_eq!(parse(&"a".repeat(60_000)), Err(MessageError::TooLong { limit: 500 }));
    }

    #[test]
    fn bytes_have_a_limit_of_their_own() {
        let kisses = "🧑🏻‍❤️‍💋‍🧑🏼".repeat(400);
        assert_eq!(parse(&kisses), Err(MessageError::TooLarge { limit: 12_500 }));
        let unbounded = MessageRules { max_length: 500, max_bytes: 0 };
        assert!(MessageText::parse(&kisses, unbounded).is_ok());
    }

    #[test]
    fn a_character_bears_as_many_marks_as_in_any_script_and_no_tower() {
        for fine in ["ཧྐྵྨླྺྼྻྂ", "र्त्स्न्याः", "နွဲ့ုံ", "\u{1ec7}\u{331}\u{301}", "\u{5e9}\u{5c1}\u{5b8}\u{591}\u{594}"]
        {
            assert!(parse(fine).is_ok(), "{fine}");
        }
        let tower = format!("a{}", "\u{301}".repeat(MAX_MARKS + 1));
        assert_eq!(parse(&tower), Err(MessageError::TooManyMarks));
        let hidden_joiners = format!("a{}", "\u{301}\u{200d}".repeat(MAX_MARKS + 1));
        assert_eq!(parse(&hidden_joiners), Err(MessageError::TooManyMarks));
    }

    #[test]
    fn an_excerpt_ends_between_characters_and_says_so() {
        assert_eq!(excerpt("e\u{301}e\u{301}", 2), "e\u{301}e\u{301}");
        assert_eq!(excerpt("one two three", 8), "one two…");
        assert_eq!(excerpt("👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 1), "👨‍👩‍👧‍👦…");
    }

    proptest! {
        #[test]
        fn what_parses_parses_again_to_itself(raw in any::<String>()) {
            let rules = MessageRules { max_length: 40, max_bytes: 300 };
            if let Ok(text) = MessageText::parse(&raw, rules) {
                prop_assert!(text.as_str().len() <= rules.max_bytes);
                prop_assert_eq!(MessageText::parse(text.as_str(), rules), Ok(text));
            }
        }

        #[test]
        fn what_is_only_white_or_ignorable_is_blank(raw in "[\\p{White_Space}\\p{Default_Ignorable_Code_Point}\\x{2800}]*") {
            prop_assert_eq!(parse(&raw), Err(MessageError::Blank));
        }
    }
}
