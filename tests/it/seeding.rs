//! What `minitwit-tools seed` promises is there, the same on both databases, and nothing is overwritten.

use diesel::prelude::*;
use indicatif::ProgressBar;
use minitwit::{
    config::Settings,
    db::{
        DbConnection, migrations,
        schema::{follows, messages, users},
        stats::{self, Counts},
        tables::{self, FollowRow, UserRow},
        transfer::{Ending, Occupied, load},
    },
    domain::Password,
};
use minitwit_tools::{
    population::{Plan, Rows},
    seed::{self, Filled},
};
use rstest_reuse::apply;

use crate::support::{TestDatabase, on_both};

const READERS: [(&str, usize); 5] = [
    ("reader-of-nobody", 0),
    ("reader-of-2", 2),
    ("reader-of-100", 100),
    ("reader-of-5000", 299),
    ("reader-of-the-silent", 100),
];

const PASSWORD: &str = "everybody's";

/// 300 users, 6,000 messages, 7,000 follows.
fn fill(db: &TestDatabase, seed: u64) -> anyhow::Result<Filled> {
    let mut costs = Settings::defaults().passwords;
    (costs.memory_kib, costs.iterations) = (8, 1);
    let hash = seed::hash(&Password::claim(PASSWORD.to_owned()).unwrap(), &costs).unwrap();
    let rows = Rows::new(Plan::new(300, 6000, 7000).unwrap(), seed, 1_700_000_000);
    seed::fill(&db.target(), &rows, &hash, &ProgressBar::hidden())
}

fn count(conn: &mut DbConnection) -> (i64, i64, i64) {
    let Counts { users, messages, follows, .. } = stats::count(conn).unwrap();
    (users, messages, follows)
}

/// Every row but for the password's hash, which is salted.
type Everything = (Vec<(i64, String, String, i64)>, Vec<(i64, i64, String, i64, bool)>, Vec<(i64, i64)>);

fn everything(db: &TestDatabase) -> Everything {
    let conn = &mut db.connect();
    let users = users::table.select((users::id, users::username, users::email, users::created_at));
    (
        users.order(users::id).load(conn).unwrap(),
        messages::table.order(messages::id).load(conn).unwrap(),
        follows::table.order((follows::follower_id, follows::followee_id)).load(conn).unwrap(),
    )
}

#[apply(on_both)]
async fn there_are_exactly_as_many_as_asked_for(db: TestDatabase) {
    let filled = fill(&db, 1).unwrap();
    assert_eq!(count(&mut db.connect()), (300, 6000, 7000));
    let (users, messages, follows) = everything(&db);
    assert!(users.iter().map(|user| user.0).eq(1..=300));
    for ((id, (name, followees)), user) in (1..).zip(READERS).zip(&users) {
        assert_eq!((user.0, user.1.as_str()), (id, name));
        assert_eq!(follows.iter().filter(|(follower, _)| *follower == id).count(), followees, "{name}");
        assert!(!messages.iter().any(|message| message.1 == id), "{name} wrote something");
    }
    let of_silent = |id: i64| messages.iter().filter(|message| message.1 == id).count();
    assert!((6..=105).all(|id| of_silent(id) <= 1));
    assert!(messages[..50].iter().all(|message| (6..=105).contains(&message.1)));
    assert_eq!(messages.last().unwrap().3, 1_700_000_000);
    let flagged = messages.iter().filter(|message| message.4).count();
    assert!((30..100).contains(&flagged), "{flagged} of 6000");
    let flagged = i64::try_from(flagged).unwrap();
    assert_eq!(filled.counts, Counts { users: 300, messages: 6000, flagged, follows: 7000 });
}

#[apply(on_both)]
async fn one_can_sign_in_as_a_reader_and_go_on(db: TestDatabase) {
    fill(&db, 1).unwrap();
    let app = db.app();
    for (name, shown) in [("reader-of-nobody", 0), ("reader-of-100", 30), ("reader-of-the-silent", 30)] {
        let home = app.browser().sign_in_with(name, PASSWORD).await;
        assert!(home.has("ul.flashes"), "{name}: signed in");
        assert_eq!(home.messages().len(), shown, "{name}");
    }
    let browser = app.signed_in("newcomer").await;
    browser.say("the first one by hand").await;
    assert_eq!(app.browser().get("/public").await.messages()[0], "the first one by hand");
    let (users, messages, _) = everything(&db);
    assert_eq!((users.last().unwrap().0, messages.last().unwrap().0), (301, 6001));
}

#[apply(on_both)]
async fn a_database_with_somebody_in_it_is_left_alone(db: TestDatabase) {
    assert_eq!(db.app().simulator().register("alice").await.status, 204);
    let refused = fill(&db, 1).err().unwrap();
    assert_eq!(
        refused.to_string(),
        "there are users in this database already: seed fills an empty one only, so name a new one"
    );
    assert_eq!(count(&mut db.connect()), (1, 0, 0));
}

#[apply(on_both)]
async fn keys_hold_during_a_load_and_one_that_fails_leaves_nothing(db: TestDatabase) {
    let conn = &mut db.connect();
    let user = |id: i64, name: &str| UserRow {
        id,
        username: name.to_owned(),
        email: "a@example.org".to_owned(),
        password_hash: String::new(),
        created_at: 0,
    };
    let stranger = load(conn, Occupied::Refuse, Ending::Commit, |conn| {
        tables::insert_all(conn, [user(1, "a"), user(2, "b")].into_iter())?;
        Ok(tables::insert_all(conn, [FollowRow { follower_id: 1, followee_id: 3 }].into_iter())?)
    });
    assert!(format!("{:#}", stranger.unwrap_err()).to_lowercase().contains("foreign key"));
    let namesake = load(conn, Occupied::Refuse, Ending::Commit, |conn| {
        Ok(tables::insert_all(conn, [user(1, "a"), user(2, "a")].into_iter())?)
    });
    assert!(namesake.is_err());
    assert_eq!(count(conn), (0, 0, 0));
    let alone =
        load(conn, Occupied::Refuse, Ending::Commit, |conn| Ok(tables::insert_all(conn, [user(1, "a")].into_iter())?));
    assert!(alone.unwrap().is_some());
    let later = diesel::insert_into(follows::table).values((follows::follower_id.eq(1), follows::followee_id.eq(3)));
    assert!(later.execute(conn).is_err(), "the key is back");
}

#[test]
fn a_seed_gives_the_same_rows_on_both_databases() {
    let (first, second, other) =
        (TestDatabase::empty_sqlite(), TestDatabase::empty_sqlite(), TestDatabase::empty_sqlite());
    for (db, seed) in [(&first, 5), (&second, 5), (&other, 6)] {
        fill(db, seed).unwrap();
    }
    assert_eq!(everything(&first), everything(&second));
    let (rows, others) = (everything(&first), everything(&other));
    assert!(rows.0 != others.0 && rows.1 != others.1 && rows.2 != others.2);
    assert!(!migrations::is_any_pending(&mut first.connect()).unwrap(), "it migrates first");
    let postgres = TestDatabase::empty_postgres();
    fill(&postgres, 5).unwrap();
    assert_eq!(everything(&postgres), rows);
}
