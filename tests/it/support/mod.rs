//! The harness: databases, applications, actors.

pub mod actors;
pub mod app;
pub mod databases;
pub mod pages;
pub mod postgres;
pub mod process;

pub use app::TestApp;
pub use databases::{TestDatabase, is_ci};

/// Runs each test on both databases: `name::on_sqlite` and `name::on_postgres`. Where no Postgres
/// can be had the second says so loudly and does nothing, but under CI it fails.
macro_rules! on_both {
    ($($(#[$attribute:meta])* async fn $name:ident($db:ident: TestDatabase) $body:block)*) => {$(
        $(#[$attribute])*
        mod $name {
            #[allow(unused_imports, clippy::allow_attributes, reason = "not every test needs all that its file imports")]
            use super::*;

            async fn test($db: crate::support::TestDatabase) $body

            #[tokio::test]
            async fn on_sqlite() {
                test(crate::support::TestDatabase::sqlite()).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                if let Some(database) = crate::support::TestDatabase::postgres() {
                    test(database).await;
                }
            }
        }
    )*};
}
