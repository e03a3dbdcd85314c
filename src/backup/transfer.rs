//! From a database into a backup and back, a chunk of rows at a time, summed on the way.

use std::io::{Read, Write};

use anyhow::{Context, anyhow, ensure};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    format::{Announced, Damaged, Header, Reader, Sum, Summing, Writer},
    watch::Watch,
};
use crate::db::{
    Backend, DbConnection, migrations, simulator,
    tables::{BACKED_UP, CHUNK, RefusedLines, Table},
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
///
/// # Errors
/// When a query or the writing fails, or the work is told to stop.
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
        let mut announced = Vec::new();
        for table in &BACKED_UP {
            announced.push(Announced::new(table, table.count(conn)?.try_into()?));
        }
        let header = Header::new(created, format!("{backend:?}").to_lowercase(), schema, latest, announced);
        watch.expect(header.rows());
        let mut writer = Writer::new(out, &header)?;
        for table in &BACKED_UP {
            watch.say(table.name);
            writer.begin_table(table)?;
            let sum = sum_up(table, conn, watch, |lines| writer.rows(lines).context("cannot write the backup"))?;
            writer.end_table(sum);
        }
        writer.finish()
    })
}

/// Sums a table's rows up, and hands their lines to `take`.
fn sum_up(
    table: &Table,
    conn: &mut DbConnection,
    watch: &Watch,
    mut take: impl FnMut(&[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<Sum> {
    let mut summing = Summing::default();
    table.read(conn, |lines, rows| {
        summing.add(lines, rows);
        take(lines)?;
        watch.advance(rows)
    })?;
    Ok(summing.finish(table))
}

/// Fills the database with what the backup holds, reads all of it again and compares; only then it is
/// committed. Whatever is wrong, nothing has changed.
///
/// # Errors
/// When the backup is damaged or of a later version, the database holds users and is not to be emptied
/// ([`Taken`]) or does not take the rows, or the work is told to stop.
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
        for (table, announced) in header.tables() {
            fill(table, conn, &mut reader, announced, watch)?;
        }
        let written = reader.finish()?;
        transfer::restore_latest(conn, header.simulator_latest)?;
        watch.say("comparing");
        for ((table, _), written) in header.tables().zip(&written) {
            ensure!(sum_up(table, conn, watch, |_| Ok(()))? == *written, Different(written.name.clone()));
        }
        ensure!(simulator::find_latest(conn)? == header.simulator_latest, Different("simulator_latest".into()));
        Ok(written)
    })?;
    Ok((header, sums.ok_or(Taken)?))
}

fn fill(
    table: &Table,
    conn: &mut DbConnection,
    reader: &mut Reader<impl Read>,
    announced: &Announced,
    watch: &Watch,
) -> anyhow::Result<()> {
    watch.say(table.name);
    let mut stored = 0;
    reader.table(table, announced, CHUNK, |lines, rows| {
        table.insert(conn, lines).map_err(|why| match why {
            RefusedLines::NoRow { number, why } => {
                anyhow!(Damaged(format!("row {} of {}: {why}", stored + number, table.name)))
            }
            RefusedLines::Query(why) => anyhow!(why).context(format!("the database refuses rows of {}", table.name)),
        })?;
        stored += rows as u64;
        watch.advance(rows)
    })
}
