//! The words that open a path of the site: one list, shared by the router and by [`Username`].
//!
//! A profile lives at `/{username}`, so a user may not bear a route's name. The router mounts
//! the constants below and nothing else at the top level (`tests/tidy.rs` reads the sources to
//! prove it), and [`is_reserved`] refuses them all.
//!
//! [`Username`]: super::Username

/// The public timeline.
pub const PUBLIC: &str = "public";
/// The sign-in form.
pub const LOGIN: &str = "login";
/// Signing out.
pub const LOGOUT: &str = "logout";
/// The registration form.
pub const REGISTER: &str = "register";
/// Posting a message.
pub const ADD_MESSAGE: &str = "add_message";
/// Identicons.
pub const AVATARS: &str = "avatars";
/// Style sheet and icons.
pub const STATIC: &str = "static";
/// The simulator API.
pub const API: &str = "api";
/// The icon browsers ask for unasked.
pub const FAVICON: &str = "favicon.ico";
/// What crawlers ask for first.
pub const ROBOTS: &str = "robots.txt";
/// Search.
pub const SEARCH: &str = "search";
/// The timelines of tags.
pub const TAGS: &str = "tags";

/// Every route above.
pub const MOUNTED: [&str; 12] =
    [PUBLIC, LOGIN, LOGOUT, REGISTER, ADD_MESSAGE, AVATARS, STATIC, API, FAVICON, ROBOTS, SEARCH, TAGS];

/// Not routed yet: taken now, because a name once given cannot be taken back when its page comes. Without "me":
/// the course's browser test registers as "Me".
const KEPT_FREE: [&str; 11] = [
    ".well-known",
    "about",
    "admin",
    "explore",
    "export",
    "feed",
    "healthz",
    "messages",
    "metrics",
    "notifications",
    "settings",
];

/// All of them.
pub fn reserved() -> impl Iterator<Item = &'static str> {
    MOUNTED.into_iter().chain(KEPT_FREE)
}

/// Whether `word` is a route of the site, or kept free to become one.
#[must_use]
pub fn is_reserved(word: &str) -> bool {
    reserved().any(|route| route == word)
}
