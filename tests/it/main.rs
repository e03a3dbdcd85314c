//! The integration tests: one binary, the real application, both databases.
//!
//! `support` has the harness: a test gets a fresh [`support::TestDatabase`], starts applications on
//! it, and acts through a browser or the simulator. Every test with `on_both` runs twice.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::float_cmp, reason = "Prometheus writes counters as floats; they hold whole numbers")]
#![expect(clippy::disallowed_methods, reason = "those rules are about the program, not its tests")]

mod support;

mod account_limits;
mod api_bodies;
mod api_contract;
mod backups;
mod bad_input;
mod cli;
mod cli_settings;
mod connections;
mod conversation;
mod cross_site;
mod doctor;
mod faults;
mod first_pages;
mod forms;
mod home_timeline;
mod logs;
mod manners;
mod marks;
mod migrations;
mod names;
mod notifications;
mod openapi;
mod operations;
mod paging;
mod passwords;
mod profiles;
mod query_plans;
mod replay;
mod returning;
mod search;
mod security;
mod seeding;
mod sessions;
mod site_contract;
mod sqlite_file;
mod stopping;
mod suggestions;
mod tags_and_mentions;
mod throttles;
mod writable;
mod writers;
