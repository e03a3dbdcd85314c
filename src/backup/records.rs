//! The tables of a backup, and a row of each as a line: a JSON array in the order of the columns.
//!
//! Left out: sessions, so that people sign in again and what was signed out stays so; and the list of
//! migrations and the names' skeletons, which the restoring release makes itself.

use crate::db::bulk::{Follow, Message, Row, User};

/// A row as a line.
pub(super) trait Record: Row {
    const TABLE: &'static str;
    const COLUMNS: &'static [&'static str];
    fn encode(&self, line: &mut Vec<u8>) -> serde_json::Result<()>;
    fn decode(line: &[u8]) -> serde_json::Result<Self>;
}

impl Record for User<'static> {
    const TABLE: &'static str = "users";
    const COLUMNS: &'static [&'static str] = &["id", "username", "email", "password_hash", "created_at"];

    fn encode(&self, line: &mut Vec<u8>) -> serde_json::Result<()> {
        serde_json::to_writer(line, &(self.id, &self.username, &self.email, &self.password_hash, self.created_at))
    }

    fn decode(line: &[u8]) -> serde_json::Result<Self> {
        let (id, username, email, hash, created_at) = serde_json::from_slice::<(_, _, _, String, _)>(line)?;
        Ok(Self { id, username, email, password_hash: hash.into(), created_at })
    }
}

impl Record for Message {
    const TABLE: &'static str = "messages";
    const COLUMNS: &'static [&'static str] = &["id", "author_id", "text", "published_at", "flagged"];

    fn encode(&self, line: &mut Vec<u8>) -> serde_json::Result<()> {
        serde_json::to_writer(line, &(self.id, self.author_id, &self.text, self.published_at, self.flagged))
    }

    fn decode(line: &[u8]) -> serde_json::Result<Self> {
        let (id, author_id, text, published_at, flagged) = serde_json::from_slice(line)?;
        Ok(Self { id, author_id, text, published_at, flagged })
    }
}

impl Record for Follow {
    const TABLE: &'static str = "follows";
    const COLUMNS: &'static [&'static str] = &["follower_id", "followee_id"];

    fn encode(&self, line: &mut Vec<u8>) -> serde_json::Result<()> {
        serde_json::to_writer(line, &(self.follower_id, self.followee_id))
    }

    fn decode(line: &[u8]) -> serde_json::Result<Self> {
        let (follower_id, followee_id) = serde_json::from_slice(line)?;
        Ok(Self { follower_id, followee_id })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn there_and_back<R: Record + PartialEq + std::fmt::Debug>(row: &R) {
        let mut line = Vec::new();
        row.encode(&mut line).unwrap();
        assert!(line.starts_with(b"[") && !line.contains(&b'\n'), "{row:?}");
        assert_eq!(R::decode(&line).unwrap(), *row);
    }

    proptest! {
        #[test]
        fn a_row_is_a_line_and_back(id: i64, other: i64, text: String, more: String, flagged: bool) {
            there_and_back(&Message { id, author_id: other, text: text.clone(), published_at: other, flagged });
            there_and_back(&Follow { follower_id: id, followee_id: other });
            let password_hash = format!("{more}{text}").into();
            there_and_back(&User { id, username: text, email: more, password_hash, created_at: other });
        }
    }
}
