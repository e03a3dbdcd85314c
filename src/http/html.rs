//! Pages: what every template shares, how one is answered, and the escaper.

use std::fmt;

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse, Responder,
    http::{StatusCode, header},
    web::Bytes,
};
use askama::Template;
use askama_web::WebTemplate;
use time::{OffsetDateTime, macros::format_description};

pub use super::layout::Layout;
use super::{flash, returning::Next};
use crate::{
    domain::{routes, username},
    state::AppState,
};

/// A template inside the layout.
pub trait Page: Template {
    /// Its layout.
    fn layout(&self) -> &Layout;
}

/// Answers with a page. What a signed-in person sees is kept nowhere; flashes are shown once.
pub fn answer(request: &HttpRequest, status: StatusCode, page: impl Page) -> HttpResponse {
    let personal = page.layout().is_personal();
    let shown_flashes = !page.layout().flashes.is_empty();
    let mut response = WebTemplate(page).respond_to(request);
    if response.status().is_success() {
        *response.status_mut() = status;
    }
    let cache_control = if personal { "private, no-store" } else { "no-cache" };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static(cache_control));
    headers.insert(header::VARY, header::HeaderValue::from_static("Cookie"));
    if shown_flashes {
        // Cannot fail: the cookie is of our own making.
        response.add_cookie(&flash::removal(&AppState::of(request).settings)).ok();
    }
    response
}

/// Answers with a page that is the same for everybody who is not signed in.
#[must_use]
pub fn shared(page: Bytes) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::VARY, "Cookie"))
        .content_type("text/html; charset=utf-8")
        .body(page)
}

/// The page that a request asks for, with its query, for forms that lead back to it.
#[must_use]
pub fn here(request: &HttpRequest) -> String {
    request.uri().path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string)
}

/// 302 to a path of this site. `path` starts with a single slash: it is ours, never a client's.
#[must_use]
pub fn redirect(path: &str) -> HttpResponse {
    debug_assert!(path.starts_with('/') && !path.starts_with("//"), "{path}");
    HttpResponse::Found()
        .insert_header((header::LOCATION, path))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .finish()
}

/// 302 with a flash.
#[must_use]
pub fn redirect_with_flash(request: &HttpRequest, path: &str, message: String) -> HttpResponse {
    let mut response = redirect(path);
    // Cannot fail: the cookie is of our own making.
    response.add_cookie(&flash::push(request, &AppState::of(request).settings, message)).ok();
    response
}

/// Request extension: what somebody has typed into the request's form, or its beginning if it was too much. If the
/// request fails, the error page shows it, so that it is not lost.
#[derive(Clone)]
pub struct Typed(pub String);

/// Any error, in the site's layout. Needs no database, so it can say that there is none.
#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    layout: Layout,
    status: StatusCode,
    message: String,
    typed: Option<String>,
    /// The page that was asked for, which can be had after signing in.
    next: Next,
}

impl ErrorPage {
    fn title(&self) -> &'static str {
        match self.status.as_u16() {
            401 => "Please sign in",
            403 => "Not allowed",
            404 => "Not found",
            405 => "Wrong kind of request",
            408 => "Too slow",
            413 | 414 | 431 => "Too much",
            429 => "Slow down",
            503 => "Busy",
            status if status >= 500 => "Something went wrong",
            _ => "Not understood",
        }
    }
}

/// The page of an error, in a layout of [`Layout::of_refusal`].
#[must_use]
pub fn error_page(request: &HttpRequest, layout: Layout, status: StatusCode, message: String) -> HttpResponse {
    let typed = request.extensions().get::<Typed>().map(|typed| typed.0.clone());
    let next = Next::this_page(request);
    bare_page(status, &ErrorPage { layout, status, message, typed, next })
}

/// Asks whether a person means what the request wants.
#[derive(Template)]
#[template(path = "confirmation.html")]
struct ConfirmationPage<'a> {
    layout: Layout,
    action: &'a str,
    name: &'a str,
}

/// A page with a button that posts to the request's own address. 403, since nothing has been done; needs no
/// database. `action` is what the button says, `name` whom it concerns, or empty.
pub async fn confirmation_page(request: &HttpRequest, action: &str, name: &str) -> HttpResponse {
    let layout = Layout::of_refusal(request, StatusCode::FORBIDDEN).await;
    bare_page(StatusCode::FORBIDDEN, &ConfirmationPage { layout, action, name })
}

fn bare_page(status: StatusCode, page: &impl Template) -> HttpResponse {
    match page.render() {
        Ok(body) => HttpResponse::build(status)
            .insert_header((header::CACHE_CONTROL, "private, no-store"))
            .content_type("text/html; charset=utf-8")
            .body(body),
        Err(_) => HttpResponse::build(status).content_type("text/plain; charset=utf-8").body("Minitwit failed"),
    }
}

/// Escapes exactly as the contract says: `&amp; &lt; &gt; &#34; &#39;`.
#[derive(Clone, Copy, Default)]
pub struct ContractEscaper;

impl askama::filters::Escaper for ContractEscaper {
    fn write_escaped_str<W: fmt::Write>(&self, mut out: W, text: &str) -> fmt::Result {
        let mut plain = 0;
        for (at, byte) in text.bytes().enumerate() {
            let escaped = match byte {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&#34;",
                b'\'' => "&#39;",
                _ => continue,
            };
            out.write_str(&text[plain..at])?;
            out.write_str(escaped)?;
            plain = at + 1;
        }
        out.write_str(&text[plain..])
    }
}

/// Seconds since the epoch as people read them: `2020-02-21 @ 01:01`, in UTC.
#[must_use]
pub fn shown_time(seconds: &i64) -> String {
    format_time(*seconds, format_description!("[year]-[month]-[day] @ [hour]:[minute]"))
}

/// The day of a moment, in UTC: `2020-02-21`.
#[must_use]
pub fn shown_day(seconds: &i64) -> String {
    format_time(*seconds, format_description!("[year]-[month]-[day]"))
}

/// Seconds since the epoch for `<time datetime>`: `2020-02-21T01:01:02Z`.
#[must_use]
pub fn machine_time(seconds: &i64) -> String {
    format_time(*seconds, format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z"))
}

fn format_time(seconds: i64, format: &(impl time::formatting::Formattable + ?Sized)) -> String {
    let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    time.format(format).unwrap_or_default()
}

/// Where a user's profile is. Where a page of the site has taken that address from an account older than it, one
/// step further: `docs/adr/0017-words-that-were-names.md`.
#[must_use]
pub fn profile_path(name: &str) -> String {
    let path = username::profile_path(name);
    if routes::is_mounted(name) { path + "/profile" } else { path }
}

#[cfg(test)]
mod tests {
    use askama::filters::Escaper;
    use proptest::prelude::*;

    use super::*;

    fn escaped(text: &str) -> String {
        let mut out = String::new();
        ContractEscaper.write_escaped_str(&mut out, text).unwrap();
        out
    }

    #[test]
    fn five_characters_are_escaped_as_the_contract_spells_them() {
        assert_eq!(escaped(r#"<a href="x">'Ü & co'</a>"#), "&lt;a href=&#34;x&#34;&gt;&#39;Ü &amp; co&#39;&lt;/a&gt;");
    }

    #[test]
    fn times_are_shown_in_utc() {
        assert_eq!(shown_time(&1_582_246_862), "2020-02-21 @ 01:01");
        assert_eq!(machine_time(&1_582_246_862), "2020-02-21T01:01:02Z");
        assert_eq!(shown_time(&i64::MAX), "1970-01-01 @ 00:00", "a time beyond all calendars does not panic");
    }

    proptest! {
        #[test]
        fn nothing_escaped_can_open_a_tag_or_leave_an_attribute(text in any::<String>()) {
            prop_assert!(!escaped(&text).contains(['<', '>', '"', '\'']));
        }
    }
}
