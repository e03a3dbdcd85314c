//! What a backup looks like: lines of JSON, compressed by zstd.
//!
//! ```text
//! {"format":"minitwit-backup","version":1,…,"tables":[{"name":"users","columns":[…],"rows":200},…]}
//! {"table":"users"}
//! [1,"Ann","ann@example.org","$argon2id$…",1700000000]
//! …
//! {"end":"minitwit-backup","header":SHA-256,"tables":[{"name":"users","rows":200,"sha256":SHA-256},…]}
//! ```
//!
//! A table's SHA-256 is that of its rows' lines, so that rows read from any database can be compared with
//! it. The last line is the proof that nothing is missing; zstd's own checksum covers that line too.
//! A row's line is an array in the order of the columns. Which tables there are, and from which version of the
//! format on, is in `db/tables/`. `docs/adr/0012-a-backup-format-of-our-own.md` says why, and what raises the version.

use std::io::{self, BufRead, BufReader, Read, Write};

use anyhow::{bail, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::db::tables::{BACKED_UP, Table};

/// Opens every backup, and closes it.
const FORMAT: &str = "minitwit-backup";
/// zstd's default: half as large as at 1, and still faster than the databases are.
const LEVEL: i32 = 3;
/// Bytes of a line: a message of 64 KiB, each of its bytes escaped, fits twice.
const LONGEST_LINE: u64 = 1 << 20;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
pub struct Header {
    format: String,
    version: u32,
    /// When, in UTC.
    pub created: String,
    /// The release that wrote it.
    pub app: String,
    /// The database it was read from.
    pub backend: String,
    /// The last migration there.
    pub schema: String,
    pub(super) simulator_latest: i64,
    tables: Vec<Announced>,
}

/// A table, as the first line announces it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Announced {
    name: String,
    columns: Vec<String>,
    rows: u64,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
struct Trailer {
    end: String,
    /// SHA-256 of the first line.
    header: String,
    tables: Vec<Sum>,
}

/// What a table amounts to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// Its name.
    pub name: String,
    /// How many rows it has.
    pub rows: u64,
    sha256: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Marker {
    table: String,
}

/// The file is not what a backup has to be: cut short, altered, or something else.
#[derive(Debug, thiserror::Error)]
#[error("the backup is damaged: {0}")]
pub(super) struct Damaged(pub(super) String);

/// The tables that a backup of this version of the format holds.
fn tables_of(version: u32) -> impl Iterator<Item = &'static Table> {
    BACKED_UP.iter().filter(move |table| table.since <= version)
}

/// The version that this release writes. It reads the older ones, too.
fn version() -> u32 {
    BACKED_UP.iter().map(|table| table.since).max().unwrap_or_default()
}

impl Announced {
    pub(super) fn new(table: &Table, rows: u64) -> Self {
        let columns = table.columns.iter().map(|&column| column.to_owned()).collect();
        Self { name: table.name.to_owned(), columns, rows }
    }

    fn is(&self, table: &Table) -> bool {
        self.name == table.name && self.columns == table.columns
    }
}

impl Header {
    pub(super) fn new(
        created: String,
        backend: String,
        schema: String,
        simulator_latest: i64,
        tables: Vec<Announced>,
    ) -> Self {
        let (format, app) = (FORMAT.to_owned(), crate::VERSION.number.to_owned());
        Self { format, version: version(), created, app, backend, schema, simulator_latest, tables }
    }

    /// All rows.
    pub(super) fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }

    /// The tables that this backup holds, in their order.
    pub(super) fn tables(&self) -> impl Iterator<Item = (&'static Table, &Announced)> {
        tables_of(self.version).zip(&self.tables)
    }

    fn read(line: &[u8]) -> anyhow::Result<Self> {
        /// What every version has.
        #[derive(Deserialize)]
        struct Any {
            format: String,
            version: u32,
            app: String,
        }
        let any: Any = serde_json::from_slice(line).map_err(|_| Damaged("its first line is not a backup's".into()))?;
        ensure!(any.format == FORMAT, Damaged("its first line is not a backup's".into()));
        ensure!(
            (1..=version()).contains(&any.version),
            "the backup has version {} of the format and was written by Minitwit {}; this one reads version {}: restore \
             it with that release",
            any.version,
            any.app,
            version()
        );
        let header: Self = serde_json::from_slice(line).map_err(|why| Damaged(format!("its first line: {why}")))?;
        let are_ours = header.tables.len() == tables_of(any.version).count()
            && header.tables().all(|(table, announced)| announced.is(table));
        ensure!(are_ours, Damaged("its tables are not those of its version".into()));
        Ok(header)
    }
}

/// Rows' lines as they go by.
#[derive(Default)]
pub(super) struct Summing {
    rows: u64,
    hasher: Sha256,
}

impl Summing {
    /// Takes the lines of so many rows, their ends included.
    pub(super) fn add(&mut self, lines: &[u8], rows: usize) {
        self.rows += rows as u64;
        self.hasher.update(lines);
    }

    pub(super) fn finish(self, table: &Table) -> Sum {
        Sum { name: table.name.to_owned(), rows: self.rows, sha256: hex::encode(self.hasher.finalize()) }
    }
}

/// Writes a backup, line by line.
pub(super) struct Writer<W: Write> {
    out: zstd::Encoder<'static, W>,
    header: String,
    sums: Vec<Sum>,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(out: W, header: &Header) -> anyhow::Result<Self> {
        let mut out = zstd::Encoder::new(out, LEVEL)?;
        out.include_checksum(true)?;
        let line = line_of(header)?;
        out.write_all(&line)?;
        Ok(Self { out, header: hex::encode(Sha256::digest(&line)), sums: Vec::new() })
    }

    pub(super) fn begin_table(&mut self, table: &Table) -> anyhow::Result<()> {
        Ok(self.out.write_all(&line_of(&Marker { table: table.name.to_owned() })?)?)
    }

    /// Rows' lines, their ends included.
    pub(super) fn rows(&mut self, lines: &[u8]) -> io::Result<()> {
        self.out.write_all(lines)
    }

    pub(super) fn end_table(&mut self, sum: Sum) {
        self.sums.push(sum);
    }

    pub(super) fn finish(mut self) -> anyhow::Result<(W, Vec<Sum>)> {
        let trailer = Trailer { end: FORMAT.to_owned(), header: self.header, tables: self.sums };
        self.out.write_all(&line_of(&trailer)?)?;
        Ok((self.out.finish()?, trailer.tables))
    }
}

fn line_of(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

/// Reads a backup, line by line, and trusts none.
pub(super) struct Reader<R: Read> {
    lines: BufReader<zstd::Decoder<'static, BufReader<R>>>,
    /// The current line; empty at the end.
    line: Vec<u8>,
    header_sum: String,
    sums: Vec<Sum>,
}

impl<R: Read> Reader<R> {
    /// Opens it and reads the first line.
    pub(super) fn open(input: R) -> anyhow::Result<(Self, Header)> {
        let lines = BufReader::new(zstd::Decoder::new(input)?);
        let mut reader = Self { lines, line: Vec::new(), header_sum: String::new(), sums: Vec::new() };
        reader.advance()?;
        let header = Header::read(&reader.line)?;
        reader.header_sum = hex::encode(Sha256::digest(&reader.line));
        reader.advance()?;
        Ok((reader, header))
    }

    fn advance(&mut self) -> anyhow::Result<()> {
        self.line.clear();
        match self.lines.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut self.line) {
            Ok(0) => Ok(()),
            Ok(_) if self.line.ends_with(b"\n") => Ok(()),
            Ok(_) => bail!(Damaged("a line is cut short, or far too long".into())),
            // The disk's or the pipe's own failure; anything else is zstd's opinion of the bytes.
            Err(why) if why.raw_os_error().is_some() => Err(why.into()),
            Err(why) if why.kind() == io::ErrorKind::UnexpectedEof => bail!(Damaged("its end is missing".into())),
            Err(why) => bail!(Damaged(why.to_string())),
        }
    }

    /// Hands the rows of the next table to `take`, `chunk` at a time: as lines, and how many they are.
    pub(super) fn table(
        &mut self,
        table: &Table,
        announced: &Announced,
        chunk: usize,
        mut take: impl FnMut(&[u8], usize) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let marker: Option<Marker> = serde_json::from_slice(&self.line).ok();
        ensure!(
            marker.is_some_and(|marker| marker.table == table.name),
            Damaged(format!("the table {} is not where it belongs", table.name))
        );
        self.advance()?;
        let (mut summing, mut lines) = (Summing::default(), Vec::new());
        while self.line.starts_with(b"[") {
            let mut rows = 0;
            lines.clear();
            while rows < chunk && self.line.starts_with(b"[") {
                lines.extend_from_slice(&self.line);
                rows += 1;
                self.advance()?;
            }
            take(&lines, rows)?;
            summing.add(&lines, rows);
        }
        let sum = summing.finish(table);
        ensure!(
            sum.rows == announced.rows,
            Damaged(format!("{} has {} rows instead of {}", table.name, sum.rows, announced.rows))
        );
        self.sums.push(sum);
        Ok(())
    }

    /// Reads the last line and compares.
    pub(super) fn finish(mut self) -> anyhow::Result<Vec<Sum>> {
        ensure!(!self.line.is_empty(), Damaged("its end is missing".into()));
        let trailer: Trailer =
            serde_json::from_slice(&self.line).map_err(|_| Damaged("its last line is not where it belongs".into()))?;
        ensure!(trailer.end == FORMAT, Damaged("its last line is not a backup's".into()));
        ensure!(trailer.header == self.header_sum, Damaged("its first line was altered".into()));
        for (read, written) in self.sums.iter().zip(&trailer.tables) {
            ensure!(read == written, Damaged(format!("the rows of {} were altered", read.name)));
        }
        ensure!(trailer.tables.len() == self.sums.len(), Damaged("its last line lists other tables".into()));
        self.advance()?;
        ensure!(self.line.is_empty(), Damaged("something follows its end".into()));
        Ok(self.sums)
    }
}
