//! The words that open a path of the site: one list, shared by the router and by [`Username`].
//!
//! A profile lives at `/{username}`, so a user may not bear a route's name. The router mounts
//! the constants below and nothing else at the top level (`tests/tidy/` reads the sources to
//! prove it), and [`is_reserved`] refuses them all. An account that is older than such a word keeps its name,
//! and its page is found beside (`docs/adr/0017-words-that-were-names.md`).
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
/// What one keeps.
pub const BOOKMARKS: &str = "bookmarks";
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
/// What phones read when somebody puts the site among their apps.
pub const MANIFEST: &str = "manifest.webmanifest";
/// The picture that some of them want for it.
pub const APPLE_ICON: &str = "apple-touch-icon.png";
/// What people say about themselves, and whatever else they choose.
pub const SETTINGS: &str = "settings";
/// What others did that concerns one.
pub const NOTIFICATIONS: &str = "notifications";
/// Whom to follow.
pub const EXPLORE: &str = "explore";

/// Every route above.
pub const MOUNTED: [&str; 18] = [
    PUBLIC,
    LOGIN,
    LOGOUT,
    REGISTER,
    ADD_MESSAGE,
    BOOKMARKS,
    AVATARS,
    STATIC,
    API,
    FAVICON,
    ROBOTS,
    SEARCH,
    TAGS,
    MANIFEST,
    APPLE_ICON,
    SETTINGS,
    NOTIFICATIONS,
    EXPLORE,
];

/// Not routed yet: taken now, because a name once given cannot be taken back when its page comes. Without "me":
/// the course's browser test registers as "Me".
const KEPT_FREE: [&str; 15] = [
    ".well-known",
    "about",
    "admin",
    "events",
    "export",
    "feed",
    "healthz",
    "help",
    "invite",
    "messages",
    "metrics",
    "moderation",
    "nodeinfo",
    "oauth",
    "report",
];

/// Words that became reserved when there were accounts already, which may be called so: they keep their names
/// (`docs/adr/0017-words-that-were-names.md`). Mounted or kept free, each stands above too.
const WERE_NAMES: [&str; 10] =
    ["bookmarks", "events", "help", "invite", "moderation", "nodeinfo", "oauth", "report", MANIFEST, APPLE_ICON];

/// What an address of a feed ends with: `/Ada%20Lovelace.atom`.
const FEEDS: [&str; 3] = [".atom", ".json", ".rss"];

/// All of them.
pub fn reserved() -> impl Iterator<Item = &'static str> {
    MOUNTED.into_iter().chain(KEPT_FREE)
}

/// Whether `word` is a route of the site, or kept free to become one, or would be the address of a feed: no new
/// account is called so.
#[must_use]
pub fn is_reserved(word: &str) -> bool {
    reserved().any(|route| route == word) || FEEDS.iter().any(|ending| word.ends_with(ending))
}

/// Whether no account can be called `word`, however old it is.
#[must_use]
pub fn was_never_a_name(word: &str) -> bool {
    reserved().any(|route| route == word) && !WERE_NAMES.contains(&word)
}

/// Whether a page of the site stands at `/{word}`.
#[must_use]
pub fn is_mounted(word: &str) -> bool {
    MOUNTED.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_a_name_is_reserved_now() {
        for word in WERE_NAMES {
            assert!(is_reserved(word) && !was_never_a_name(word), "{word}");
        }
        assert!(is_reserved("ada.rss") && !was_never_a_name("ada.rss"));
        assert!(!is_reserved("ada") && !is_reserved("rss"));
    }
}
