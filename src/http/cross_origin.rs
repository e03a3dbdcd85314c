//! Refuses requests that another site makes in a visitor's name.
//!
//! No tokens: browsers say where a request comes from. As Go 1.25's `CrossOriginProtection`:
//! `Sec-Fetch-Site` decides where it is there, else `Origin` must be the request's own `Host`.
//! Requests that only read pass always.
//!
//! Every browser sends one of the two with a POST. With a GET over plain http none is sent, and the
//! course's suites follow, unfollow and sign out by GET: there the session's strict cookie has to come
//! along, or the person is asked. A client that sends no header and no session's cookie carries nobody's
//! name, and passes.

use actix_web::{
    Error as ActixError, FromRequest, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, header},
    middleware::Next,
    web::Path,
};

use super::{html, rejected::Rejected, session};
use crate::{config::Origin, domain::Username, error::Error, state::AppState};

/// Middleware: see the module. [`ask_whether_it_is_meant`] does the same for GET.
///
/// # Errors
/// Those of the inner service.
pub async fn refuse_cross_site(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, ActixError> {
    let writes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if writes && sender(request.request()) == Sender::Elsewhere {
        return Ok(refuse(request).map_into_right_body());
    }
    Ok(next.call(request).await?.map_into_left_body())
}

/// Middleware of the routes that change something by GET: a page elsewhere can lead a browser there.
///
/// # Errors
/// Those of the inner service.
pub async fn ask_whether_it_is_meant(
    action: &'static str,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, ActixError> {
    match sender(request.request()) {
        Sender::Elsewhere => Ok(refuse(request)),
        Sender::Unknown if session::may_come_from_elsewhere(request.request()) => {
            count(request.request());
            let name = Path::<String>::extract(request.request()).await.ok();
            let name = name.and_then(|name| Username::parse(&name));
            let name = name.as_ref().map_or("", Username::as_str);
            let page = html::confirmation_page(request.request(), action, name).await;
            Ok(request.into_response(page))
        }
        Sender::Ours | Sender::Unknown => next.call(request).await,
    }
}

fn refuse(request: ServiceRequest) -> ServiceResponse {
    count(request.request());
    request.error_response(Error::Forbidden("This request came from another site, so it was not carried out."))
}

fn count(request: &HttpRequest) {
    Rejected::Csrf.count(&AppState::of(request).metrics);
}

/// Whose page made the browser send a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    /// Ours, one that the settings trust, or nobody's: the person typed the address.
    Ours,
    Elsewhere,
    /// No header says it.
    Unknown,
}

fn sender(request: &HttpRequest) -> Sender {
    tell(request, &AppState::of(request).settings.server.trusted_origins)
}

fn tell(request: &HttpRequest, trusted: &[Origin]) -> Sender {
    let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    let origin = header(header::ORIGIN.as_str());
    let claimed: Option<Origin> = origin.and_then(|text| text.parse().ok());
    let is_trusted = claimed.as_ref().is_some_and(|claimed| trusted.contains(claimed));
    let is_ours = match (header("sec-fetch-site"), origin) {
        (None, None) => return Sender::Unknown,
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(_)) => {
            let host = header(header::HOST.as_str()).map(str::to_ascii_lowercase);
            claimed.is_some_and(|origin| Some(origin.authority()) == host.as_deref())
        }
    };
    if is_ours || is_trusted { Sender::Ours } else { Sender::Elsewhere }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn told(headers: &[(&'static str, &'static str)]) -> Sender {
        let mut request = TestRequest::post().uri("/add_message").insert_header(("host", "minitwit.example"));
        for header in headers {
            request = request.append_header(*header);
        }
        tell(&request.to_http_request(), &["https://friend.example".parse().unwrap()])
    }

    #[test]
    fn sec_fetch_site_decides_where_it_is_there() {
        assert_eq!(told(&[("sec-fetch-site", "same-origin")]), Sender::Ours);
        assert_eq!(told(&[("sec-fetch-site", "none")]), Sender::Ours);
        assert_eq!(told(&[("sec-fetch-site", "cross-site")]), Sender::Elsewhere);
        assert_eq!(told(&[("sec-fetch-site", "same-site")]), Sender::Elsewhere);
        assert_eq!(told(&[("sec-fetch-site", "")]), Sender::Elsewhere);
        assert_eq!(told(&[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")]), Sender::Ours);
    }

    #[test]
    fn without_it_the_origin_must_be_the_host() {
        assert_eq!(told(&[]), Sender::Unknown);
        assert_eq!(told(&[("origin", "https://minitwit.example")]), Sender::Ours);
        assert_eq!(told(&[("origin", "https://MINITWIT.example")]), Sender::Ours);
        for foreign in
            ["https://evil.example", "null", "https://minitwit.example.evil.example", "http://minitwit.example:81", ""]
        {
            assert_eq!(told(&[("origin", foreign)]), Sender::Elsewhere, "{foreign}");
        }
    }

    #[test]
    fn trusted_origins_pass() {
        assert_eq!(told(&[("sec-fetch-site", "cross-site"), ("origin", "https://friend.example")]), Sender::Ours);
        assert_eq!(told(&[("sec-fetch-site", "cross-site"), ("origin", "http://friend.example")]), Sender::Elsewhere);
    }
}
