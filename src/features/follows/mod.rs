//! Follows: whose messages somebody wants to read.

pub mod api;
pub mod html;

use strum::VariantArray;

use super::{Source, actor::Actor};
pub use crate::db::follows::{Change, Effect};
use crate::{
    db::{self, follows, users},
    domain::Username,
    error::Error,
    metrics::{self, Label, Metrics},
    state::AppState,
};

/// Why nothing was changed. `Display` is what the user reads.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// One of the two does not exist, or no longer.
    #[error("There is no such user")]
    UnknownUser,
    /// A person follows `limits.max_follows` already.
    #[error("{TOO_MANY_FOLLOWS}")]
    TooManyFollows,
    /// Too fast for a person, or the database does not answer.
    #[error(transparent)]
    Failed(#[from] Error),
}

const TOO_MANY_FOLLOWS: &str = "You follow as many people as one can: unfollow somebody first.";

impl From<FollowError> for Error {
    fn from(why: FollowError) -> Self {
        match why {
            FollowError::UnknownUser => Self::NotFound,
            FollowError::TooManyFollows => Self::Forbidden(TOO_MANY_FOLLOWS),
            FollowError::Failed(why) => why,
        }
    }
}

/// Has `follower` follow or unfollow whoever is called `followee`. Twice is as good as once, and following
/// oneself changes nothing. Limits: `limits.follow_*` a minute, `limits.max_follows` in all.
///
/// # Errors
/// See [`FollowError`]. What is too fast is looked at first.
pub async fn change(state: &AppState, follower: &Actor, change: Change, followee: &str) -> Result<Effect, FollowError> {
    follower.count_follow(state)?;
    let followee = Username::parse(followee).ok_or(FollowError::UnknownUser)?;
    let (key, most, whom) = (follower.key(), follower.most_follows(state), followee.clone());
    let apply = move |write: &mut db::Write<'_>| follows::apply(write, change, &key, &followee, most);
    let effect = follower.write_one(state, change.label(), apply).await?.ok_or(FollowError::UnknownUser)?;
    let labels = [change.label(), effect.label(), follower.source().label()];
    state.metrics.follow_actions.with_label_values(&labels).inc();
    match effect {
        Effect::Refused => return Err(FollowError::TooManyFollows),
        Effect::Changed => {
            state.first_pages.person_changed(follower.username());
            state.first_pages.person_changed(&whom);
        }
        Effect::Noop | Effect::Oneself => {}
    }
    Ok(effect)
}

/// The names of those whom `name` follows, in the order in which they registered, at most `limit`.
///
/// # Errors
/// [`Error::NotFound`], or when the database does not answer.
pub async fn followees(state: &AppState, name: &str, limit: i64) -> Result<Vec<String>, Error> {
    let username = Username::parse(name).ok_or(Error::NotFound)?;
    let look = move |conn: &mut db::DbConnection| match users::find_id(conn, username.as_str())? {
        Some(follower) => follows::list_followees(conn, follower, limit).map(Some),
        None => Ok(None),
    };
    state.db.read("list_followees", look).await?.ok_or(Error::NotFound)
}

/// Everything that can happen stands at 0; only people are refused, and only to follow.
pub(super) fn begin_at_zero(metrics: &Metrics) {
    let begin = |change: Change, effect: Effect, source: Source| {
        let labels = [change.label(), effect.label(), source.label()];
        metrics::begin_at_zero(&metrics.follow_actions, labels);
    };
    for source in Source::VARIANTS {
        for change in Change::VARIANTS {
            for effect in [Effect::Changed, Effect::Noop] {
                begin(*change, effect, *source);
            }
        }
    }
    begin(Change::Follow, Effect::Refused, Source::Web);
}
