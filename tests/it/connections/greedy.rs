//! Slow and greedy clients are cut: bodies that never end, answers that nobody reads.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use super::{FOR_EVER, LARGE, connect, impatient, statuses, until_closed};
use crate::support::{TestApp, TestDatabase, process::Process};

async fn requests_answered(app: &TestApp) -> f64 {
    let (_, text) = app.ops("/metrics").await;
    let lines = text.lines().filter(|line| line.starts_with("minitwit_http_requests_total{"));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

#[tokio::test]
async fn a_chunked_body_that_never_ends_holds_no_connection() {
    let (app, _db) = impatient();
    let chunked = "host: x\r\ntransfer-encoding: chunked\r\n";
    let heads = [
        format!("GET /robots.txt HTTP/1.1\r\n{chunked}\r\n"),
        format!("GET /public HTTP/1.1\r\n{chunked}\r\n5\r\nab"),
        format!("GET /api/latest HTTP/1.1\r\n{chunked}\r\n"),
        format!("GET /nobody HTTP/1.1\r\n{chunked}\r\n"),
        format!("HEAD /login HTTP/1.1\r\n{chunked}\r\n"),
        format!("DELETE /public HTTP/1.1\r\n{chunked}\r\n"),
        format!("POST /login HTTP/1.1\r\n{chunked}\r\n"),
        format!("POST /api/register HTTP/1.1\r\n{chunked}\r\n5\r\n{{\"use"),
        format!("POST /api/msgs/a HTTP/1.1\r\n{chunked}\r\n"),
        format!("GET /public HTTP/1.1\r\n{chunked}connection: close\r\n\r\n"),
        format!("GET /public HTTP/1.1\r\n{chunked}expect: 100-continue\r\n\r\n"),
        format!("GET /public HTTP/1.1\r\n{chunked}x: {}\r\n\r\n", "x".repeat(20_000)),
        format!("GET /{} HTTP/1.1\r\n{chunked}\r\n", "x".repeat(3000)),
    ];
    for head in heads {
        let what = &head[..head.len().min(60)];
        let text = until_closed(&mut connect(app.address, &head).await, what).await;
        assert!(text.starts_with("HTTP/1.1 "), "{what}: answered before it was cut: {text}");
    }
    assert!(app.metric(r#"minitwit_http_rejected_total{reason="slow"}"#).await >= 10.0);
    assert_eq!(app.metric("minitwit_http_connections").await, 1.0, "only the one that asks");
}

#[tokio::test]
async fn a_body_that_drips_in_is_cut_like_one_that_stops() {
    let (app, _db) = impatient();
    for head in [
        "GET /robots.txt HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n",
        "GET /robots.txt HTTP/1.1\r\nhost: x\r\n",
    ] {
        // A chunk of one byte every tenth of a second, or a header line.
        let drop = if head.ends_with("\r\n\r\n") { "1\r\nx\r\n" } else { "x: y\r\n" };
        let mut stream = connect(app.address, head).await;
        let dripping = async {
            while stream.write_all(drop.as_bytes()).await.is_ok() {
                sleep(Duration::from_millis(100)).await;
            }
        };
        assert!(timeout(FOR_EVER, dripping).await.is_ok(), "{head:?} drips on");
    }
}

#[tokio::test]
async fn a_second_head_that_never_ends_holds_no_connection() {
    let (app, _db) = impatient();
    let mut stream =
        connect(app.address, "GET /robots.txt HTTP/1.1\r\nhost: x\r\n\r\nGET /robots.txt HTTP/1.1\r\nho").await;
    let text = until_closed(&mut stream, "a second head").await;
    assert_eq!(statuses(&text)[0], "200");
}

#[tokio::test]
async fn what_follows_a_refusal_is_not_read_for_ever() {
    let (app, _db) = impatient();
    let refused = [
        "POST /login HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n",
        "POST /api/register HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n",
        "GET /robots.txt HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n",
        "POST /login HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n",
    ];
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    for head in refused {
        let mut stream = connect(app.address, head).await;
        let mut sent = 0;
        let pouring = async {
            while stream.write_all(chunk.as_bytes()).await.is_ok() {
                sent += chunk.len();
            }
        };
        assert!(timeout(FOR_EVER, pouring).await.is_ok(), "{head:?}: it goes on");
        // What we read, and what the kernel of either side keeps.
        assert!(sent < 16 << 20, "{head:?}: {sent} bytes were taken");
    }
}

#[tokio::test]
async fn a_refused_upload_of_moderate_size_still_hears_why() {
    let (app, _db) = impatient();
    let body = "x".repeat(200_000);
    for framing in [
        format!("content-length: 200000\r\n\r\n{body}"),
        format!("transfer-encoding: chunked\r\n\r\n30d40\r\n{body}\r\n0\r\n\r\n"),
    ] {
        let mut stream = connect(app.address, &format!("POST /api/register HTTP/1.1\r\nhost: x\r\n{framing}")).await;
        let text = until_closed(&mut stream, "a large body").await;
        assert!(text.starts_with("HTTP/1.1 413 ") && text.contains("connection: close"), "{text}");
    }
}

#[tokio::test]
async fn who_does_not_read_is_not_answered_on_and_on() {
    let (app, _db) = impatient();
    let request = format!("GET {LARGE} HTTP/1.1\r\nhost: x\r\n\r\n");
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    // More than is read ahead: the server stops reading, so that this does not end.
    let asking = timeout(Duration::from_millis(500), stream.write_all(request.repeat(1000).as_bytes())).await;
    drop(asking);
    sleep(Duration::from_millis(500)).await;
    let begun = requests_answered(&app).await;
    assert!(begun < 40.0, "{begun} answers were made for somebody who reads none");
    // Nobody reads until it is cut; the connection that asks for the number is one.
    for attempt in 0.. {
        if app.metric("minitwit_http_connections").await <= 1.0 {
            break;
        }
        assert!(attempt < 300, "it is never cut");
        sleep(Duration::from_millis(100)).await;
    }
    let mut kept = Vec::new();
    // Until the reset, or the end.
    timeout(FOR_EVER, stream.read_to_end(&mut kept)).await.unwrap().ok();
    assert!(kept.len() < 16 << 20, "{} bytes were kept for somebody who reads none", kept.len());
}

#[tokio::test]
async fn requests_sent_ahead_wait_with_the_client() {
    let db = TestDatabase::sqlite();
    let process = Process::start(&db, &[]);
    let memory = || -> usize {
        let status = process.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    };
    let before = memory();
    let ahead = "GET /public HTTP/1.1\r\nhost: x\r\n\r\n".repeat(5000);
    let mut greedy = Vec::new();
    for _ in 0..30 {
        let mut stream = TcpStream::connect(process.address).await.unwrap();
        // It does not get all of it away: the server takes no more than it answers.
        timeout(Duration::from_millis(50), stream.write_all(ahead.as_bytes())).await.ok();
        greedy.push(stream);
    }
    sleep(Duration::from_secs(1)).await;
    let each = memory().saturating_sub(before) / greedy.len();
    assert!(each < 600, "{each} KiB for each connection that sends ahead and does not read");
}

#[tokio::test]
async fn redirects_for_somebody_who_does_not_read_do_not_pile_up_either() {
    let (app, _db) = impatient();
    let request = "GET / HTTP/1.1\r\nhost: x\r\n\r\n".repeat(40_000);
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    let pouring = async { while stream.write_all(request.as_bytes()).await.is_ok() {} };
    assert!(timeout(FOR_EVER, pouring).await.is_ok(), "it is never cut");
}
