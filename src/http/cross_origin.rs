//! Refuses requests that another site makes in a visitor's name.
//!
//! No tokens: browsers say where a request comes from. As Go 1.25's `CrossOriginProtection`:
//! `Sec-Fetch-Site` decides where it is there, else `Origin` must be the request's own `Host`. A
//! client that sends neither is no browser, carries nobody's cookies unasked, and passes.
//! Requests that only read pass always, except the GET routes that change something.

use actix_web::{
    Error as ActixError, HttpRequest,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, header},
    middleware::Next,
};

use crate::{config::Origin, domain::routes, error::Error, state::AppState};

/// Middleware: see the module.
///
/// # Errors
/// Those of the inner service.
pub async fn refuse_cross_site(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, ActixError> {
    let state = AppState::of(request.request());
    if changes_something(request.request()) && !is_same_site(request.request(), &state.settings.server.trusted_origins)
    {
        state.metrics.http_rejected.with_label_values(&["csrf"]).inc();
        let refusal = Error::Forbidden("This request came from another site, so it was not carried out.");
        return Ok(request.error_response(refusal).map_into_right_body());
    }
    Ok(next.call(request).await?.map_into_left_body())
}

/// The course's suites follow, unfollow and sign out by GET, so these are no safe requests here.
fn changes_something(request: &HttpRequest) -> bool {
    // As the router reads it: `/a/%66ollow` is `/a/follow` to it, so it must be here.
    let path = request.match_info().as_str();
    let last = path.rsplit('/').next().unwrap_or_default();
    let changes_by_get = (path.matches('/').count() == 2 && matches!(last, "follow" | "unfollow"))
        || path.strip_prefix('/') == Some(routes::LOGOUT);
    changes_by_get || !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS)
}

fn is_same_site(request: &HttpRequest, trusted: &[Origin]) -> bool {
    let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    let origin = header(header::ORIGIN.as_str());
    let is_trusted = || {
        let claimed: Option<Origin> = origin.and_then(|text| text.parse().ok());
        claimed.is_some_and(|claimed| trusted.contains(&claimed))
    };
    match (header("sec-fetch-site"), origin) {
        (Some("same-origin" | "none"), _) | (None, None) => true,
        (Some(_), _) => is_trusted(),
        (None, Some(origin)) => {
            let host = header(header::HOST.as_str()).map(str::to_ascii_lowercase);
            let same = origin.parse::<Origin>().is_ok_and(|origin| Some(origin.authority()) == host.as_deref());
            same || is_trusted()
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn passes(headers: &[(&'static str, &'static str)]) -> bool {
        let mut request = TestRequest::post().uri("/add_message").insert_header(("host", "minitwit.example"));
        for header in headers {
            request = request.append_header(*header);
        }
        is_same_site(&request.to_http_request(), &["https://friend.example".parse().unwrap()])
    }

    #[test]
    fn sec_fetch_site_decides_where_it_is_there() {
        assert!(passes(&[("sec-fetch-site", "same-origin")]));
        assert!(passes(&[("sec-fetch-site", "none")]));
        assert!(!passes(&[("sec-fetch-site", "cross-site")]));
        assert!(!passes(&[("sec-fetch-site", "same-site")]));
        assert!(!passes(&[("sec-fetch-site", "")]));
        assert!(passes(&[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")]));
    }

    #[test]
    fn without_it_the_origin_must_be_the_host() {
        assert!(passes(&[]));
        assert!(passes(&[("origin", "https://minitwit.example")]));
        assert!(passes(&[("origin", "https://MINITWIT.example")]));
        for foreign in
            ["https://evil.example", "null", "https://minitwit.example.evil.example", "http://minitwit.example:81", ""]
        {
            assert!(!passes(&[("origin", foreign)]), "{foreign}");
        }
    }

    #[test]
    fn trusted_origins_pass() {
        assert!(passes(&[("sec-fetch-site", "cross-site"), ("origin", "https://friend.example")]));
        assert!(!passes(&[("sec-fetch-site", "cross-site"), ("origin", "http://friend.example")]));
    }

    #[test]
    fn reading_is_no_change_but_the_get_routes_that_change_are() {
        let changes = |method: Method, path: &str| {
            changes_something(&TestRequest::default().method(method).uri(path).to_http_request())
        };
        for path in ["/", "/public", "/follow", "/unfollow", "/a", "/api/fllws/follow"] {
            assert!(!changes(Method::GET, path), "{path}");
            assert!(changes(Method::POST, path), "{path}");
        }
        for path in ["/a/follow", "/a%20b/unfollow", "/logout", "/a/%66ollow", "/a%2fb/unfollo%77", "/%6cogout"] {
            assert!(changes(Method::GET, path), "{path}");
        }
    }
}
