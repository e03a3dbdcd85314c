//! Swagger UI, under the policy that its pages are sent with.

use super::{
    browser::{DESK, with_browser},
    site::Site,
};

#[tokio::test]
async fn the_apis_description_can_be_read_and_is_all_ours() {
    with_browser("api-docs", DESK, Site::start(), async |_, browser| {
        browser.visit("/api/docs/interactive").await;
        browser.appears(".opblock").await;
        let operations = browser.texts(".opblock-summary-path").await;
        for path in ["/api/latest", "/api/register", "/api/msgs", "/api/fllws/{username}"] {
            let shown = |operation: &String| operation.replace('\u{200b}', "") == path;
            assert!(operations.iter().any(shown), "{path} is not among {operations:?}");
        }
        let origins = "return performance.getEntriesByType('resource').map(entry => new URL(entry.name)) \
                       .filter(url => url.protocol != 'data:' && url.origin != location.origin).map(String)";
        assert_eq!(browser.run(origins, vec![]).await.as_array().unwrap().len(), 0);
        browser.shot("operations").await;
        assert_eq!(browser.complaints().await, [""; 0]);
    })
    .await;
}
