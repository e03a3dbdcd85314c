//! What operators see: health, version, metrics, and a shutdown that loses nobody.

use std::{collections::BTreeSet, time::Duration};

use diesel::{RunQueryDsl, sql_query};
use minitwit::{
    db::stats::{self, Active},
    startup::Stop,
};
use reqwest::Method;
use rstest_reuse::apply;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{TestDatabase, on_both};

#[apply(on_both)]
async fn health_and_version_are_on_the_operators_listener_only(db: TestDatabase) {
    let app = db.app();
    assert_eq!(app.ops("/livez").await, (200, r#"{"status":"alive"}"#.into()));
    assert_eq!(app.ops("/readyz").await, (200, r#"{"status":"ready"}"#.into()));
    let version: Value = serde_json::from_str(&app.ops("/version").await.1).unwrap();
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(app.ops("/nothing").await.0, 404);
    for path in ["/livez", "/readyz", "/version", "/metrics"] {
        assert_eq!(app.browser().get(path).await.status, 404, "{path} on the public listener");
    }
}

#[apply(on_both)]
async fn readiness_fails_while_shutting_down_and_with_pending_migrations(db: TestDatabase) {
    let app = db.app();
    db.take_schema_away();
    let (status, body) = app.ops("/readyz").await;
    assert_eq!((status, body.contains("migrations pending")), (503, true), "{body}");
    minitwit::db::migrations::run(&db.target()).unwrap();
    assert_eq!(app.ops("/readyz").await.0, 200);
    app.state.begin_shutdown();
    let (status, body) = app.ops("/readyz").await;
    assert_eq!((status, body.contains("shutting down")), (503, true), "{body}");
    assert_eq!(app.ops("/livez").await.0, 200);
    assert_eq!(app.browser().get("/public").await.status, 200, "still serving");
}

#[apply(on_both)]
async fn while_shutting_down_no_connection_is_kept_open(db: TestDatabase) {
    let app = db.app();
    let browser = app.browser();
    let connection = async |path: &str| {
        let answer = browser.request(Method::GET, path).send().await.unwrap();
        answer.headers().get("connection").map(|value| value.to_str().unwrap().to_owned())
    };
    let paths = ["/public", "/nobody/at/all", "/api/msgs", "/api/nothing"];
    for path in paths {
        assert_eq!(connection(path).await, None, "{path}");
    }
    app.state.begin_shutdown();
    for path in paths {
        assert_eq!(connection(path).await.as_deref(), Some("close"), "{path}");
    }
}

#[apply(on_both)]
async fn stopping_ends_the_server_and_frees_its_port(db: TestDatabase) {
    let app = db.app();
    let address = app.address;
    app.browser().get("/public").await;
    app.stop(Stop::AfterDraining);
    assert!(reqwest::get(format!("http://{address}/public")).await.is_err());
}

#[apply(on_both)]
async fn a_running_request_finishes_while_the_server_stops(db: TestDatabase) {
    let app = db.app_with(|settings| settings.server.shutdown_grace = Duration::from_secs(30));
    app.simulator().register("a").await;
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    let head = "POST /api/msgs/a HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 16\r\n\
         authorization: Basic c2ltdWxhdG9yOnN1cGVyX3NhZmUh\r\n\r\n{\"content\":";
    stream.write_all(head.as_bytes()).await.unwrap();
    while app.metric("minitwit_http_requests_in_flight{surface=\"sim\"}").await < 1.0 {}
    let ops = app.ops_address;
    let stopping = tokio::task::spawn_blocking(move || app.stop(Stop::AfterDraining));
    let ready = async || reqwest::get(format!("http://{ops}/readyz")).await.is_ok_and(|answer| answer.status() == 200);
    while ready().await {}
    stream.write_all(b"\"hi\"}").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    stopping.await.unwrap();
    assert_eq!(db.app().simulator().get("/msgs").await.body.as_array().unwrap().len(), 1);
}

#[apply(on_both)]
async fn the_latest_id_is_known_after_a_restart(db: TestDatabase) {
    db.app().simulator().get("/msgs?latest=41").await;
    let app = db.app();
    while app.metric("minitwit_business_refresh_timestamp_seconds").await < 1.0 {}
    assert_eq!(app.metric("minitwit_simulator_latest_id").await, 41.0);
}

#[apply(on_both)]
async fn requests_are_counted_by_surface_route_method_and_status(db: TestDatabase) {
    let app = db.app();
    let alice = app.signed_in("alice").await;
    alice.get("/alice").await;
    alice.get("/nobody").await;
    app.simulator().get("/msgs/alice").await;
    app.simulator().get("/msgs/nobody").await;
    for (series, expected) in [
        (r#"{method="GET",route="/{username}",status="200",surface="web"}"#, 1.0),
        (r#"{method="GET",route="/{username}",status="404",surface="web"}"#, 1.0),
        (r#"{method="POST",route="/login",status="302",surface="web"}"#, 1.0),
        (r#"{method="GET",route="/api/msgs/{username}",status="200",surface="sim"}"#, 1.0),
        (r#"{method="GET",route="/api/msgs/{username}",status="404",surface="sim"}"#, 1.0),
    ] {
        assert_eq!(app.metric(&format!("minitwit_http_requests_total{series}")).await, expected, "{series}");
        assert_eq!(app.metric(&format!("minitwit_http_request_duration_seconds_count{series}")).await, expected);
    }
    let (_, text) = app.ops("/metrics").await;
    assert!(text.contains("minitwit_http_request_duration_seconds_bucket") && text.contains("le=\"0.3\""));
}

#[apply(on_both)]
async fn labels_are_bounded_whatever_is_requested(db: TestDatabase) {
    let app = db.app();
    let browser = app.browser();
    // What runs in the background appears in its own time.
    let background = ["\"count", "\"sweep_", "\"try_to_write\"", "\"find_latest\""];
    let by_request = |line: &&str| !line.starts_with('#') && !background.iter().any(|query| line.contains(query));
    let series = async || app.ops("/metrics").await.1.lines().filter(by_request).count();
    let visit = async |n: u32| {
        for path in [
            format!("/{n}"),
            format!("/a/b/{n}"),
            format!("/static/{n}"),
            format!("/api/{n}"),
            format!("/api/msgs/{n}"),
            format!("/avatars/{n}.svg"),
            format!("/{n}/follow"),
            format!("/public?x={n}"),
            format!("/api/docs/{n}"),
        ] {
            browser.get(&path).await;
            let method = Method::from_bytes(format!("M{n}").as_bytes()).unwrap();
            browser.request(method, &path).send().await.unwrap();
        }
    };
    visit(0).await;
    // The first look is itself a request, whose series the second one sees.
    series().await;
    let before = series().await;
    for n in 1..30 {
        visit(n).await;
    }
    assert_eq!(series().await, before);
    let (_, text) = app.ops("/metrics").await;
    assert!(!text.contains("\"M1\"") && text.contains("route=\"UNKNOWN\""));
}

#[apply(on_both)]
async fn business_events_and_the_simulators_progress_are_counted(db: TestDatabase) {
    let app = db.app();
    let simulator = app.simulator();
    let alice = app.signed_in("alice").await;
    alice.say("hi").await;
    alice.sign_in_with("alice", "wrong").await;
    app.browser().sign_in_with("alice", "wrong").await;
    simulator.post("/register?latest=10", json!({ "username": "b", "email": "b@b", "pwd": "x" })).await;
    simulator.post("/msgs/b?latest=11", json!({ "content": "x" })).await;
    simulator.post("/fllws/b?latest=15", json!({ "follow": "alice" })).await;
    simulator.post("/fllws/b?latest=16", json!({ "follow": "alice" })).await;
    simulator.post("/fllws/b?latest=17", json!({ "unfollow": "alice" })).await;
    simulator.post("/msgs/nobody?latest=18", json!({ "content": "x" })).await;
    for (series, expected) in [
        (r#"minitwit_registrations_total{result="ok",source="web"}"#, 1.0),
        (r#"minitwit_registrations_total{result="ok",source="simulator"}"#, 1.0),
        (r#"minitwit_messages_posted_total{source="web"}"#, 1.0),
        (r#"minitwit_messages_posted_total{source="simulator"}"#, 1.0),
        (r#"minitwit_follow_actions_total{action="follow",effect="changed",source="simulator"}"#, 1.0),
        (r#"minitwit_follow_actions_total{action="follow",effect="noop",source="simulator"}"#, 1.0),
        (r#"minitwit_follow_actions_total{action="unfollow",effect="changed",source="simulator"}"#, 1.0),
        (r#"minitwit_logins_total{result="ok"}"#, 1.0),
        (r#"minitwit_logins_total{result="wrong_password"}"#, 1.0),
        (r#"minitwit_simulator_actions_total{action="tweet",status="204"}"#, 1.0),
        (r#"minitwit_simulator_actions_total{action="tweet",status="404"}"#, 1.0),
        (r#"minitwit_simulator_actions_total{action="follow",status="204"}"#, 2.0),
        ("minitwit_simulator_latest_id", 18.0),
        ("minitwit_simulator_skipped_actions_total", 3.0),
    ] {
        assert_eq!(app.metric(series).await, expected, "{series}");
    }
    assert!(app.metric("minitwit_simulator_last_seen_timestamp_seconds").await > 1.7e9);
    assert!(app.metric("minitwit_db_pool_max_connections").await >= 3.0);
    assert!(app.metric(r#"minitwit_db_query_duration_seconds_count{query="post_message"}"#).await >= 2.0);
    assert!(app.metric("process_resident_memory_bytes").await > 0.0);
    assert!(app.ops("/metrics").await.1.contains("minitwit_cpu_load_percent "));
}

#[apply(on_both)]
async fn events_that_can_be_listed_stand_at_zero_before_the_first(db: TestDatabase) {
    let before = db.app().ops("/metrics").await.1;
    // Published: dashboards, alerts and operators name them.
    for (metric, listed) in [
        ("messages_posted", "source=web source=simulator"),
        ("logins", "result=ok result=unknown_user result=wrong_password"),
        (
            "registrations",
            "result=ok,source=web result=refused,source=web result=ok,source=simulator result=refused,source=simulator",
        ),
        (
            "follow_actions",
            "action=follow,effect=changed,source=web action=follow,effect=noop,source=web \
             action=follow,effect=refused,source=web action=unfollow,effect=changed,source=web \
             action=unfollow,effect=noop,source=web action=follow,effect=changed,source=simulator \
             action=follow,effect=noop,source=simulator action=unfollow,effect=changed,source=simulator \
             action=unfollow,effect=noop,source=simulator",
        ),
        (
            "http_rejected",
            "reason=uri_size reason=header_size reason=method reason=csrf reason=body_size reason=rate_limit \
             reason=overload reason=slow reason=crowd reason=malformed",
        ),
        (
            "db_errors",
            "kind=no_connection kind=connection_lost kind=locked kind=timeout kind=full kind=read_only kind=disk \
             kind=misplaced kind=corrupt kind=query",
        ),
    ] {
        let prefix = format!("minitwit_{metric}_total{{");
        let series = before.lines().filter_map(|line| line.strip_prefix(&prefix)?.strip_suffix("} 0"));
        let series: BTreeSet<String> = series.map(|labels| labels.replace('"', "")).collect();
        assert_eq!(series, listed.split(' ').map(str::to_owned).collect(), "{metric}");
    }
    // Whatever happens, it happens to a series that was there: else the list has been outgrown.
    let app = db.app();
    let (alice, simulator) = (app.signed_in("alice").await, app.simulator());
    alice.say("hi").await;
    alice.sign_in_with("alice", "wrong").await;
    alice.sign_in_with("nobody", "wrong").await;
    alice.register("alice").await;
    alice.post("/alice/follow", &[]).await;
    simulator.register("bob").await;
    simulator.register("bob").await;
    simulator.tweet("bob", "hi").await;
    simulator.follow("bob", "alice").await;
    simulator.unfollow("bob", "alice").await;
    simulator.unfollow("bob", "alice").await;
    app.browser().request(Method::POST, "/login").header("sec-fetch-site", "cross-site").send().await.unwrap();
    app.browser().request(Method::POST, "/login").body("x".repeat(70_000)).send().await.unwrap();
    app.browser().get(&format!("/{}", "x".repeat(3000))).await;
    let after = app.ops("/metrics").await.1;
    let names = |text: &str| -> Vec<String> {
        let is_listed = |line: &&str| {
            ["registrations", "messages_posted", "follow_actions", "logins", "http_rejected", "db_errors"]
                .iter()
                .any(|name| line.starts_with(&format!("minitwit_{name}_total{{")))
        };
        text.lines().filter(is_listed).map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect()
    };
    assert_eq!(names(&after), names(&before));
    assert_eq!(names(&after).len(), 4 + 2 + 9 + 3 + 10 + 10);
    assert!(app.metric(r#"minitwit_http_rejected_total{reason="csrf"}"#).await >= 1.0);
}

#[apply(on_both)]
async fn active_are_those_who_posted_or_came_back_signed_in(db: TestDatabase) {
    const NOW: i64 = 1_800_000_000;
    const DAY: i64 = 24 * 60 * 60;
    const LIFETIME: i64 = 30 * DAY;
    let mut conn = db.connect();
    let mut run = |sql: &str| sql_query(sql).execute(&mut conn).unwrap();
    for name in ["today", "this week", "visited", "flagged", "long ago", "silent"] {
        run(&format!("INSERT INTO users (username, email, password_hash, created_at) VALUES ('{name}', '', '', 0)"));
    }
    let message = |author: i64, age: i64, flagged: bool| {
        format!(
            "INSERT INTO messages (author_id, text, published_at, flagged) VALUES ({author}, 'x', {}, {flagged})",
            NOW - age
        )
    };
    run(&message(1, 3600, false));
    run(&message(1, 3 * DAY, false));
    run(&message(2, 6 * DAY, false));
    run(&message(4, 3600, true));
    run(&message(5, 31 * DAY, false));
    for (token, user, last_visit) in [("a", 3, 20 * DAY), ("b", 3, 29 * DAY), ("c", 5, 32 * DAY)] {
        let expires = NOW - last_visit + LIFETIME;
        run(&format!(
            "INSERT INTO sessions (token_hash, user_id, created_at, expires_at) VALUES ('{token}', {user}, 0, {expires})"
        ));
    }
    let active = stats::count_active(&mut db.connect(), NOW, LIFETIME).unwrap();
    assert_eq!(active, Active { day: 1, week: 2, month: 3 });
}

#[apply(on_both)]
async fn rows_are_counted_in_the_background(db: TestDatabase) {
    db.app().signed_in("alice").await.say("hi").await;
    // A fresh process counts at once, and then every `metrics.refresh_interval`.
    let app = db.app();
    let mut counted = 0.0;
    for _ in 0..200 {
        counted = app.metric("minitwit_business_refresh_timestamp_seconds").await;
        if counted > 0.0 {
            break;
        }
    }
    assert!(counted > 0.0);
    assert_eq!((app.metric("minitwit_users").await, app.metric("minitwit_messages").await), (1.0, 1.0));
    while app.metric(r#"minitwit_active_users{window="30d"}"#).await < 1.0 {}
    assert_eq!(app.metric(r#"minitwit_active_users{window="1d"}"#).await, 1.0);
    assert_eq!(app.metric("minitwit_simulator_enabled").await, 1.0);
    let without = db.app_with(|settings| settings.simulator.enabled = false);
    assert_eq!(without.metric("minitwit_simulator_enabled").await, 0.0);
}
