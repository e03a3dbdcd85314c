//! Postgres' `tsvector` as `COPY` takes it, for many messages at once.

use std::{collections::BTreeMap, io::Write as _};

use diesel::{
    expression::AsExpression,
    pg::Pg,
    query_builder::QueryId,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::SqlType,
};

use crate::domain::words::words;

/// The type of the column `messages.words`.
#[derive(Clone, Copy, Debug, Default, QueryId, SqlType)]
#[diesel(postgres_type(oid = 3614, array_oid = 3643))]
pub struct TsVector;

/// A text's words, each with its places.
#[derive(Debug, AsExpression)]
#[diesel(sql_type = TsVector)]
pub struct Words(BTreeMap<String, Vec<u16>>);

impl From<&str> for Words {
    fn from(text: &str) -> Self {
        let mut places: BTreeMap<String, Vec<u16>> = BTreeMap::new();
        for (place, word) in (1..).zip(words(text)) {
            places.entry(word).or_default().push(place);
        }
        Self(places)
    }
}

/// The format of `tsvectorrecv`: how many words, then each as bytes that end with a zero, how many places, the places.
impl ToSql<TsVector, Pg> for Words {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&u32::try_from(self.0.len())?.to_be_bytes())?;
        for (word, places) in &self.0 {
            out.write_all(word.as_bytes())?;
            out.write_all(&[0])?;
            out.write_all(&u16::try_from(places.len())?.to_be_bytes())?;
            places.iter().try_for_each(|place| out.write_all(&place.to_be_bytes()))?;
        }
        Ok(IsNull::No)
    }
}
