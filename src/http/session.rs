//! Who is asking: the session behind a request's cookie.
//!
//! The cookie holds 256 random bits, the database their SHA-256: whoever reads a backup can sign
//! in as nobody. A request without the cookie asks the database nothing. A session ends
//! `sessions.lifetime_days` after the last visit; to spare a write a visit, its end moves only
//! once a thirtieth of that time has passed.
//!
//! Beside it goes a second cookie, which browsers leave out of whatever a page elsewhere begins
//! (`SameSite=Strict`). It is a hash of the token, so it belongs to one session and is stored nowhere.

use std::rc::Rc;

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    cookie::{Cookie, time::Duration},
    dev::Payload,
};
use anyhow::anyhow;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use futures_util::future::LocalBoxFuture;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::cookies;
use crate::{
    db::{self, notifications::COUNTED, sessions},
    domain::{UserId, Username},
    error::Error,
    state::AppState,
};

const COOKIE: &str = "session";
const STRICT_COOKIE: &str = "same_site";
const TOKEN_BYTES: usize = 32;
/// base64 without padding.
const TOKEN_CHARS: usize = (TOKEN_BYTES * 4).div_ceil(3);

/// A person who is signed in.
#[derive(Debug)]
pub struct Viewer {
    /// Their id.
    pub id: UserId,
    /// Their name.
    pub username: Username,
    /// How many notifications they have not seen; at most [`COUNTED`].
    pub unread: i64,
}

impl Viewer {
    /// How many notifications they have not seen, as they read it.
    #[must_use]
    pub fn shown_unread(&self) -> String {
        if self.unread >= COUNTED { format!("{}+", COUNTED - 1) } else { self.unread.to_string() }
    }
}

/// Extractor: the person asking, if they are signed in.
pub struct MaybeViewer(pub Option<Rc<Viewer>>);

/// Extractor: the person asking; [`Error::LoginRequired`] if they are not signed in.
pub struct SignedIn(pub Rc<Viewer>);

impl FromRequest for MaybeViewer {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { find(&request).await.map(Self) })
    }
}

impl FromRequest for SignedIn {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { find(&request).await?.map(Self).ok_or(Error::LoginRequired) })
    }
}

/// Request extension: whose session the request came with, once that is known.
#[derive(Clone)]
struct Found(Option<Rc<Viewer>>);

/// Whose session the request's cookie names, if it is one that lasts. Asked once a request.
pub(super) async fn find(request: &HttpRequest) -> Result<Option<Rc<Viewer>>, Error> {
    if let Ok(viewer) = recall(request) {
        return Ok(viewer);
    }
    let viewer = look_up(request).await?;
    request.extensions_mut().insert(Found(viewer.clone()));
    Ok(viewer)
}

/// The same without asking the database: an error where that is the only way.
pub(super) fn recall(request: &HttpRequest) -> Result<Option<Rc<Viewer>>, Error> {
    if let Some(Found(viewer)) = request.extensions().get() {
        return Ok(viewer.clone());
    }
    match token(request, &AppState::of(request)) {
        None => Ok(None),
        Some(_) => Err(Error::busy("session")),
    }
}

async fn look_up(request: &HttpRequest) -> Result<Option<Rc<Viewer>>, Error> {
    let state = AppState::of(request);
    let Some(token_hash) = token_hash(request, &state) else { return Ok(None) };
    let (key, now) = (token_hash.clone(), db::now());
    let Some(session) = state.db.read("find_session", move |conn| sessions::find(conn, &key, now)).await? else {
        return Ok(None);
    };
    let lifetime = lifetime_seconds(&state);
    if session.expires_at - now < lifetime - lifetime / 30 {
        state.db.write("extend_session", move |conn| sessions::extend(conn, &token_hash, now + lifetime)).await?;
    }
    let (id, username) = (UserId(session.user_id), Username::stored(session.username));
    Ok(Some(Rc::new(Viewer { id, username, unread: session.unread })))
}

/// Opens a session under a new token, ends the one that the request came with, and returns the
/// cookies to set.
///
/// # Errors
/// When the database does not answer.
pub async fn open(request: &HttpRequest, user: UserId) -> Result<[Cookie<'static>; 2], Error> {
    let state = AppState::of(request);
    let mut token = [0; TOKEN_BYTES];
    getrandom::fill(&mut token).map_err(|why| Error::Internal(anyhow!("no randomness: {why}")))?;
    let token = BASE64_URL_SAFE_NO_PAD.encode(token);

    let (new, old) = (hash(&token), token_hash(request, &state));
    let (now, lifetime) = (db::now(), lifetime_seconds(&state));
    let renew = move |conn: &mut db::DbConnection| {
        if let Some(old) = old {
            sessions::delete(conn, &old)?;
        }
        sessions::insert(conn, &new, user, now, now + lifetime)
    };
    state.db.write("open_session", renew).await?;
    // The cookies outlive the session's first end: the database decides, and it slides.
    let lasting = Duration::days(400);
    let strict = cookies::build_strict(&state.settings, STRICT_COOKIE, strict_value(&token), lasting);
    Ok([cookies::build(&state.settings, COOKIE, token, lasting), strict])
}

/// Revokes the session that the request came with, if any, and returns the cookies' removals.
///
/// # Errors
/// When the database does not answer: then the person is still signed in, and is told so.
pub async fn close(request: &HttpRequest) -> Result<[Cookie<'static>; 2], Error> {
    let state = AppState::of(request);
    if let Some(token_hash) = token_hash(request, &state) {
        state.db.write("close_session", move |conn| sessions::delete(conn, &token_hash)).await?;
    }
    Ok([COOKIE, STRICT_COOKIE].map(|name| cookies::removal(&state.settings, name)))
}

/// Whether a page elsewhere may have begun this request in a person's name: it has a session's cookie,
/// and not the strict one that belongs to it.
#[must_use]
pub fn may_come_from_elsewhere(request: &HttpRequest) -> bool {
    let state = AppState::of(request);
    let Some(token) = token(request, &state) else { return false };
    let strict = cookies::read(request, &state.settings, STRICT_COOKIE).unwrap_or_default();
    !bool::from(strict.as_bytes().ct_eq(strict_value(&token).as_bytes()))
}

fn token(request: &HttpRequest, state: &AppState) -> Option<String> {
    cookies::read(request, &state.settings, COOKIE).filter(|token| token.len() == TOKEN_CHARS)
}

fn token_hash(request: &HttpRequest, state: &AppState) -> Option<String> {
    token(request, state).map(|token| hash(&token))
}

/// Not what the database holds: whoever reads that learns this no more than the token.
fn strict_value(token: &str) -> String {
    hash(&format!("{STRICT_COOKIE} {token}"))
}

fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// How long a session lasts after its last visit.
#[must_use]
pub fn lifetime_seconds(state: &AppState) -> i64 {
    i64::try_from(state.settings.sessions.lifetime.as_secs()).unwrap_or(i64::MAX)
}
