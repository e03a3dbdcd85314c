//! What somebody says about themselves: a display name, a few lines, a website.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_segmentation::UnicodeSegmentation;

use super::{
    invisible::is_invisible,
    link::{Link, after_scheme},
    marks,
    message::{MessageError, MessageRules, MessageText},
};

/// The longest display name, in characters.
pub const MAX_NAME: usize = 50;
/// The longest text about oneself, in characters as a reader counts them.
pub const MAX_BIO: usize = 300;
/// The longest address of a website, in bytes as it is stored.
pub const MAX_WEBSITE: usize = 200;

/// Bytes of a bio: as many for each character as a message may have.
const BIO: MessageRules = MessageRules { max_length: MAX_BIO, max_bytes: 25 * MAX_BIO };

/// Why a profile cannot be so. `Display` is what its owner reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Too many characters.
    #[error("Your display name is too long: at most {MAX_NAME} characters fit")]
    NameTooLong,
    /// Characters that cannot be seen, line breaks, or too many marks.
    #[error("Your display name has a character that nobody can see, or too many marks on one")]
    NameNotFit,
    /// Too much.
    #[error("Your text is too long: at most {MAX_BIO} characters fit")]
    BioTooLong,
    /// Control characters, or too many marks.
    #[error("Your text contains a control character, or too many marks on one")]
    BioNotFit,
    /// No address, or one of more than [`MAX_WEBSITE`] bytes.
    #[error("Your website has to be an address as https://example.org, of at most {MAX_WEBSITE} characters")]
    NoWebsite,
}

/// A name to be shown beside the username: 1 to [`MAX_NAME`] characters, NFC, single spaces, nothing that hides.
/// Nobody is found by it alone, so it may be anybody's and any word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayName(String);

impl DisplayName {
    /// Trims and checks; `None` for an empty field.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(raw: &str) -> Result<Option<Self>, ProfileError> {
        let raw = raw.trim();
        if raw.is_empty() {
            return Ok(None);
        }
        if raw.len() > 16 * MAX_NAME {
            return Err(ProfileError::NameTooLong);
        }
        let name: String = raw.nfc().collect();
        if name.chars().count() > MAX_NAME {
            return Err(ProfileError::NameTooLong);
        }
        let is_word = |word: &str| !word.is_empty() && !marks::begins_with_mark(word);
        let fits = name.graphemes(true).all(is_seen) && name.split(' ').all(is_word) && !marks::has_tower(&name);
        if fits { Ok(Some(Self(name))) } else { Err(ProfileError::NameNotFit) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a character of a name can be seen, every part of it. In an emoji what joins and colours it may hide.
fn is_seen(character: &str) -> bool {
    let is_emoji = || {
        let first = character.chars().next();
        first.is_some_and(|first| first.general_category() == GeneralCategory::OtherSymbol && !is_invisible(first))
    };
    let is_part_of_emoji = |c: char| matches!(c, '\u{200d}' | '\u{fe0f}') && is_emoji();
    character.chars().all(|c| is_part_of_emoji(c) || !(is_hidden(c) || is_invisible(c)))
}

fn is_hidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_whitespace()
        || matches!(
            c.general_category(),
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::PrivateUse
                | GeneralCategory::Surrogate
                | GeneralCategory::Unassigned
        )
}

/// A few lines about oneself: as a message, of at most [`MAX_BIO`] characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bio(String);

impl Bio {
    /// Trims, unifies line breaks and checks; `None` for an empty field, or one in which nothing can be seen.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(raw: &str) -> Result<Option<Self>, ProfileError> {
        match MessageText::parse(raw, BIO) {
            Ok(text) => Ok(Some(Self(text.as_str().to_owned()))),
            Err(MessageError::Blank) => Ok(None),
            Err(MessageError::TooLong { .. } | MessageError::TooLarge { .. }) => Err(ProfileError::BioTooLong),
            Err(MessageError::TooManyMarks | MessageError::ControlCharacter) => Err(ProfileError::BioNotFit),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The address of a website, of `http` or `https`, at most [`MAX_WEBSITE`] bytes long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Website(String);

impl Website {
    /// Trims and checks; `None` for an empty field. Who writes no scheme means `https`.
    ///
    /// # Errors
    /// When it is no such address.
    pub fn parse(raw: &str) -> Result<Option<Self>, ProfileError> {
        let written = raw.trim();
        if written.is_empty() {
            return Ok(None);
        }
        let whole = match after_scheme(written) {
            Some(_) => written.to_owned(),
            // Of another scheme.
            None if written.contains("://") => return Err(ProfileError::NoWebsite),
            None => format!("https://{written}"),
        };
        let link = Link::parse(&whole).filter(|link| link.href.len() <= MAX_WEBSITE).ok_or(ProfileError::NoWebsite)?;
        Ok(Some(Self(link.href)))
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(raw: &str) -> Result<Option<String>, ProfileError> {
        DisplayName::parse(raw).map(|name| name.map(|name| name.0))
    }

    fn website(raw: &str) -> Result<Option<String>, ProfileError> {
        Website::parse(raw).map(|website| website.map(|website| website.0))
    }

    #[test]
    fn a_display_name_may_be_any_word_and_have_emoji() {
        for fine in
            ["Ada Lovelace", "admin", "Ada / she", "#1 fan", "李 小龍", "Ada ❤\u{fe0f}", "👩\u{200d}💻 dev", "प्रियंका"]
        {
            assert_eq!(name(fine), Ok(Some(fine.to_owned())), "{fine:?}");
        }
        assert_eq!(name("  Ada \n"), Ok(Some("Ada".to_owned())));
        assert_eq!(name("e\u{301}"), Ok(Some("\u{e9}".to_owned())));
        assert_eq!(name("  "), Ok(None));
    }

    #[test]
    fn a_display_name_hides_nothing() {
        for raw in [
            "a\u{202e}b",
            "a\u{200b}b",
            "a\u{200d}b",
            "a\u{fe0f}",
            "\u{3164}",
            "\u{2800}",
            "a  b",
            "a\u{a0}b",
            "a\nb",
            "a\0",
            "\u{301}a",
            "a \u{301}b",
            "\u{e000}",
            "\u{fffc}\u{fe0f}",
        ] {
            assert_eq!(name(raw), Err(ProfileError::NameNotFit), "{raw:?}");
        }
        assert_eq!(name(&format!("a{}", "\u{316}".repeat(9))), Err(ProfileError::NameNotFit));
        assert!(name(&"x".repeat(MAX_NAME)).is_ok());
        for long in [MAX_NAME + 1, 100_000] {
            assert_eq!(name(&"x".repeat(long)), Err(ProfileError::NameTooLong));
        }
    }

    #[test]
    fn a_bio_is_a_short_message() {
        let bio = |raw: &str| Bio::parse(raw).map(|bio| bio.map(|bio| bio.0));
        assert_eq!(bio(" one\r\ntwo "), Ok(Some("one\ntwo".to_owned())));
        assert_eq!(bio(" \u{200b} "), Ok(None));
        assert!(bio(&"é".repeat(MAX_BIO)).is_ok());
        assert_eq!(bio(&"é".repeat(MAX_BIO + 1)), Err(ProfileError::BioTooLong));
        assert_eq!(bio("a\0b"), Err(ProfileError::BioNotFit));
    }

    #[test]
    fn a_website_is_on_the_web() {
        assert_eq!(website("example.org"), Ok(Some("https://example.org/".to_owned())));
        assert_eq!(website(" HTTP://Example.org/a "), Ok(Some("http://example.org/a".to_owned())));
        assert_eq!(website(""), Ok(None));
        let long = format!("https://example.org/{}", "x".repeat(MAX_WEBSITE));
        for none in [
            "javascript:alert(1)",
            "ftp://example.org",
            "a b",
            "https://",
            "//example.org",
            "data:text/html,x",
            "me@example.org",
            &long,
        ] {
            assert_eq!(website(none), Err(ProfileError::NoWebsite), "{none}");
        }
    }

    proptest! {
        #[test]
        fn what_fits_fits_again(raw in "[\\PC\\p{Default_Ignorable_Code_Point} \n]{0,60}") {
            if let Ok(Some(name)) = DisplayName::parse(&raw) {
                prop_assert_eq!(DisplayName::parse(name.as_str()), Ok(Some(name)));
            }
            if let Ok(Some(website)) = Website::parse(&raw) {
                prop_assert_eq!(Website::parse(website.as_str()), Ok(Some(website)));
            }
        }
    }
}
