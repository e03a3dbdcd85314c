//! A fresh database for each test.

use std::{
    path::PathBuf,
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

use indicatif::ProgressBar;
use minitwit::db::{self, DbConnection, Target, migrations};
use minitwit_tools::{
    population::{Plan, Rows},
    seed,
};
use tempfile::TempDir;

use super::postgres::PostgresServer;

/// A database that nobody else uses. A file is gone when dropped, a schema with its server.
pub struct TestDatabase {
    url: String,
    _files: Option<TempDir>,
}

/// The schema costs a few milliseconds: it is made once, and its file copied.
static MIGRATED: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("migrated.db");
    migrations::run(&target(&format!("sqlite://{}", file.display()))).unwrap();
    (folder, file)
});

/// The server behind all Postgres tests of this run.
static POSTGRES: LazyLock<PostgresServer> = LazyLock::new(PostgresServer::start);

impl TestDatabase {
    /// A migrated SQLite file.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("test.db");
        std::fs::copy(&MIGRATED.1, &file).unwrap();
        Self { url: format!("sqlite://{}", file.display()), _files: Some(folder) }
    }

    /// An empty SQLite file that does not exist yet.
    pub fn empty_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new.db");
        Self { url: format!("sqlite://{}", file.display()), _files: Some(folder) }
    }

    /// A schema of its own, migrated, in `TEST_DATABASE_URL` or on the throwaway server.
    pub fn postgres() -> Self {
        let database = Self::empty_postgres();
        migrations::run(&database.target()).unwrap();
        database
    }

    /// A schema of its own, empty.
    pub fn empty_postgres() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let base = match environment("TEST_DATABASE_URL") {
            Some(url) => url,
            None => POSTGRES.url(),
        };
        let schema = format!("t{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut conn = target(&base).connect().unwrap();
        diesel::RunQueryDsl::execute(diesel::sql_query(format!("CREATE SCHEMA {schema}")), &mut conn).unwrap();
        let joint = if base.contains('?') { '&' } else { '?' };
        Self { url: format!("{base}{joint}options=-csearch_path%3D{schema}"), _files: None }
    }

    /// On a server of the test's own, which it may crash.
    pub fn on_server(server: &PostgresServer) -> Self {
        let database = Self { url: server.url(), _files: None };
        migrations::run(&database.target()).unwrap();
        database
    }

    /// As `database.url`.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn target(&self) -> Target {
        target(&self.url)
    }

    /// A connection of the test's own, to look and to meddle.
    pub fn connect(&self) -> DbConnection {
        self.target().connect().unwrap()
    }

    /// Fills it with the population of `minitwit-tools seed`, nobody of which can sign in.
    pub fn fill(&self, users: u32, messages: u32, follows: u32) {
        let rows = Rows::new(Plan::new(users, messages, follows).unwrap(), 1, db::now());
        seed::fill(&self.target(), &rows, "", &ProgressBar::hidden()).unwrap();
    }

    /// Takes all tables away from under whoever uses them. Postgres may find that this and a process's first sweep wait
    /// for each other, and breaks off one of the two.
    pub fn take_schema_away(&self) {
        let done = (0..10).find_map(|_| migrations::revert_all(&self.target()).ok());
        assert!(done.is_some(), "the schema cannot be taken away");
    }

    pub fn is_postgres(&self) -> bool {
        self.url.starts_with("postgres")
    }
}

fn target(url: &str) -> Target {
    Target::parse(&url.into()).unwrap()
}

/// A variable of the test run.
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
