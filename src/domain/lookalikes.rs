//! Names that a reader takes for one another: "raul" and "rаul", with a Cyrillic letter.

use unicode_normalization::UnicodeNormalization;

use super::{Username, invisible::is_invisible, routes};

/// What is left of a name when everything is put aside that a reader does not see: names that look alike
/// have the same. The skeleton of Unicode's UTS #39, without what is invisible, and with one space for
/// any run of white space, which older names may have.
///
/// Case counts, as it does in names: "alice" and "Alice" look different, "Ian" and "lan" do not.
/// Another release of `unicode-security` may know more pairs: see `db/skeletons.rs` for what to do then.
#[must_use]
pub fn skeleton(name: &str) -> String {
    let seen: String = name.chars().filter(|c| !is_invisible(*c)).collect();
    let words: Vec<&str> = seen.split_whitespace().collect();
    unicode_security::skeleton(&words.join(" ")).collect()
}

/// Whether a name looks like one of the site's own words, in any case: "аdmin", "PUBLІC".
#[must_use]
pub fn looks_reserved(name: &Username) -> bool {
    let folded = |text: &str| text.nfkc().flat_map(char::to_lowercase).collect::<String>();
    // Before and after: a capital may look like the small letter of another script, or have it.
    let looks = [skeleton(&folded(name.as_str())), skeleton(&folded(&skeleton(name.as_str())))];
    routes::reserved().any(|word| looks.contains(&skeleton(word)))
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
        ] {
            assert_eq!(skeleton(name), skeleton(twin), "{name:?} and {twin:?}");
        }
    }

    #[test]
    fn names_that_look_different_do_not() {
        let names =
            ["alice", "Alice", "ALICE", "alicia", "al ice", "\u{c5}lice", "user 1", "user 2", "\u{674e}", "\u{738b}"];
        let skeletons: std::collections::HashSet<String> = names.iter().map(|name| skeleton(name)).collect();
        assert_eq!(skeletons.len(), names.len());
    }

    #[test]
    fn what_looks_like_a_word_of_the_site_is_known() {
        let looks = |raw: &str| looks_reserved(&Username::parse(raw).unwrap());
        for name in ["\u{430}dmin", "\u{410}DMIN", "log\u{456}n", "PUBL\u{406}C", "adrnin"] {
            assert!(looks(name), "{name}");
        }
        for name in ["Adam", "Roger Histand", "admin2", "Public Enemy"] {
            assert!(!looks(name), "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_skeleton_does_not_change_with_spelling_and_filling(name in "\\PC{1,20}") {
            let decomposed: String = name.nfd().collect();
            prop_assert_eq!(skeleton(&decomposed), skeleton(&name));
            prop_assert_eq!(skeleton(&format!(" {name}\u{200b}\u{fe0f} ")), skeleton(&name));
        }
    }
}
