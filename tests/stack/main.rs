//! The operations tests: our binary as processes of its own, behind the real proxy, scraped by a real
//! Prometheus, on a real Postgres that is stopped, killed and restored.
//!
//! `harness` starts the programs and ends them; a test begins with [`harness::turn`], which gives it the
//! machine to itself, or with [`harness::shared_turn`] if it judges nothing by time. The tests: `alerting` and `dashboards` (what is watched and alerted on), `drill` (a backup
//! there and back), `proxy` (what the proxy promises), `roles` (the database's roles and passwords), `rolling`
//! (replicas replaced under load), `killing` (replicas and Postgres without warning), `outsiders` (other
//! programs at the file of an embedded database), `smoke` (the script that looks at a deployment).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::float_cmp, reason = "Prometheus writes counters as floats; they hold whole numbers")]
#![allow(
    clippy::disallowed_methods,
    clippy::allow_attributes,
    reason = "those rules are about the program, not its tests"
)]

#[path = "../it/support/mod.rs"]
#[macro_use]
#[allow(dead_code, unused_macros, unused_imports, reason = "made for the integration tests; this suite needs a part")]
mod support;

mod alerting;
mod dashboards;
mod disk;
mod drill;
mod harness;
mod killing;
mod outsiders;
mod proxy;
mod roles;
mod rolling;
mod smoke;
