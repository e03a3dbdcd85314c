//! Clients that send a request so slowly that, without limits, enough of them would take every connection.

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use super::Site;
use crate::harness::eventually;

/// Clients that send a request very slowly.
pub struct Slow {
    begun: Instant,
    head: thread::JoinHandle<f64>,
    _body: TcpStream,
}

impl Slow {
    /// Begins to send.
    pub async fn begin(site: &Site) -> Self {
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
        let body = connect("POST /api/register HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{");
        let arrived = async || (Self::in_flight(site).await == 1.0).then_some(());
        eventually("a slow body is on its way", Duration::from_secs(5), arrived).await;
        Self { begun, head: thread::spawn(wait), _body: body }
    }

    async fn in_flight(site: &Site) -> f64 {
        let [one, other] = &site.replicas;
        let gauge = r#"minitwit_http_requests_in_flight{surface="sim"}"#;
        one.sum(gauge).await + other.sum(gauge).await
    }

    /// A slow head holds nothing for long, a slow body no replica. (The client's own connection to the proxy
    /// outlives `read_body`: Caddy 2.11 goes on waiting for the rest of the body after it has given up the request.)
    pub async fn must_be_cut_off(self, site: &Site) {
        let given_up = async || (Self::in_flight(site).await == 0.0).then_some(());
        eventually("the slow body is given up", Duration::from_secs(15), given_up).await;
        let (body, head) = (self.begun.elapsed().as_secs_f64(), self.head.join().unwrap());
        assert!((4.0..8.0).contains(&head), "a slow head was given {head} s");
        assert!((9.0..13.0).contains(&body), "a slow body was given {body} s");
    }
}
