//! What becomes of people, tags and links in a text.

use proptest::prelude::*;

use super::*;

fn people(text: &str, known: &[&str]) -> Vec<String> {
    let known: Vec<String> = known.iter().map(|name| (*name).to_owned()).collect();
    mentioned(text, &known).into_iter().map(str::to_owned).collect()
}

fn found_tags(text: &str) -> Vec<String> {
    tags(text).iter().map(|tag| tag.as_str().to_owned()).collect()
}

fn links(text: &str) -> Vec<String> {
    let links = segments(text, &[]).into_iter().filter_map(|segment| match segment {
        Segment::Link { href, .. } => Some(href),
        _ => None,
    });
    links.collect()
}

#[test]
fn a_text_falls_into_its_pieces() {
    let known = ["Ada Lovelace".to_owned()];
    let text = "Ask @Ada Lovelace, or see https://example.org/x. #Engines!";
    let pieces = segments(text, &known);
    let Segment::Tag { tag, .. } = &pieces[5] else { panic!("{pieces:?}") };
    assert_eq!(tag.as_str(), "engines");
    assert_eq!(
        pieces,
        [
            Segment::Text("Ask "),
            Segment::Person { shown: "@Ada Lovelace".to_owned(), name: "Ada Lovelace" },
            Segment::Text(", or see "),
            Segment::Link { href: "https://example.org/x".to_owned(), shown: "example.org/x".to_owned() },
            Segment::Text(". "),
            Segment::Tag { shown: "#Engines", tag: tag.clone() },
            Segment::Text("!"),
        ]
    );
    assert_eq!(segments("plain", &known), [Segment::Text("plain")]);
    assert_eq!(segments("", &known), []);
}

#[test]
fn an_at_means_the_longest_name_that_ends_a_word() {
    let known = ["Ada", "Ada Lovelace", "bob", "o'neil", "李小龍"];
    for (text, expected) in [
        ("@Ada Lovelace", &["Ada Lovelace"][..]),
        ("@Ada Lovelaces", &["Ada"]),
        ("@Ada", &["Ada"]),
        ("@Ada.", &["Ada"]),
        ("(@Ada)", &["Ada"]),
        (".@Ada said", &["Ada"]),
        ("@Ada's engine", &["Ada"]),
        ("@Ada, @bob; @Ada", &["Ada", "bob"]),
        ("@o'neil's", &["o'neil"]),
        ("@李小龍 you", &["李小龍"]),
        ("@[Ada] Lovelace", &["Ada"]),
        ("@[Ada Lovelace]s", &["Ada Lovelace"]),
        ("@[Ada Lovelaces]", &[]),
        ("@bob-marley", &[]),
        ("@bob'nothing", &[]),
        ("@bob.smith", &[]),
        ("@bob@example.org", &[]),
        ("@bob_", &[]),
        ("@bobby", &[]),
        ("@Bob", &[]),
        ("me@bob", &[]),
        ("me.too+@bob", &[]),
        ("@@bob", &[]),
        ("@ bob", &[]),
        ("https://example.org/@bob", &[]),
    ] {
        assert_eq!(people(text, &known), expected, "{text}");
    }
}

#[test]
fn a_name_in_two_spellings_is_one() {
    assert_eq!(people("@Ame\u{301}lie!", &["Am\u{e9}lie"]), ["Am\u{e9}lie"]);
}

#[test]
fn whom_to_look_for_is_bounded() {
    assert_eq!(candidates("@Ada Lovelace, hi"), ["Ada", "Ada Lovelace", "Ada Lovelace,", "Ada Lovelace, hi"]);
    assert_eq!(candidates("nobody, me@example.org"), Vec::<String>::new());
    let crowd = (0..100).map(|number| format!("@user{number}\n")).collect::<Vec<_>>().concat();
    assert_eq!(candidates(&crowd).len(), MOST);
    let dots = format!("@{}", ".".repeat(500));
    assert!(candidates(&dots).len() <= username::MAX_CHARS);
    assert!(candidates(&dots.repeat(30)).len() <= MOST * username::MAX_CHARS);
}

#[test]
fn a_tag_begins_a_word() {
    for (text, expected) in [
        ("#Garden and #garden", &["garden"][..]),
        ("(#a), #b.", &["a", "b"]),
        ("a#b &#39; ##c #1 #_ /#d #e#f", &["e"]),
        ("https://example.org/#part #real", &["real"]),
        ("#c++ #foo-bar", &["c", "foo"]),
    ] {
        assert_eq!(found_tags(text), expected, "{text}");
    }
    let many = (0..100).map(|number| format!("#tag{number}")).collect::<Vec<_>>().join(" ");
    assert_eq!(tags(&many).len(), MOST);
}

#[test]
fn a_link_ends_before_what_stands_around_it() {
    for (text, expected) in [
        ("see https://example.org.", "https://example.org/"),
        ("(https://en.wikipedia.org/wiki/Ada_(name))", "https://en.wikipedia.org/wiki/Ada_(name)"),
        ("[https://example.org/a],", "https://example.org/a"),
        ("\"https://example.org/a\"", "https://example.org/a"),
        ("https://example.org/a?b=c&d!", "https://example.org/a?b=c&d"),
        ("見https://example.org/a。", "https://example.org/a"),
        ("HTTPS://EXAMPLE.ORG/A", "https://example.org/A"),
        ("<http://example.org>", "http://example.org/"),
    ] {
        assert_eq!(links(text), [expected], "{text}");
    }
    for none in ["xhttps://example.org", "javascript://example.org", "https://", "://", "http:/example.org"] {
        assert_eq!(links(none), Vec::<String>::new(), "{none}");
    }
}

proptest! {
    #[test]
    fn nothing_is_lost_and_nothing_overlaps(text in "([a-z ]|@|#|https://|ada|Ada Lovelace|\\[|\\]|[.,)(é\u{301}]){0,40}") {
        let known = ["ada".to_owned(), "Ada Lovelace".to_owned()];
        let found = find(&text, |behind| {
            let (length, _) = names(behind).into_iter().rev().find(|(_, name)| known.iter().any(|known| known == name.as_str()))?;
            Some((length, Segment::Text("")))
        });
        let mut from = 0;
        for (place, _) in &found {
            prop_assert!(from <= place.start && place.start < place.end && place.end <= text.len());
            prop_assert!(text.is_char_boundary(place.start) && text.is_char_boundary(place.end));
            from = place.end;
        }
        let plain = |segment: &Segment<'_>| matches!(segment, Segment::Text(_));
        let pieces = segments(&text, &known);
        prop_assert!(pieces.windows(2).all(|pair| !(plain(&pair[0]) && plain(&pair[1]))));
        prop_assert_eq!(pieces.iter().filter(|piece| !plain(piece)).count(), found.len());
    }

    #[test]
    fn whoever_is_mentioned_was_looked_for(text in "(@?(ada|bob| |x|\\.|,|'s|-|\n)){0,30}") {
        let known = ["ada".to_owned(), "bob".to_owned(), "ada bob".to_owned(), "x".to_owned()];
        let candidates = candidates(&text);
        for name in mentioned(&text, &known) {
            prop_assert!(candidates.iter().any(|candidate| candidate == name), "{} in {:?}", name, candidates);
        }
        // Who was not mentioned when it was posted is not linked afterwards.
        let stored: Vec<String> = mentioned(&text, &known).into_iter().map(str::to_owned).collect();
        prop_assert_eq!(segments(&text, &stored), segments(&text, &known));
    }

    #[test]
    fn any_text_has_pieces(text in any::<String>()) {
        let known = [text.trim().to_owned()];
        let pieces = segments(&text, &known);
        prop_assert_eq!(pieces.is_empty(), text.is_empty());
    }
}
