//! Combining marks: accents, vowel signs, what stands above and below a letter.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_segmentation::UnicodeSegmentation;

/// Marks that one character may bear. The longest stack in any real text has eight (a Tibetan
/// letter of the Kalachakra mantra); Unicode's Stream-Safe Text Format stops at 30, "significantly beyond
/// what is required", and 30 on each of 500 characters already paint over a whole page.
pub const MAX_MARKS: usize = 8;

/// Whether a character of `text` bears more than [`MAX_MARKS`].
#[must_use]
pub fn has_tower(text: &str) -> bool {
    !text.is_ascii() && text.graphemes(true).any(|character| marks(character) > MAX_MARKS)
}

/// Whether `text` begins with a mark, which then stands on whatever comes before.
#[must_use]
pub fn begins_with_mark(text: &str) -> bool {
    text.chars().next().is_some_and(is_mark)
}

fn marks(character: &str) -> usize {
    // Most characters are too short to bear so many, of a byte and a half each at the least.
    if character.len() <= MAX_MARKS {
        return 0;
    }
    character.chars().filter(|c| is_mark(*c)).count()
}

/// Whether `c` is one.
#[must_use]
pub fn is_mark(c: char) -> bool {
    c.general_category_group() == GeneralCategoryGroup::Mark
}
