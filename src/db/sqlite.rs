//! SQLite's file: how it is made and opened, and whether what is open is what lies on the disk.
//!
//! No function here opens a file of the database, and nothing else in this program may: SQLite holds POSIX
//! locks on it, and closing **any** descriptor of a file drops all such locks that the process has. An
//! outsider would then take itself for the last user and remove the journal (`-wal`) under us, with all that
//! was acknowledged since the last checkpoint. Files are made by `mknod` and looked at by `stat`.
//! `tests/tidy/` holds `db/` to this.

use std::{
    fmt, fs,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
};

use diesel::{
    Connection, QueryResult, SqliteConnection, connection::SimpleConnection, prelude::*, sql_query, sql_types::Integer,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use rustix::{
    fs::{Access as Rights, CWD, FileType, Mode, access, mknodat},
    io::Errno,
};

use super::connection::{Access, OpenError};
use crate::config::Synchronous;

/// What a path in a URI may keep.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How a connection waits for a stranger's lock: as a request does.
pub(super) const PATIENT: &str = "PRAGMA busy_timeout = 5000";

/// For less time than those who ask wait.
pub(super) const IMPATIENT: &str = "PRAGMA busy_timeout = 500";

/// Makes the file if it is missing. It will hold e-mail addresses and password hashes: only its owner may
/// read it. SQLite gives its journal the same mode.
pub(super) fn create_private(file: &Path) -> Result<(), OpenError> {
    match mknodat(CWD, file, FileType::RegularFile, Mode::RUSR | Mode::WUSR, 0) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(why) => Err(explain(file, &why)),
    }
}

/// Opens a file that is there.
pub(super) fn open(file: &Path, rights: Access) -> Result<SqliteConnection, OpenError> {
    // Without the right to write SQLite would open it all the same, and refuse each write.
    let wanted = match rights {
        Access::ReadOnly => Rights::READ_OK,
        Access::ReadWrite(_) => Rights::READ_OK | Rights::WRITE_OK,
    };
    access(file, wanted).map_err(|why| explain(file, &why))?;
    prepare(file, rights).map_err(|why| explain(file, &why))
}

fn prepare(file: &Path, rights: Access) -> Result<SqliteConnection, OpenError> {
    let mut conn = SqliteConnection::establish(&uri(file))?;
    // Each on its own and in this order: the first makes the others wait for a lock.
    conn.batch_execute(PATIENT)?;
    match rights {
        Access::ReadOnly => conn.batch_execute("PRAGMA query_only = ON")?,
        Access::ReadWrite(synchronous) => {
            conn.batch_execute("PRAGMA journal_mode = WAL")?;
            conn.batch_execute(match synchronous {
                Synchronous::Normal => "PRAGMA synchronous = NORMAL",
                Synchronous::Full => "PRAGMA synchronous = FULL",
            })?;
            conn.batch_execute("PRAGMA foreign_keys = ON")?;
            // Bytes that the journal may keep once nobody needs it any more; some 4 MB are usual.
            conn.batch_execute("PRAGMA journal_size_limit = 67108864")?;
        }
    }
    // The first look into the file: what is no database is found now.
    conn.batch_execute("SELECT count(*) FROM sqlite_master")?;
    Ok(conn)
}

/// A path alone would have SQLite make a file that is missing, readable by all.
fn uri(file: &Path) -> String {
    let authority = if file.is_absolute() { "//" } else { "" };
    format!("file:{authority}{}?mode=rw", percent_encode(file.as_os_str().as_bytes(), PATH))
}

/// SQLite says "unable to open database file" of almost everything.
fn explain(file: &Path, why: &dyn fmt::Display) -> OpenError {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let reason = if !folder.is_dir() {
        format!("there is no folder {}", folder.display())
    } else if file.is_symlink() && !file.exists() {
        "it is a link to a file that is not there".to_owned()
    } else if file.is_dir() {
        "it is a folder".to_owned()
    } else if let Err(closed) = access(folder, Rights::WRITE_OK | Rights::EXEC_OK) {
        format!("{why}; Minitwit must be able to make files in {}: {closed}", folder.display())
    } else {
        why.to_string()
    };
    OpenError::File { file: file.to_owned(), reason }
}

/// Which files a connection has open: the database, its journal, and the index to that.
pub(super) struct Files([(PathBuf, Option<Identity>); 3]);

/// Device and number.
type Identity = (u64, u64);

impl Files {
    /// Those of a connection that has just been opened and has read.
    pub(super) fn of(file: &Path) -> Result<Self, OpenError> {
        // SQLite follows links, too, and has the others beside the file itself.
        let file = fs::canonicalize(file).map_err(|why| explain(file, &why))?;
        Ok(Self(["", "-wal", "-shm"].map(|ending| {
            let mut path = file.clone().into_os_string();
            path.push(ending);
            let path = PathBuf::from(path);
            let identity = identity(&path);
            (path, identity)
        })))
    }

    /// Looks where they are now. Three calls of `stat`, and a fourth where something is amiss.
    pub(super) fn look(&self) -> Whereabouts {
        let [database, journal, index] = self.0.each_ref().map(|(path, known)| (identity(path), known));
        let is_ours = |(found, known): (Option<Identity>, &Option<Identity>)| found == *known;
        if is_ours(database) && is_ours(journal) && is_ours(index) {
            return Whereabouts::InPlace;
        }
        let none_has_begun = || fs::metadata(&self.0[1].0).map_or(true, |found| found.len() == 0);
        let nobody_else_writes = match index.0 {
            // Nobody can have opened the database since without making one.
            None => journal.0.is_none(),
            Some(_) => is_ours(index) && none_has_begun(),
        };
        if is_ours(database) && nobody_else_writes { Whereabouts::WithoutJournal } else { Whereabouts::Elsewhere }
    }
}

/// Where the files of a connection are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whereabouts {
    /// All three lie where they were.
    InPlace,
    /// The journal has been removed, and nobody has begun another: what is in ours, which nobody else will ever
    /// read, may be moved into the database.
    WithoutJournal,
    /// Another program may have written since by other files than ours: whatever we write, or move out of our
    /// journal, may destroy the database. Closing the last connection moves it.
    Elsewhere,
}

/// How much is done to empty the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FoldIn {
    /// What nobody is in the way of; waits for nobody.
    Passive,
    /// All, and the journal is cut to nothing; waits for others half a second.
    Truncate,
}

#[derive(QueryableByName)]
struct Checkpoint {
    #[diesel(sql_type = Integer)]
    busy: i32,
    #[diesel(sql_type = Integer)]
    log: i32,
    #[diesel(sql_type = Integer)]
    checkpointed: i32,
}

/// Moves what is in the journal into the database; whether all of it is there now.
pub(super) fn fold_in(conn: &mut SqliteConnection, how: FoldIn) -> QueryResult<bool> {
    let statement = match how {
        FoldIn::Passive => "PRAGMA wal_checkpoint(PASSIVE)",
        FoldIn::Truncate => "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    conn.batch_execute(IMPATIENT)?;
    let outcome = sql_query(statement).get_result::<Checkpoint>(conn);
    conn.batch_execute(PATIENT)?;
    outcome.map(|done| done.busy == 0 && done.log == done.checkpointed)
}

/// Bytes of the journal beside the file; 0 where there is none.
pub(super) fn journal_size(file: &Path) -> u64 {
    let Ok(file) = fs::canonicalize(file) else { return 0 };
    let mut journal = file.into_os_string();
    journal.push("-wal");
    fs::metadata(journal).map_or(0, |found| found.len())
}

fn identity(path: &Path) -> Option<Identity> {
    fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}
