//! The API's description is what the program says, what the repository holds, and what is true.

use serde_json::Value;

use crate::support::TestDatabase;

fn document() -> String {
    String::from_utf8(minitwit::router::document().text().to_vec()).unwrap()
}

/// With `UPDATE_OPENAPI` set the file is written instead: look at the diff.
#[test]
fn the_committed_document_is_the_generated_one() {
    let generated = document() + "\n";
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
    let index = browser.get("/api/docs/interactive").await;
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

/// The page to read needs no script: it is one of the site's.
#[tokio::test]
async fn its_calls_can_be_read_as_a_page_of_the_site() {
    let db = TestDatabase::sqlite();
    let app = db.app();
    for (browser, way) in [(app.browser(), "Sign in"), (app.signed_in("alice").await, "Home")] {
        let page = browser.get("/api/docs").await;
        assert_eq!((page.status, page.title().as_str()), (200, "For programs | MiniTwit"));
        let ways = page.texts(".navigation a");
        assert!(ways.iter().any(|text| text == way), "in the layout of who is looking: {ways:?}");
        let document: Value = serde_json::from_str(&document()).unwrap();
        let mut named = 0;
        for (path, operations) in document["paths"].as_object().unwrap() {
            for method in operations.as_object().unwrap().keys() {
                named += 1;
                let call = format!("{} {path}", method.to_uppercase());
                assert!(page.texts(".call h2").contains(&call), "{call}");
            }
        }
        assert_eq!(page.texts(".call h2").len(), named + 1, "and what holds for any call");
        assert!(page.attributes("main a", "href").contains(&"/api/docs/interactive".to_owned()));
        assert!(page.source.contains("{&#34;content&#34;:&#34;It has to be seen to be believed.&#34;}"), "an example");
    }
}

#[tokio::test]
async fn every_path_it_names_exists_with_that_method_and_no_other_does() {
    let app = TestDatabase::sqlite().app();
    let document: Value = serde_json::from_str(&document()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert!(!paths.is_empty(), "which ones, openapi.json says");
    for (path, operations) in paths {
        let path = path.strip_prefix("/api").unwrap().replace("{username}", "x");
        for method in ["get", "post", "put", "delete", "patch"] {
            let verb = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let status = app.simulator().request(verb, &path).send().await.unwrap().status();
            assert_eq!(operations.get(method).is_none(), status == 405, "{method} {path}: {status}");
        }
    }
}

/// What code generators stumbled over.
#[test]
fn it_says_what_generated_clients_need() {
    let document: Value = serde_json::from_str(&document()).unwrap();
    assert_eq!(document["servers"][0]["url"], "/");
    let error = Value::from("#/components/schemas/ErrorJson");
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            for parameter in operation["parameters"].as_array().unwrap().iter().filter(|it| it["in"] == "query") {
                assert_eq!(parameter["schema"]["type"], "integer", "{method} {path}: {}", parameter["name"]);
                assert_eq!(parameter["required"], false);
            }
            let answers = operation["responses"].as_object().unwrap();
            let guarded = !operation["security"].as_array().unwrap().contains(&serde_json::json!({}));
            let body: &[&str] = if method == "post" { &["400", "403", "408", "413", "415"] } else { &[] };
            let guard: &[&str] = if guarded { &["403"] } else { &[] };
            for status in body.iter().chain(guard).chain(&["414", "429", "431", "500", "503"]) {
                let schema = &answers[*status]["content"]["application/json"]["schema"]["$ref"];
                assert_eq!(*schema, error, "{method} {path} {status}");
            }
        }
    }
    let schemas = &document["components"]["schemas"];
    let variants = schemas["ChangeFollowRequest"]["oneOf"].as_array().unwrap();
    let names: Vec<&str> = variants.iter().map(|it| it["$ref"].as_str().unwrap().rsplit('/').next().unwrap()).collect();
    assert_eq!(names, ["FollowRequest", "UnfollowRequest"]);
    for (name, key) in names.iter().zip(["follow", "unfollow"]) {
        assert_eq!(schemas[*name]["required"], serde_json::json!([key]));
    }
    assert_eq!(schemas["RegisterRequest"]["properties"]["email"]["pattern"], "^.*@");
}
