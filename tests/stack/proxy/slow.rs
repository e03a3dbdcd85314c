//! Clients that send a request so slowly that, without limits, enough of them would take every connection.

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use super::Site;

/// Clients that send a request very slowly.
pub struct Slow {
    begun: Instant,
    head: thread::JoinHandle<f64>,
    body: thread::JoinHandle<f64>,
}

impl Slow {
    /// Begins to send.
    pub fn begin(site: &Site) -> Self {
        let (begun, http) = (Instant::now(), site.caddy.http);
        let connect = move |beginning: &str| {
            let mut stream = TcpStream::connect(http).unwrap();
            stream.write_all(beginning.as_bytes()).unwrap();
            stream
        };
        let wait = move || {
            connect("GET /public HTTP/1.1\r\nHost: x\r\n").read_to_end(&mut Vec::new()).ok();
            begun.elapsed().as_secs_f64()
        };
        let answered = move || {
            let mut stream =
                connect("POST /api/register HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n");
            stream.read_exact(&mut [0]).ok();
            begun.elapsed().as_secs_f64()
        };
        Self { begun, head: thread::spawn(wait), body: thread::spawn(answered) }
    }

    async fn in_flight(site: &Site) -> f64 {
        let [one, other] = &site.replicas;
        let gauge = r#"minitwit_http_requests_in_flight{surface="sim"}"#;
        one.sum(gauge).await + other.sum(gauge).await
    }

    /// A slow head holds nothing for long; a slow body holds no replica, ever, and the proxy gives it up. (Caddy 2.11 may
    /// keep the connection for `idle` after that.)
    pub async fn must_be_cut_off(self, site: &Site) {
        // Until the proxy gives it up, for then it may say so to a replica.
        while self.begun.elapsed() < Duration::from_secs(8) {
            assert_eq!(Self::in_flight(site).await, 0.0, "a replica waits for a slow body");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let (body, head) = (self.body.join().unwrap(), self.head.join().unwrap());
        assert!((4.0..8.0).contains(&head), "a slow head was given {head} s");
        assert!((9.0..13.0).contains(&body), "a slow body was given {body} s");
    }
}
