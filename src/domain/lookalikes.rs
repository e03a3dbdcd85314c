//! Names that a reader takes for one another: "raul" and "rаul", with a Cyrillic letter.

use unicode_normalization::{UnicodeNormalization, char::canonical_combining_class};

use super::{Username, invisible::is_invisible, routes};

/// What is left of a name when everything is put aside that a reader does not see: names that look alike
/// have the same. The skeleton of Unicode's UTS #39, without what is invisible and dots on dots, and with one
/// space for any run of white space, which older names may have.
///
/// Case counts, as it does in names: "alice" and "Alice" look different, "Ian" and "lan" do not.
/// Another release of `unicode-security` may know more pairs: see `db/skeletons.rs` for what to do then.
#[must_use]
pub fn skeleton(name: &str) -> String {
    let seen: String = name.chars().filter(|c| !is_invisible(*c)).collect();
    let words: Vec<&str> = seen.split_whitespace().collect();
    let mut has_dot = false;
    let is_seen = |c: &char| {
        if *c == DOT_ABOVE && has_dot {
            return false;
        }
        match canonical_combining_class(*c) {
            0 => has_dot = is_soft_dotted(*c),
            ABOVE => has_dot = false,
            _ => {}
        }
        true
    };
    unicode_security::skeleton(&words.join(" ")).filter(is_seen).collect()
}

const DOT_ABOVE: char = '\u{307}';

/// The combining class of marks above a letter: they take the place of its dot, and the dot above is like it.
const ABOVE: u8 = 230;

/// `Soft_Dotted`, from `PropList.txt`, of the letters that a skeleton has: the others are an "i" or "j" in it.
fn is_soft_dotted(c: char) -> bool {
    matches!(
        c,
        'i' | 'j'
            | '\u{29d}'
            | '\u{2b2}'
            | '\u{1d62}'
            | '\u{1d96}'
            | '\u{1da4}'
            | '\u{1da8}'
            | '\u{2071}'
            | '\u{2c7c}'
            | '\u{1df1a}'
            | '\u{1e04c}'..='\u{1e04d}' | '\u{1e068}'
    )
}

/// Whether a name looks like one of the site's own words, in any case: "аdmin", "PUBLІC". In a word of
/// capitals "l" is an I, so "i" and what looks like "l" count as one letter here.
#[must_use]
pub fn looks_reserved(name: &Username) -> bool {
    let folded = |text: &str| text.nfkc().flat_map(char::to_lowercase).collect::<String>();
    let look = |text: &str| skeleton(&folded(text)).replace('i', "l");
    // Before and after: a capital may look like the small letter of another script, or have it.
    let looks = [look(name.as_str()), look(&skeleton(name.as_str()))];
    routes::reserved().any(|word| looks.contains(&look(word)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_look_alike_have_one_skeleton() {
        for (name, twin) in [
            ("raul", "r\u{430}ul"),
            ("Roger Histand", "Roger  Histand"),
            ("Roger Histand", "Roger\u{a0}Histand"),
            ("Roger Histand", "Roger Histand\u{3164}"),
            ("Roger Histand", "Roger \u{e0100}Histand"),
            ("Ian", "lan"),
            ("user 10", "user lO"),
            ("modern", "rnodern"),
            ("\u{e9}", "e\u{301}"),
            ("Mike", "Mi\u{307}ke"),
            ("Mike", "Mi\u{307}\u{307}ke"),
            ("Mike", "M\u{131}\u{307}ke"),
            ("b\u{1ecb}", "bi\u{307}\u{323}"),
        ] {
            assert_eq!(skeleton(name), skeleton(twin), "{name:?} and {twin:?}");
        }
    }

    #[test]
    fn names_that_look_different_do_not() {
        let names = [
            "alice",
            "Alice",
            "ALICE",
            "alicia",
            "al ice",
            "\u{c5}lice",
            "al\u{ed}ce",
            "al\u{ed}\u{307}ce",
            "alic\u{117}",
            "user 1",
            "user 2",
            "\u{674e}",
            "\u{738b}",
        ];
        let skeletons: std::collections::HashSet<String> = names.iter().map(|name| skeleton(name)).collect();
        assert_eq!(skeletons.len(), names.len());
    }

    #[test]
    fn what_looks_like_a_word_of_the_site_is_known() {
        let looks = |raw: &str| looks_reserved(&Username::parse(raw).unwrap());
        for name in [
            "\u{430}dmin",
            "\u{410}DMIN",
            "log\u{456}n",
            "PUBL\u{406}C",
            "adrnin",
            "ADMlN",
            "APl",
            "LOGlN",
            "PUBLlC",
            "STATlC",
            "FAVlCON.ICO",
            "PUB1|C",
            "\u{a4ee}\u{a4d3}\u{a4df}\u{a4f2}\u{a4e0}",
            "\u{391}D\u{39c}\u{399}\u{39d}",
            "admi\u{307}n",
            "ADM\u{130}N",
            "R0B0TS.TXT",
        ] {
            assert!(looks(name), "{name}");
        }
        for name in ["Adam", "Roger Histand", "admin2", "Public Enemy", "Lin", "Ali", "Milo", "Mel"] {
            assert!(!looks(name), "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_look_of_a_word_of_the_site_passes(word in any::<prop::sample::Index>(), choices in prop::collection::vec(any::<u8>(), 20)) {
            let words: Vec<&str> = routes::reserved().collect();
            let disguise = |(c, choice): (char, &u8)| match c {
                'i' | 'l' => ['i', 'I', 'l', 'L', '1', '|', '\u{456}', '\u{a4f2}'][usize::from(choice % 8)],
                'a' => ['a', 'A', '\u{430}', '\u{410}', '\u{391}', '\u{a4ee}'][usize::from(choice % 6)],
                'o' => ['o', 'O', '0', '\u{43e}', '\u{39f}'][usize::from(choice % 5)],
                _ if choice % 2 == 0 => c.to_ascii_uppercase(),
                _ => c,
            };
            let chosen = word.get(&words);
            let name: String = chosen.chars().zip(&choices).map(disguise).collect();
            prop_assert!(Username::parse(&name).is_none_or(|name| looks_reserved(&name)), "{}", name);
        }

        #[test]
        fn a_dot_on_a_dot_is_not_seen(letter in "\\p{Soft_Dotted}", below in "\u{323}?") {
            let name = format!("M{letter}{below}ke");
            prop_assert_eq!(skeleton(&name.replace(&letter, &format!("{letter}\u{307}"))), skeleton(&name));
        }

        #[test]
        fn a_skeleton_does_not_change_with_spelling_and_filling(name in "\\PC{1,20}") {
            let decomposed: String = name.nfd().collect();
            prop_assert_eq!(skeleton(&decomposed), skeleton(&name));
            prop_assert_eq!(skeleton(&format!(" {name}\u{200b}\u{fe0f} ")), skeleton(&name));
        }
    }
}
