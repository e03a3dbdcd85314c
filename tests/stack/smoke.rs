//! `scripts/smoke`, which looks at every deployment, before a deployment as it will find it: https, the
//! proxy's real configuration, two replicas. That it can say no is tested in `scripts/tests` too.

use std::process::{Command, Output};

use crate::{
    harness::{self, Caddy, caddy::Stack, replica::Recipe},
    support::TestDatabase,
};

/// A name that leads here without anybody's name server, and that is not `localhost`, which has no HSTS.
const NAME: &str = "minitwit.localhost";

fn smoke(caddy: &Caddy, version: &str) -> (bool, String) {
    let plain = format!("http://{NAME}:{}", caddy.http.port());
    let Output { status, stdout, stderr } = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/smoke"))
        .args([&caddy.origin, &plain])
        .env("CURL_CA_BUNDLE", caddy.authority())
        .env("SMOKE_VERSION", version)
        .output()
        .unwrap();
    (status.success(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_smoke_test_likes_a_deployment_and_notices_one_without_replicas() {
    let _turn = harness::shared_turn().await;
    let database = harness::postgres();
    let recipe = Recipe::new(TestDatabase::on_server(&database).url())
        .with("MINITWIT__SERVER__ORIGIN", &format!("https://{NAME}"));
    let replicas = recipe.start_both().await;
    let Some(caddy) = Caddy::start(NAME, Stack::Compose, &recipe).await else { return };

    let (passed, said) = smoke(&caddy, env!("CARGO_PKG_VERSION"));
    assert!(passed, "{said}");
    let (passed, said) = smoke(&caddy, "99.0.0");
    assert!(!passed && said.contains("this is not version 99.0.0"), "{said}");

    drop(replicas);
    let (passed, said) = smoke(&caddy, "");
    assert!(!passed && said.contains("/public answered 50"), "{said}");
}
