//! The site in a real browser: Chromium, driven over `WebDriver`.
//!
//! `driver` starts one chromedriver for the run, `site` the real application for each test,
//! `browser` is a person's browser with what people do, `elsewhere` another site with designs on ours.
//! The tests: `journeys` (what Minitwit is for), `forms` (refusals and keyboards), `cross_site` (what
//! other sites make a browser do), `pages` (what holds of every page, by `audit.js` and by axe-core), `validity` (their
//! HTML), `comfort` (what our script adds), `narrow` (phones), `api_docs` (Swagger UI). Each writes what it saw to
//! `screenshots/`, so that somebody can look at it.
//!
//! Without chromedriver the tests say so loudly and pass; where `CI` is set, they fail.

#![expect(clippy::unwrap_used, reason = "a harness that cannot go on should say where, and stop")]

mod api_docs;
mod axe;
mod browser;
mod comfort;
mod cross_site;
mod driver;
mod elsewhere;
mod forms;
mod journeys;
mod narrow;
mod pages;
mod site;
mod validity;
