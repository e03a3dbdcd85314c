//! The simulator API's contract: every call, code and quirk.

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::{TestDatabase, actors::Answer, on_both};

const UNAUTHORIZED: &str = "You are not authorized to use this resource!";

#[apply(on_both)]
async fn latest_is_minus_one_then_the_last_seen_not_the_largest(db: TestDatabase) {
    let app = db.app();
    let simulator = app.simulator();
    assert_eq!(simulator.latest().await, -1);
    let body = json!({ "username": "test", "email": "test@test", "pwd": "foo" });
    assert_eq!(simulator.post("/register?latest=1337", body).await.status, 204);
    assert_eq!(simulator.latest().await, 1337);
    simulator.get("/msgs?latest=1").await;
    assert_eq!(simulator.latest().await, 1);
    simulator.get("/msgs?latest=-5").await;
    assert_eq!(simulator.latest().await, -5);
}

#[apply(on_both)]
async fn every_call_stores_latest_whatever_its_answer(db: TestDatabase) {
    let app = db.app();
    let simulator = app.simulator();
    simulator.register("a").await;
    simulator.register("b").await;
    let calls = [
        (Method::POST, "/register", json!({ "username": "c", "email": "c@c", "pwd": "x" }), 204),
        (Method::POST, "/register", json!({ "username": "c", "email": "c@c", "pwd": "x" }), 400),
        (Method::POST, "/register", json!([]), 400),
        (Method::GET, "/msgs", Value::Null, 200),
        (Method::GET, "/msgs/a", Value::Null, 200),
        (Method::GET, "/msgs/nobody", Value::Null, 404),
        (Method::POST, "/msgs/a", json!({ "content": "hi" }), 204),
        (Method::POST, "/msgs/a", json!({ "content": "" }), 400),
        (Method::POST, "/msgs/nobody", json!({ "content": "hi" }), 404),
        (Method::POST, "/msgs/a%2fb", json!({ "content": "hi" }), 404),
        (Method::GET, "/fllws/a", Value::Null, 200),
        (Method::GET, "/fllws/nobody", Value::Null, 404),
        (Method::POST, "/fllws/a", json!({ "follow": "b" }), 204),
        (Method::POST, "/fllws/a", json!({ "unfollow": "b" }), 204),
        (Method::POST, "/fllws/a", json!({ "follow": "nobody" }), 404),
        (Method::POST, "/fllws/nobody", json!({ "follow": "a" }), 404),
        (Method::POST, "/fllws/a", json!({}), 400),
        (Method::GET, "/latest", Value::Null, 200),
        (Method::GET, "/no/such/route", Value::Null, 404),
        (Method::DELETE, "/msgs/a", Value::Null, 405),
    ];
    for (number, (method, path, body, expected)) in calls.into_iter().enumerate() {
        let request = simulator.request(method.clone(), &format!("{path}?latest={}", 100 + number)).json(&body);
        let answer = Answer::read(request.send().await.unwrap()).await;
        assert_eq!(answer.status, expected, "{method} {path} {body}");
        assert_eq!(simulator.latest().await, i64::try_from(100 + number).unwrap(), "{method} {path} {body}");
    }
}

#[apply(on_both)]
async fn latest_is_not_stored_without_the_right_credentials(db: TestDatabase) {
    let app = db.app();
    let simulator = app.simulator();
    simulator.get("/msgs?latest=7").await;
    for password in [None, Some("wrong"), Some("super_safe"), Some("super_safe!!")] {
        for (method, path, expected) in [
            (Method::GET, "/msgs?latest=9", 403),
            (Method::GET, "/msgs/nobody?latest=9", 403),
            (Method::POST, "/msgs/nobody?latest=9", 403),
            (Method::GET, "/fllws/nobody?latest=9", 403),
            (Method::POST, "/fllws/nobody?latest=9", 403),
            (Method::POST, "/register?latest=9", 400),
            (Method::GET, "/latest?latest=9", 200),
            (Method::GET, "/nothing?latest=9", 404),
        ] {
            let request = simulator.anonymous(method.clone(), path).json(&json!({}));
            let request = match password {
                Some(password) => request.basic_auth("simulator", Some(password)),
                None => request,
            };
            let answer = Answer::read(request.send().await.unwrap()).await;
            assert_eq!(answer.status, expected, "{method} {path} with {password:?}");
            if expected == 403 {
                assert_eq!(answer.error(), UNAUTHORIZED);
            }
            assert_eq!(simulator.latest().await, 7, "{method} {path} with {password:?}");
        }
    }
}

#[apply(on_both)]
async fn registering_is_open_to_all_and_refuses_in_the_sites_words(db: TestDatabase) {
    let app = db.app();
    let simulator = app.simulator();
    let body = json!({ "username": "open", "email": "a@b", "pwd": "x" });
    let answer =
        Answer::read(simulator.anonymous(Method::POST, "/register?latest=3").json(&body).send().await.unwrap());
    assert_eq!(answer.await, Answer { status: 204, body: Value::Null });
    assert_eq!(simulator.latest().await, -1);
    let table = [
        (json!({ "email": "a@b", "pwd": "x" }), "You have to enter a username"),
        (json!({ "username": "", "email": "a@b", "pwd": "x" }), "You have to enter a username"),
        (json!({ "username": "api", "email": "a@b", "pwd": "x" }), "You have to enter a valid username"),
        (json!({ "username": "new", "email": "ab", "pwd": "x" }), "You have to enter a valid email address"),
        (json!({ "username": "new", "pwd": "x" }), "You have to enter a valid email address"),
        (json!({ "username": "new", "email": "a@b" }), "You have to enter a password"),
        (json!({ "username": "new", "email": "a@b", "pwd": "" }), "You have to enter a password"),
        (json!({ "username": "open", "email": "a@b", "pwd": "y" }), "The username is already taken"),
    ];
    for (body, expected) in table {
        let answer = simulator.post("/register", body).await;
        assert_eq!((answer.status, answer.error()), (400, expected));
    }
}

#[apply(on_both)]
async fn messages_are_listed_newest_first_in_the_contracts_form(db: TestDatabase) {
    let app = db.app();
    let simulator = app.simulator();
    simulator.register("Roger Histand").await;
    simulator.register("b").await;
    for n in 0..120 {
        simulator.tweet(if n % 2 == 0 { "Roger Histand" } else { "b" }, &format!("message {n}")).await;
    }
    let answer = simulator.get("/msgs").await;
    let list = answer.body.as_array().unwrap();
    assert_eq!(list.len(), 100, "a hundred unless asked otherwise");
    assert_eq!(list[0]["content"], "message 119");
    assert_eq!(list[1]["user"], "Roger Histand");
    assert!(minitwit::db::now() - list[0]["pub_date"].as_i64().unwrap() < 60);
    assert_eq!(list[0].as_object().unwrap().len(), 3);
    let own = simulator.get("/msgs/Roger%20Histand?no=20").await;
    assert_eq!(own.body.as_array().unwrap().len(), 20);
    assert!(own.body.as_array().unwrap().iter().all(|message| message["user"] == "Roger Histand"));
    for (no, expected) in [
        ("0", 0),
        ("-1", 0),
        ("7", 7),
        ("1e99", 100),
        ("abc", 100),
        ("", 100),
        ("5000", 120),
        ("99999999999999999999", 120),
    ] {
        let answer = simulator.get(&format!("/msgs?no={no}")).await;
        assert_eq!(answer.body.as_array().unwrap().len(), expected, "no={no}");
    }
}

#[apply(on_both)]
async fn follows_come_and_go_and_twice_is_as_good_as_once(db: TestDatabase) {
    let app = db.app();
    let simulator = app.simulator();
    for name in ["a", "b", "c"] {
        simulator.register(name).await;
    }
    for (whom, expected) in [("b", json!(["b"])), ("c", json!(["b", "c"])), ("b", json!(["b", "c"]))] {
        assert_eq!(simulator.follow("a", whom).await, Answer { status: 204, body: Value::Null });
        assert_eq!(simulator.get("/fllws/a").await.body, json!({ "follows": expected }));
    }
    assert_eq!(simulator.get("/fllws/a?no=1").await.body, json!({ "follows": ["b"] }));
    for (whom, expected) in [("b", json!(["c"])), ("b", json!(["c"])), ("a", json!(["c"]))] {
        assert_eq!(simulator.unfollow("a", whom).await.status, 204);
        assert_eq!(simulator.get("/fllws/a").await.body, json!({ "follows": expected }));
    }
    assert_eq!(simulator.follow("a", "a").await.status, 204, "oneself: fine, and nothing");
    assert_eq!(simulator.get("/fllws/a").await.body, json!({ "follows": ["c"] }));
}

#[apply(on_both)]
async fn follow_wants_exactly_one_key(db: TestDatabase) {
    let app = db.app();
    let simulator = app.simulator();
    simulator.register("a").await;
    for body in [json!({}), json!({ "x": "b" }), json!({ "follow": "a", "unfollow": "a" }), json!({ "follow": null })] {
        assert_eq!(simulator.post("/fllws/a", body.clone()).await.status, 400, "{body}");
    }
}

#[apply(on_both)]
async fn an_unknown_user_is_404_everywhere(db: TestDatabase) {
    let app = db.app();
    let simulator = app.simulator();
    simulator.register("a").await;
    for answer in [
        simulator.get("/msgs/nobody").await,
        simulator.tweet("nobody", "hi").await,
        simulator.get("/fllws/nobody").await,
        simulator.follow("nobody", "a").await,
        simulator.follow("a", "nobody").await,
        simulator.unfollow("a", "nobody").await,
    ] {
        assert_eq!(answer.status, 404);
        assert_eq!(answer.error(), "There is nothing here.");
    }
}

#[apply(on_both)]
async fn bodies_are_read_as_json_whatever_the_content_type(db: TestDatabase) {
    let app = db.app();
    let simulator = app.simulator();
    simulator.register("a").await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/xml", "nonsense"] {
        let request = simulator.request(Method::POST, "/msgs/a").header("content-type", kind);
        let answer = request.body(r#"{"content":"hi","other":[1,2]}"#).send().await.unwrap();
        assert_eq!(answer.status(), 204, "{kind}");
    }
    assert_eq!(simulator.get("/msgs/a").await.body.as_array().unwrap().len(), 4);
}

#[apply(on_both)]
async fn no_redirect_is_ever_sent_under_api(db: TestDatabase) {
    let app = db.app();
    let simulator = app.simulator();
    for path in ["", "/", "//", "/msgs/", "/docs", "/docs/", "/latest/", "/register/", "/../login", "/logout"] {
        for method in [Method::GET, Method::POST] {
            let status = simulator.request(method.clone(), path).send().await.unwrap().status();
            assert!(!status.is_redirection(), "{method} /api{path}: {status}");
        }
    }
}

#[apply(on_both)]
async fn wrong_methods_are_405_with_the_right_ones(db: TestDatabase) {
    let app = db.app();
    let simulator = app.simulator();
    for (method, path, allow) in [
        (Method::POST, "/latest", "GET, HEAD"),
        (Method::GET, "/register", "POST"),
        (Method::PUT, "/msgs", "GET, HEAD"),
        (Method::DELETE, "/msgs/a", "GET, HEAD, POST"),
        (Method::PATCH, "/fllws/a", "GET, HEAD, POST"),
    ] {
        let response = simulator.request(method.clone(), path).send().await.unwrap();
        assert_eq!(response.headers()["allow"], allow, "{method} {path}");
        let answer = Answer::read(response).await;
        assert_eq!(answer.status, 405);
        answer.error();
    }
}

#[apply(on_both)]
async fn latest_survives_a_restart_and_is_the_same_through_every_replica(db: TestDatabase) {
    let one = db.app();
    one.simulator().register("a").await;
    one.simulator().post("/msgs/a?latest=41", json!({ "content": "hi" })).await;
    let other = db.app();
    assert_eq!(other.simulator().latest().await, 41);
    other.simulator().post("/fllws/a?latest=42", json!({ "follow": "a" })).await;
    assert_eq!(one.simulator().latest().await, 42);
    drop((one, other));
    assert_eq!(db.app().simulator().latest().await, 42);
}

#[apply(on_both)]
async fn a_disabled_simulator_takes_the_whole_scope_away(db: TestDatabase) {
    let app = db.app_with(|settings| settings.simulator.enabled = false);
    for path in ["/latest", "/msgs", "/docs", "/openapi.json", ""] {
        assert_eq!(app.simulator().get(path).await.status, 404, "{path}");
    }
    assert_eq!(app.simulator().register("a").await.status, 404);
    app.simulator().get("/latest?latest=7").await;
    assert_eq!(db.app().simulator().latest().await, -1, "nor is anything stored");
    assert_eq!(app.browser().get("/public").await.status, 200);
}

#[apply(on_both)]
async fn a_simulators_post_shows_on_the_site(db: TestDatabase) {
    let app = db.app();
    let simulator = app.simulator();
    simulator.register("Mellie Yost").await;
    simulator.tweet("Mellie Yost", "“Why not here?” — à bientôt").await;
    let page = app.browser().get("/public").await;
    assert_eq!(page.messages(), ["“Why not here?” — à bientôt"]);
    assert_eq!(page.attributes(".messages .meta a:first-child", "href"), ["/Mellie%20Yost"]);
}
