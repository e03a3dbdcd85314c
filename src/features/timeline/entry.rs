//! A message as it is shown, on whichever page.

use std::collections::HashMap;

use super::pieces::{Piece, pieces};
use crate::db::{
    messages::{AuthoredMessage, MessagePage},
    surroundings::{Answered, COUNTED, Surroundings},
};

/// A message with what stands around it.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    /// The message.
    pub message: &'a AuthoredMessage,
    /// What stands around it.
    pub around: &'a Surroundings,
    /// Who put it here by reposting it.
    pub reposter: Option<&'a str>,
    /// Whether it is shown to its end, however many lines it has: on its own page.
    pub is_whole: bool,
}

/// Lines of a message that a page of several shows before "Show all". The style sheet cuts there.
const SHOWN_LINES: usize = 12;

/// A button below a message.
pub struct Action {
    /// What it says.
    pub word: &'static str,
    /// The last word of its address.
    pub path: &'static str,
    /// Whether the reader has pressed it: it takes back what it did.
    pub is_done: bool,
    /// Which picture it bears; none if that is empty.
    pub icon: &'static str,
    /// How many have.
    pub count: i64,
}

impl Action {
    fn new(is_done: bool, words: [&'static str; 2], paths: [&'static str; 2], icon: &'static str, count: i64) -> Self {
        let at = usize::from(is_done);
        Self { word: words[at], path: paths[at], is_done, icon, count }
    }
}

static NOTHING: Surroundings = Surroundings::NOTHING;

impl<'a> Entry<'a> {
    /// A message, and what is known of it, if anything is.
    #[must_use]
    pub fn new(message: &'a AuthoredMessage, around: Option<&'a Surroundings>) -> Self {
        Self { message, around: around.unwrap_or(&NOTHING), reposter: None, is_whole: false }
    }

    /// The messages of a page.
    pub fn list(page: &'a MessagePage, around: &'a HashMap<i64, Surroundings>) -> impl Iterator<Item = Self> {
        page.messages.iter().map(|message| {
            let reposter = page.reposters.get(&message.id).map(String::as_str);
            Self { reposter, ..Self::new(message, around.get(&message.id)) }
        })
    }

    /// Whether it goes on below what is shown.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        !self.is_whole && self.message.text.lines().count() > SHOWN_LINES
    }

    /// The buttons of somebody who is signed in: to like, and to repost.
    #[must_use]
    pub fn actions(&self) -> [Action; 2] {
        let Surroundings { likes, reposts, is_liked, is_reposted, .. } = *self.around;
        [
            Action::new(is_liked, ["Like", "Liked"], ["like", "unlike"], "icon-like", likes),
            Action::new(is_reposted, ["Repost", "Reposted"], ["repost", "unrepost"], "icon-repost", reposts),
        ]
    }

    /// The button to keep it.
    #[must_use]
    pub fn keep(&self) -> Action {
        let words = ["Bookmark", "Bookmarked"];
        Action::new(self.around.is_bookmarked, words, ["bookmark", "unbookmark"], "", 0)
    }

    /// What its text is made of.
    #[must_use]
    pub fn pieces(&self) -> Vec<Piece<'a>> {
        pieces(&self.message.text, &self.around.mentioned)
    }

    /// The path of its own page.
    #[must_use]
    pub fn path(&self) -> String {
        message_path(&self.message.author, self.message.id)
    }

    /// The message that it answers, and where that is; none if that is gone, or it answers nothing.
    #[must_use]
    pub fn answered(&self) -> Option<(&'a str, String)> {
        let Answered { id, author } = self.around.answered.as_ref()?;
        let author = author.as_deref()?;
        Some((author, message_path(author, id.0)))
    }

    /// Whether it answers something that is gone.
    #[must_use]
    pub fn answers_what_is_gone(&self) -> bool {
        self.around.answered.as_ref().is_some_and(|answered| answered.author.is_none())
    }
}

/// The path of a message's own page.
#[must_use]
pub fn message_path(author: &str, id: i64) -> String {
    format!("{}/{id}", crate::domain::username::profile_path(author))
}

/// A count as people read it: what was counted no further is "99+".
#[must_use]
pub fn shown_count(count: &i64) -> String {
    if *count >= COUNTED { format!("{}+", COUNTED - 1) } else { count.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_no_further_says_so() {
        assert_eq!([0, 7, 99, 100].map(|count| shown_count(&count)), ["0", "7", "99", "99+"]);
    }
}
