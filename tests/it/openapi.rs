//! The API's description is what the program says, what the repository holds, and what is true.

use serde_json::Value;

use crate::support::TestDatabase;

/// With `UPDATE_OPENAPI` set the file is written instead: look at the diff.
#[test]
fn the_committed_document_is_the_generated_one() {
    let generated = minitwit::features::api_docs::document() + "\n";
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    if crate::support::databases::environment("UPDATE_OPENAPI").is_some() {
        std::fs::write(file, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(file).unwrap_or_default();
    assert!(committed == generated, "openapi.json is out of date: run `just openapi` and look at the diff");
}

#[tokio::test]
async fn it_is_served_with_a_user_interface_that_loads_from_here() {
    let app = TestDatabase::sqlite().app();
    let browser = app.browser();
    let document: Value = serde_json::from_str(&browser.get("/api/openapi.json").await.source).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let index = browser.get("/api/docs").await;
    assert_eq!(index.status, 200);
    let scripts = index.attributes("script[src]", "src");
    let sheets = index.attributes("link[rel=stylesheet]", "href");
    assert!(scripts.len() >= 3 && !sheets.is_empty());
    for path in scripts.iter().chain(&sheets) {
        assert!(path.starts_with("/api/docs/"), "{path}");
        assert_eq!(browser.get(path).await.status, 200, "{path}");
    }
    assert!(index.attributes("script:not([src])", "type").is_empty(), "nothing inline");
    assert!(browser.get("/api/docs/swagger-initializer.js").await.source.contains("/api/openapi.json"));
    assert_eq!(browser.get("/api/docs/nothing.js").await.status, 404);
}

#[tokio::test]
async fn every_path_it_names_exists_with_that_method_and_no_other_does() {
    let app = TestDatabase::sqlite().app();
    let document: Value = serde_json::from_str(&minitwit::features::api_docs::document()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 5);
    for (path, operations) in paths {
        let path = path.strip_prefix("/api").unwrap().replace("{username}", "x");
        for method in ["get", "post", "put", "delete", "patch"] {
            let verb = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let status = app.simulator().request(verb, &path).send().await.unwrap().status();
            assert_eq!(operations.get(method).is_none(), status == 405, "{method} {path}: {status}");
        }
    }
}
