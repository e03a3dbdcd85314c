//! One call over HTTP, timed: what the replay and the storm share.

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use reqwest::{Client, ClientBuilder, Request, StatusCode, Url, redirect, retry};
use serde::{Serialize, Serializer};

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// An answer came, whatever it says.
    Status(StatusCode),
    /// None came within the time.
    TimedOut,
    /// No connection, or one that broke.
    ConnectionError,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => f.pad(status.as_str()),
            Self::TimedOut => f.pad("timeout"),
            Self::ConnectionError => f.pad("connection_error"),
        }
    }
}

/// As it is shown.
impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The base of the URLs that are called.
///
/// # Errors
/// When the URL cannot be one, or asks for what these clients cannot do.
pub(crate) fn base(url: &str) -> anyhow::Result<Url> {
    let url = Url::parse(url).with_context(|| format!("{url:?} is no URL"))?;
    ensure!(url.scheme() != "https", "this binary has no TLS: give the http:// address");
    ensure!(url.scheme() == "http", "{url} is no http:// URL");
    ensure!(url.username().is_empty() && url.password().is_none(), "give credentials as settings, not in the URL");
    ensure!(url.query().is_none() && url.fragment().is_none(), "the base URL has no query or fragment: {url}");
    Ok(url)
}

/// A client that does what it is told: no redirects, no second tries, no proxy.
pub(crate) fn client(timeout: Duration) -> ClientBuilder {
    Client::builder().timeout(timeout).redirect(redirect::Policy::none()).retry(retry::never()).no_proxy()
}

/// Sends a request and reads the whole answer; also how long that took.
pub(crate) async fn send(client: &Client, request: Request) -> (Outcome, Duration) {
    let start = Instant::now();
    let answer = async {
        let response = client.execute(request).await?;
        let status = response.status();
        response.bytes().await.map(|_| status)
    };
    let outcome = match answer.await {
        Ok(status) => Outcome::Status(status),
        Err(why) if why.is_timeout() => Outcome::TimedOut,
        Err(_) => Outcome::ConnectionError,
    };
    (outcome, start.elapsed())
}
