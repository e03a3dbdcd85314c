//! Profiles: what people say about themselves, whom they follow, and who follows them.
//!
//! The page itself, with the messages, is `timeline`'s.

pub mod html;

use strum::VariantArray;

use super::{Source, actor::Actor};
pub use crate::db::circles::Circle;
use crate::{
    db::{
        self,
        circles::{self, Person},
        profiles::{self, COUNTED, Profile},
        users,
    },
    domain::{Bio, DisplayName, ProfileError, UserId, Username, Website},
    error::Error,
    metrics::{self, Label, Metrics},
    state::AppState,
};

/// What somebody types into the form of their profile; empty where they say nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// A name beside the username.
    pub display_name: String,
    /// A few lines.
    pub bio: String,
    /// An address.
    pub website: String,
}

/// Why a profile was not changed. `Display` is what its owner reads.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// What somebody said is not fit.
    #[error(transparent)]
    NotFit(#[from] ProfileError),
    /// Too fast for a person, or the database does not answer.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// A page of a list of people.
#[derive(Debug)]
pub struct PeoplePage {
    /// Whose list it is.
    pub owner: Username,
    /// In the order in which they registered.
    pub people: Vec<Person>,
    /// The one after whom the next page begins, if there is one.
    pub next: Option<UserId>,
}

/// What somebody says about themselves at the moment.
///
/// # Errors
/// When the database does not answer.
pub async fn said(state: &AppState, user: UserId) -> Result<Said, Error> {
    let found = state.db.read("find_profile", move |conn| profiles::find(conn, user)).await?;
    let [display_name, bio, website] = found.map(Option::unwrap_or_default);
    Ok(Said { display_name, bio, website })
}

/// Has a person say this about themselves, instead of what they said before. Limits: those of posting,
/// `limits.post_*` a minute.
///
/// # Errors
/// See [`EditError`]: the first field that is not fit, and only then what is too fast.
pub async fn edit(state: &AppState, actor: &Actor, said: &Said) -> Result<(), EditError> {
    let profile = Profile {
        display_name: DisplayName::parse(&said.display_name)?,
        bio: Bio::parse(&said.bio)?,
        website: Website::parse(&said.website)?,
    };
    actor.count_post(state)?;
    let key = actor.key();
    let save = move |conn: &mut db::DbConnection| profiles::save(conn, &key, &profile);
    if !actor.write(state, "save_profile", save).await? {
        return Err(Error::LoginRequired.into());
    }
    state.first_pages.person_changed(actor.username());
    state.metrics.profiles_changed.with_label_values(&[actor.source().label()]).inc();
    Ok(())
}

/// A page of whom `name` follows or who follows them, those after the one with the id `after`, as `viewer` sees it.
///
/// # Errors
/// [`Error::NotFound`], or when the database does not answer.
pub async fn circle(
    state: &AppState,
    name: &str,
    circle: Circle,
    viewer: Option<UserId>,
    after: UserId,
) -> Result<PeoplePage, Error> {
    let owner = Username::parse(name).ok_or(Error::NotFound)?;
    let size = state.settings.messages.page_size as usize;
    let limit = i64::from(state.settings.messages.page_size) + 1;
    let key = owner.clone();
    let look = move |conn: &mut db::DbConnection| match users::find_id(conn, key.as_str())? {
        Some(id) => circles::list(conn, circle, id, viewer, (after, limit)).map(Some),
        None => Ok(None),
    };
    let mut people = state.db.read("list_people", look).await?.ok_or(Error::NotFound)?;
    let more = people.len() > size;
    people.truncate(size);
    let next = people.last().filter(|_| more).map(|last| UserId(last.id));
    Ok(PeoplePage { owner, people, next })
}

/// A count of a profile as people read it: what was counted no further is "9,999+".
#[must_use]
pub fn shown_count(count: &i64) -> String {
    let (number, more) = if *count >= COUNTED { (COUNTED - 1, "+") } else { (*count, "") };
    match number {
        ..1000 => format!("{number}{more}"),
        _ => format!("{},{:03}{more}", number / 1000, number % 1000),
    }
}

/// Changes of profiles stand at 0 from the start; only people have them.
pub(super) fn begin_at_zero(metrics: &Metrics) {
    for source in Source::VARIANTS.iter().filter(|source| **source == Source::Web) {
        metrics::begin_at_zero(&metrics.profiles_changed, [source.label()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_easily_and_end_somewhere() {
        let shown = [0, 999, 1000, 1023, 9999, 10_000].map(|count| shown_count(&count));
        assert_eq!(shown, ["0", "999", "1,000", "1,023", "9,999", "9,999+"]);
    }
}
