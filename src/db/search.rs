//! Messages that have all of what somebody looks for, newest first.
//!
//! A common word is in a million messages: to collect and sort them all for the newest thirty would take seconds. A
//! rare one is in ten: to walk all messages for them would take as long. So on Postgres the newest 2,000 messages are
//! walked first; if a good part of a page is among them, 12,000; and only what is rarer is asked of the index of words,
//! which has few then. SQLite's index gives them in their order, and stops when the page is full.
//!
//! A tag, or an author, without any word is a walk of an index that has this order.
//! `docs/adr/0019-words-of-our-own.md`

use diesel::QueryResult;

use super::{
    connection::DbConnection,
    messages::{AuthoredMessage, Cursor, PageRequest},
    prepared::{Bind, Statement},
    users::find_id,
};
use crate::domain::{SearchQuery, Tag};

/// How many messages are walked first: about 3 ms.
const STRETCH: i64 = 2000;
/// How many if it looks as if they filled the page.
const LONG_STRETCH: i64 = 12_000;
/// Of how many messages, the newest that were found, the best ones are chosen.
pub const SCORED: i64 = 500;

/// What is looked for, as a database is asked for it.
struct Wanted {
    /// As the database's own language has it; empty if there are no words.
    words: String,
    author: Option<i64>,
    /// One of the tags.
    tag: Option<String>,
    /// All of them, with blanks between, and how many they are; if they are several.
    tags: Option<(String, i64)>,
}

impl Wanted {
    /// `None` if nobody is called as the author.
    fn new(conn: &mut DbConnection, query: &SearchQuery) -> QueryResult<Option<Self>> {
        let author = match &query.from {
            Some(name) => match find_id(conn, name.as_str())? {
                Some(author) => Some(author.0),
                None => return Ok(None),
            },
            None => None,
        };
        let words = match conn {
            DbConnection::Postgres(_) => in_words(query, "'", " <-> ", " & "),
            DbConnection::Sqlite(_) => in_words(query, "\"", " + ", " AND "),
        };
        let names: Vec<&str> = query.tags.iter().map(Tag::as_str).collect();
        let tags = i64::try_from(names.len()).ok().filter(|many| *many > 1).map(|many| (names.join(" "), many));
        Ok(Some(Self { words, author, tag: names.first().map(|tag| (*tag).to_owned()), tags }))
    }
}

/// All words and phrases of a query: those of a phrase with `then` between, the rest with `and`.
fn in_words(query: &SearchQuery, quote: &str, then: &str, and: &str) -> String {
    let quoted = |word: &String| format!("{quote}{word}{quote}");
    let phrase = |words: &Vec<String>| format!("({})", words.iter().map(quoted).collect::<Vec<_>>().join(then));
    let all: Vec<String> = query.words.iter().map(quoted).chain(query.phrases.iter().map(phrase)).collect();
    all.join(and)
}

/// A statement that grows, with its values in their order.
#[derive(Default)]
struct Sql<'a> {
    text: String,
    values: Vec<Bind<'a>>,
}

impl<'a> Sql<'a> {
    fn add(&mut self, text: &str, values: impl IntoIterator<Item = Bind<'a>>) -> &mut Self {
        self.text += text;
        self.values.extend(values);
        self
    }

    /// Where the place in the list is that the page comes after.
    fn after(&mut self, columns: &str, before: Cursor) -> &mut Self {
        self.add(columns, []).add(" < (?, ?)", [Bind::Integer(before.published_at), Bind::Integer(before.id)])
    }

    fn by(&mut self, author: Option<i64>) -> &mut Self {
        match author {
            Some(author) => self.add(" AND m.author_id = ?", [Bind::Integer(author)]),
            None => self,
        }
    }

    /// The messages `m` that have all tags.
    fn with_all_tags(&mut self, conn: &DbConnection, tags: Option<&'a (String, i64)>) -> &mut Self {
        let Some((tags, many)) = tags else { return self };
        let list = match conn {
            DbConnection::Postgres(_) => "= ANY (string_to_array(?, ' '))",
            DbConnection::Sqlite(_) => "IN (SELECT value FROM json_each('[\"' || replace(?, ' ', '\",\"') || '\"]'))",
        };
        self.add(" AND (SELECT count(*) FROM message_tags a WHERE a.message_id = m.id AND a.tag ", [])
            .add(list, [Bind::Text(tags)])
            .add(") = ?", [Bind::Integer(*many)])
    }

    fn load(&self, conn: &mut DbConnection) -> QueryResult<Vec<AuthoredMessage>> {
        Statement::new(&self.text, &self.values).load(conn)
    }
}

/// Of a page of messages, which is found before their authors are.
const COLUMNS: &str = "SELECT page.id, page.text, page.published_at, u.id AS author_id, u.username AS author ";
const WITH_AUTHORS: &str = "JOIN users u ON u.id = page.author_id ORDER BY page.published_at DESC, page.id DESC";

/// The unflagged messages with all of what `query` has, which must ask for something, in the order of a timeline. See
/// the module for the indexes. `page.limit` must come from a setting or a constant. On SQLite, which has one clock,
/// those with words come in the order of their ids.
///
/// # Errors
/// When a query fails.
pub fn list(conn: &mut DbConnection, query: &SearchQuery, page: PageRequest) -> QueryResult<Vec<AuthoredMessage>> {
    let Some(wanted) = Wanted::new(conn, query)? else { return Ok(Vec::new()) };
    if wanted.words.is_empty() {
        return list_without_words(conn, &wanted, page);
    }
    if let DbConnection::Sqlite(_) = conn {
        return list_on_sqlite(conn, &wanted, page);
    }
    for stretch in [STRETCH, LONG_STRETCH] {
        let found = walk(conn, &wanted, page, stretch)?;
        let many = i64::try_from(found.len()).unwrap_or(i64::MAX);
        if many == page.limit {
            return Ok(found);
        }
        if many * LONG_STRETCH / STRETCH < page.limit {
            break;
        }
    }
    gather(conn, &wanted, page)
}

/// The newest messages of which the best are to be chosen: at most [`SCORED`]. Where there are a page of `enough` among
/// the newest 12,000 messages, older ones are left alone.
pub fn list_to_score(conn: &mut DbConnection, query: &SearchQuery, enough: usize) -> QueryResult<Vec<AuthoredMessage>> {
    let page = PageRequest { before: Cursor::START, limit: SCORED };
    let Some(wanted) = Wanted::new(conn, query)?.filter(|wanted| !wanted.words.is_empty()) else {
        return list(conn, query, page);
    };
    if let DbConnection::Postgres(_) = conn {
        let near = walk(conn, &wanted, page, LONG_STRETCH)?;
        if near.len() >= enough {
            return Ok(near);
        }
        return gather(conn, &wanted, page);
    }
    list_on_sqlite(conn, &wanted, page)
}

/// Index: `message_words`, and for tags `message_tags_by_message`.
fn list_on_sqlite(conn: &mut DbConnection, wanted: &Wanted, page: PageRequest) -> QueryResult<Vec<AuthoredMessage>> {
    let mut sql = Sql::default();
    sql.add("SELECT m.id, m.text, m.published_at, u.id AS author_id, u.username AS author ", [])
        .add("FROM message_words CROSS JOIN messages m ON m.id = message_words.rowid ", [])
        .add("CROSS JOIN users u ON u.id = m.author_id ", [])
        .add("WHERE message_words MATCH ? ", [Bind::Text(&wanted.words)])
        .add("AND message_words.rowid < ? AND NOT m.flagged", [Bind::Integer(page.before.id)])
        .by(wanted.author);
    if let Some(tag) = &wanted.tag {
        let has = " AND EXISTS (SELECT 1 FROM message_tags t WHERE t.message_id = m.id AND t.tag = ?)";
        sql.add(has, [Bind::Text(tag)]);
    }
    sql.with_all_tags(conn, wanted.tags.as_ref())
        .add(&format!(" ORDER BY message_words.rowid DESC LIMIT {}", page.limit), [])
        .load(conn)
}

/// The messages among which is looked, newest first: those with a tag, those of an author, or everyone's.
fn add_source<'a>(conn: &DbConnection, sql: &mut Sql<'a>, wanted: &'a Wanted, before: Cursor) {
    // One by one: the planner would rather read all messages than look two thousand up.
    let messages = match conn {
        DbConnection::Postgres(_) => "LATERAL (SELECT * FROM messages WHERE id = t.message_id OFFSET 0) m ",
        DbConnection::Sqlite(_) => "messages m ON m.id = t.message_id ",
    };
    match &wanted.tag {
        Some(tag) => sql
            .add("FROM message_tags t CROSS JOIN ", [])
            .add(messages, [])
            .add("WHERE NOT m.flagged AND t.tag = ? AND ", [Bind::Text(tag)])
            .after("(t.published_at, t.message_id)", before),
        None => sql.add("FROM messages m WHERE NOT m.flagged AND ", []).after("(m.published_at, m.id)", before),
    };
    sql.by(wanted.author);
}

fn order_of_source(wanted: &Wanted) -> &'static str {
    match wanted.tag {
        Some(_) => " ORDER BY t.published_at DESC, t.message_id DESC",
        None => " ORDER BY m.published_at DESC, m.id DESC",
    }
}

/// Index: the primary key of `message_tags`, or `messages_by_author`, or `messages_by_time`.
fn list_without_words(
    conn: &mut DbConnection,
    wanted: &Wanted,
    page: PageRequest,
) -> QueryResult<Vec<AuthoredMessage>> {
    let mut sql = Sql::default();
    let forced = match conn {
        DbConnection::Postgres(_) => "",
        // In this order, whatever it thinks of it.
        DbConnection::Sqlite(_) => "CROSS",
    };
    sql.add(COLUMNS, []).add("FROM (SELECT m.id, m.author_id, m.text, m.published_at ", []);
    add_source(conn, &mut sql, wanted, page.before);
    sql.with_all_tags(conn, wanted.tags.as_ref())
        .add(order_of_source(wanted), [])
        .add(&format!(" LIMIT {}) page {forced} ", page.limit), [])
        .add(WITH_AUTHORS, [])
        .load(conn)
}

/// Those among the newest `stretch` messages, on Postgres. Index: as without words.
fn walk(
    conn: &mut DbConnection,
    wanted: &Wanted,
    page: PageRequest,
    stretch: i64,
) -> QueryResult<Vec<AuthoredMessage>> {
    let mut sql = Sql::default();
    sql.add(COLUMNS, [])
        .add("FROM (SELECT m.id, m.author_id, m.text, m.published_at ", [])
        .add("FROM (SELECT m.id, m.author_id, m.text, m.published_at, m.words ", []);
    add_source(conn, &mut sql, wanted, page.before);
    sql.add(order_of_source(wanted), [])
        .add(&format!(" LIMIT {stretch}) m WHERE m.words @@ ?::tsquery"), [Bind::Text(&wanted.words)])
        .with_all_tags(conn, wanted.tags.as_ref())
        .add(&format!(" ORDER BY m.published_at DESC, m.id DESC LIMIT {}) page ", page.limit), [])
        .add(WITH_AUTHORS, [])
        .load(conn)
}

/// All that there are, of which the newest are taken, on Postgres. Index: `messages_by_words`, and what else helps.
fn gather(conn: &mut DbConnection, wanted: &Wanted, page: PageRequest) -> QueryResult<Vec<AuthoredMessage>> {
    let mut sql = Sql::default();
    // Materialised, or the planner would walk in the order of the page and hope to find them soon.
    sql.add("WITH found AS MATERIALIZED (SELECT m.id, m.published_at FROM messages m WHERE NOT m.flagged AND ", [])
        .after("(m.published_at, m.id)", page.before)
        .add(" AND m.words @@ ?::tsquery", [Bind::Text(&wanted.words)])
        .by(wanted.author);
    if let Some(tag) = &wanted.tag {
        sql.add(" AND m.id IN (SELECT message_id FROM message_tags WHERE tag = ?)", [Bind::Text(tag)]);
    }
    sql.with_all_tags(conn, wanted.tags.as_ref())
        .add(") ", [])
        .add(COLUMNS, [])
        .add("FROM (SELECT id FROM found ORDER BY published_at DESC, id DESC ", [])
        .add(&format!("LIMIT {}) few JOIN messages page ON page.id = few.id ", page.limit), [])
        .add(WITH_AUTHORS, [])
        .load(conn)
}
