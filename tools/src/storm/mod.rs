//! Load that hurts, on one's own server: connections that never pause and cost it a hash at each step.
//!
//! What is sent is in `forms`. One thread, as the generator shares its machine with the server; it ends when it is
//! told to.

mod forms;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fmt,
    time::{Duration, Instant},
};

use anyhow::ensure;
use futures_util::future::{join, join_all};
use reqwest::{Client, Url, header::CONTENT_TYPE};
use serde::Serialize;

pub use self::forms::Kind;
use self::forms::{Form, Forms};
use crate::{
    http::{self, Outcome},
    latencies::{self, Latencies},
};

/// How long an answer is waited for: longer than any server of ours takes to refuse.
const PATIENCE: Duration = Duration::from_secs(10);

/// A storm that knows its target.
pub struct Storm {
    client: Client,
    base: String,
    forms: Forms,
}

/// What a storm saw: `Display` is what people read, its JSON what programs do.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Connections that asked without pause.
    pub connections: u16,
    /// How long they did.
    pub seconds: f64,
    /// How often what was answered (a status, `timeout` or `connection_error`), and how soon.
    pub answers: BTreeMap<Outcome, Latencies>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connections, seconds, answers } = self;
        writeln!(f, "{connections} connections for {seconds:.1} s\n")?;
        writeln!(f, "{:16} {:>9} {:>9} {}  ms", "answer", "count", "a second", Latencies::heads())?;
        for (outcome, times) in answers {
            let (count, rate) = (times.count, latencies::rate(times.count, *seconds));
            writeln!(f, "{outcome:16} {count:>9} {rate:>9.1} {}", times.columns())?;
        }
        Ok(())
    }
}

impl Storm {
    /// `url` is the site's base; other machines are refused unless `is_remote_fine`.
    ///
    /// # Errors
    /// When the URL cannot be one, or leads elsewhere.
    pub fn new(url: &str, kind: Kind, is_remote_fine: bool) -> anyhow::Result<Self> {
        let url = http::base(url)?;
        ensure!(
            is_remote_fine || is_here(&url),
            "{url} is not on this machine: a storm is for a server of your own, and --remote says that it is one"
        );
        let client = http::client(PATIENCE).build()?;
        Ok(Self { client, base: url.as_str().trim_end_matches('/').to_owned(), forms: Forms::new(kind)? })
    }

    /// Goes on until `end`, and then until what is under way is answered.
    ///
    /// # Errors
    /// When a form makes no request.
    pub async fn run(&self, connections: u16, end: impl Future<Output = ()>) -> anyhow::Result<Report> {
        let (begun, is_over, seen) = (Instant::now(), Cell::new(false), RefCell::default());
        let work = join_all((0..connections).map(|_| self.work(&is_over, &seen)));
        let end = async {
            end.await;
            is_over.set(true);
        };
        let ((), outcomes) = join(end, work).await;
        outcomes.into_iter().collect::<anyhow::Result<()>>()?;
        let answers = seen.into_inner().into_iter().map(|(outcome, times)| (outcome, Latencies::of(times)));
        Ok(Report { connections, seconds: begun.elapsed().as_secs_f64(), answers: answers.collect() })
    }

    async fn work(&self, is_over: &Cell<bool>, seen: &RefCell<BTreeMap<Outcome, Vec<Duration>>>) -> anyhow::Result<()> {
        while !is_over.get() {
            for Form { path, fields, from } in self.forms.next() {
                let body = serde_urlencoded::to_string(fields)?;
                let request = self.client.post(format!("{}{path}", self.base)).body(body);
                let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
                let request = match from {
                    Some(address) => request.header("x-forwarded-for", address.to_string()),
                    None => request,
                };
                let (outcome, time) = http::send(&self.client, request.build()?).await;
                seen.borrow_mut().entry(outcome).or_default().push(time);
            }
        }
        Ok(())
    }
}

fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_machines_are_left_alone_unless_one_insists() {
        for here in ["http://127.0.0.1:8080", "http://[::1]:8080/", "http://localhost"] {
            assert!(Storm::new(here, Kind::SignIns, false).is_ok(), "{here}");
        }
        for elsewhere in
            ["http://192.0.2.1:8080", "http://minitwit.example", "http://localhost.example", "http://0.0.0.0"]
        {
            let Err(why) = Storm::new(elsewhere, Kind::SignIns, false) else { panic!("{elsewhere} was taken") };
            assert!(why.to_string().contains("--remote"), "{why}");
            assert!(Storm::new(elsewhere, Kind::SignIns, true).is_ok());
        }
    }

    #[test]
    fn a_report_counts_by_answer() {
        let times = Latencies::of(vec![Duration::from_millis(40), Duration::from_millis(20)]);
        let answers = BTreeMap::from([(Outcome::Status(reqwest::StatusCode::OK), times)]);
        let report = Report { connections: 60, seconds: 4.0, answers };
        insta::assert_snapshot!(report.to_string(), @r"
        60 connections for 4.0 s

        answer               count  a second       p50       p95       p99       max  ms
        200                      2       0.5    20.000    40.000    40.000    40.000
        ");
        let json = serde_json::to_string(&report).unwrap();
        assert_eq!(
            json,
            r#"{"connections":60,"seconds":4.0,"answers":{"200":{"count":2,"p50_ms":20.0,"p95_ms":40.0,"p99_ms":40.0,"max_ms":40.0}}}"#
        );
    }
}
