//! Invented messages: nonsense with the length and the characters of the recorded ones.
//!
//! Of those, 5,046 in 11,306 hold characters outside ASCII: typographic quotes and dashes mostly,
//! often with their partner missing, some accents, one byte-order mark. 10 to 140 characters.

use rand::{Rng, RngExt};

/// The longest message, in characters: the recorded scenario's.
const MAX_CHARS: usize = 140;
/// Left free for what [`decorate`] adds.
const DECORATION: usize = 25;

#[rustfmt::skip]
const SUBJECTS: [&str; 24] = [
    "the night ferry", "our lighthouse keeper", "a very small orchestra", "my neighbour's goat", "the last biscuit",
    "nobody on this train", "the cartographer", "half of the choir", "a borrowed umbrella", "the printer upstairs",
    "every second snail", "the mayor's accordion", "an unusually polite fox", "the weather station", "our tea committee",
    "the left-handed clock", "a parcel without sender", "the apprentice", "somebody's aunt", "the Tuesday club",
    "this teapot", "the moss on the roof", "a queue of penguins", "the retired magician",
];
#[rustfmt::skip]
const VERBS: [&str; 24] = [
    "has eaten", "will repaint", "keeps counting", "refuses to sell", "once juggled", "cannot find", "is guarding",
    "has misplaced", "may yet discover", "quietly admires", "sings about", "argues with", "never returned",
    "is translating", "wants to borrow", "has renamed", "forgot to water", "was looking for", "still owes us",
    "dreams of", "has photographed", "would not trade", "is knitting", "has declared war on",
];
#[rustfmt::skip]
const OBJECTS: [&str; 24] = [
    "the harbour", "seventeen spoons", "a map of the cellar", "the wrong trombone", "all the plum jam", "my blue bicycle",
    "an honest horoscope", "the baker's dog", "a bridge made of cheese", "two thirds of a poem", "the old tide table",
    "a suspicious amount of string", "the key to the attic", "a bag of left gloves", "the echo in the hall",
    "three kinds of rain", "the unfinished crossword", "a sleepy volcano", "the moon's reflection", "her second-best hat",
    "the village radio", "a recipe for fog", "the only working lamp", "what remains of the cake",
];
#[rustfmt::skip]
const CIRCUMSTANCES: [&str; 16] = [
    "", "", "", "", "", "", "before breakfast", "under the stairs", "for the third time", "in spite of the wind",
    "as agreed", "without a word", "behind the post office", "until Thursday", "with great care", "to general applause",
];
const JOINTS: [&str; 8] = [", and ", "; ", ", but ", " while ", ": ", " - ", ", so ", "? Well, "];
const ENDS: [&str; 8] = [".", ".", ".", ".", "!", "?", ".", "..."];
/// In one message of fifty: what breaks careless JSON, HTML, SQL or shell.
#[rustfmt::skip]
const ASCII_TRAPS: [&str; 10] = [
    "\"sic\"", "C:\\tea", "<b>bold</b>", "&amp; co.", "'); --", "{\"a\":1}", "100% _sure_", "$(date)", "*wink*", "1 < 2 && 2 > 1",
];
/// In one typographic message of fifty: rarer characters.
const RARITIES: [&str; 10] = ["café", "£5", "Æther", "cœur", "naïve…", "\u{feff}", "10 °C", "½ pint", "日本", "🫖"];

fn pick<'a>(words: &[&'a str], rng: &mut impl Rng) -> &'a str {
    words[rng.random_range(0..words.len())]
}

/// A message: one line, trimmed, 10 to [`MAX_CHARS`] characters.
pub(crate) fn text(rng: &mut impl Rng) -> String {
    // The lesser of two: short messages are more frequent than long ones.
    let wanted = rng.random_range(10..=150).min(rng.random_range(10..=150));
    let mut text = match wanted {
        ..16 => pick(&OBJECTS, rng).to_owned(),
        16..45 => clause("it", rng),
        _ => clause(pick(&OBJECTS, rng), rng),
    };
    while text.len() + 20 < wanted {
        let longer = format!("{text}{}{}", pick(&JOINTS, rng), clause(pick(&OBJECTS, rng), rng));
        if longer.len() > MAX_CHARS - DECORATION {
            break;
        }
        text = longer;
    }
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text.push_str(pick(&ENDS, rng));
    if rng.random_ratio(5046, 11306) {
        decorate(&mut text, rng);
    } else if rng.random_ratio(1, 50) {
        text.push(' ');
        text.push_str(pick(&ASCII_TRAPS, rng));
    }
    text
}

/// ASCII, at most 96 characters.
fn clause(object: &str, rng: &mut impl Rng) -> String {
    let (subject, verb) = (pick(&SUBJECTS, rng), pick(&VERBS, rng));
    match pick(&CIRCUMSTANCES, rng) {
        "" => format!("{subject} {verb} {object}"),
        circumstance => format!("{subject} {verb} {object} {circumstance}"),
    }
}

/// Makes the message typographic, in one of the recorded ways: at least one character outside ASCII.
fn decorate(text: &mut String, rng: &mut impl Rng) {
    *text = match rng.random_range(0..50) {
        0 => format!("{} {text}", pick(&RARITIES, rng)),
        1..=12 => format!("“{text}”"),
        // The recorded texts were cut at sentences, so half of their quotes stand alone.
        13..=23 => format!("“{text}"),
        24..=31 => format!("{text}”"),
        32..=38 => format!("I don’t think so. {text}"),
        39..=42 => format!("“‘{text}’ he said."),
        43..=45 => format!("{text}—No, really?"),
        _ => text.replacen(' ', "—", 1).replace('\'', "’"),
    };
}

#[cfg(test)]
mod tests {
    use chacha20::ChaCha8Rng;
    use minitwit::domain::{MessageRules, MessageText};
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn texts_are_messages_and_look_like_the_recorded_ones() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let texts: Vec<_> = (0..11_306).map(|_| text(&mut rng)).collect();
        for text in &texts {
            let parsed = MessageText::parse(text, MessageRules { max_length: MAX_CHARS, max_bytes: 500 })
                .unwrap_or_else(|why| panic!("{text:?}: {why}"));
            assert_eq!(parsed.as_str(), text);
            assert!((10..=MAX_CHARS).contains(&text.chars().count()), "{text}");
            assert!(!text.contains(['\t', '\n', '\r']), "{text:?}");
        }
        let typographic = texts.iter().filter(|text| !text.is_ascii()).count();
        assert!((4800..5300).contains(&typographic), "{typographic} of the recorded 5,046");
        let mean = texts.iter().map(|text| text.chars().count()).sum::<usize>() / texts.len();
        assert!((50..80).contains(&mean), "{mean}");
        for trap in ASCII_TRAPS.iter().chain(&RARITIES) {
            assert!(texts.iter().any(|text| text.contains(trap)), "{trap:?} never comes");
        }
    }
}
