//! Characters that leave nothing to see.

/// `Default_Ignorable_Code_Point`: what a renderer that does not know better leaves out. From
/// `DerivedCoreProperties.txt`; code points once in it stay, and those to come are in it already.
const DEFAULT_IGNORABLE: [(char, char); 17] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fff8}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// Whether `c` is to be left out where it is not understood, or has a glyph without ink: a Braille
/// pattern of no dots, a note without a head, the marks around an annotation, the place of an object. White
/// space is another thing.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    let is_ignorable = || {
        let after = DEFAULT_IGNORABLE.partition_point(|(first, _)| *first <= c);
        after > 0 && c <= DEFAULT_IGNORABLE[after - 1].1
    };
    !c.is_ascii() && (matches!(c, '\u{2800}' | '\u{1d159}' | '\u{fff9}'..='\u{fffc}') || is_ignorable())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_signs_and_emoji_are_visible() {
        assert!("azÄ李أक་☃👨🏽🇩🇰\u{301} \n".chars().all(|c| !is_invisible(c)));
    }

    #[test]
    fn the_table_is_that_of_unicode() {
        let mut text = [0; 4];
        for c in '\0'..=char::MAX {
            // A skeleton leaves out what is ignorable and nothing else.
            let ignorable = unicode_security::skeleton(c.encode_utf8(&mut text)).next().is_none();
            let blank = matches!(c, '\u{2800}' | '\u{1d159}' | '\u{fff9}'..='\u{fffc}');
            assert_eq!(is_invisible(c), ignorable || blank, "{c:?}");
        }
    }
}
