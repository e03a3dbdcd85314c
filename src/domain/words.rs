//! The words of a text, as a search compares them.
//!
//! Both databases are given these words and make none of their own: so both answer alike. Whoever changes what
//! comes out here brings a migration that has all texts read again (`db/words.rs`).

use std::collections::HashMap;

use unicode_normalization::{UnicodeNormalization, char::canonical_combining_class};
use unicode_segmentation::UnicodeSegmentation;

use super::{invisible::is_invisible, marks::is_mark};

/// The longest word, in characters; of a longer one the beginning counts.
pub const MAX_CHARS: usize = 64;
/// How often one word of a text is remembered with its place: Postgres keeps no more places than 255.
const MAX_ALIKE: usize = 255;
/// How many words of a text are remembered: Postgres numbers no more than 16,383.
const MAX_WORDS: usize = 16_000;

/// The words of `text` in their order, in lower case and without accents: "Søren's Crème" has `soren`, `s` and
/// `creme`. Of letters, digits and vowel signs; where a script has no spaces, each of its signs is a word.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut words = Vec::new();
    for run in folded.split(|c| !is_part(c)).filter(|run| !run.is_empty()) {
        if run.is_ascii() {
            words.push(cut(run));
        } else {
            words.extend(run.unicode_words().map(cut));
        }
    }
    words.truncate(MAX_WORDS);
    if words.len() > MAX_ALIKE {
        let mut seen: HashMap<String, usize> = HashMap::new();
        words.retain(|word| {
            let times = seen.entry(word.clone()).or_default();
            *times += 1;
            *times <= MAX_ALIKE
        });
    }
    words
}

fn cut(word: &str) -> String {
    word.chars().take(MAX_CHARS).collect()
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || (!c.is_ascii() && is_mark(c))
}

/// A text in lower case, without accents and what cannot be seen, compatible letters as the plain ones.
fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let letters = text.nfkd().filter(|c| !is_accent(*c) && !is_invisible(*c)).flat_map(char::to_lowercase);
    let mut folded = String::with_capacity(text.len());
    for letter in letters {
        match plain(letter) {
            Some(plain) => folded.push_str(plain),
            None => folded.push(letter),
        }
    }
    // What was taken apart and is no accent comes together again: Hangul, and the kana with a voice.
    folded.nfc().collect()
}

/// A mark that a reader may leave out: those of Latin, Greek and Cyrillic letters, Hebrew points, Arabic vowels. The
/// vowel signs and the virama of India, the tones of Thailand and the voice of a kana make other words.
fn is_accent(c: char) -> bool {
    !c.is_ascii() && matches!(canonical_combining_class(c), 1 | 10..=36 | 200..)
}

/// Letters that do not fall apart into a plain one and a mark.
fn plain(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ø' => "o",
        'æ' => "ae",
        'œ' => "oe",
        'ß' => "ss",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ħ' => "h",
        'ı' => "i",
        'ŋ' => "n",
        'ŧ' => "t",
        'ς' => "σ",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_have_no_case_and_no_accents() {
        for (text, expected) in [
            ("Søren's Crème brûlée!", &["soren", "s", "creme", "brulee"][..]),
            ("STRASSE straße", &["strasse", "strasse"]),
            ("Łódź, Þór, Ærø; İstanbul ıssız", &["lodz", "thor", "aero", "istanbul", "issiz"]),
            ("e\u{301}te\u{301} \u{fb01}n ＦＵＬＬ co\u{ad}op", &["ete", "fin", "full", "coop"]),
            ("ΟΔΟΣ Ὀδός οδός", &["οδοσ", "οδοσ", "οδοσ"]),
            ("Ёж", &["еж"]),
            ("don't snake_case 3.14 a-b", &["don", "t", "snake", "case", "3", "14", "a", "b"]),
            ("李小龍", &["李", "小", "龍"]),
            ("한국어", &["한국어"]),
            ("हिन्दी", &["हिन्दी"]),
            ("مُحَمَّد محمد", &["محمد", "محمد"]),
            ("#Garden @Ada", &["garden", "ada"]),
            ("", &[]),
            ("!? ❤ …", &[]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn no_text_has_more_words_than_a_database_remembers() {
        assert_eq!(words(&"x".repeat(500)), ["x".repeat(MAX_CHARS)]);
        let many = words(&"a b ".repeat(400));
        assert_eq!(many.len(), 2 * MAX_ALIKE);
        let numbers = (0..20_000).map(|number: u32| number.to_string()).collect::<Vec<_>>().join(" ");
        assert_eq!(words(&numbers).len(), MAX_WORDS);
    }

    proptest! {
        #[test]
        fn a_word_is_one_word_and_itself(text in any::<String>()) {
            for word in words(&text) {
                prop_assert!(!word.is_empty() && word.chars().count() <= MAX_CHARS);
                prop_assert!(word.chars().all(is_part), "{:?}", word);
                prop_assert_eq!(fold(&word), word);
            }
        }

        #[test]
        fn spelling_and_case_do_not_matter(text in "[a-zA-Zåäöøéèüçñß .,]{0,40}") {
            let expected = words(&text);
            prop_assert_eq!(&words(&text.nfd().collect::<String>()), &expected);
            prop_assert_eq!(&words(&text.to_uppercase()), &expected);
            prop_assert_eq!(&words(&format!("  {text}!")), &expected);
        }

        #[test]
        fn ascii_takes_a_short_way_to_the_same_words(text in "[ -~]{0,60}") {
            let mut long_way = words(&format!("{text} é"));
            prop_assert_eq!(long_way.pop(), Some("e".to_owned()));
            prop_assert_eq!(words(&text), long_way);
        }
    }
}
