//! The harness: databases, applications, actors.

pub mod actors;
pub mod app;
pub mod databases;
pub mod pages;
pub mod postgres;
pub mod process;
pub mod scenario;

pub use app::TestApp;
pub use databases::TestDatabase;
use rstest_reuse::template;

/// Runs a test twice, `case_1_on_sqlite` and `case_2_on_postgres`: `#[apply(on_both)]` above an
/// `async fn name(db: TestDatabase)`.
#[template]
#[rstest::rstest]
#[case::on_sqlite(crate::support::TestDatabase::sqlite())]
#[case::on_postgres(crate::support::TestDatabase::postgres())]
#[tokio::test]
async fn on_both(#[case] db: TestDatabase) {}
