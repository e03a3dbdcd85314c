//! The schema: up, down and up again; the same tables and columns on both; the keys that hold.

use std::collections::BTreeSet;

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use minitwit::db::{
    DbConnection, Target, migrations,
    tables::{BACKED_UP, LEFT_OUT},
};
use rstest_reuse::apply;

use crate::support::{TestDatabase, on_both, postgres::PostgresServer};

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
}

/// Table and column, of everything that reads like a table. On Postgres the sequence for `latest`
/// does; the sequences behind identities do not count.
pub fn columns(db: &TestDatabase) -> BTreeSet<(String, String)> {
    let mut conn = db.connect();
    let query = match conn {
        DbConnection::Postgres(_) => {
            "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = current_schema() \
             UNION ALL SELECT sequence_name::text, 'last_value' FROM information_schema.sequences \
             WHERE sequence_schema = current_schema() AND sequence_name NOT LIKE '%\\_id\\_seq'"
        }
        DbConnection::Sqlite(_) => {
            // Neither the table of FTS5, which stands for an index, nor those in which it keeps its words.
            "SELECT t.name AS table_name, c.name AS column_name FROM pragma_table_list t, pragma_table_info(t.name) c \
             WHERE t.type = 'table' AND t.schema = 'main' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        }
    };
    let rows: Vec<Column> = sql_query(query).load(&mut conn).unwrap();
    rows.into_iter()
        .map(|row| (row.table_name, row.column_name))
        .filter(|(table, _)| !table.starts_with("__"))
        .collect()
}

fn indexes(db: &TestDatabase) -> BTreeSet<String> {
    let mut conn = db.connect();
    let query = match conn {
        DbConnection::Postgres(_) => {
            "SELECT tablename::text AS table_name, indexname::text AS column_name FROM pg_indexes WHERE schemaname = current_schema()"
        }
        DbConnection::Sqlite(_) => {
            "SELECT tbl_name AS table_name, name AS column_name FROM sqlite_master WHERE type = 'index'"
        }
    };
    let rows: Vec<Column> = sql_query(query).load(&mut conn).unwrap();
    rows.into_iter().map(|row| row.column_name).collect()
}

#[test]
fn both_databases_have_the_same_tables_and_columns() {
    let postgres = TestDatabase::postgres();
    let sqlite = TestDatabase::sqlite();
    assert_eq!(columns(&postgres), columns(&sqlite));
    for name in
        ["messages_by_time", "messages_by_author", "follows_by_followee", "sessions_by_expiry", "sessions_by_user"]
    {
        assert!(indexes(&postgres).contains(name) && indexes(&sqlite).contains(name), "{name}");
    }
}

/// Table and column, as the one list has them.
fn listed() -> BTreeSet<(String, String)> {
    let backed_up =
        BACKED_UP.iter().flat_map(|table| [table.columns, table.derived].map(|columns| (table.name, columns)));
    let all = backed_up.chain(LEFT_OUT.iter().map(|table| (table.name, table.columns)));
    let pairs =
        all.flat_map(|(table, columns)| columns.iter().map(move |column| (table.to_owned(), (*column).to_owned())));
    pairs.collect()
}

#[apply(on_both)]
async fn the_list_of_tables_has_every_table_and_column(db: TestDatabase) {
    let (listed, there) = (listed(), columns(&db));
    let unlisted: Vec<_> = there.difference(&listed).collect();
    assert!(
        unlisted.is_empty(),
        "{unlisted:?}: on no list, so that a restore would lose it. Give a new table a row in src/db/tables/ and a line in \
         BACKED_UP there, or a line in LEFT_OUT with the reason. A new column of a table that is backed up changes the \
         format: docs/adr/0012-a-backup-format-of-our-own.md"
    );
    let missing: Vec<_> = listed.difference(&there).collect();
    assert!(missing.is_empty(), "{missing:?}: listed in src/db/tables/, and no migration makes it");
}

fn up_down_up(db: &TestDatabase) {
    let applied = migrations::run(&db.target()).unwrap();
    assert!(applied.len() >= 4);
    let first = columns(db);
    assert_eq!(migrations::run(&db.target()).unwrap(), Vec::<String>::new());
    assert_eq!(migrations::revert_all(&db.target()).unwrap().len(), applied.len());
    assert_eq!(columns(db), BTreeSet::new());
    assert!(migrations::is_any_pending(&mut db.connect()).unwrap());
    assert_eq!(migrations::run(&db.target()).unwrap(), applied);
    assert_eq!(columns(db), first);
    assert!(!migrations::is_any_pending(&mut db.connect()).unwrap());
}

#[test]
fn migrations_go_up_down_and_up_on_sqlite() {
    up_down_up(&TestDatabase::empty_sqlite());
}

#[test]
fn migrations_go_up_down_and_up_on_postgres() {
    up_down_up(&TestDatabase::empty_postgres());
}

/// The views for Grafana are made for the Minitwit in the usual schema only, so that others in the
/// same database (each test of this run) do not fight for them.
#[test]
fn dashboards_views_belong_to_the_usual_schema() {
    let server = PostgresServer::start();
    let views = |conn: &mut DbConnection| -> BTreeSet<String> {
        let query = "SELECT table_name::text, '' AS column_name FROM information_schema.views WHERE table_schema = 'dashboards'";
        let rows: Vec<Column> = sql_query(query).load(conn).unwrap();
        rows.into_iter().map(|row| row.table_name).collect()
    };
    let usual = TestDatabase::on_server(&server);
    let all = ["follower_distribution", "participation", "posting_hours", "top_posters"].map(String::from).into();
    assert_eq!(views(&mut usual.connect()), all);
    // Somebody else in the same database: neither in the way, nor taking them along.
    sql_query("CREATE SCHEMA other").execute(&mut usual.connect()).unwrap();
    let other = Target::parse(&format!("{}?options=-csearch_path%3Dother", server.url()).into()).unwrap();
    migrations::run(&other).unwrap();
    migrations::revert_all(&other).unwrap();
    assert_eq!(views(&mut usual.connect()), all);
    migrations::revert_all(&usual.target()).unwrap();
    assert_eq!(views(&mut usual.connect()), BTreeSet::new());
    migrations::run(&usual.target()).unwrap();
    assert_eq!(views(&mut usual.connect()), all);
}

fn eight_at_once(db: &TestDatabase) {
    let total: usize = std::thread::scope(|scope| {
        let migrating: Vec<_> = (0..8).map(|_| scope.spawn(|| migrations::run(&db.target()).unwrap().len())).collect();
        migrating.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(total, migrations::known().len(), "each migration is applied once");
}

#[test]
fn replicas_starting_together_migrate_once_on_sqlite() {
    eight_at_once(&TestDatabase::empty_sqlite());
}

#[test]
fn replicas_starting_together_migrate_once_on_postgres() {
    eight_at_once(&TestDatabase::empty_postgres());
}

#[apply(on_both)]
async fn the_schema_itself_refuses_what_must_not_be(db: TestDatabase) {
    let mut conn = db.connect();
    let mut run = |sql: &str| sql_query(sql).execute(&mut conn);
    for name in ["a", "b"] {
        run(&format!("INSERT INTO users (username, email, password_hash, created_at) VALUES ('{name}', '', '', 0)"))
            .unwrap();
    }
    run("INSERT INTO follows (follower_id, followee_id) VALUES (1, 2)").unwrap();
    for refused in [
        "INSERT INTO users (username, email, password_hash, created_at) VALUES ('a', '', '', 0)",
        "INSERT INTO follows (follower_id, followee_id) VALUES (1, 2)",
        "INSERT INTO follows (follower_id, followee_id) VALUES (1, 1)",
        "INSERT INTO follows (follower_id, followee_id) VALUES (1, 99)",
        "INSERT INTO messages (author_id, text, published_at) VALUES (99, '', 0)",
        "INSERT INTO sessions (token_hash, user_id, created_at, expires_at) VALUES ('x', 99, 0, 0)",
    ] {
        assert!(run(refused).is_err(), "{refused}");
    }
}

#[apply(on_both)]
async fn the_program_starts_on_an_empty_database_and_on_one_already_there(db: TestDatabase) {
    migrations::revert_all(&db.target()).unwrap();
    db.app().browser().register("alice").await;
    assert_eq!(db.app().browser().sign_in("alice").await.path, "/");
}
