//! Backups: a database as one file, and back.
//!
//! What the file looks like is in [`format`], one table's row in [`records`]; the rows' way is in
//! [`transfer`], the file's in [`file`]. [`verify`] restores a backup elsewhere and compares; [`service`] does all
//! of it regularly. Nothing here knows of the site: it uses the data (`db/`), and is used by subcommands.
//! `docs/adr/0012-a-backup-format-of-our-own.md` says why it is a format of our own.

mod file;
mod format;
mod records;
pub mod service;
mod transfer;
mod verify;
mod watch;

pub use file::{create, folder_of, open};
pub use format::{Header, Sum};
pub use transfer::{Taken, back_up, restore};
pub use verify::{verify_below, verify_in};
pub use watch::Watch;
