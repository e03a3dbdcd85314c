//! When parts fail: the answer is 503 in the door's format, nothing acknowledged is lost, and no
//! restart is needed afterwards.

use std::{
    sync::{Arc, Barrier},
    time::Duration,
};

use actix_web::{App, middleware::from_fn, web};
use minitwit::{
    db::users::{self, NewUser},
    domain::{Email, Username},
    http::{errors, routing},
    passwords::Lane,
};
use reqwest::Method;
use rstest_reuse::apply;
use serde_json::json;

use crate::support::{TestApp, TestDatabase, actors::PASSWORD, on_both, postgres::PostgresServer};

/// Holds every thread of the reading connections until it is dropped.
struct Siege(Arc<Barrier>);

impl Siege {
    async fn lay(app: &TestApp) -> Self {
        let width = app.state.settings.database.pool_size as usize;
        let (arrived, leave) = (Arc::new(Barrier::new(width + 1)), Arc::new(Barrier::new(width + 1)));
        for _ in 0..width {
            let (state, arrived, leave) = (app.state.clone(), Arc::clone(&arrived), Arc::clone(&leave));
            tokio::spawn(async move {
                // Again, if a busy machine did not give it its turn within the test's short wait.
                loop {
                    let (arrived, leave) = (Arc::clone(&arrived), Arc::clone(&leave));
                    let hold = move |_: &mut minitwit::db::DbConnection| {
                        arrived.wait();
                        leave.wait();
                        Ok(())
                    };
                    if state.db.read("siege", hold).await.is_ok() {
                        break;
                    }
                }
            });
        }
        tokio::task::spawn_blocking(move || arrived.wait()).await.unwrap();
        Self(leave)
    }
}

impl Drop for Siege {
    fn drop(&mut self) {
        self.0.wait();
    }
}

async fn panicking() -> &'static str {
    panic!("a handler's own");
}

#[apply(on_both)]
async fn an_exhausted_pool_is_503_in_both_formats_and_heals(db: TestDatabase) {
    let app = db.app_with(|settings| {
        settings.database.wait = Duration::from_millis(50);
        settings.database.pool_size = 2;
    });
    let siege = Siege::lay(&app).await;
    let page = app.browser().get("/public").await;
    assert_eq!((page.status, page.title().as_str()), (503, "Busy | MiniTwit"));
    assert_eq!(page.header("retry-after"), "2");
    let answer = app.simulator().get("/msgs").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.error(), "Minitwit is busy: try again in a moment.");
    assert_eq!(app.ops("/readyz").await.0, 503);
    assert_eq!(app.ops("/livez").await.0, 200);
    assert_eq!(app.browser().get("/login").await.status, 200, "what needs no database is served");
    drop(siege);
    assert_eq!(app.browser().get("/public").await.status, 200);
}

#[apply(on_both)]
async fn a_full_hash_gate_is_503_and_holds_nobody_else_up(db: TestDatabase) {
    let app = db.app_with(|settings| {
        settings.passwords.permits = 1;
        settings.passwords.wait = Duration::from_millis(50);
        // Some 100 ms a hash, so that sixteen at once cannot all have their turn within a twentieth of a second.
        (settings.passwords.memory_kib, settings.passwords.iterations) = (65_536, 2);
    });
    let people: Vec<_> = (0..16).map(|number| (app.browser(), format!("user {number}"))).collect();
    let pages = futures_util::future::join_all(people.iter().map(|(browser, name)| browser.register(name))).await;
    let statuses: Vec<u16> = pages.iter().map(|page| page.status).collect();
    let busy = statuses.iter().filter(|status| **status == 503).count();
    assert!((1..16).contains(&busy), "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 503)), "{statuses:?}");
    let stored = app.state.db.read("count", minitwit::db::stats::count).await.unwrap().users;
    assert_eq!(stored, 16 - i64::try_from(busy).unwrap(), "what was acknowledged is there, and nothing else");
    assert_eq!(app.metric("minitwit_password_hash_queue_length{lane=\"people\"}").await, 0.0);
}

#[apply(on_both)]
async fn people_who_fill_their_lane_do_not_hold_the_simulator_up(db: TestDatabase) {
    let app = db.app_with(|settings| {
        (settings.passwords.permits, settings.passwords.queue) = (1, 1);
        settings.passwords.wait = Duration::from_mins(1);
    });
    // A hash of some seconds, far longer than all that comes after it.
    let slow = format!("$argon2id$v=19$m=8,t=500000,p=1${}${}", "A".repeat(22), "A".repeat(43));
    let insert = move |conn: &mut minitwit::db::DbConnection| {
        let (username, email) = (Username::parse("slow").unwrap(), Email::parse("a@b").unwrap());
        users::insert(conn, &NewUser { username: &username, email: &email, password_hash: &slow, created_at: 0 })
    };
    app.state.db.write_one("insert_user", insert).await.unwrap().unwrap();
    let guesses: Vec<_> = [(); 2]
        .map(|()| app.browser())
        .into_iter()
        .map(|browser| tokio::spawn(async move { browser.sign_in_with("slow", "guess").await.status }))
        .collect();
    while app.state.passwords.place(Lane::People).await.is_ok() {
        tokio::task::yield_now().await;
    }
    for page in [app.browser().sign_in("somebody").await, app.browser().register("somebody").await] {
        assert_eq!((page.status, page.header("retry-after")), (503, "2"), "though it might wait a minute");
    }
    for number in 0..4 {
        assert_eq!(app.simulator().register(&format!("user {number}")).await.status, 204);
    }
    assert_eq!(app.metric("minitwit_password_hash_queue_length{lane=\"people\"}").await, 1.0);
    assert_eq!(app.metric("minitwit_password_hash_queue_length{lane=\"simulator\"}").await, 0.0);
    assert!(guesses.iter().all(|guess| !guess.is_finished()), "all that while somebody else's hash ran");
    for guess in guesses {
        guess.abort();
    }
}

#[apply(on_both)]
async fn a_form_that_could_not_be_carried_out_keeps_what_was_typed(db: TestDatabase) {
    let app = db.app_with(|settings| {
        settings.database.wait = Duration::from_millis(50);
        settings.database.pool_size = 1;
        settings.limits.login_burst = 1;
    });
    let siege = Siege::lay(&app).await;
    let page = app.browser().register("Wendell Ballan").await;
    assert_eq!((page.status, page.header("retry-after")), (503, "2"));
    assert_eq!(page.text("div.error"), "Error: Minitwit is busy: try again in a moment.");
    assert_eq!(page.attributes("input[name=username]", "value"), ["Wendell Ballan"]);
    let page = app.browser().sign_in("Wendell Ballan").await;
    assert_eq!((page.status, page.title().as_str()), (503, "Sign In | MiniTwit"));
    assert_eq!(page.attributes("input[name=username]", "value"), ["Wendell Ballan"]);
    drop(siege);
    let page = app.browser().sign_in("Wendell Ballan").await;
    assert_eq!(page.text("div.error"), "Error: Invalid username", "the attempt before was no guess, and one may pass");
}

#[apply(on_both)]
async fn a_panic_in_database_work_is_a_500_for_one_caller_only(db: TestDatabase) {
    let app = db.app();
    let outcome = app.state.db.write("panicking", |_| -> diesel::QueryResult<()> { panic!("a test's") }).await;
    assert!(matches!(outcome, Err(minitwit::error::Error::Internal(_))));
    for _ in 0..10 {
        assert_eq!(app.simulator().register("again").await.status / 100 % 2, 0, "204, then 400");
    }
    assert_eq!(app.signed_in("alice").await.say("hi").await.status, 200, "the writing connection was replaced");
}

#[apply(on_both)]
async fn a_panic_in_a_handler_is_a_500_page_for_one_caller_only(db: TestDatabase) {
    let app = db.app();
    let served = actix_web::test::init_service(
        App::new().app_data(app.state.clone()).service(
            web::scope("")
                .service(routing::resource("/panics", routing::READ).route(routing::get(panicking)))
                .service(routing::resource("/fine", routing::READ).route(routing::get(async || "fine")))
                .wrap(from_fn(errors::as_page)),
        ),
    )
    .await;
    let call = async |path: &str| {
        let request = actix_web::test::TestRequest::get().uri(path).to_request();
        let response = actix_web::test::call_service(&served, request).await;
        (response.status().as_u16(), actix_web::test::read_body(response).await)
    };
    let (status, body) = call("/panics").await;
    assert_eq!(status, 500);
    let page = String::from_utf8(body.to_vec()).unwrap();
    assert!(page.contains("Something went wrong") && !page.contains("handler's"));
    assert_eq!(call("/fine").await.0, 200, "the worker lives on");
}

#[apply(on_both)]
async fn a_statement_that_hangs_is_given_up_on_postgres(db: TestDatabase) {
    let app = db.app_with(|settings| settings.database.statement_timeout = Duration::from_millis(50));
    if db.is_postgres() {
        let hang = |conn: &mut minitwit::db::DbConnection| {
            diesel::RunQueryDsl::execute(diesel::sql_query("SELECT pg_sleep(60)"), conn).map(drop)
        };
        let outcome = app.state.db.read("hanging", hang).await;
        assert!(matches!(outcome, Err(minitwit::error::Error::Unavailable { .. })), "{outcome:?}");
        assert_eq!(app.metric("minitwit_db_errors_total{kind=\"timeout\"}").await, 1.0);
    }
    assert_eq!(app.browser().get("/public").await.status, 200);
}

#[apply(on_both)]
async fn a_failing_query_is_500_without_its_cause_and_is_counted(db: TestDatabase) {
    let app = db.app();
    db.take_schema_away();
    let page = app.browser().get("/public").await;
    assert_eq!((page.status, page.title().as_str()), (500, "Something went wrong | MiniTwit"));
    assert!(
        !page.source.contains("messages\"")
            && !page.source.contains("relation")
            && !page.source.contains("no such table")
    );
    let answer = app.simulator().get("/msgs").await;
    assert_eq!((answer.status, answer.error()), (500, "Something went wrong on our side."));
    assert!(app.metric(r#"minitwit_db_errors_total{kind="query"}"#).await >= 2.0);
}

#[apply(on_both)]
async fn latest_is_not_acknowledged_when_it_could_not_be_stored(db: TestDatabase) {
    let app = db.app();
    app.simulator().register("a").await;
    let drop_latest = if db.is_postgres() { "DROP SEQUENCE simulator_latest" } else { "DROP TABLE simulator_latest" };
    diesel::RunQueryDsl::execute(diesel::sql_query(drop_latest), &mut db.connect()).unwrap();
    assert_eq!(app.simulator().get("/msgs?latest=5").await.status, 500);
    assert_eq!(app.simulator().post("/msgs/a?latest=6", json!({ "content": "lost" })).await.status, 500);
    assert_eq!(app.simulator().get("/msgs").await.body, json!([]), "and nothing is stored half");
}

#[tokio::test]
async fn postgres_going_away_and_coming_back_needs_no_restart() {
    let server = PostgresServer::start();
    let db = TestDatabase::on_server(&server);
    let app = db.app_with(|settings| settings.database.wait = Duration::from_millis(200));
    let alice = app.signed_in("alice").await;
    let mut acknowledged = 0;
    for round in 0..2 {
        assert_eq!(alice.say(&format!("before {round}")).await.status, 200);
        acknowledged += 1;
        server.crash();
        for _ in 0..3 {
            let page = alice.get("/public").await;
            assert_eq!((page.status, page.title().as_str()), (503, "Busy | MiniTwit"));
            assert_eq!(app.simulator().tweet("alice", "away").await.status, 503);
            assert_eq!(app.browser().sign_in_with("alice", PASSWORD).await.status, 503);
        }
        assert_eq!(app.ops("/livez").await.0, 200);
        assert_eq!(app.ops("/readyz").await.0, 503);
        assert_eq!(app.browser().request(Method::GET, "/login").send().await.unwrap().status(), 200);
        server.restart();
        let mut tries = 0;
        while app.ops("/readyz").await.0 != 200 {
            tries += 1;
            assert!(tries < 100, "not ready again");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        for _ in 0..20 {
            assert_eq!(app.browser().get("/public").await.status, 200, "not one more error once it is ready");
        }
    }
    assert_eq!(app.simulator().get("/msgs/alice").await.body.as_array().unwrap().len(), acknowledged);
    assert!(app.metric(r#"minitwit_db_errors_total{kind="connection_lost"}"#).await >= 1.0);
}
