//! Routes as Minitwit mounts them: GET answers HEAD, wrong methods are told the right ones, and a
//! panic stays in its handler.

use actix_web::{
    FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder, Route, guard,
    http::{Method, header},
    middleware::from_fn,
    web,
};

use super::{cross_origin::ask_whether_it_is_meant, errors::catch_panics};
use crate::error::Error;

/// Serves GET, and HEAD as RFC 9110 asks for.
pub fn get<F, Args>(handler: F) -> Route
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::route().guard(guard::Any(guard::Get()).or(guard::Head())).to(handler).wrap(from_fn(catch_panics))
}

/// Serves GET alone, for the few routes that change something by it: HEAD must not. Whoever may not mean
/// it is asked first; `action` is what the button says.
pub fn get_to_act<F, Args>(action: &'static str, handler: F) -> Route
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let ask = from_fn(move |request, next| ask_whether_it_is_meant(action, request, next));
    web::get().to(handler).wrap(ask).wrap(from_fn(catch_panics))
}

/// Serves POST.
pub fn post<F, Args>(handler: F) -> Route
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::post().to(handler).wrap(from_fn(catch_panics))
}

/// A resource that answers other methods with 405 and `allow`.
#[must_use]
pub fn resource(path: &str, allow: &'static str) -> Resource {
    web::resource(path)
        .default_service(web::to(move || async move { Err::<&str, _>(Error::MethodNotAllowed { allow }) }))
}

/// What has no route on the site: 404, but who only reads and wrote slashes at the end of the path is led to the
/// path without them.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn lost(request: HttpRequest) -> Result<HttpResponse, Error> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let place = without_slashes(request.uri().path()).filter(|_| reads).ok_or(Error::NotFound)?;
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let place = header::HeaderValue::try_from(format!("{place}{query}")).map_err(|_| Error::NotFound)?;
    Ok(HttpResponse::PermanentRedirect().insert_header((header::LOCATION, place)).finish())
}

/// `path` without the slashes at its end, if there are any, and if the rest leads to this site: browsers take
/// what begins with two slashes, of either kind, for another host.
fn without_slashes(path: &str) -> Option<&str> {
    let rest = path.trim_end_matches('/');
    let is_ours = rest.strip_prefix('/').is_some_and(|rest| !rest.starts_with(['/', '\\']));
    (is_ours && rest.len() < path.len()).then_some(rest)
}

/// What may be done to a page that only reads.
pub const READ: &str = "GET, HEAD";
/// What may be done to a form and to what it posts.
pub const READ_AND_POST: &str = "GET, HEAD, POST";
/// What may be done to something that acts by GET too.
pub const ACT: &str = "GET, POST";
/// What may be done to something that only acts.
pub const POST: &str = "POST";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_at_the_end_lead_nowhere_but_here() {
        assert_eq!(without_slashes("/public/"), Some("/public"));
        assert_eq!(without_slashes("/Ada%20Lovelace//"), Some("/Ada%20Lovelace"));
        for path in ["/", "//", "/public", "//elsewhere.example/", "///elsewhere.example/", "/\\elsewhere.example/", ""]
        {
            assert_eq!(without_slashes(path), None, "{path}");
        }
    }
}
