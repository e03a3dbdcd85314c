//! Names that pass for another, and texts that show nothing: refused on both doors, in the same words.

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::json;

use crate::support::{TestApp, TestDatabase, actors::Answer, on_both};

/// What passed for "Roger Histand", or for the site itself.
const DISGUISES: [&str; 20] = [
    "Roger  Histand",
    "Roger\u{a0}Histand",
    "Roger\u{3000}Histand",
    " Roger Histand",
    "Roger Histand\u{3164}",
    "Roger Histand\u{ffa0}",
    "Roger\u{34f} Histand",
    "Roger Histand\u{fe0f}",
    "Roger Histand\u{e0100}",
    "\u{3164}",
    "\u{2800}",
    "\u{115f}\u{1160}",
    "Admin",
    "PUBLIC",
    "ＡＰＩ",
    "Roger Histand\u{fffc}",
    "\u{fffc}",
    "\u{301}",
    "Roger \u{301}",
    "x\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
];

/// Nothing that anybody could see.
const INVISIBLE: [&str; 7] =
    ["\u{fffc}", "\u{3164}", "\u{2800}\n\u{2800}", "\u{200b}", "\u{feff} \u{2060}", "\u{34f}", "\u{e0100}\u{fe0f}"];

async fn stranger_registers(app: &TestApp, name: &str) -> Answer {
    let body = json!({ "username": name, "email": "a@example.org", "pwd": "open sesame" });
    let response = app.simulator().anonymous(Method::POST, "/register").json(&body).send().await.unwrap();
    Answer::read(response).await
}

#[apply(on_both)]
async fn names_that_pass_for_another_are_refused_on_both_doors(db: TestDatabase) {
    let app = db.app();
    assert_eq!(app.simulator().register("Roger Histand").await.status, 204);
    for name in DISGUISES {
        let page = app.browser().register(name).await;
        assert_eq!(page.text("div.error"), "Error: You have to enter a valid username", "{name:?}");
        let answer = app.simulator().register(name).await;
        assert_eq!((answer.status, answer.error()), (400, "You have to enter a valid username"), "{name:?}");
    }
    assert_eq!(stranger_registers(&app, "Roger\u{3164}").await.error(), "You have to enter a valid username");
}

#[apply(on_both)]
async fn names_of_every_script_are_given_on_both_doors(db: TestDatabase) {
    let app = db.app();
    let names = ["Nguyễn Thị Phương", "น้ำผึ้ง กุ๊กกู๋", "שָׁלוֹם בֶּן־דָּוִד", "مُحَمَّدٌ الأَمِينُ", "प्रियंका श्रीवास्तव"];
    for name in names {
        assert_eq!(app.browser().register(name).await.flashes().len(), 1, "{name}");
        assert_eq!(app.browser().sign_in(name).await.flashes(), ["You were logged in"], "{name}");
        assert_eq!(app.simulator().register(&format!("{name} 2")).await.status, 204, "{name}");
    }
}

#[apply(on_both)]
async fn messages_that_nobody_can_see_are_blank_on_both_doors(db: TestDatabase) {
    let app = db.app();
    let alice = app.signed_in("alice").await;
    alice.get("/").await;
    for text in INVISIBLE {
        let page = alice.say(text).await;
        assert_eq!((page.status, page.path.as_str(), page.flashes()), (200, "/", Vec::new()), "{text:?}");
        let answer = app.simulator().tweet("alice", text).await;
        assert_eq!((answer.status, answer.error()), (400, "You have to enter a message"), "{text:?}");
    }
    assert_eq!(app.simulator().get("/msgs").await.body, json!([]));
}

#[apply(on_both)]
async fn towers_of_marks_and_kilobytes_of_emoji_are_refused_on_both_doors(db: TestDatabase) {
    let app = db.app();
    let alice = app.signed_in("alice").await;
    let kisses = "🧑🏻‍❤️‍💋‍🧑🏼".repeat(400);
    for (text, words) in [
        ("e\u{301}\u{302}\u{303}\u{304}\u{306}\u{307}\u{308}\u{309}\u{30a}".repeat(500), "combining marks"),
        (format!("a{}", "\u{301}".repeat(9)), "combining marks"),
        (kisses, "12500 bytes"),
    ] {
        let page = alice.say(&text).await;
        assert_eq!((page.status, page.text("textarea")), (400, text.clone()));
        assert!(page.text("div.error").contains(words), "{}", page.text("div.error"));
        let answer = app.simulator().tweet("alice", &text).await;
        assert!(answer.status == 400 && answer.error().contains(words), "{answer:?}");
    }
    for text in ["👨‍👩‍👧‍👦".repeat(500), "क्षि".repeat(500), "ཧྐྵྨླྺྼྻྂ".repeat(400)]
    {
        assert_eq!(app.simulator().tweet("alice", &text).await.status, 204);
        assert_eq!(alice.say(&text).await.status, 200);
    }
}
