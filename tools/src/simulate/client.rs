//! One action over HTTP, as the course's client sends it.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use minitwit::{config::SimulatorSettings, domain::username};
use reqwest::{
    Client, StatusCode,
    header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use secrecy::ExposeSecret;
use serde::Serialize;

use crate::{
    http::{self, Outcome},
    scenario::{Action, Command},
};

/// Milliseconds after which the course's client drops an answer.
pub const PATIENCE_MS: u64 = 300;

/// Whether the action counts as done.
pub(super) fn is_right(outcome: Outcome) -> bool {
    outcome == Outcome::Status(StatusCode::NO_CONTENT)
}

/// The body of a call. Keys as the API names them.
#[derive(Serialize)]
#[serde(untagged)]
enum Body<'a> {
    Register { username: &'a str, email: &'a str, pwd: &'a str },
    Tweet { content: &'a str },
    Follow { follow: &'a str },
    Unfollow { unfollow: &'a str },
}

/// A simulator that knows its target and its credentials.
pub struct Simulator {
    client: Client,
    base: String,
    host: String,
}

impl Simulator {
    /// `url` is the API's base, with or without a slash at its end.
    ///
    /// # Errors
    /// When the URL cannot be one, or asks for what this client cannot do.
    pub fn new(url: &str, keep_alive: bool, timeout: Duration, settings: &SimulatorSettings) -> anyhow::Result<Self> {
        let url = http::base(url)?;
        let pair = format!("{}:{}", settings.username, settings.password.expose_secret());
        let mut authorization = HeaderValue::from_str(&format!("Basic {}", BASE64_STANDARD.encode(pair)))?;
        authorization.set_sensitive(true);
        let mut headers = HeaderMap::from_iter([
            (AUTHORIZATION, authorization),
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        ]);
        if !keep_alive {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let client = http::client(timeout)
            .default_headers(headers)
            .pool_max_idle_per_host(if keep_alive { usize::MAX } else { 0 })
            .build()?;
        let host = url.authority().to_owned();
        Ok(Self { client, base: url.as_str().trim_end_matches('/').to_owned(), host })
    }

    /// Host and port, for the lines about wrong answers.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Sends one action and reads the whole answer; also how long that took.
    pub(super) async fn send(&self, action: &Action<'_>) -> anyhow::Result<(Outcome, Duration)> {
        let (url, body) = (self.url(action), serde_json::to_vec(&body(action))?);
        let request = self.client.post(url).body(body).build()?;
        Ok(http::send(&self.client, request).await)
    }

    fn url(&self, action: &Action<'_>) -> String {
        let (base, id) = (&self.base, action.id);
        match action.command {
            Command::Register { .. } => format!("{base}/register?latest={id}"),
            // A profile's path is the name percent-encoded after a slash: what is needed here.
            Command::Tweet { .. } => format!("{base}/msgs{}?latest={id}", username::profile_path(action.user)),
            Command::Follow { .. } | Command::Unfollow { .. } => {
                format!("{base}/fllws{}?latest={id}", username::profile_path(action.user))
            }
        }
    }
}

fn body<'a>(action: &Action<'a>) -> Body<'a> {
    match action.command {
        Command::Register { email, password } => Body::Register { username: action.user, email, pwd: password },
        Command::Tweet { text } => Body::Tweet { content: text },
        Command::Follow { whom } => Body::Follow { follow: whom },
        Command::Unfollow { whom } => Body::Unfollow { unfollow: whom },
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::{SocketAddr, TcpListener},
        thread::{self, JoinHandle},
    };

    use super::*;

    const TIMEOUT: Duration = Duration::from_millis(PATIENCE_MS);

    fn settings() -> SimulatorSettings {
        SimulatorSettings { enabled: true, username: "simulator".to_owned(), password: "s:ecret".into() }
    }

    fn action(command: Command<'static>) -> Action<'static> {
        Action { id: 42, delay: 0, timestamp: 0, user: "Åsa O'Quill", command }
    }

    const HELLO: Command<'static> = Command::Tweet { text: "“hé”\\\"" };

    #[tokio::main(flavor = "current_thread")]
    async fn send(url: &str, keep_alive: bool, command: Command<'static>) -> (Outcome, Duration) {
        Simulator::new(url, keep_alive, TIMEOUT, &settings()).unwrap().send(&action(command)).await.unwrap()
    }

    /// Answers one request with `answer`, and gives back what it read.
    fn answer_once(answer: &'static str) -> (SocketAddr, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut read = Vec::new();
            let mut buffer = [0; 1024];
            while !read.ends_with(b"}") {
                let n = stream.read(&mut buffer).unwrap();
                assert!(n > 0, "the body is missing");
                read.extend_from_slice(&buffer[..n]);
            }
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(read).unwrap()
        });
        (address, server)
    }

    #[test]
    fn a_call_is_what_the_course_sends() {
        let (address, server) = answer_once("HTTP/1.1 204 No Content\r\n\r\n");
        let (outcome, _) = send(&format!("http://{address}/api/"), false, HELLO);
        assert!(is_right(outcome));
        let request = server.join().unwrap();
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /api/msgs/%C3%85sa%20O%27Quill?latest=42 HTTP/1.1\r\n"), "{head}");
        let head = head.to_ascii_lowercase();
        assert!(head.contains("\r\nconnection: close"), "{head}");
        assert!(head.contains("\r\ncontent-type: application/json"), "{head}");
        // simulator:s:ecret
        assert!(request.contains("Basic c2ltdWxhdG9yOnM6ZWNyZXQ="), "{request}");
        assert_eq!(body, r#"{"content":"“hé”\\\""}"#);
    }

    #[test]
    fn each_command_has_its_path_and_body() {
        for (command, path, body) in [
            (
                Command::Register { email: "a@b", password: "\\" },
                "/register?latest=42",
                r#"{"username":"Åsa O'Quill","email":"a@b","pwd":"\\"}"#,
            ),
            (Command::Follow { whom: "B C" }, "/fllws/%C3%85sa%20O%27Quill?latest=42", r#"{"follow":"B C"}"#),
            (Command::Unfollow { whom: "B C" }, "/fllws/%C3%85sa%20O%27Quill?latest=42", r#"{"unfollow":"B C"}"#),
        ] {
            let action = action(command);
            let simulator = Simulator::new("http://localhost:1/api", true, TIMEOUT, &settings()).unwrap();
            assert_eq!(simulator.url(&action), format!("http://localhost:1/api{path}"));
            assert_eq!(serde_json::to_string(&super::body(&action)).unwrap(), body);
        }
    }

    #[test]
    fn other_answers_and_none_are_wrong() {
        let (address, server) = answer_once("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\n{}");
        let (outcome, _) = send(&format!("http://{address}/api"), true, HELLO);
        assert_eq!((outcome.to_string().as_str(), is_right(outcome)), ("403", false));
        assert!(!server.join().unwrap().to_ascii_lowercase().contains("connection: close"), "keep-alive was asked for");

        // Half an answer, then the end.
        let (address, server) = answer_once("HTTP/1.1 204 No");
        assert_eq!(send(&format!("http://{address}/api"), true, HELLO).0.to_string(), "connection_error");
        server.join().unwrap();
        // Nobody listens there any more.
        assert_eq!(send(&format!("http://{address}/api"), true, HELLO).0.to_string(), "connection_error");
    }

    #[test]
    fn an_answer_that_does_not_come_is_dropped_after_the_courses_time() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (outcome, took) = send(&format!("http://{}", listener.local_addr().unwrap()), false, HELLO);
        assert_eq!(outcome.to_string(), "timeout");
        assert!(took >= TIMEOUT, "{took:?}");
    }

    #[test]
    fn urls_that_cannot_work_are_refused_with_a_reason() {
        for (url, reason) in [
            ("https://minitwit.example/api", "no TLS"),
            ("ftp://minitwit.example", "no http:// URL"),
            ("minitwit.example/api", "no URL"),
            ("http://me:secret@minitwit.example/api", "credentials as settings"),
            ("http://minitwit.example/api?latest=1", "no query"),
        ] {
            let Err(why) = Simulator::new(url, false, TIMEOUT, &settings()) else { panic!("{url} was taken") };
            let why = format!("{why:#}");
            assert!(why.contains(reason) && !why.contains("secret"), "{why}");
        }
    }
}
