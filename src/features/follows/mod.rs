//! Follows: whose messages somebody wants to read.

pub mod api;
pub mod html;

use super::Source;
pub use crate::db::follows::{Change, Effect};
use crate::{
    db::{self, follows, simulator::Recorded, users},
    domain::Username,
    error::Error,
    state::AppState,
};

/// Follows or unfollows, and stores the simulator's latest action with it, in one go. Twice is as
/// good as once. The outcome is `None` when either user is unknown.
///
/// # Errors
/// [`Error::Forbidden`] when somebody on the site follows `limits.max_follows` already, or when the database
/// does not answer.
pub async fn change(
    state: &AppState,
    source: Source,
    change: Change,
    follower: &str,
    followee: &str,
    latest: Option<i64>,
) -> Result<Recorded<Option<Effect>>, Error> {
    let follower = Username::parse(follower).ok_or(Error::NotFound)?;
    let followee = Username::parse(followee).ok_or(Error::NotFound)?;
    // Their followees are the simulator's own business.
    let most = Some(state.settings.limits.max_follows).filter(|most| *most > 0 && source == Source::Web);
    let apply = move |conn: &mut db::DbConnection| {
        follows::apply(conn, change, follower.as_str(), followee.as_str(), most, latest)
    };
    let action = match change {
        Change::Follow => "follow",
        Change::Unfollow => "unfollow",
    };
    let recorded = state.db.write_one(action, apply).await?;
    if let Some(effect) = recorded.outcome {
        let effect = match effect {
            Effect::Changed => "changed",
            Effect::Noop | Effect::Oneself => "noop",
            Effect::Refused => "refused",
        };
        state.metrics.follow_actions.with_label_values(&[action, effect, source.as_str()]).inc();
    }
    if recorded.outcome == Some(Effect::Refused) {
        return Err(Error::Forbidden("You follow as many people as one can: unfollow somebody first."));
    }
    Ok(recorded)
}

/// The names of those whom `name` follows, at most `limit`. Also [`Error::NotFound`].
///
/// # Errors
/// When the database does not answer.
pub async fn followees(state: &AppState, name: &str, limit: i64) -> Result<Vec<String>, Error> {
    let username = Username::parse(name).ok_or(Error::NotFound)?;
    let look = move |conn: &mut db::DbConnection| match users::find_id(conn, username.as_str())? {
        Some(follower) => follows::list_followees(conn, follower, limit).map(Some),
        None => Ok(None),
    };
    state.db.read("list_followees", look).await?.ok_or(Error::NotFound)
}
