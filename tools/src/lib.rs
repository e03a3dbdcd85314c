//! What people and tests use around Minitwit; nothing of it is in the product.
//!
//! [`scenario`]: the course's file format, its one reader, and a generator. [`simulate`]: replaying a scenario
//! against an API. [`population`] and [`seed`]: a database filled for benchmarks, always with the same rows.
//! [`storm`]: load that hurts. The binary `minitwit-tools` is a thin command line around them.
//!
//! Settings are Minitwit's own ([`minitwit::config`]), and so are rows and words: this package uses the product,
//! never the other way round (`docs/adr/0014-the-product-apart-from-its-tools.md`).

mod http;
mod latencies;
pub mod population;
pub mod scenario;
pub mod seed;
pub mod simulate;
pub mod storm;
