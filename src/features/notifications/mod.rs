//! Notifications: what others did that concerns somebody. Whoever looks has seen them.

pub mod html;

use strum::{IntoStaticStr, VariantArray};

pub use crate::db::notifications::Kind;
use crate::{
    db::{
        self,
        notifications::{self, Notification},
    },
    domain::{MessageId, UserId},
    error::Error,
    http::session::Viewer,
    metrics::{self, Label, Metrics},
    state::AppState,
};

/// How many are looked through for a page: what belongs together among them is one line of it.
const WINDOW: usize = 200;
/// Whose names a line has.
const NAMED: usize = 2;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Only those of this kind.
    pub kind: Option<Kind>,
    /// Only those before the one with this id; none: the newest.
    pub before: Option<i64>,
}

impl Asked {
    /// Whether it is what somebody sees who comes to look what is new.
    #[must_use]
    pub fn is_everything_new(self) -> bool {
        self.kind.is_none() && self.before.is_none()
    }
}

/// What belongs together: who liked one message, say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What happened.
    pub kind: Kind,
    /// The newest one's id.
    pub id: i64,
    /// When it was, in seconds since the epoch.
    pub created_at: i64,
    /// Who did it, the newest first; at most two.
    pub actors: Vec<Person>,
    /// How many others did it, too.
    pub others: usize,
    /// The message that it is about, if it is about one.
    pub message: Option<About>,
    /// Whether the newest one was not seen before.
    pub is_new: bool,
}

/// Somebody who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: UserId,
    /// Their name.
    pub username: String,
}

/// The message that a notification is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Its id.
    pub id: MessageId,
    /// Its author.
    pub author: String,
    /// What it says.
    pub text: String,
}

/// A page of notifications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotificationPage {
    /// The newest first.
    pub groups: Vec<Group>,
    /// Where the next page begins, if there is one: before the one with this id.
    pub older: Option<i64>,
    /// The id of the newest one, shown or not.
    pub newest: Option<i64>,
}

/// What somebody finds who looks: in metrics the label `result`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
enum Visit {
    /// Something that they had not seen.
    News,
    /// Nothing new.
    Nothing,
}

/// A page of what `viewer` was told. Each notification stands on one page; those that belong together and are far apart
/// stand on several.
///
/// # Errors
/// When the database does not answer.
pub async fn list(state: &AppState, viewer: UserId, asked: Asked) -> Result<NotificationPage, Error> {
    let size = state.settings.messages.page_size as usize;
    let look = move |conn: &mut db::DbConnection| {
        let seen = notifications::find_seen(conn, viewer)?;
        let limit = i64::try_from(WINDOW).unwrap_or(i64::MAX);
        let found = notifications::list(conn, viewer, asked.kind, asked.before.unwrap_or(i64::MAX), limit)?;
        Ok(cut(found, size, seen))
    };
    state.db.read("list_notifications", look).await
}

/// Remembers that `viewer` has come to look what is new, and has seen `page`.
///
/// # Errors
/// When the database does not answer.
pub async fn see(state: &AppState, viewer: &Viewer, page: &NotificationPage) -> Result<(), Error> {
    let is_news = viewer.unread > 0;
    if let Some(newest) = page.newest.filter(|_| is_news) {
        let user = viewer.id;
        state.db.write_one("see_notifications", move |conn| notifications::set_seen(conn, user, newest)).await?;
    }
    let visit = if is_news { Visit::News } else { Visit::Nothing };
    state.metrics.notification_visits.with_label_values(&[visit.label()]).inc();
    Ok(())
}

/// Puts together what belongs together, until a page is full.
fn cut(found: Vec<Notification>, size: usize, seen: i64) -> NotificationPage {
    let newest = found.first().map(|row| row.id);
    let mut may_be_more = found.len() >= WINDOW;
    let (mut groups, mut last): (Vec<Group>, _) = (Vec::new(), None);
    for row in found {
        // What a later release writes has no words here.
        let kind = row.kind.parse().ok().filter(|_| !row.is_hidden);
        if let Some(kind) = kind {
            if let Some(group) = groups.iter_mut().find(|group| group.takes(kind, &row)) {
                group.add(row.actor_id, row.actor);
            } else if groups.len() == size {
                may_be_more = true;
                break;
            } else {
                let id = row.id;
                groups.push(Group::of(kind, row, seen));
                last = Some(id);
                continue;
            }
        }
        last = Some(row.id);
    }
    NotificationPage { groups, older: last.filter(|_| may_be_more), newest }
}

impl Group {
    fn of(kind: Kind, row: Notification, seen: i64) -> Self {
        let message = match (row.message_id, row.author, row.text) {
            (Some(id), Some(author), Some(text)) => Some(About { id: MessageId(id), author, text }),
            _ => None,
        };
        let actors = vec![Person { id: UserId(row.actor_id), username: row.actor }];
        let is_new = row.id > seen;
        Self { kind, id: row.id, created_at: row.created_at, actors, others: 0, message, is_new }
    }

    /// Whether a notification says the same of the same message. Each answer and each mention says something else.
    fn takes(&self, kind: Kind, row: &Notification) -> bool {
        let is_counted = matches!(kind, Kind::Like | Kind::Repost | Kind::Follow);
        is_counted && self.kind == kind && self.message.as_ref().map(|about| about.id.0) == row.message_id
    }

    fn add(&mut self, id: i64, username: String) {
        if self.actors.len() < NAMED {
            self.actors.push(Person { id: UserId(id), username });
        } else {
            self.others += 1;
        }
    }
}

/// Visits stand at 0 from the start.
pub(super) fn begin_at_zero(metrics: &Metrics) {
    for visit in Visit::VARIANTS {
        metrics::begin_at_zero(&metrics.notification_visits, [visit.label()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64, kind: Kind, actor: i64, message: Option<i64>) -> Notification {
        Notification {
            id,
            kind: kind.word().to_owned(),
            actor_id: actor,
            actor: format!("user {actor}"),
            created_at: 0,
            message_id: message,
            author: message.map(|_| "me".to_owned()),
            text: message.map(|_| "hello".to_owned()),
            is_hidden: false,
        }
    }

    #[test]
    fn what_belongs_together_is_one_line_with_two_names() {
        let found = vec![
            row(9, Kind::Like, 1, Some(5)),
            row(8, Kind::Follow, 4, None),
            row(7, Kind::Like, 2, Some(6)),
            row(6, Kind::Like, 2, Some(5)),
            row(5, Kind::Reply, 2, Some(7)),
            row(4, Kind::Like, 3, Some(5)),
            row(3, Kind::Like, 4, Some(5)),
            row(2, Kind::Reply, 2, Some(7)),
            row(1, Kind::Repost, 2, Some(5)),
        ];
        let page = cut(found, 30, 6);
        let lines: Vec<_> =
            page.groups.iter().map(|group| (group.id, group.actors.len(), group.others, group.is_new)).collect();
        let expected =
            [(9, 2, 2, true), (8, 1, 0, true), (7, 1, 0, true), (5, 1, 0, false), (2, 1, 0, false), (1, 1, 0, false)];
        assert_eq!((lines.as_slice(), page.older), (&expected[..], None));
    }

    #[test]
    fn pages_together_have_each_once() {
        let all: Vec<_> = (1..=1000).rev().map(|id| row(id, Kind::Like, id, Some(id % 7 + id / 50))).collect();
        let (mut from, mut counted, mut pages) = (i64::MAX, 0, 0);
        loop {
            let found = all.iter().filter(|row| row.id < from).take(WINDOW).cloned().collect();
            let page = cut(found, 10, 0);
            counted += page.groups.iter().map(|group| group.actors.len() + group.others).sum::<usize>();
            pages += 1;
            match page.older {
                Some(older) => from = older,
                None => break,
            }
        }
        assert_eq!(counted, 1000);
        assert!(pages > 5);
    }

    #[test]
    fn what_is_hidden_or_not_known_is_left_out_and_does_not_end_the_list() {
        let mut found: Vec<_> = (1..=200).rev().map(|id| row(id, Kind::Reply, 1, Some(id))).collect();
        for row in &mut found {
            row.is_hidden = true;
        }
        found[7] = Notification { kind: "poked".into(), ..row(193, Kind::Follow, 1, None) };
        assert_eq!(cut(found, 30, 0), NotificationPage { groups: vec![], older: Some(1), newest: Some(200) });
    }
}
