//! Notifications: what others did that concerns somebody.
//!
//! They are written in the transaction of what causes them, and taken back with it: [`insert`] and [`remove`], and for
//! a follow, which is one statement on Postgres, the pieces of it in `follows.rs`. A notification whose message is
//! hidden is not listed. Of two that are written at the same moment the later one may be there first: whoever looks
//! between the two has the earlier one listed, but never called unread.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Nullable, Text},
};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::{
    connection::DbConnection,
    prepared::{Bind, Statement},
    schema::{notifications, profiles},
};
use crate::domain::{MessageId, UserId};

/// So far unread ones are counted; this many may be more. Whoever is signed in pays for it on every page.
pub const COUNTED: i64 = 100;

/// What happened: in the database the column `kind`, in metrics the label of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// Somebody answered a message of theirs: it is about the answer.
    Reply,
    /// Somebody named them in a message.
    Mention,
    /// Somebody likes a message of theirs.
    Like,
    /// Somebody reposted a message of theirs.
    Repost,
    /// Somebody follows them.
    Follow,
}

impl Kind {
    /// As it is stored.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.into()
    }
}

/// Something to tell somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Who is told. Nobody is told what they did themselves.
    pub user: UserId,
    /// What happened.
    pub kind: Kind,
    /// Who did it.
    pub actor: UserId,
    /// The message that it is about: the answer, the one with the mention, the one that is liked or reposted.
    pub message: Option<MessageId>,
}

/// Tells somebody, at the time `at`, in seconds since the epoch; `false` if there is nobody to tell: it is the actor, or
/// a mention in an answer that they are told of already. In the transaction of what happened. Index:
/// `notifications_by_message`.
///
/// # Errors
/// When the query fails; so for every function of this module.
pub fn insert(conn: &mut DbConnection, notice: &Notice, at: i64) -> QueryResult<bool> {
    let Notice { user, kind, actor, message } = *notice;
    let message = message.map(|message| message.0);
    if user == actor || (kind == Kind::Mention && is_told_of(conn, user, message)?) {
        return Ok(false);
    }
    if kind == Kind::Reply {
        // Whoever is answered needs not be told that the answer has their name in it.
        remove(conn, &Notice { kind: Kind::Mention, ..*notice })?;
    }
    let row = (
        notifications::user_id.eq(user.0),
        notifications::kind.eq(kind.word()),
        notifications::actor_id.eq(actor.0),
        notifications::message_id.eq(message),
        notifications::created_at.eq(at),
    );
    diesel::insert_into(notifications::table).values(row).execute(conn)?;
    Ok(true)
}

fn is_told_of(conn: &mut DbConnection, user: UserId, message: Option<i64>) -> QueryResult<bool> {
    let told = notifications::table
        .filter(notifications::message_id.eq(message))
        .filter(notifications::user_id.eq(user.0))
        .filter(notifications::kind.eq(Kind::Reply.word()));
    diesel::select(diesel::dsl::exists(told)).get_result(conn)
}

/// Takes back what somebody was told, if they were. In the transaction of what is taken back. Index:
/// `notifications_by_actor`.
pub fn remove(conn: &mut DbConnection, notice: &Notice) -> QueryResult<()> {
    let Notice { user, kind, actor, message } = *notice;
    let told = notifications::table
        .filter(notifications::actor_id.eq(actor.0))
        .filter(notifications::kind.eq(kind.word()))
        .filter(notifications::user_id.eq(user.0));
    match message {
        Some(message) => diesel::delete(told.filter(notifications::message_id.eq(message.0))).execute(conn),
        None => diesel::delete(told.filter(notifications::message_id.is_null())).execute(conn),
    }
    .map(drop)
}

/// Takes back all that anybody was told about a message. In the transaction in which it is deleted. Index:
/// `notifications_by_message`.
pub fn remove_about(conn: &mut DbConnection, message: MessageId) -> QueryResult<()> {
    diesel::delete(notifications::table.filter(notifications::message_id.eq(message.0))).execute(conn).map(drop)
}

/// A notification.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Notification {
    /// Grows with every one.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// What happened: a word of [`Kind`]'s.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Who did it.
    #[diesel(sql_type = BigInt)]
    pub actor_id: i64,
    /// Their name.
    #[diesel(sql_type = Text)]
    pub actor: String,
    /// Seconds since the epoch.
    #[diesel(sql_type = BigInt)]
    pub created_at: i64,
    /// The message that it is about, if it is about one.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub message_id: Option<i64>,
    /// Its author.
    #[diesel(sql_type = Nullable<Text>)]
    pub author: Option<String>,
    /// What it says.
    #[diesel(sql_type = Nullable<Text>)]
    pub text: Option<String>,
    /// Whether it is hidden, and the notification with it.
    #[diesel(sql_type = Bool)]
    pub is_hidden: bool,
}

/// The page is cut before anything is joined to it. A text is needed once a group only, but its groups are made of a
/// page, so it is looked up for all.
const LIST: &str = "\
    SELECT told.id, told.kind, told.actor_id, actor.username AS actor, told.created_at, told.message_id, author.username AS author, \
           CASE WHEN m.flagged THEN '' ELSE m.text END AS text, COALESCE(m.flagged, FALSE) AS is_hidden \
    FROM (SELECT id, kind, actor_id, created_at, message_id FROM notifications \
          WHERE user_id = ? {kind} AND id < ? ORDER BY id DESC LIMIT {limit}) told \
    JOIN users actor ON actor.id = told.actor_id \
    LEFT JOIN messages m ON m.id = told.message_id LEFT JOIN users author ON author.id = m.author_id \
    ORDER BY told.id DESC";

/// What `user` was told before the notification `before`, newest first, of one kind or all; hidden ones too, so that
/// fewer than `limit`, which must come from a constant, are all that there are. Index: `notifications_by_user`, or
/// `notifications_by_kind`.
pub fn list(
    conn: &mut DbConnection,
    user: UserId,
    kind: Option<Kind>,
    before: i64,
    limit: i64,
) -> QueryResult<Vec<Notification>> {
    let of_kind = if kind.is_some() { "AND kind = ?" } else { "" };
    let text = LIST.replace("{kind}", of_kind).replace("{limit}", &limit.to_string());
    let mut values = vec![Bind::Integer(user.0)];
    values.extend(kind.map(|kind| Bind::Text(kind.word())));
    values.push(Bind::Integer(before));
    Statement::new(&text, &values).load(conn)
}

/// The newest notification that `user` has seen; 0 if none. Index: the primary key.
pub fn find_seen(conn: &mut DbConnection, user: UserId) -> QueryResult<i64> {
    let seen = profiles::table.find(user.0).select(profiles::notifications_seen).first(conn).optional()?;
    Ok(seen.unwrap_or_default())
}

/// How many notifications of the user `u` around it they have not seen, counted no further than `{counted}`: part of the
/// question who is signed in. Indexes: the primary key of `profiles`, and `notifications_by_user`.
pub(super) const UNREAD: &str = "\
    (SELECT count(*) FROM (SELECT 1 FROM notifications n WHERE n.user_id = u.id AND n.id > \
        COALESCE((SELECT p.notifications_seen FROM profiles p WHERE p.user_id = u.id), 0) LIMIT {counted}) counted)";

/// Remembers that `user` has seen everything up to the notification `seen`. In a transaction, or one statement.
pub fn set_seen(conn: &mut DbConnection, user: UserId, seen: i64) -> QueryResult<()> {
    let row = (profiles::user_id.eq(user.0), profiles::notifications_seen.eq(seen));
    // Through the enum there is no ON CONFLICT. Two visits at once: the one that saw more may come first.
    match conn {
        DbConnection::Postgres(conn) => diesel::insert_into(profiles::table)
            .values(row)
            .on_conflict(profiles::user_id)
            .do_update()
            .set(profiles::notifications_seen.eq(seen))
            .execute(conn),
        DbConnection::Sqlite(conn) => diesel::insert_into(profiles::table)
            .values(row)
            .on_conflict(profiles::user_id)
            .do_update()
            .set(profiles::notifications_seen.eq(seen))
            .execute(conn),
    }
    .map(drop)
}
