//! Many writers at once: nothing lost, nothing locked, counted right.

use futures_util::future::join_all;
use rstest_reuse::apply;
use serde_json::json;

use crate::support::{TestDatabase, on_both};

const WRITERS: usize = 50;
const EACH: usize = 10;

#[apply(on_both)]
async fn fifty_parallel_writers_all_get_through(db: TestDatabase) {
    let app = db.app();
    for writer in 0..WRITERS {
        assert_eq!(app.simulator().register(&format!("w{writer}")).await.status, 204);
    }
    let write = async |writer: usize| {
        let simulator = app.simulator();
        for number in 0..EACH {
            let latest = writer * EACH + number;
            let path = format!("/msgs/w{writer}?latest={latest}");
            let answer = simulator.post(&path, json!({ "content": format!("{writer}/{number}") })).await;
            assert_eq!(answer.status, 204, "{answer:?}");
            let other = format!("w{}", (writer + number) % WRITERS);
            assert_eq!(simulator.follow(&format!("w{writer}"), &other).await.status, 204);
        }
    };
    join_all((0..WRITERS).map(write)).await;
    let counts = app.state.db.read("count", minitwit::db::stats::count).await.unwrap();
    let expected = i64::try_from(WRITERS * EACH).unwrap();
    assert_eq!(counts.messages, expected);
    assert_eq!(counts.follows, expected - i64::try_from(WRITERS).unwrap(), "but for oneself");
    assert!((0..expected).contains(&app.simulator().latest().await));
    assert_eq!(app.metric("minitwit_messages_posted_total{source=\"simulator\"}").await, 500.0);
    assert_eq!(app.metric("minitwit_db_errors_total{kind=\"locked\"}").await, 0.0);
}
