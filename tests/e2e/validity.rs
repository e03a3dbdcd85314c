//! The HTML of every page as the server sends it, read by html-validate, which `scripts/tools` installs.

use std::{fs, path::Path, process::Command};

use reqwest::{Client, Method, RequestBuilder};

use super::{
    axe,
    driver::is_ci,
    site::{PASSWORD, Site},
};

const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/htmlvalidate.json");
const NODE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/bin/node");

#[tokio::test]
async fn every_page_is_valid_html() {
    let program = axe::program("html-validate/bin/html-validate.mjs");
    if !program.exists() {
        assert!(!is_ci(), "html-validate is not installed: scripts/tools does that");
        return;
    }
    let site = Site::start_with(|settings| settings.messages.page_size = 3);
    for name in ["Alice", "Bob <b> & \"co\"", "Quiet One"] {
        site.somebody(name).await;
    }
    for text in ["<i>hello</i> & \"you\"", "two\n\nlines", "صباح الخير", "one more #test https://example.org/a?b=1&c=2"]
    {
        site.says("Alice", text).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let stranger = Client::builder().cookie_store(true).build().unwrap();
    let member = Client::builder().cookie_store(true).build().unwrap();
    let at = |path: &str| format!("{}{path}", site.origin());
    let login = [("username", "Alice"), ("password", PASSWORD)];
    let wrong = [("username", "Alice"), ("password", "wrong")];
    let blank: [(&str, &str); 0] = [];
    let long = [("text", "too long ".repeat(100))];
    let pages = [
        "/public",
        "/Alice",
        "/Quiet One",
        "/login",
        "/register",
        "/nobody",
        "/Alice/follow",
        "/a/b",
        "/api/docs",
        "/public?before=x",
        "/Alice/1",
        "/Alice/1/likes",
        "/Alice/1/reposts",
        "/search",
        "/search?q=more",
        "/search?q=nothing",
        "/tags/test",
    ];
    let mut requests: Vec<(String, RequestBuilder)> = Vec::new();
    for path in pages {
        requests.push((format!("stranger {path}"), stranger.get(at(path))));
    }
    requests.push(("refused sign in".into(), stranger.post(at("/login")).form(&wrong)));
    requests.push(("refused sign up".into(), stranger.post(at("/register")).form(&blank)));
    requests.push(("405".into(), stranger.request(Method::DELETE, at("/public"))));
    requests.push(("signed in".into(), member.post(at("/login")).form(&login)));
    let reply = [("text", "a reply")];
    requests.push(("after a reply".into(), member.post(at("/Alice/1/reply")).form(&reply)));
    for mark in ["like", "repost", "bookmark"] {
        requests.push((format!("after a {mark}"), member.post(at(&format!("/Alice/1/{mark}"))).form(&[("back", "/")])));
    }
    let members = [
        "/",
        "/public",
        "/Alice",
        "/Bob%20%3Cb%3E%20&%20%22co%22",
        "/nobody",
        "/api/docs",
        "/Quiet One",
        "/Alice/1",
        "/Alice/1/likes",
        "/Alice/1/delete",
        "/bookmarks",
        "/notifications",
        "/explore",
        "/settings/profile",
        "/Alice/followers",
        "/Alice/following",
        "/Alice/replies",
        "/Alice/likes",
    ];
    for path in members {
        requests.push((format!("member {path}"), member.get(at(path))));
    }
    requests.push(("refused message".into(), member.post(at("/add_message")).form(&long)));
    requests.push(("signed out meanwhile".into(), stranger.post(at("/add_message")).form(&long)));
    requests.push(("413".into(), member.post(at("/add_message")).form(&[("text", "x".repeat(70_000))])));
    for (name, request) in requests {
        let page = request.send().await.unwrap().text().await.unwrap();
        assert!(page.starts_with("<!doctype html>"), "{name}: {page}");
        fs::write(folder.path().join(format!("{}.html", name.replace(['/', ' ', '?'], "-"))), page).unwrap();
    }
    let node = if Path::new(NODE).exists() { NODE } else { "node" };
    let mut check = Command::new(node);
    check.arg(program).args(["--config", CONFIG, "--formatter", "text"]).arg(folder.path().join("*.html"));
    let outcome = check.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&outcome.stdout), String::from_utf8_lossy(&outcome.stderr));
    assert!(outcome.status.success(), "{said}");
}
