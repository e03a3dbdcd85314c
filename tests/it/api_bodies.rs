//! What a body may be wrapped in, and what `/api` itself says.

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::json;

use crate::support::{TestDatabase, actors::Answer, on_both};

/// Codings that a client may try; the bytes do not matter, since nobody unpacks them.
const CODINGS: [&str; 7] = ["gzip", "br", "deflate", "zstd", "compress", "identity, gzip", "GZip"];

#[apply(on_both)]
async fn a_compressed_body_is_415_in_the_doors_own_look_and_stores_nothing(db: TestDatabase) {
    let app = db.app();
    let simulator = app.simulator();
    assert_eq!(simulator.register("alice").await.status, 204);
    let alice = app.signed_in("bob").await;
    for coding in CODINGS {
        for (method, path, body) in [
            (Method::POST, "/register", r#"{"username":"eve","email":"e@x","pwd":"x"}"#),
            (Method::POST, "/msgs/alice", r#"{"content":"packed"}"#),
            (Method::POST, "/fllws/alice", r#"{"follow":"bob"}"#),
        ] {
            let request = simulator.request(method, &format!("{path}?latest=7")).header("content-encoding", coding);
            let response = request.body(body).send().await.unwrap();
            assert_eq!(response.headers()["accept-encoding"], "identity", "{coding} {path}");
            let answer = Answer::read(response).await;
            assert_eq!(answer.status, 415, "{coding} {path}");
            assert!(answer.error().contains("Content-Encoding: identity"), "{}", answer.error());
        }
        let request = alice.request(Method::POST, "/add_message").header("content-encoding", coding);
        let response = request.form(&[("text", "packed")]).send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["accept-encoding"]),
            (415, &"identity".parse().unwrap())
        );
        let page = response.text().await.unwrap();
        assert!(page.contains("<title>") && page.contains("Content-Encoding: identity"), "{page}");
    }
    assert_eq!(app.browser().get("/public").await.messages(), Vec::<String>::new());
    assert_eq!(simulator.get("/msgs/eve").await.status, 404);
    assert_eq!(simulator.latest().await, 7, "latest is stored whatever the answer");
    // Without credentials nothing is said about the body.
    let refused = simulator.anonymous(Method::POST, "/msgs/alice").header("content-encoding", "gzip");
    assert_eq!(refused.send().await.unwrap().status(), 403);
}

#[apply(on_both)]
async fn a_body_that_is_what_it_says_is_read(db: TestDatabase) {
    let app = db.app();
    let simulator = app.simulator();
    assert_eq!(simulator.register("alice").await.status, 204);
    let request = simulator.request(Method::POST, "/msgs/alice").header("content-encoding", "identity");
    assert_eq!(request.body(r#"{"content":"plain"}"#).send().await.unwrap().status(), 204);
    let request = simulator.request(Method::POST, "/msgs/alice");
    assert_eq!(request.body("\u{feff}{\"content\":\"marked\"}").send().await.unwrap().status(), 204);
    let request = simulator.request(Method::POST, "/register");
    let body = "\u{feff}{\"username\":\"bob\",\"email\":\"b@x\",\"pwd\":\"x\"}";
    assert_eq!(request.body(body).send().await.unwrap().status(), 204);
    assert_eq!(app.browser().get("/public").await.messages(), ["marked", "plain"]);
}

#[apply(on_both)]
async fn the_api_itself_says_where_to_read_on(db: TestDatabase) {
    let app = db.app();
    let simulator = app.simulator();
    for path in ["", "/"] {
        let answer = Answer::read(simulator.anonymous(Method::GET, path).send().await.unwrap()).await;
        let expected = json!({
            "name": "Minitwit", "version": env!("CARGO_PKG_VERSION"),
            "documentation": "/api/docs", "openapi": "/api/openapi.json",
        });
        assert_eq!((answer.status, &answer.body), (200, &expected), "{path}");
        for place in ["documentation", "openapi"] {
            assert_eq!(app.browser().get(answer.body[place].as_str().unwrap()).await.status, 200, "{place}");
        }
        let head = simulator.anonymous(Method::HEAD, path).send().await.unwrap();
        assert_eq!((head.status().as_u16(), head.text().await.unwrap().as_str()), (200, ""));
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            let response = simulator.anonymous(method, path).send().await.unwrap();
            assert_eq!(response.headers()["allow"], "GET, HEAD");
            let answer = Answer::read(response).await;
            assert_eq!((answer.status, answer.error().is_empty()), (405, false));
        }
    }
    // `latest` as on every other call.
    simulator.anonymous(Method::GET, "?latest=5").send().await.unwrap();
    assert_eq!(simulator.latest().await, -1);
    assert_eq!(simulator.get("?latest=6").await.status, 200);
    assert_eq!(simulator.latest().await, 6);
    assert_eq!(simulator.get("/?latest=8").await.status, 200);
    assert_eq!(simulator.latest().await, 8);

    let off = db.app_with(|settings| settings.simulator.enabled = false);
    for path in ["", "/"] {
        assert_eq!(off.simulator().get(path).await.status, 404);
    }
}
