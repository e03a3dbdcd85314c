//! `minitwit migrate`: a step of its own before a roll-out.

use std::process::ExitCode;

use crate::{
    config::Settings,
    db::{Target, migrations, people, words},
};

/// Applies what is pending, says what that was, and works out what older releases have not stored with their rows: a
/// Minitwit that migrates at its start does that beside everything else.
pub(super) fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let target = Target::parse(&settings.database.url)?;
    let applied = migrations::run(&target)?;
    for name in &applied {
        println!("applied {name}");
    }
    if applied.is_empty() {
        println!("nothing to apply: the schema is current");
    }
    let conn = &mut target.connect()?;
    let (people, messages) = (people::fill(conn)?, words::fill(conn)?);
    if people + messages > 0 {
        println!("worked out what {people} people and {messages} messages are found by");
    }
    Ok(ExitCode::SUCCESS)
}
