//! Who acts in tests: people with browsers, and the simulator. They go through HTTP, like everybody.

use std::net::SocketAddr;

use reqwest::{Client, Method, RequestBuilder, Response, redirect::Policy};
use serde_json::{Value, json};

use super::pages::Page;

/// The password of everybody in tests.
pub const PASSWORD: &str = "open sesame";

/// A person with a browser: cookies are kept, redirects followed.
pub struct Browser {
    client: Client,
    base: String,
}

impl Browser {
    pub fn new(address: SocketAddr) -> Self {
        Self { client: Client::builder().cookie_store(true).build().unwrap(), base: format!("http://{address}") }
    }

    /// The same, but redirects are answers.
    pub fn without_redirects(address: SocketAddr) -> Self {
        let client = Client::builder().cookie_store(true).redirect(Policy::none()).build().unwrap();
        Self { client, base: format!("http://{address}") }
    }

    /// A request to be changed before it is sent.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub async fn get(&self, path: &str) -> Page {
        Page::read(self.request(Method::GET, path).send().await.unwrap()).await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        Page::read(self.request(Method::POST, path).form(fields).send().await.unwrap()).await
    }

    pub async fn register(&self, name: &str) -> Page {
        let email = format!("{}@example.org", name.replace(' ', "."));
        self.register_with(name, &email, PASSWORD, PASSWORD).await
    }

    pub async fn register_with(&self, name: &str, email: &str, password: &str, again: &str) -> Page {
        let fields = [("username", name), ("email", email), ("password", password), ("password2", again)];
        self.post("/register", &fields).await
    }

    pub async fn sign_in(&self, name: &str) -> Page {
        self.sign_in_with(name, PASSWORD).await
    }

    pub async fn sign_in_with(&self, name: &str, password: &str) -> Page {
        self.post("/login", &[("username", name), ("password", password)]).await
    }

    pub async fn say(&self, text: &str) -> Page {
        self.post("/add_message", &[("text", text)]).await
    }
}

/// The course's simulator: credentials, JSON, a number on every action.
pub struct Simulator {
    client: Client,
    base: String,
}

/// An answer of the API.
#[derive(Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    /// `Null` when there is none.
    pub body: Value,
}

impl Simulator {
    pub fn new(address: SocketAddr) -> Self {
        Self {
            client: Client::builder().redirect(Policy::none()).build().unwrap(),
            base: format!("http://{address}/api"),
        }
    }

    /// A request without credentials.
    pub fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    /// A request with the right credentials.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.anonymous(method, path).basic_auth("simulator", Some("super_safe!"))
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::read(self.request(Method::GET, path).send().await.unwrap()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::read(self.request(Method::POST, path).json(&body).send().await.unwrap()).await
    }

    pub async fn register(&self, name: &str) -> Answer {
        self.post("/register", json!({ "username": name, "email": "a@example.org", "pwd": PASSWORD })).await
    }

    pub async fn tweet(&self, name: &str, text: &str) -> Answer {
        self.post(&format!("/msgs/{name}"), json!({ "content": text })).await
    }

    pub async fn follow(&self, name: &str, whom: &str) -> Answer {
        self.post(&format!("/fllws/{name}"), json!({ "follow": whom })).await
    }

    pub async fn unfollow(&self, name: &str, whom: &str) -> Answer {
        self.post(&format!("/fllws/{name}"), json!({ "unfollow": whom })).await
    }

    pub async fn latest(&self) -> i64 {
        let answer = Answer::read(self.anonymous(Method::GET, "/latest").send().await.unwrap()).await;
        assert_eq!(answer.status, 200);
        answer.body["latest"].as_i64().unwrap()
    }
}

impl Answer {
    /// Every body under `/api` is JSON, or there is none.
    pub async fn read(response: Response) -> Self {
        let status = response.status().as_u16();
        let is_json = response.headers().get("content-type").is_some_and(|kind| kind == "application/json");
        let text = response.text().await.unwrap();
        if text.is_empty() {
            return Self { status, body: Value::Null };
        }
        assert!(is_json, "{status}: no JSON: {text}");
        Self { status, body: serde_json::from_str(&text).unwrap() }
    }

    /// The error in the API's form, with the same status inside as outside.
    pub fn error(&self) -> &str {
        assert_eq!(self.body["status"], self.status, "{self:?}");
        assert_eq!(self.body.as_object().unwrap().len(), 2, "{self:?}");
        self.body["error_msg"].as_str().unwrap()
    }
}
