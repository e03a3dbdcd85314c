//! What is in a text beside plain words: people, tags and links.

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
use minitwit::{
    db::{DbConnection, messages},
    domain::MessageId,
};
use rstest_reuse::apply;
use serde_json::json;

use crate::support::{TestDatabase, on_both};

#[derive(QueryableByName)]
struct Pair {
    #[diesel(sql_type = BigInt)]
    message_id: i64,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
}

fn mentions(conn: &mut DbConnection) -> Vec<(i64, i64)> {
    let pairs: Vec<Pair> = sql_query("SELECT message_id, user_id FROM mentions ORDER BY 1, 2").load(conn).unwrap();
    pairs.into_iter().map(|pair| (pair.message_id, pair.user_id)).collect()
}

#[apply(on_both)]
async fn an_at_leads_to_whoever_was_called_so_when_it_was_posted(db: TestDatabase) {
    let app = db.app();
    for name in ["Ada", "Ada Lovelace", "bob"] {
        app.simulator().register(name).await;
    }
    for text in ["Hello @Ada Lovelace, @bob and @carol", "@[Ada] Lovelace's @Ada @Ada", "me@bob.example @Bob @ada"] {
        assert_eq!(app.simulator().tweet("bob", text).await.status, 204);
    }
    assert_eq!(mentions(&mut db.connect()), [(1, 2), (1, 3), (2, 1)]);
    app.simulator().register("carol").await;
    let page = app.browser().get("/search?q=from:bob").await;
    assert_eq!(page.texts("ul.messages .text a"), ["@Ada", "@Ada", "@Ada", "@Ada Lovelace", "@bob"], "{}", page.source);
    assert_eq!(
        page.attributes("ul.messages .text a", "href"),
        ["/Ada", "/Ada", "/Ada", "/Ada%20Lovelace", "/bob"],
        "carol was not there yet"
    );
    let posted = app.signed_in("dora").await;
    posted.say("@carol is here now").await;
    assert_eq!(mentions(&mut db.connect()).last(), Some(&(4, 4)));
}

#[apply(on_both)]
async fn a_tag_leads_to_its_timeline(db: TestDatabase) {
    let app = db.app_with(|settings| settings.messages.page_size = 2);
    app.simulator().register("bob").await;
    for number in 0..5 {
        app.simulator().tweet("bob", &format!("{number} #Café and #tea")).await;
        app.simulator().tweet("bob", "#other, https://example.org/#caf\u{e9}").await;
    }
    app.simulator().tweet("bob", "in another spelling #cafe\u{301}").await;
    messages::set_flagged(&mut db.connect(), MessageId(1), true).unwrap();
    let browser = app.browser();
    let first = browser.get("/search?q=from:bob").await;
    assert!(first.attributes("ul.messages .text a", "href").contains(&"/tags/caf%C3%A9".to_owned()));
    let mut texts = Vec::new();
    let mut next = Some("/tags/CAFÉ".to_owned());
    while let Some(path) = next {
        let page = browser.get(&path).await;
        assert_eq!((page.status, page.title().as_str()), (200, "#café | MiniTwit"));
        assert!(page.messages().len() <= 2);
        texts.extend(page.messages());
        next = page.attributes("nav.pages a[rel=next]", "href").pop();
    }
    let expected = [
        "in another spelling #cafe\u{301}",
        "4 #Café and #tea",
        "3 #Café and #tea",
        "2 #Café and #tea",
        "1 #Café and #tea",
    ];
    assert_eq!(texts, expected);
    assert!(browser.get("/tags/nothing").await.messages().is_empty());
    for none in ["/tags/1", "/tags/a%20b", "/tags/%23", "/tags", "/tags/"] {
        assert_eq!(browser.get(none).await.status, 404, "{none}");
    }
}

#[apply(on_both)]
async fn a_link_says_where_it_leads_and_nothing_is_taken_for_html(db: TestDatabase) {
    let app = db.app();
    app.simulator().register("bob").await;
    app.simulator()
        .tweet(
            "bob",
            "<b>\"https://example.org/a?b=<i>&c='d'\" https://xn--nxasmq6b.example/ javascript:alert(1)\nnew line",
        )
        .await;
    let page = app.browser().get("/search?q=from:bob").await;
    assert_eq!(
        page.attributes("ul.messages .text a", "href"),
        ["https://example.org/a?b=", "https://xn--nxasmq6b.example/"]
    );
    assert_eq!(page.attributes("ul.messages .text a", "rel"), ["nofollow noopener ugc"; 2]);
    assert_eq!(page.texts("ul.messages .text a"), ["example.org/a?b=", "xn--nxasmq6b.example"]);
    assert!(!page.has(".text b") && !page.has(".text i"));
    assert!(page.source.contains("javascript:alert(1)\nnew line"), "white space is the author's");
    assert!(page.source.contains("<p class=\"text\" dir=\"auto\">&lt;b&gt;&#34;<a "), "none is added: {}", page.source);
}

#[apply(on_both)]
async fn the_simulator_posts_all_of_this_with_its_latest(db: TestDatabase) {
    let app = db.app();
    let simulator = app.simulator();
    simulator.register("Ada Lovelace").await;
    let text = "@Ada Lovelace #one #two #null, @[Ada Lovelace]";
    let answer = simulator.post("/msgs/Ada Lovelace?latest=77", json!({ "content": text })).await;
    assert_eq!((answer.status, simulator.latest().await), (204, 77));
    assert_eq!(simulator.get("/msgs").await.body[0]["content"], text);
    assert_eq!(mentions(&mut db.connect()), [(1, 1)]);
    for tag in ["one", "two", "null"] {
        let shown = "@Ada Lovelace #one #two #null, @Ada Lovelace";
        assert_eq!(app.browser().get(&format!("/tags/{tag}")).await.messages(), [shown], "{tag}");
    }
    // Nothing is stored half: who is not there posts nothing.
    assert_eq!(simulator.tweet("nobody", "@Ada Lovelace #three").await.status, 404);
    assert!(app.browser().get("/tags/three").await.messages().is_empty());
    assert_eq!(mentions(&mut db.connect()).len(), 1);
    // Hostile, and within the limits of a message.
    let crowd = "@a b c d e f g h i j k l m n o p q r s t u v w x y z ".repeat(9);
    assert_eq!(simulator.tweet("Ada Lovelace", &crowd).await.status, 204);
    let tags = "#a #b #c #d #e #f #g #h #i #j #k #l #m #n #o #p #q #r #s #t #u #v #w";
    assert_eq!(simulator.tweet("Ada Lovelace", tags).await.status, 204);
    assert_eq!(app.browser().get("/tags/t").await.messages(), [tags]);
    assert!(app.browser().get("/tags/u").await.messages().is_empty(), "only so many are looked at");
}
