//! SQL panels, asked of the real Postgres as the role that Grafana has.

use std::process::Command;

use super::{
    files::{Question, Source},
    watched::Watched,
};
use crate::harness::tool;

/// The rows of an answer, or what Postgres says instead.
fn ask(watched: &Watched, role: &str, sql: &str) -> Result<Vec<String>, String> {
    let output = Command::new(tool("psql").unwrap())
        .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"])
        .args(["--host", &watched.socket, "--username", role, "--dbname", "minitwit", "--command", sql])
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    if !output.status.success() {
        return Err(text(&output.stderr));
    }
    Ok(text(&output.stdout).lines().map(str::to_owned).collect())
}

/// The panels have rows, with figures in them; whatever else the role tries is refused.
pub fn every_panel_is_answered_to_a_role_that_may_read_nothing_else(watched: &Watched, questions: &[Question]) {
    let grafana = |sql: &str| ask(watched, "minitwit_grafana", sql);
    let mut asked = 0;
    for question in questions.iter().filter(|question| question.source == Source::Postgres) {
        let rows = grafana(&question.filled_in()).unwrap_or_else(|why| panic!("{}: {why}", question.place));
        let has_figure =
            rows.iter().flat_map(|row| row.split('|')).any(|value| value.parse::<f64>().is_ok_and(|it| it > 0.0));
        assert!(has_figure, "{}: {rows:?}", question.place);
        asked += 1;
    }
    assert!(asked >= 4, "{asked}");

    // What people wrote within the last minutes stands in exactly one hour's column, or in two.
    let hours = grafana("SELECT * FROM dashboards.posting_hours").unwrap();
    assert_eq!(hours.len(), 7);
    // Asked later: people are still at it.
    let posted: i64 = ask(watched, "minitwit", "SELECT count(*) FROM messages").unwrap()[0].parse().unwrap();
    let cells = hours.iter().flat_map(|row| row.split('|').skip(1)).map(|cell| cell.parse::<i64>().unwrap());
    assert!((1..=2).contains(&cells.clone().filter(|cell| *cell > 0).count()), "{hours:?}");
    assert!((1..=posted).contains(&cells.sum()), "{hours:?}");

    for role in ["minitwit_grafana", "minitwit_exporter"] {
        for sql in [
            "SELECT email FROM users",
            "SELECT email FROM public.users",
            "SELECT password_hash FROM public.users",
            "SELECT token_hash FROM public.sessions",
            "SELECT text FROM public.messages",
            "SELECT * FROM public.follows",
            "SELECT last_value FROM public.simulator_latest",
            "TABLE pg_authid",
            "COPY public.users TO STDOUT",
        ] {
            let refusal = ask(watched, role, sql).expect_err(sql);
            let is_refused = ["permission denied", "does not exist"].iter().any(|words| refusal.contains(words));
            assert!(is_refused, "{role}: {sql}: {refusal}");
        }
        // Its transactions are read-only unless it says otherwise, as here; it still may not.
        for sql in [
            "DELETE FROM public.users",
            "UPDATE public.messages SET flagged = true",
            "CREATE TABLE dashboards.mine ()",
            "CREATE TABLE public.mine ()",
            "CREATE SCHEMA mine",
            "CREATE TEMPORARY TABLE mine ()",
            "DROP VIEW dashboards.top_posters",
        ] {
            let anyway = format!("SET default_transaction_read_only = off; BEGIN READ WRITE; {sql}");
            let refusal = ask(watched, role, &anyway).expect_err(sql);
            let is_refused = ["permission denied", "must be owner"].iter().any(|words| refusal.contains(words));
            assert!(is_refused, "{role}: {sql}: {refusal}");
        }
    }
    // And the views hold nothing that they should not show.
    let columns = "SELECT column_name FROM information_schema.columns WHERE table_schema = 'dashboards'";
    let columns = grafana(columns).unwrap();
    assert!(columns.len() > 30, "{columns:?}");
    for secret in ["email", "password_hash", "token_hash", "text"] {
        assert!(!columns.iter().any(|column| column == secret), "{secret}");
    }
}
