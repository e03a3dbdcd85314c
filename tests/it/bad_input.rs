//! Bad input on both doors: a clear 4xx in the door's own format, never a 5xx, nothing half-stored,
//! and the server alive after it.

use std::{net::SocketAddr, time::Duration};

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{TestApp, TestDatabase, actors::Answer, on_both};

/// Texts that no message, name or password should break anything with.
fn nasty_texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        " ",
        "\0",
        "a\0b",
        "a\u{202e}b",
        "\u{feff}",
        "\u{1b}[31m",
        "<script>alert(1)</script>",
        "'; DROP TABLE users; --",
        "%00",
        "%2f",
        "../../etc/passwd",
        "{{7*7}}",
        "\u{1f468}\u{200d}\u{1f469}",
        "a\u{301}\u{301}",
        "\r\nset-cookie: x=y",
        "\\",
        "\"",
        "NaN",
        "public",
        "..",
        "-1",
        "null",
        "𝕏",
        "\u{10ffff}",
    ]
    .map(str::to_owned)
    .into();
    texts.push("x".repeat(60_000));
    texts.push("ü".repeat(501));
    texts
}

/// What the tables hold, to see that nothing was stored half.
async fn is_alive(app: &TestApp) {
    assert_eq!(app.browser().get("/public").await.status, 200);
    assert_eq!(app.simulator().get("/latest").await.status, 200);
    assert_eq!(app.ops("/readyz").await.0, 200);
}

/// Sends bytes as they are and reads the status line's code.
async fn raw(address: SocketAddr, request: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    // A server that refuses early may reset the connection once it has answered.
    stream.read_to_end(&mut answer).await.ok();
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    (status, text)
}

#[apply(on_both)]
async fn nasty_names_are_refused_or_kept_whole_on_both_doors(db: TestDatabase) {
    let app = db.app();
    for text in nasty_texts() {
        let answer = app.simulator().register(&text).await;
        assert!(matches!(answer.status, 204 | 400), "{text:?}: {answer:?}");
        let fields = [("username", text.as_str()), ("email", &text), ("password", &text), ("password2", &text)];
        let page = app.browser().post("/register", &fields).await;
        // Four times 60,000 characters are more than a body may have.
        assert_eq!(page.status, if text.len() > 50_000 { 413 } else { 200 }, "{text:?}");
        let page = app.browser().sign_in_with(&text, &text).await;
        assert_eq!(page.status, if text.len() > 50_000 { 413 } else { 200 }, "{text:?}");
    }
    is_alive(&app).await;
}

#[apply(on_both)]
async fn nasty_texts_are_refused_or_kept_whole_on_both_doors(db: TestDatabase) {
    let app = db.app();
    let alice = app.signed_in("alice").await;
    let mut kept = 0;
    for text in nasty_texts() {
        let answer = app.simulator().tweet("alice", &text).await;
        assert!(matches!(answer.status, 204 | 400), "{text:?}: {answer:?}");
        let page = alice.say(&text).await;
        let blank = text.trim_matches(['\u{feff}', ' ']).is_empty();
        assert_eq!(page.status == 200, answer.status == 204 || blank, "{text:?}: {}, {answer:?}", page.status);
        if answer.status == 204 {
            kept += 2;
            let newest = app.simulator().get("/msgs?no=1").await.body;
            assert_eq!(newest[0]["content"], text.trim(), "stored as it came");
        }
    }
    assert_eq!(app.simulator().get("/msgs?no=1000").await.body.as_array().unwrap().len(), kept);
    is_alive(&app).await;
}

#[apply(on_both)]
async fn malformed_json_is_400_whatever_is_wrong_with_it(db: TestDatabase) {
    let app = db.app();
    let simulator = app.simulator();
    simulator.register("a").await;
    let deep = vec![b'['; 60_000];
    let bodies: [&[u8]; 15] = [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\"x\"",
        b"1",
        b"{\"content\":1}",
        b"{\"content\":[\"x\"]}",
        b"{\"content\":{}}",
        b"[\"hi\"]",
        b"{\"content\":\"\xff\xfe\"}",
        br#"{"content":"\ud800"}"#,
        br#"{"content":"a","content":"b"}"#,
        br#"{"content":"a"} trailing"#,
        &deep,
    ];
    for body in bodies {
        for path in ["/msgs/a", "/fllws/a", "/register"] {
            let request = simulator.request(Method::POST, path).body(body.to_vec());
            let answer = Answer::read(request.send().await.unwrap()).await;
            assert_eq!(answer.status, 400, "{path}: {}", String::from_utf8_lossy(&body[..body.len().min(40)]));
            answer.error();
        }
    }
    assert_eq!(simulator.get("/msgs").await.body, json!([]));
    is_alive(&app).await;
}

#[apply(on_both)]
async fn bodies_over_the_limit_are_413_on_both_doors(db: TestDatabase) {
    let app = db.app();
    let alice = app.signed_in("alice").await;
    let megabyte = "x".repeat(1_000_000);
    let answer = app.simulator().tweet("alice", &megabyte).await;
    assert_eq!((answer.status, answer.body["status"].as_i64()), (413, Some(413)));
    let page = alice.say(&megabyte).await;
    assert_eq!((page.status, page.title().as_str()), (413, "Too much | MiniTwit"));
    assert_eq!(app.browser().register_with(&megabyte, "a@b", "x", "x").await.status, 413);
    // Without a Content-Length, too: the limit counts what comes.
    let chunked = format!(
        "POST /api/register HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n\
         {:x}\r\n{}\r\n0\r\n\r\n",
        70_000,
        "x".repeat(70_000)
    );
    assert_eq!(raw(app.address, chunked.as_bytes()).await.0, 413);
    is_alive(&app).await;
}

#[apply(on_both)]
async fn forms_that_are_no_utf_8_are_400(db: TestDatabase) {
    let app = db.app();
    let alice = app.signed_in("alice").await;
    for body in [&b"text=%ff%fe"[..], b"text=\xc3(", b"text=a&text=b", b"text=%ed%a0%80"] {
        let request = alice.request(Method::POST, "/add_message").body(body.to_vec());
        let response = request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
        assert_eq!(response.status(), 400, "{}", String::from_utf8_lossy(body));
    }
    assert_eq!(alice.get("/").await.messages(), Vec::<String>::new());
}

#[apply(on_both)]
async fn odd_paths_are_404_in_the_doors_own_format(db: TestDatabase) {
    let app = db.app();
    for path in [
        "//",
        "/..",
        "/.",
        "/%00",
        "/%2f",
        "/a%2fb",
        "/a%5cb",
        "/%ff",
        "/%",
        "/a%23",
        "/%e2%80%ae",
        "/api%2flatest",
        "/a/b/c",
        "//public/",
        "/static/../Cargo.toml",
        "/static/nothing.css",
        "/avatars/x.svg",
        "/avatars/1.png",
    ] {
        let (status, text) =
            raw(app.address, format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes()).await;
        assert!(matches!(status, 400 | 404), "{path}: {status}");
        assert!(text.contains("text/html"), "{path}: {text}");
    }
    for path in ["/api//", "/api/nothing", "/api/msgs/%00", "/api/msgs/%ff", "/api/msgs/a%2fb", "/api/msgs/..%2f"] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
             authorization: Basic c2ltdWxhdG9yOnN1cGVyX3NhZmUh\r\n\r\n"
        );
        let (status, text) = raw(app.address, request.as_bytes()).await;
        assert_eq!(status, 404, "{path}");
        assert!(text.contains("application/json"), "{path}: {text}");
    }
    is_alive(&app).await;
}

#[apply(on_both)]
async fn names_with_odd_paths_that_are_fine_have_pages(db: TestDatabase) {
    let app = db.app();
    for name in ["Ängström Ö", "李 小龍", "a+b", "a&b=c", "o'Neil \"x\"", "a;b,c", "😀", "<i>"] {
        assert_eq!(app.simulator().register(name).await.status, 204, "{name}");
        app.simulator().tweet(&minitwit::domain::username::profile_path(name)[1..], "hi").await;
        let page = app.browser().get(&minitwit::domain::username::profile_path(name)).await;
        assert_eq!((page.status, page.title()), (200, format!("{name}'s Timeline | MiniTwit")));
        assert_eq!(page.texts(".messages .meta a:first-child"), [name]);
    }
}

#[apply(on_both)]
async fn broken_cursors_are_400(db: TestDatabase) {
    let app = db.app();
    for before in ["", "x", "1", "1-", "-1", "1-x", "99999999999999999999-1", "1-1-1"] {
        let page = app.browser().get(&format!("/public?before={before}")).await;
        assert_eq!(page.status, 400, "{before}");
    }
}

#[apply(on_both)]
async fn oversized_and_unknown_requests_are_refused_in_both_formats(db: TestDatabase) {
    let app = db.app();
    let long = "x".repeat(3000);
    let huge = "x".repeat(20_000);
    for (prefix, kind) in [("", "text/html"), ("/api", "application/json")] {
        let get = |path: &str, header: &str| {
            format!("GET {prefix}{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{header}\r\n")
        };
        for (request, expected) in [
            (get(&format!("/{long}"), ""), 414),
            (get(&format!("/public?q={long}"), ""), 414),
            (get("/latest", &format!("x-huge: {huge}\r\n")), 431),
            (get("/latest", "").replace("GET ", "BREW "), 405),
            (get("/latest", "").replace("GET ", "DELETE "), 405),
        ] {
            let (status, text) = raw(app.address, request.as_bytes()).await;
            assert_eq!(status, expected, "{}", &request[..60]);
            assert!(text.contains(kind), "{text}");
            assert!(text.contains("content-security-policy"), "{text}");
        }
    }
    let ten_kb =
        format!("GET /public HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-large: {}\r\n\r\n", "x".repeat(10_000));
    assert_eq!(raw(app.address, ten_kb.as_bytes()).await.0, 200, "10 KB of headers fit");
    is_alive(&app).await;
}

#[apply(on_both)]
async fn broken_http_is_400_and_the_server_lives(db: TestDatabase) {
    let app = db.app();
    for request in [
        "GET /public HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n",
        "GET /public HTTP/1.1\r\nconnection: close\r\n\r\n",
        "GET /public HTTP/9.9\r\nhost: a\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
        "GET /pub lic HTTP/1.1\r\nhost: a\r\n\r\n",
        "POST /api/register HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /api/register HTTP/1.1\r\nhost: a\r\ncontent-length: -5\r\n\r\n",
    ] {
        let (status, text) = raw(app.address, request.as_bytes()).await;
        assert!((400..500).contains(&status), "{request:?}: {text}");
    }
    is_alive(&app).await;
}

#[apply(on_both)]
async fn bodies_that_never_end_are_given_up_on_both_doors(db: TestDatabase) {
    let app = db.app_with(|settings| settings.server.body_timeout = Duration::from_secs(1));
    for (path, kind) in [("/login", "text/html"), ("/api/register", "application/json")] {
        let request =
            format!("POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 100\r\n\r\nusername=");
        let (status, text) = raw(app.address, request.as_bytes()).await;
        assert_eq!(status, 408, "{text}");
        assert!(text.contains(kind), "{text}");
    }
    is_alive(&app).await;
}

#[apply(on_both)]
async fn head_is_answered_like_get_without_a_body(db: TestDatabase) {
    let app = db.app();
    for path in ["/public", "/login", "/api/latest", "/avatars/1.svg", "/robots.txt"] {
        let (status, text) =
            raw(app.address, format!("HEAD {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes()).await;
        assert_eq!(status, 200, "{path}");
        assert!(text.ends_with("\r\n\r\n"), "{path}: no body");
    }
}
