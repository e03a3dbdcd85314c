//! The site's contract, sentence by sentence: routes, texts, titles, classes, order, statuses.

use reqwest::Method;
use rstest_reuse::apply;

use crate::support::{
    TestDatabase,
    actors::{Browser, PASSWORD},
    on_both,
};

#[apply(on_both)]
async fn signed_out_the_root_leads_to_the_public_timeline(db: TestDatabase) {
    let app = db.app();
    let answer = Browser::without_redirects(app.address).get("/").await;
    assert_eq!((answer.status, answer.header("location")), (302, "/public"));
    let page = app.browser().get("/").await;
    assert_eq!((page.status, page.path.as_str()), (200, "/public"));
    assert_eq!(page.title(), "Public Timeline | MiniTwit");
    assert!(page.source.contains("There's no message so far."));
    assert_eq!(page.attributes(".empty a", "href"), ["/register"], "what to do on the first day");
}

#[apply(on_both)]
async fn registering_refuses_in_the_contracts_order_and_words(db: TestDatabase) {
    let app = db.app();
    let browser = app.browser();
    browser.register("taken").await;
    let table = [
        (("", "", "", "x"), "You have to enter a username"),
        (("a/b", "", "", "x"), "You have to enter a valid username"),
        (("meh", "broken", "", "x"), "You have to enter a valid email address"),
        (("meh", "meh@example.org", "", "x"), "You have to enter a password"),
        (("meh", "meh@example.org", "x", "y"), "The two passwords do not match"),
        (("taken", "meh@example.org", "x", "y"), "The two passwords do not match"),
        (("taken", "meh@example.org", "x", "x"), "The username is already taken"),
    ];
    for ((name, email, password, again), expected) in table {
        let page = browser.register_with(name, email, password, again).await;
        assert_eq!((page.status, page.path.as_str()), (200, "/register"), "{expected}");
        assert_eq!(page.text("div.error"), format!("Error: {expected}"));
        assert_eq!(page.attributes("input[name=username]", "value"), [name], "what was typed is kept");
        assert_eq!(page.attributes("input[name=email]", "value"), [email]);
        assert_eq!(page.attributes("input[type=password]", "value"), ["", ""], "never the password");
    }
    assert_eq!(app.browser().sign_in_with("meh", "x").await.text("div.error"), "Error: Invalid username");
}

#[apply(on_both)]
async fn registering_leads_to_the_sign_in_form_with_a_flash(db: TestDatabase) {
    let app = db.app();
    let page = app.browser().register("Roger Histand").await;
    assert_eq!((page.status, page.path.as_str()), (200, "/login"));
    assert_eq!(page.flashes(), ["You were successfully registered and can login now"]);
    assert_eq!(page.text("ul.flashes"), "You were successfully registered and can login now", "and nothing else");
    assert_eq!(page.title(), "Sign In | MiniTwit");
    let answer = Browser::without_redirects(app.address).register("Another").await;
    assert_eq!((answer.status, answer.header("location")), (302, "/login"));
}

#[apply(on_both)]
async fn the_first_five_inputs_of_the_register_page_are_those_the_browser_test_fills(db: TestDatabase) {
    let page = db.app().browser().get("/register").await;
    assert_eq!(page.title(), "Sign Up | MiniTwit");
    assert_eq!(page.attributes("input", "name")[..4], ["username", "email", "password", "password2"]);
    assert_eq!(page.attributes("input", "type")[4], "submit");
    assert_eq!(page.attributes(".actions input", "type"), ["submit"]);
}

#[apply(on_both)]
async fn signing_in_says_what_is_wrong_and_then_welcomes(db: TestDatabase) {
    let app = db.app();
    let browser = app.browser();
    browser.register("alice").await;
    let unknown = browser.sign_in_with("nobody", PASSWORD).await;
    assert_eq!((unknown.status, unknown.text("div.error").as_str()), (200, "Error: Invalid username"));
    let wrong = browser.sign_in_with("alice", "wrong").await;
    assert_eq!((wrong.status, wrong.text("div.error").as_str()), (200, "Error: Invalid password"));
    assert_eq!(wrong.attributes("input[name=username]", "value"), ["alice"]);
    let home = browser.sign_in("alice").await;
    assert_eq!((home.status, home.path.as_str()), (200, "/"));
    assert_eq!(home.flashes(), ["You were logged in"]);
    assert_eq!(home.title(), "My Timeline | MiniTwit");
    assert_eq!(home.text(".twitbox h2"), "What's on your mind alice?");
    assert!(home.source.contains("What's on your mind alice?"));
    assert!(home.has(".navigation"));
    assert_eq!(browser.get("/").await.flashes(), Vec::<String>::new(), "a flash is shown once");
    let answer = browser.get("/login").await;
    assert_eq!(answer.path, "/", "already signed in");
    assert_eq!(browser.sign_in("alice").await.path, "/");
}

#[apply(on_both)]
async fn signing_out_works_by_get_and_by_post(db: TestDatabase) {
    let app = db.app();
    for method in [Method::GET, Method::POST] {
        let browser = app.signed_in(method.as_str()).await;
        let response = browser.request(method, "/logout").send().await.unwrap();
        assert_eq!(response.url().path(), "/public");
        assert!(response.text().await.unwrap().contains("You were logged out"));
        assert_eq!(browser.get("/").await.path, "/public");
    }
}

#[apply(on_both)]
async fn head_changes_nothing(db: TestDatabase) {
    let app = db.app();
    app.browser().register("bob").await;
    let alice = app.signed_in("alice").await;
    for path in ["/bob/follow", "/bob/unfollow", "/logout"] {
        let response = alice.request(Method::HEAD, path).send().await.unwrap();
        assert_eq!((response.status().as_u16(), &response.headers()["allow"]), (405, &"GET, POST".parse().unwrap()));
    }
    assert_eq!(alice.get("/bob").await.text(".followstatus p"), "You are not yet following this user.");
}

#[apply(on_both)]
async fn posting_records_a_message_and_escapes_it_exactly(db: TestDatabase) {
    let app = db.app();
    let alice = app.signed_in("alice").await;
    let page = alice.say("test message 1").await;
    assert_eq!((page.status, page.path.as_str()), (200, "/"));
    assert_eq!(page.flashes(), ["Your message was recorded"]);
    let page = alice.say("<test message 2> & \"quotes\" 'single'").await;
    assert!(page.source.contains("&lt;test message 2&gt; &amp; &#34;quotes&#34; &#39;single&#39;"));
    assert_eq!(page.messages(), ["<test message 2> & \"quotes\" 'single'", "test message 1"]);
    assert_eq!(app.browser().get("/public").await.messages().len(), 2);
}

#[apply(on_both)]
async fn a_blank_message_stores_nothing_and_says_nothing(db: TestDatabase) {
    let app = db.app();
    let alice = app.signed_in("alice").await;
    alice.get("/").await;
    for text in ["", "   ", "\r\n\t "] {
        let page = alice.say(text).await;
        assert_eq!((page.status, page.path.as_str()), (200, "/"));
        assert_eq!(page.flashes(), Vec::<String>::new());
        assert_eq!(page.messages(), Vec::<String>::new());
    }
    let page = alice.post("/add_message", &[]).await;
    assert_eq!((page.status, page.path.as_str()), (200, "/"));
}

#[apply(on_both)]
async fn a_refused_message_is_not_lost(db: TestDatabase) {
    let alice = db.app_with(|settings| settings.messages.max_length = 10);
    let alice = alice.signed_in("alice").await;
    let page = alice.say("eleven <chars").await;
    assert_eq!(page.status, 400);
    assert_eq!(page.text("div.error"), "Error: Your message is too long: at most 10 characters fit");
    assert_eq!(page.text("textarea"), "eleven <chars");
    assert_eq!(page.messages(), Vec::<String>::new());
    assert!(page.text(".twitbox .hint").contains("10 characters"));
}

#[apply(on_both)]
async fn what_was_typed_comes_back_when_the_author_was_signed_out_meanwhile(db: TestDatabase) {
    let app = db.app();
    let page = app.browser().say("a long <thought>").await;
    assert_eq!(page.status, 401);
    assert_eq!(page.text("textarea"), "a long <thought>");
    assert!(page.attributes("main a", "href").contains(&"/login".to_owned()));
}

#[apply(on_both)]
async fn the_timelines_show_whose_messages_they_should(db: TestDatabase) {
    let app = db.app();
    let author = app.signed_in("foo").await;
    author.say("the message by foo").await;
    let reader = app.signed_in("bar").await;
    reader.say("the message by bar").await;
    assert_eq!(reader.get("/public").await.messages(), ["the message by bar", "the message by foo"]);
    assert_eq!(reader.get("/").await.messages(), ["the message by bar"]);
    let page = reader.get("/foo/follow").await;
    assert_eq!((page.status, page.path.as_str()), (200, "/foo"));
    assert!(page.source.contains("You are now following &#34;foo&#34;"));
    assert_eq!(reader.get("/").await.messages(), ["the message by bar", "the message by foo"]);
    assert_eq!(reader.get("/bar").await.messages(), ["the message by bar"]);
    assert_eq!(reader.get("/foo").await.messages(), ["the message by foo"]);
    let page = reader.get("/foo/unfollow").await;
    assert!(page.source.contains("You are no longer following &#34;foo&#34;"));
    assert_eq!(reader.get("/").await.messages(), ["the message by bar"]);
}

#[apply(on_both)]
async fn a_profile_says_how_one_stands_to_its_owner(db: TestDatabase) {
    let app = db.app();
    app.browser().register("Roger Histand").await;
    let alice = app.signed_in("alice").await;
    let path = "/Roger%20Histand";
    assert_eq!(alice.get("/alice").await.text(".followstatus p"), "This is you!");
    assert_eq!(alice.get(path).await.text(".followstatus p"), "You are not yet following this user.");
    let page = alice.post("/Roger%20Histand/follow", &[]).await;
    assert_eq!(page.flashes(), ["You are now following \"Roger Histand\""]);
    assert_eq!(page.text(".followstatus p"), "You are currently following this user.");
    assert_eq!(page.attributes(".followstatus form", "action"), ["/Roger%20Histand/unfollow"]);
    let page = alice.post("/Roger%20Histand/unfollow", &[]).await;
    assert_eq!(page.flashes(), ["You are no longer following \"Roger Histand\""]);
    let signed_out = app.browser().get(path).await;
    assert_eq!(signed_out.title(), "Roger Histand's Timeline | MiniTwit");
    assert!(!signed_out.has(".followstatus"));
}

#[apply(on_both)]
async fn following_oneself_stores_nothing_and_says_so(db: TestDatabase) {
    let app = db.app();
    let alice = app.signed_in("alice").await;
    let (refusal, farewell) = ("You cannot follow yourself", "You are no longer following \"alice\"");
    for (path, words) in [("/alice/follow", refusal), ("/alice/unfollow", farewell)] {
        let page = alice.post(path, &[]).await;
        assert_eq!((page.status, page.text(".followstatus p").as_str()), (200, "This is you!"));
        assert_eq!(page.flashes(), [words], "{path} claims nothing that is not so");
    }
    assert_eq!(app.simulator().follow("alice", "alice").await.status, 204);
    assert_eq!(app.simulator().unfollow("alice", "alice").await.status, 204);
    assert_eq!(app.simulator().get("/fllws/alice").await.body, serde_json::json!({ "follows": [] }));
}

#[apply(on_both)]
async fn what_needs_a_person_is_401_and_what_is_unknown_404(db: TestDatabase) {
    let app = db.app();
    let stranger = app.browser();
    stranger.register("alice").await;
    for path in ["/alice/follow", "/alice/unfollow", "/nobody/follow"] {
        let page = stranger.get(path).await;
        assert_eq!(page.status, 401, "{path}");
        assert_eq!(page.attributes("main a", "href"), ["/login", "/register"], "the way to sign in");
        assert_eq!(stranger.post(path, &[]).await.status, 401, "POST {path}");
    }
    assert_eq!(stranger.say("hi").await.status, 401);
    assert_eq!(app.browser().get("/public").await.messages(), Vec::<String>::new());
    let alice = app.signed_in("bob").await;
    for path in ["/nobody", "/nobody/follow", "/nobody/unfollow", "/a/b/c"] {
        let page = alice.get(path).await;
        assert_eq!((page.status, page.title().as_str()), (404, "Not found | MiniTwit"), "{path}");
    }
    assert_eq!(stranger.get("/nobody").await.status, 404);
}

#[apply(on_both)]
async fn times_are_shown_in_utc_with_a_machine_readable_twin(db: TestDatabase) {
    let app = db.app();
    let alice = app.signed_in("alice").await;
    let before = minitwit::db::now();
    let page = alice.say("hello").await;
    let shown = page.text(".messages time");
    let possible: Vec<String> =
        (before..=minitwit::db::now()).map(|second| minitwit::http::html::shown_time(&second)).collect();
    assert!(possible.contains(&shown), "{shown} is none of {possible:?}");
    let machine = &page.attributes(".messages time", "datetime")[0];
    assert_eq!(format!("{} @ {}", &machine[..10], &machine[11..16]), shown);
}

#[apply(on_both)]
async fn messages_of_one_second_are_ordered_by_id(db: TestDatabase) {
    let app = db.app();
    let simulator = app.simulator();
    simulator.register("alice").await;
    let texts: Vec<String> = (0..40).map(|n| format!("message {n}")).collect();
    for text in &texts {
        simulator.tweet("alice", text).await;
    }
    let newest: Vec<&String> = texts.iter().rev().take(30).collect();
    for path in ["/public", "/alice"] {
        let shown = app.browser().get(path).await.messages();
        assert_eq!(shown.iter().collect::<Vec<_>>(), newest, "{path}: newest first, 30 a page");
    }
}

#[apply(on_both)]
async fn flagged_messages_are_shown_nowhere(db: TestDatabase) {
    let app = db.app();
    let alice = app.signed_in("alice").await;
    alice.say("fine").await;
    alice.say("rude").await;
    let id = minitwit::domain::MessageId(2);
    assert!(minitwit::db::messages::set_flagged(&mut db.connect(), id, true).unwrap());
    for path in ["/", "/public", "/alice"] {
        assert_eq!(alice.get(path).await.messages(), ["fine"], "{path}");
    }
    let simulator = app.simulator();
    for path in ["/msgs", "/msgs/alice"] {
        assert_eq!(simulator.get(path).await.body.as_array().unwrap().len(), 1, "{path}");
    }
}

#[apply(on_both)]
async fn a_flash_survives_for_strangers_and_through_another_replica(db: TestDatabase) {
    let (one, other) = (db.app(), db.app());
    let answer = Browser::without_redirects(one.address).register("alice").await;
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    let request = other.browser().request(Method::GET, "/login").header("cookie", cookie);
    let page = request.send().await.unwrap().text().await.unwrap();
    assert!(page.contains("You were successfully registered and can login now"));
}

#[apply(on_both)]
async fn pages_have_the_bones_that_screen_readers_need(db: TestDatabase) {
    let app = db.app();
    let alice = app.signed_in("alice").await;
    alice.say("hello").await;
    for (browser, path) in [
        (&app.browser(), "/public"),
        (&app.browser(), "/login"),
        (&app.browser(), "/register"),
        (&alice, "/"),
        (&alice, "/alice"),
        (&alice, "/nobody"),
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.attributes("html", "lang"), ["en"], "{path}");
        assert!(page.has("meta[name=viewport]") || page.source.contains("name=\"viewport\""));
        assert_eq!(page.texts("h1").len(), 1, "{path}: one heading");
        assert_eq!(page.texts("main").len(), 1, "{path}: one main");
        assert!(page.has("header nav") && page.has("footer"), "{path}: landmarks");
        assert!(page.attributes("img", "alt").len() == page.attributes("img[alt]", "alt").len());
        for id in page.attributes("input:not([type=submit]):not([type=hidden])", "id") {
            assert!(page.has(&format!("label[for={id}]")), "{path}: {id} has a label");
        }
        assert!(
            page.attributes("script", "src").iter().all(|src| src.starts_with("/static/")),
            "{path}: no inline script"
        );
        assert_eq!(page.texts("script"), [""], "{path}: one script, of ours");
        assert!(!page.source.contains(" style="), "{path}");
    }
}
