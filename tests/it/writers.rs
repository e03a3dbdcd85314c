//! Many writers at once: nothing lost, nothing locked, counted right.

use futures_util::future::join_all;
use minitwit::{
    db::{
        Write,
        follows::{self, Change, Effect},
        messages::{self, NewMessage},
        users::{self, UserKey},
    },
    domain::{MessageRules, MessageText, UserId, Username},
};
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

/// What a call of the simulator brings along is stored once, whatever its work does with the database.
#[apply(on_both)]
async fn latest_is_stored_with_the_work_whether_it_changes_anything_or_not(db: TestDatabase) {
    let app = db.app();
    app.simulator().register("alice").await;
    let (alice, nobody) = (Username::parse("alice").unwrap(), Username::parse("nobody").unwrap());
    let gone = UserId(users::find_id(&mut db.connect(), "alice").unwrap().unwrap().0 + 1000);
    let rules = MessageRules { max_length: 500, max_bytes: 0 };
    let new = NewMessage { text: MessageText::parse("hi", rules).unwrap(), published_at: 1 };

    let keys = [UserKey::Name(alice.clone()), UserKey::Name(nobody), UserKey::Id(gone)];
    for (number, (key, is_stored)) in (1_i64..).zip(keys.into_iter().zip([true, false, false])) {
        let (new, whose) = (new.clone(), key.clone());
        let post = move |write: &mut Write<'_>| messages::insert(write, &whose, &new);
        let (id, previous) = app.state.db.write_one_along("post", Some(2 * number), post).await.unwrap();
        assert_eq!(
            (id.is_some(), previous),
            (is_stored, Some(if number == 1 { -1 } else { 2 * number - 1 })),
            "{key:?}"
        );
        assert_eq!(app.simulator().latest().await, 2 * number);

        let followee = alice.clone();
        let follow = move |write: &mut Write<'_>| follows::apply(write, Change::Follow, &key, &followee, Some(10));
        let (effect, previous) = app.state.db.write_one_along("follow", Some(2 * number + 1), follow).await.unwrap();
        assert_eq!((effect, previous), (is_stored.then_some(Effect::Oneself), Some(2 * number)));
        assert_eq!(app.simulator().latest().await, 2 * number + 1);
    }
    let (nothing, previous) = app.state.db.write_one_along("nothing", Some(99), |_| Ok(())).await.unwrap();
    assert_eq!((nothing, previous, app.simulator().latest().await), ((), Some(7), 99));
    let new = move |write: &mut Write<'_>| messages::insert(write, &UserKey::Name(alice), &new);
    let (id, previous) = app.state.db.write_one_along("post", None, new).await.unwrap();
    assert_eq!((id.is_some(), previous, app.simulator().latest().await), (true, None, 99), "people bring nothing");
    let counts = app.state.db.read("count", minitwit::db::stats::count).await.unwrap();
    assert_eq!((counts.messages, counts.follows), (2, 0));
}
