//! `minitwit flag` and `unflag`: the course's moderation tool, with its arguments and its output.

use std::{
    io::{self, BufWriter, ErrorKind, Write},
    process::ExitCode,
};

use clap::Args;

use crate::{
    config::Settings,
    db::{DbConnection, Target, messages},
    domain::MessageId,
};

/// How `flag` is used.
pub(super) const FLAG_USAGE: &str = "minitwit flag <ID>...\n       minitwit flag -i\n       minitwit flag -h";

/// Messages read from the database at once by `-i`.
const BATCH: i64 = 1000;

/// Arguments of `flag`.
#[derive(Args)]
pub(super) struct FlagArguments {
    /// Print every message as `id,author_id,text,flagged`, one a line.
    #[arg(short = 'i', conflicts_with = "ids", required_unless_present = "ids")]
    list: bool,
    /// Ids of messages to hide.
    #[arg(value_name = "ID")]
    ids: Vec<i64>,
}

/// Arguments of `unflag`.
#[derive(Args)]
pub(super) struct UnflagArguments {
    /// Ids of messages to show again.
    #[arg(value_name = "ID", required = true)]
    ids: Vec<i64>,
}

/// Lists messages, or hides some.
pub(super) fn flag(arguments: &FlagArguments, settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut conn = Target::parse(&settings.database.url)?.connect_existing()?;
    if arguments.list {
        return match list(&mut conn) {
            // `minitwit flag -i | head` is no failure.
            Err(why) if why.downcast_ref::<io::Error>().is_some_and(|why| why.kind() == ErrorKind::BrokenPipe) => {
                Ok(ExitCode::SUCCESS)
            }
            outcome => outcome.map(|()| ExitCode::SUCCESS),
        };
    }
    set(&mut conn, &arguments.ids, true, "Flagged entry")
}

/// Shows hidden messages again.
pub(super) fn unflag(arguments: &UnflagArguments, settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut conn = Target::parse(&settings.database.url)?.connect_existing()?;
    set(&mut conn, &arguments.ids, false, "Unflagged entry")
}

fn set(conn: &mut DbConnection, ids: &[i64], flagged: bool, done: &str) -> anyhow::Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    for &id in ids {
        if messages::set_flagged(conn, MessageId(id), flagged)? {
            println!("{done}: {id}");
        } else {
            eprintln!("There is no message {id}");
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

fn list(conn: &mut DbConnection) -> anyhow::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut after = MessageId(i64::MIN);
    loop {
        let batch = messages::list_for_flagging(conn, after, BATCH)?;
        let Some(last) = batch.last() else { break };
        after = MessageId(last.id);
        for message in batch {
            // One line each, whatever the text holds.
            let text = message.text.replace('\n', " ");
            writeln!(out, "{},{},{text},{}", message.id, message.author_id, i32::from(message.flagged))?;
        }
    }
    out.flush()?;
    Ok(())
}
