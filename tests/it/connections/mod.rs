//! What a single connection may cost, and what an honest client has of it. `greedy.rs` has those that are cut.

mod greedy;

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{sleep, timeout},
};

use crate::support::{TestApp, TestDatabase, process::Process};

/// Longer than any limit of the tests below: what is still open then stays open.
const FOR_EVER: Duration = Duration::from_secs(30);
/// Some 1.4 MB.
const LARGE: &str = "/api/docs/swagger-ui-bundle.js";

/// An application that loses patience after a second.
fn impatient() -> (TestApp, TestDatabase) {
    let db = TestDatabase::sqlite();
    let app = db.app_with(|settings| {
        let server = &mut settings.server;
        let second = Duration::from_secs(1);
        (server.header_timeout, server.body_timeout, server.keep_alive) = (second, second, second);
        (server.disconnect_timeout, server.response_timeout) = (second, 2 * second);
    });
    (app, db)
}

async fn connect(address: SocketAddr, bytes: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    stream
}

/// All that comes until the server closes; fails if it does not.
async fn until_closed(stream: &mut TcpStream, what: &str) -> String {
    let mut bytes = Vec::new();
    let outcome = timeout(FOR_EVER, stream.read_to_end(&mut bytes)).await;
    assert!(outcome.is_ok(), "{what}: still open; so far: {}", String::from_utf8_lossy(&bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The heads of the answers in a stream of bytes, as their statuses.
fn statuses(text: &str) -> Vec<&str> {
    text.match_indices("HTTP/1.1 ").map(|(at, _)| &text[at + 9..at + 12]).collect()
}

#[tokio::test]
async fn who_reads_slowly_but_steadily_gets_all_of_it() {
    let db = TestDatabase::sqlite();
    let app = db.app_with(|settings| {
        (settings.server.keep_alive, settings.server.header_timeout) = (Duration::from_secs(3), Duration::from_secs(1));
    });
    let whole = app.browser().get(LARGE).await.source;
    // With a small buffer of its own, so that the server has to wait for it.
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    let mut stream = socket.connect(app.address).await.unwrap();
    stream.write_all(format!("GET {LARGE} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
    let (mut body, mut buffer) = (Vec::new(), vec![0; 65_536]);
    while !body.ends_with(&whole.as_bytes()[whole.len() - 1000..]) {
        sleep(Duration::from_millis(50)).await;
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(read > 0, "cut after {} bytes of {}", body.len(), whole.len());
        body.extend_from_slice(&buffer[..read]);
    }
    stream.write_all(b"GET /robots.txt HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    assert!(until_closed(&mut stream, "the next one").await.starts_with("HTTP/1.1 200"), "and may ask again");
}

#[tokio::test]
async fn a_connection_serves_one_request_after_another_and_many_sent_ahead() {
    let (app, _db) = impatient();
    let one = "GET /public HTTP/1.1\r\nhost: x\r\n\r\n";
    let last = "GET /public HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let mut stream = connect(app.address, &format!("{}{last}", one.repeat(99))).await;
    assert_eq!(statuses(&until_closed(&mut stream, "a hundred at once").await), ["200"; 100]);
    let body = r#"{"username":"","email":"","pwd":""}"#;
    let post = format!("POST /api/register HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let chunked = format!(
        "POST /api/register HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    let mut stream = connect(app.address, &format!("{}{}{last}", post.repeat(20), chunked.repeat(20))).await;
    let text = until_closed(&mut stream, "bodies").await;
    assert_eq!(statuses(&text), [vec!["400"; 40], vec!["200"]].concat());
}

#[tokio::test]
async fn connection_close_is_honoured() {
    let (app, _db) = impatient();
    for request in [
        "GET /robots.txt HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        "GET /robots.txt HTTP/1.1\r\nhost: x\r\nConnection: Close\r\n\r\n",
        "GET /robots.txt HTTP/1.1\r\nhost: x\r\nconnection: foo, close\r\n\r\n",
        "GET /robots.txt HTTP/1.1\r\nhost: x\r\nconnection: foo\r\nconnection: close\r\n\r\n",
        "GET /robots.txt HTTP/1.0\r\nhost: x\r\n\r\n",
        "GET /robots.txt HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n",
        "POST /login HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 9\r\n\r\n",
    ] {
        // The next request must not be answered, whatever is open for how long.
        let ahead = if request.contains("content-length") { "" } else { "GET /public HTTP/1.1\r\nhost: x\r\n\r\n" };
        let mut stream = connect(app.address, &format!("{request}{ahead}")).await;
        let text = until_closed(&mut stream, request).await;
        assert!(statuses(&text).len() <= 1, "{request:?}: {text}");
    }
}

#[tokio::test]
async fn an_address_has_so_many_connections_and_a_proxy_any_number() {
    for (trusted, expected) in [("192.0.2.0/24", 7), ("127.0.0.0/8", 0)] {
        let db = TestDatabase::sqlite();
        let app = db.app_with(|settings| {
            settings.server.max_connections_per_address = 3;
            settings.server.trusted_proxies = vec![trusted.parse().unwrap()];
        });
        let (mut refused, mut open) = (0, Vec::new());
        for _ in 0..10 {
            // It waits with its request: whoever is let in hears nothing yet.
            let mut stream = TcpStream::connect(app.address).await.unwrap();
            let mut start = [0; 12];
            if let Ok(read) = timeout(Duration::from_millis(500), stream.read_exact(&mut start)).await {
                assert!(read.is_ok() && &start == b"HTTP/1.1 429", "{start:?}");
                refused += 1;
            }
            open.push(stream);
        }
        assert_eq!(refused, expected);
        drop(open);
        // Free again as soon as the server has seen that they left.
        for attempt in 0.. {
            assert!(attempt < 100, "no place comes free");
            let mut stream = connect(app.address, "GET /robots.txt HTTP/1.1\r\nhost: x\r\n\r\n").await;
            let mut start = [0; 12];
            if stream.read_exact(&mut start).await.is_ok() && &start == b"HTTP/1.1 200" {
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test]
async fn what_never_became_a_request_is_refused_in_json() {
    let (app, _db) = impatient();
    let long = format!("GET /public HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "x".repeat(140_000));
    let many = format!("GET /public HTTP/1.1\r\nhost: x\r\n{}\r\n", "x: y\r\n".repeat(120));
    for (request, expected) in [
        ("GET /public HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", 400),
        ("GET /public HTTP/1.1\r\nconnection: close\r\n\r\n", 400),
        ("\0\0\0\0\r\n\r\n", 400),
        ("POST /api/register HTTP/1.1\r\nhost: a\r\ncontent-length: -5\r\n\r\n", 400),
        ("GET /public HTTP/1.1\r\nhost", 408),
        (&long, 431),
        (&many, 431),
    ] {
        let what = &request[..request.len().min(60)];
        let text = until_closed(&mut connect(app.address, request).await, what).await;
        let refusal = &text[text.rfind("HTTP/1.1 ").unwrap_or(0)..];
        let (head, body) = refusal.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{what:?}: {text}"));
        assert!(
            head.contains("content-type: application/json") && head.contains("connection: close"),
            "{what:?}: {head}"
        );
        let error: serde_json::Value =
            serde_json::from_str(body).unwrap_or_else(|why| panic!("{what:?}: {why}: {text}"));
        assert_eq!(error["status"].as_u64(), head.split(' ').nth(1).and_then(|status| status.parse().ok()), "{head}");
        assert_eq!(error["status"], expected, "{what:?}: {error}");
    }
    assert!(app.metric(r#"minitwit_http_rejected_total{reason="malformed"}"#).await >= 5.0);
}

#[tokio::test]
async fn a_refusal_takes_no_answer_with_it_and_follows_no_last_one() {
    let (app, _db) = impatient();
    let none = "GET /api/none HTTP/1.1\r\nhost: x\r\n\r\n";
    let malformed = "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n";
    let head = none.replace("GET", "HEAD");
    let last = none.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n");
    for (requests, expected) in [
        (none.repeat(3) + malformed, vec!["404", "404", "404", "400"]),
        (head + malformed, vec!["404", "400"]),
        ("GET /robots.txt HTTP/1.1\r\nhost: x\r\n\r\n".to_owned() + malformed, vec!["200", "400"]),
        (none.to_owned() + &last + malformed, vec!["404", "404"]),
        (last.clone() + "\0\r\n\r\n", vec!["404"]),
    ] {
        let text = until_closed(&mut connect(app.address, &requests).await, &requests).await;
        assert_eq!(statuses(&text), expected, "{requests}: {text}");
        assert_eq!(
            text.matches("x-request-id").count(),
            text.matches("HTTP/1.1 404").count() + text.matches("HTTP/1.1 200").count()
        );
        assert!(text.ends_with('}'), "JSON at the end: {text}");
    }
}

#[tokio::test]
async fn a_panic_inside_the_library_is_counted_and_kills_nobody_else() {
    let db = TestDatabase::sqlite();
    let process = Process::start(&db, &[]);
    let request = format!("GET /public HTTP/1.1\r\nhost: x\r\n{}: y\r\n\r\n", "x".repeat(65_536));
    until_closed(&mut connect(process.address, &request).await, "a name of 65,536 bytes").await;
    assert_eq!(process.metric("minitwit_panics_total").await, 1.0, "actix-http or http no longer panics: take another");
    let mut stream = connect(process.address, "GET /public HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(until_closed(&mut stream, "the next").await.starts_with("HTTP/1.1 200"));
    for attempt in 0.. {
        if process.metric("minitwit_http_connections").await <= 1.0 {
            break;
        }
        assert!(attempt < 100, "the connection that panicked counts as open");
        sleep(Duration::from_millis(50)).await;
    }
    assert!(process.end().iter().any(|entry| entry["msg"].as_str().is_some_and(|message| message.contains("panic"))));
}

#[tokio::test]
async fn the_limit_of_open_files_is_raised_as_far_as_it_goes() {
    let db = TestDatabase::sqlite();
    let process = Process::start_by_shell(&db, "ulimit -Sn 256 && ulimit -Hn 4096 && exec {}");
    let limits = process.proc("limits");
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert_eq!(line.split_whitespace().skip(3).take(2).collect::<Vec<_>>(), ["4096", "4096"]);
    assert_eq!(process.metric("process_max_fds").await, 4096.0);
    assert!(process.metric("minitwit_open_files_needed").await > 10_000.0, "as many as connections, and some");
    let entries = process.end();
    assert!(entries.iter().any(|entry| entry["open_files"] == 4096), "{entries:?}");
}
