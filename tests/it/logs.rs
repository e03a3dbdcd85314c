//! Logs: one JSON line a request, one a failure with its causes, the request's id on all of them,
//! and nothing in them that is nobody's business.

use rstest_reuse::apply;
use serde_json::Value;

use crate::support::{
    TestDatabase,
    actors::{Browser, PASSWORD, Simulator},
    on_both,
    process::Process,
};

#[apply(on_both)]
async fn a_request_is_one_line_with_its_id_and_no_secret(db: TestDatabase) {
    // Pages that were simply read have their line one level below the others.
    let process =
        Process::start(&db, &[("MINITWIT__LOG__FILTER", "info,minitwit::http::observe=debug,actix_server=warn")]);
    let browser = Browser::new(process.address);
    browser.register_with("Wendell Ballan", "wendell@example.org", PASSWORD, PASSWORD).await;
    let home = browser.sign_in("Wendell Ballan").await;
    browser.say("a private thought").await;
    Simulator::new(process.address).get("/msgs/Wendell%20Ballan?secret=query").await;
    let entries = process.end();
    let answered: Vec<&Value> =
        entries.iter().filter(|entry| entry["msg"].as_str().unwrap().ends_with("answered")).collect();
    // register → /login, login → /, post → /, and the simulator's: seven.
    assert_eq!(answered.len(), 7, "{answered:?}");
    for entry in &answered {
        assert_eq!(entry["request_id"].as_str().unwrap().len(), 36);
        let level = if entry["method"] == "GET" { 20 } else { 30 };
        assert!(entry["route"].is_string() && entry["status"].is_u64() && entry["duration_ms"].is_number());
        assert_eq!((&entry["v"], &entry["name"], &entry["level"]), (&0.into(), &"minitwit".into(), &level.into()));
    }
    let ids: Vec<&str> = answered.iter().map(|entry| entry["request_id"].as_str().unwrap()).collect();
    assert!(ids.contains(&home.header("x-request-id")));
    let everything = serde_json::to_string(&entries).unwrap();
    for secret in [
        PASSWORD,
        "wendell@example.org",
        "private thought",
        "Wendell",
        "super_safe",
        "minitwit_session",
        "secret=query",
    ] {
        assert!(!everything.contains(secret), "{secret} is in the log");
    }
}

#[apply(on_both)]
async fn a_failure_is_one_line_with_its_causes_and_the_requests_id(db: TestDatabase) {
    let process = Process::start(&db, &[]);
    db.take_schema_away();
    let page = Browser::new(process.address).get("/public").await;
    assert_eq!(page.status, 500);
    let entries = process.end();
    let failures: Vec<&Value> = entries
        .iter()
        .filter(|entry| entry["level"].as_u64() >= Some(50) && entry["request_id"] == page.header("x-request-id"))
        .collect();
    assert_eq!(failures.len(), 1, "{entries:?}");
    let causes = failures[0]["causes"].as_str().unwrap();
    assert!(causes.contains("query public_timeline failed") && causes.contains("messages"), "{causes}");
}

#[apply(on_both)]
async fn a_quieter_log_still_says_which_request_failed(db: TestDatabase) {
    let process = Process::start(&db, &[("MINITWIT__LOG__FILTER", "warn,minitwit::cli=info")]);
    db.take_schema_away();
    let page = Browser::new(process.address).get("/public").await;
    let entries = process.end();
    assert!(entries.iter().any(|entry| entry["request_id"] == page.header("x-request-id")), "{entries:?}");
}

#[apply(on_both)]
async fn slow_queries_are_logged_by_name_with_the_requests_id(db: TestDatabase) {
    let process = Process::start(&db, &[("MINITWIT__DATABASE__SLOW_QUERY_MS", "0")]);
    let page = Browser::new(process.address).get("/public").await;
    let entries = process.end();
    let slow = entries.iter().find(|entry| entry["query"] == "public_timeline").expect("a line about the slow query");
    assert_eq!(slow["level"], 40);
    assert_eq!(slow["request_id"], page.header("x-request-id"), "database work included");
}

#[tokio::test]
async fn a_flood_of_refusals_is_a_few_lines_and_a_number() {
    const FLOOD: u32 = 2000;
    let db = TestDatabase::sqlite();
    let process = Process::start(&db, &[]);
    let browser = Browser::new(process.address);
    for n in 0..FLOOD {
        assert_eq!(browser.request(reqwest::Method::GET, &format!("/nobody/x{n}")).send().await.unwrap().status(), 404);
    }
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    browser.get("/the/last").await;
    let route = r#"minitwit_http_requests_total{method="GET",route="UNKNOWN",status="404",surface="web"}"#;
    assert_eq!(process.metric(route).await, f64::from(FLOOD + 1), "every one is counted");
    let entries = process.end();
    let lines: Vec<&Value> = entries.iter().filter(|entry| entry["status"] == 404).collect();
    assert!(lines.len() < 1000, "{} lines about {FLOOD} refusals", lines.len());
    let left_out: u64 = lines.iter().filter_map(|entry| entry["left_out"].as_u64()).sum();
    assert_eq!(left_out + lines.len() as u64, u64::from(FLOOD + 1), "a line or a number for each");
}
