//! What the proxy promises, asked of its real configuration in a real Caddy before two real replicas.
//!
//! One test, since starting all that takes longer than most of what is asked; each promise is a function.

mod slow;

use std::{
    io::Write,
    net::{Ipv4Addr, TcpStream},
    thread,
    time::Duration,
};

use reqwest::{Method, redirect::Policy};
use serde_json::{Value, json};

use self::slow::Slow;
use crate::{
    harness::{
        self, Caddy, Replica,
        caddy::Stack,
        curl::{Answer, Curl},
        replica::Recipe,
    },
    support::TestDatabase,
};

/// A name like one that people buy.
const NAME: &str = "minitwit.test";
/// `server.body_limit`, and the proxy's `max_size`.
const BODY_LIMIT: usize = 65_536;

struct Site {
    caddy: Caddy,
    replicas: [Replica; 2],
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proxy_keeps_what_its_configuration_promises() {
    let _turn = harness::turn().await;
    let database = harness::postgres();
    let recipe = Recipe::new(TestDatabase::on_server(&database).url())
        .with("MINITWIT__SERVER__ORIGIN", &format!("https://{NAME}"))
        .with("MINITWIT__LIMITS__LOGIN_BURST", "2")
        .with("MINITWIT__LIMITS__LOGIN_PER_MINUTE", "1");
    let replicas = recipe.start_both().await;
    let Some(caddy) = Caddy::start(NAME, Stack::Compose, &recipe).await else { return };
    let site = Site { caddy, replicas };

    // These take their time, and need nobody.
    let slow = Slow::begin(&site);
    only_our_authority_vouches_for_the_site(&site);
    people_sign_in_and_post_over_https(&site);
    every_page_bears_the_apps_headers_and_the_proxys(&site);
    pages_are_compressed(&site);
    plain_http_is_for_the_simulator_and_leads_everybody_else_to_https(&site).await;
    what_is_for_operators_cannot_be_reached(&site).await;
    bodies_have_a_limit_and_refusals_look_like_the_apps(&site);
    broken_uploads_count_against_no_replica(&site);
    the_app_knows_who_is_asking(&site);
    operators_see_the_proxy(&site).await;
    logs_tell_what_happened_and_not_who_did_it(&site);
    on_localhost_browsers_are_not_bound(&recipe).await;

    slow.must_be_cut_off(&site).await;
}

fn only_our_authority_vouches_for_the_site(site: &Site) {
    let page = site.caddy.curl().get("/public").send();
    assert_eq!((page.status, page.version.as_str()), (200, "2"));
    // Curl's 60: no certificate that it trusts, once among the machine's authorities.
    let machines = site.caddy.curl().get("/public").with(&["--cacert", "/etc/ssl/certs/ca-certificates.crt"]);
    assert_eq!(machines.refusal(), Some(60));
    let other_name = site.caddy.curl().get("/public").header("Host: other.test").send();
    assert_eq!(other_name.status, 421, "a certificate for one name is no door to another");
}

fn people_sign_in_and_post_over_https(site: &Site) {
    let alice = site.caddy.curl().with_cookies();
    let fields =
        [("username", "Ålice"), ("email", "a@b"), ("password", "correct horse"), ("password2", "correct horse")];
    let registered = alice.post("/register", &fields).send();
    assert_eq!((registered.status, registered.header("location")), (302, "/login"));
    let signed_in = alice.post("/login", &fields[..1]).with(&["--data-urlencode", "password=correct horse"]).send();
    let cookies = signed_in.headers("set-cookie");
    let session = cookies.iter().find(|cookie| cookie.starts_with("__Host-minitwit_session=")).expect("a session");
    for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(session.contains(attribute), "{attribute} in {session}");
    }
    // The proxy goes from one replica to the other, and both know her. Host, name and port, is passed on:
    // browsers that send `Origin` only are compared with it.
    for n in 0..6 {
        let said = alice.post("/add_message", &[("text", &format!("number {n}"))]);
        assert_eq!(said.header(&format!("Origin: {}", site.caddy.origin)).send().status, 302);
        assert!(alice.get("/").send().text().contains(&format!("number {n}")));
    }
    let foreign = alice.post("/add_message", &[("text", "x")]).header("Origin: https://evil.test").send();
    assert_eq!(foreign.status, 403);
}

fn every_page_bears_the_apps_headers_and_the_proxys(site: &Site) {
    for path in ["/public", "/nobody", "/api/latest"] {
        let answer = site.caddy.curl().get(path).send();
        assert_eq!(answer.header("strict-transport-security"), "max-age=31536000", "{path}");
        assert!(answer.header("content-security-policy").contains("script-src 'self'"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!((answer.header("server"), answer.header("via")), ("", ""), "{path}");
    }
}

fn pages_are_compressed(site: &Site) {
    let ask = |encoding: &str| site.caddy.curl().get("/login").header(&format!("Accept-Encoding: {encoding}"));
    let plain = ask("identity").send();
    assert_eq!(plain.header("content-encoding"), "");
    for encoding in ["zstd", "gzip"] {
        let small = ask(encoding).send();
        assert_eq!(small.header("content-encoding"), encoding);
        assert!(small.headers("vary").contains(&"Accept-Encoding"), "{small:?}");
        assert!(small.body.len() * 3 < plain.body.len() * 2, "{} of {}", small.body.len(), plain.body.len());
        assert_eq!(ask(encoding).with(&["--compressed"]).send().text(), plain.text());
    }
}

async fn plain_http_is_for_the_simulator_and_leads_everybody_else_to_https(site: &Site) {
    let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let call = |method: Method, path: &str| client.request(method, format!("http://{}{path}", site.caddy.http));

    let (user, password) = ("simulator", Some("super_safe!"));
    let body = json!({ "username": "Roger Histand", "email": "r@h", "pwd": "]=)[X{Km{z" });
    let answer =
        call(Method::POST, "/api/register?latest=7").basic_auth(user, password).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 204);
    assert!(!answer.headers().contains_key("strict-transport-security"), "it would mean nothing here");
    let answer = call(Method::GET, "/api/latest").send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({ "latest": 7 }));

    for (method, path) in [
        (Method::GET, "/public?page=2"),
        (Method::HEAD, "/"),
        (Method::POST, "/login"),
        (Method::GET, "/apis"),
        (Method::GET, "/API/latest"),
        (Method::GET, "/api/../login"),
    ] {
        let answer = call(method.clone(), path).header("host", "evil.test").send().await.unwrap();
        let location = answer.headers().get("location").map(|location| location.to_str().unwrap().to_owned());
        // Our own name, whatever was asked for. (The client has folded the dots away.)
        let expected = format!("{}{}", site.caddy.origin, path.replace("/api/..", ""));
        assert_eq!((answer.status().as_u16(), location), (308, Some(expected)), "{method} {path}");
    }
}

async fn what_is_for_operators_cannot_be_reached(site: &Site) {
    let is_ours = |text: &str| text.contains("minitwit_http_requests_total") || text.contains(r#""status":""#);
    for replica in &site.replicas {
        assert!(is_ours(&replica.metrics().await), "it is there, for those who may");
    }
    let ops = site.replicas[0].ops;
    let curl = || site.caddy.curl();
    let mut answers: Vec<Answer> = Vec::new();
    for path in ["/metrics", "/livez", "/readyz", "/version", "//metrics", "/api/../metrics", "/%6detrics", "/metrics/"]
    {
        answers.push(curl().get(path).send());
        answers.push(curl().get(path).header(&format!("Host: {ops}")).send());
        answers
            .push(curl().get(path).header(&format!("X-Forwarded-Host: {ops}")).header("X-Forwarded-Port: 9101").send());
        answers.push(curl().get("/").with(&["--http1.1", "--request-target", &format!("http://{ops}{path}")]).send());
        answers.push(curl().plain(site.caddy.http, path).send());
        answers.push(
            curl()
                .plain(site.caddy.http, path)
                .with(&["--proxy", &format!("http://{}", site.caddy.http), "--noproxy", ""])
                .send(),
        );
    }
    assert!(answers.len() >= 48);
    for answer in answers {
        assert!(!is_ours(answer.text()), "{answer:?}");
        assert!(matches!(answer.status, 308 | 400 | 404 | 421), "{answer:?}");
    }
}

fn bodies_have_a_limit_and_refusals_look_like_the_apps(site: &Site) {
    let post = |path: &str, bytes: usize| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), vec![b'a'; bytes]).unwrap();
        let send = |more: &[&str]| {
            let data = format!("@{}", file.path().display());
            site.caddy.curl().get(path).with(&["--data-binary", &data]).with(more).send()
        };
        [send(&[]), send(&["--http1.1", "--header", "Transfer-Encoding: chunked"])]
    };
    for answer in post("/api/register", BODY_LIMIT) {
        assert_eq!(answer.status, 400, "it arrives, and is no JSON: {answer:?}");
    }
    for answer in post("/api/register", BODY_LIMIT + 1) {
        let error: Value = serde_json::from_slice(&answer.body).unwrap();
        let expected = json!({ "status": 413, "error_msg": "That is more than this server takes at once." });
        assert_eq!((answer.status, &error), (413, &expected));
        assert_eq!(answer.header("content-type"), "application/json");
    }
    for answer in post("/add_message", BODY_LIMIT + 1) {
        assert_eq!((answer.status, answer.header("content-type")), (413, "text/html; charset=utf-8"));
        assert!(answer.text().contains("That is more than this server takes at once."));
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
    }
}

/// Passive health checks would, and everybody could declare all replicas dead.
fn broken_uploads_count_against_no_replica(site: &Site) {
    for _ in 0..10 {
        let mut stream = TcpStream::connect(site.caddy.http).unwrap();
        stream.write_all(b"POST /api/register HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{").unwrap();
        thread::sleep(Duration::from_millis(10));
        drop(stream);
        for _ in 0..2 {
            assert_eq!(site.caddy.curl().get("/public").send().status, 200);
        }
    }
}

/// Two tries to sign in are allowed from an address to each of two replicas.
fn the_app_knows_who_is_asking(site: &Site) {
    let try_to_sign_in = |curl: &Curl, n: u8| {
        let fields = [("username", "Roger Histand"), ("password", "wrong")];
        let lie = format!("198.51.100.{n}");
        let request = curl.post("/login", &fields).header(&format!("X-Forwarded-For: {lie}"));
        request.header(&format!("X-Real-IP: {lie}")).header(&format!("Forwarded: for={lie}")).send().status
    };
    let at = |last| site.caddy.curl().from(Ipv4Addr::new(127, 0, 0, last));
    let mallory = at(4);
    let answers: Vec<u16> = (0..8).map(|n| try_to_sign_in(&mallory, n)).collect();
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 4, "his lies do not help: {answers:?}");
    assert_eq!(answers[4..], [429; 4], "{answers:?}");
    assert_eq!(try_to_sign_in(&at(5), 0), 200, "nobody else is held up");
}

async fn operators_see_the_proxy(site: &Site) {
    let ask = async |path: &str| {
        let answer = reqwest::get(format!("http://{}{path}", site.caddy.ops)).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(ask("/livez").await, (200, r#"{"status":"alive"}"#.to_owned()));
    assert_eq!(ask("/").await.0, 404);
    let (status, metrics) = ask("/metrics").await;
    assert_eq!(status, 200);
    for replica in &site.replicas {
        let healthy = format!("caddy_reverse_proxy_upstreams_healthy{{upstream=\"{}\"}} 1", replica.address);
        assert!(metrics.contains(&healthy), "{healthy} in {metrics}");
    }
    assert!(metrics.contains("caddy_http_request_duration_seconds_bucket{"));
    assert!(!metrics.contains(NAME), "a label a name that is asked for would have no end");
}

fn logs_tell_what_happened_and_not_who_did_it(site: &Site) {
    let log = site.caddy.process.log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let access: Vec<&Value> = lines.iter().filter(|line| line["logger"] == "http.log.access").collect();
    let of = |status: u16| access.iter().filter(|line| line["status"] == status).count();
    assert!(of(200) > 20 && of(308) >= 6 && of(413) >= 4 && of(421) >= 1 && of(429) == 4, "{log}");
    // A line leads to the app's own, which has the route and the cause.
    let with_id = |line: &&&Value| line["request_id"].as_str().is_some_and(|id| id.len() == 36);
    assert!(access.iter().filter(with_id).count() > 60);
    for address in site.replicas.each_ref().map(|replica| replica.address.to_string()) {
        assert!(access.iter().any(|line| line["upstream"] == address), "{address}");
    }
    for line in lines.iter().filter(|line| line["request"].is_object()) {
        let request = line["request"].as_object().unwrap();
        assert_eq!((&request["client_ip"], &request["remote_ip"]), (&json!("127.0.0.0"), &json!("127.0.0.0")));
        for absent in ["uri", "headers", "remote_port", "tls"] {
            assert!(!request.contains_key(absent), "{line}");
        }
    }
    for secret in ["Roger", "Histand", "horse", "lice", "super_safe", "c2ltdWxhdG9y", "__Host-", "198.51.100"] {
        assert!(!log.contains(secret), "{secret}");
    }
}

/// What a newcomer gets, without a domain.
async fn on_localhost_browsers_are_not_bound(recipe: &Recipe) {
    let local = Caddy::start("localhost", Stack::Compose, recipe).await.expect("it was there before");
    let page = local.curl().get("/public").send();
    assert_eq!((page.status, page.header("strict-transport-security")), (200, ""));
    assert_eq!(local.terminate().await.code(), Some(0));
}
