//! From a database into a backup and back, a chunk of rows at a time, summed on the way.

use std::io::{Read, Write};

use anyhow::{Context, ensure};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    format::{Header, Reader, Sum, Summing, Table, Writer},
    records::Record,
    watch::Watch,
};
use crate::db::{
    Backend, DbConnection,
    bulk::{self, Follow, Message, User},
    migrations, simulator,
    transfer::{self, Ending, Occupied},
};

/// Somebody is in the database already, and that was not allowed for.
#[derive(Debug, thiserror::Error)]
#[error("there are users in this database already")]
pub struct Taken;

/// The database gave other rows back than it was given.
#[derive(Debug, thiserror::Error)]
#[error("the rows of {0} are not the same in the database as in the backup")]
pub(super) struct Different(String);

/// Writes what the database holds at this moment; writing goes on meanwhile, and is not in it.
pub fn back_up<W: Write>(
    conn: &mut DbConnection,
    backend: Backend,
    out: W,
    watch: &Watch,
) -> anyhow::Result<(W, Vec<Sum>)> {
    let created = OffsetDateTime::now_utc().replace_nanosecond(0)?.format(&Rfc3339)?;
    transfer::snapshot(conn, |conn| {
        let latest = simulator::find_latest(conn)?;
        let schema = migrations::applied(conn)?.pop().unwrap_or_default();
        let tables = [announce::<User<'static>>(conn)?, announce::<Message>(conn)?, announce::<Follow>(conn)?];
        let header = Header::new(created, format!("{backend:?}").to_lowercase(), schema, latest, tables);
        watch.expect(header.rows());
        let mut writer = Writer::new(out, &header)?;
        write_table::<User<'static>, _>(conn, &mut writer, watch)?;
        write_table::<Message, _>(conn, &mut writer, watch)?;
        write_table::<Follow, _>(conn, &mut writer, watch)?;
        writer.finish()
    })
}

fn announce<R: Record>(conn: &mut DbConnection) -> anyhow::Result<Table> {
    Ok(Table::of::<R>(R::count(conn)?.try_into()?))
}

fn write_table<R: Record, W: Write>(
    conn: &mut DbConnection,
    writer: &mut Writer<W>,
    watch: &Watch,
) -> anyhow::Result<()> {
    watch.say(R::TABLE);
    writer.begin_table(R::TABLE)?;
    let sum = each_line::<R>(conn, watch, |line| writer.row(line).context("cannot write the backup"))?;
    writer.end_table(sum);
    Ok(())
}

/// Hands every row of a table to `take` as its line, in the order of the primary key.
fn each_line<R: Record>(
    conn: &mut DbConnection,
    watch: &Watch,
    mut take: impl FnMut(&[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<Sum> {
    let (mut summing, mut line) = (Summing::default(), Vec::new());
    let mut last: Option<R> = None;
    loop {
        let mut page = R::page(conn, last.as_ref(), i64::try_from(bulk::CHUNK)?)?;
        for row in &page {
            line.clear();
            row.encode(&mut line)?;
            line.push(b'\n');
            summing.add(&line);
            take(&line)?;
        }
        watch.advance(page.len())?;
        match page.pop() {
            Some(row) => last = Some(row),
            None => return Ok(summing.finish(R::TABLE)),
        }
    }
}

/// Fills the database with what the backup holds, reads all of it again and compares; only then it is
/// committed. Whatever is wrong, nothing has changed.
pub fn restore(
    conn: &mut DbConnection,
    input: impl Read,
    occupied: Occupied,
    ending: Ending,
    watch: &Watch,
) -> anyhow::Result<(Header, Vec<Sum>)> {
    let (mut reader, header) = Reader::open(input)?;
    // Each is stored, and read again.
    watch.expect(2 * header.rows());
    let sums = transfer::load(conn, occupied, ending, |conn| {
        let [users, messages, follows] = &header.tables;
        fill::<User<'static>>(conn, &mut reader, users, watch)?;
        fill::<Message>(conn, &mut reader, messages, watch)?;
        fill::<Follow>(conn, &mut reader, follows, watch)?;
        let written = reader.finish()?;
        transfer::set_latest(conn, header.simulator_latest)?;
        watch.say("comparing");
        let found = [sum::<User<'static>>(conn, watch)?, sum::<Message>(conn, watch)?, sum::<Follow>(conn, watch)?];
        for (found, written) in found.iter().zip(&written) {
            ensure!(found == written, Different(written.name.clone()));
        }
        ensure!(simulator::find_latest(conn)? == header.simulator_latest, Different("simulator_latest".into()));
        Ok(written)
    })?;
    Ok((header, sums.ok_or(Taken)?))
}

fn fill<R: Record>(
    conn: &mut DbConnection,
    reader: &mut Reader<impl Read>,
    announced: &Table,
    watch: &Watch,
) -> anyhow::Result<()> {
    watch.say(R::TABLE);
    reader.table(announced, bulk::CHUNK, |rows: &[R]| {
        R::insert(conn, rows).with_context(|| format!("the database refuses rows of {}", R::TABLE))?;
        watch.advance(rows.len())
    })
}

fn sum<R: Record>(conn: &mut DbConnection, watch: &Watch) -> anyhow::Result<Sum> {
    each_line::<R>(conn, watch, |_| Ok(()))
}
