//! Backups: a database as one file, and back.
//!
//! What the file looks like is in `format.rs`, the way of the rows in `transfer.rs`, that of the file in `file.rs`;
//! `verify.rs` restores a backup elsewhere and compares; [`service`] does all of it regularly. Which tables there
//! are, and what a row of each is, is the data's own list, `db/tables/`. Nothing here knows of the site.
//! `docs/adr/0012-a-backup-format-of-our-own.md` says why it is a format of our own.

mod file;
mod format;
pub mod service;
mod transfer;
mod verify;
mod watch;

pub use file::{create_file, folder_of, open_file};
pub use format::{Header, Sum};
pub use transfer::{Taken, back_up, restore};
pub use verify::{verify_below, verify_in};
pub use watch::Watch;
