//! Replays a scenario against an API, as the course's simulator does.
//!
//! The order of calls is in `plan`, one call in `client`, the figures in `report`. One thread: the replayer
//! shares its machine with the server that it measures, and 0.2 ms a call is mostly the server's.

mod client;
mod plan;
mod report;

use std::{cell::RefCell, future, time::Instant};

use futures_util::future::try_join_all;
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

use self::{client::is_right, report::Tally};
pub use self::{
    client::{PATIENCE_MS, Simulator},
    plan::{Lanes, phases, side_by_side},
    report::{CommandReport, Report, WrongAnswer},
};
use crate::scenario::Action;
pub use crate::{http::Outcome, latencies::Latencies};

/// ISO 8601; of a moment in UTC.
const TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// Who looks on while a replay goes on.
pub trait Onlooker {
    /// Comes before each action, which waits for it.
    fn before(&self) -> impl Future<Output = ()> {
        future::ready(())
    }

    /// Comes after each action, with what was wrong about its answer, if anything was.
    ///
    /// # Errors
    /// End the replay.
    fn after(&self, wrong: Option<&WrongAnswer>) -> anyhow::Result<()>;
}

/// Nobody looks on.
impl Onlooker for () {
    fn after(&self, _: Option<&WrongAnswer>) -> anyhow::Result<()> {
        Ok(())
    }
}

/// A replay. Its lanes take turns on one thread and hold no borrow while they wait.
pub struct Replay<O> {
    simulator: Simulator,
    onlooker: O,
    tally: RefCell<Tally>,
}

impl<O: Onlooker> Replay<O> {
    /// A replay by this simulator, under these eyes.
    pub fn new(simulator: Simulator, onlooker: O) -> Self {
        Self { simulator, onlooker, tally: RefCell::default() }
    }

    /// Sends what is planned: one phase after the other, the lanes of each side by side.
    ///
    /// # Errors
    /// The onlooker's, and an action that makes no request. Wrong answers are no errors: they are reported.
    pub async fn run(self, phases: Vec<Lanes<'_, '_>>) -> anyhow::Result<Report> {
        let start = Instant::now();
        for lanes in phases {
            try_join_all(lanes.iter().map(|lane| self.replay(lane))).await?;
        }
        Ok(self.tally.into_inner().finish(start.elapsed()))
    }

    async fn replay(&self, lane: &[&Action<'_>]) -> anyhow::Result<()> {
        for action in lane {
            self.onlooker.before().await;
            let (outcome, time) = self.simulator.send(action).await?;
            self.tally.borrow_mut().add(action.command.kind(), outcome, time);
            let wrong = (!is_right(outcome)).then(|| self.wrong_answer(action, outcome)).transpose()?;
            self.onlooker.after(wrong.as_ref())?;
            self.tally.borrow_mut().note(wrong);
        }
        Ok(())
    }

    fn wrong_answer(&self, action: &Action<'_>, answer: Outcome) -> anyhow::Result<WrongAnswer> {
        let (time, host) = (OffsetDateTime::now_utc().format(TIME)?, self.simulator.host().to_owned());
        Ok(WrongAnswer { time, host, id: action.id, answer, command: action.command.kind() })
    }
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, time::Duration};

    use minitwit::config::SimulatorSettings;

    use super::*;
    use crate::scenario;

    /// Notes what it is told, in order.
    #[derive(Default)]
    struct Notes(RefCell<Vec<String>>);

    impl Onlooker for &Notes {
        async fn before(&self) {
            self.0.borrow_mut().push("before".to_owned());
        }

        fn after(&self, wrong: Option<&WrongAnswer>) -> anyhow::Result<()> {
            self.0.borrow_mut().push(wrong.unwrap().to_string());
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_wrong_answer_is_a_line_of_time_host_id_code_and_command() {
        // A port where nobody listens.
        let host = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let settings = SimulatorSettings { enabled: true, username: "simulator".to_owned(), password: "x".into() };
        let simulator =
            Simulator::new(&format!("http://{host}/api"), false, Duration::from_secs(1), &settings).unwrap();
        let notes = Notes::default();
        let file = b"7\t0\t0\tregister\tA B\ta@b\tpw\n9\t0\t0\ttweet\tA B\thello\n";
        let actions = scenario::parse(file).unwrap();
        let report = Replay::new(simulator, &notes).run(phases(&actions, 1)).await.unwrap();
        assert_eq!((report.all.count, report.failed, report.wrong_answers.len()), (2, 2, 2));

        let notes = notes.0.into_inner();
        assert_eq!((notes.len(), notes[0].as_str(), notes[2].as_str()), (4, "before", "before"));
        for (note, expected) in [(&notes[1], "7,connection_error,register"), (&notes[3], "9,connection_error,tweet")] {
            let (time, rest) = note.split_once(',').unwrap();
            assert_eq!(rest, format!("{host},{expected}"));
            // 2026-11-21T04:59:44.277Z
            assert!(time.len() == 24 && time.starts_with("20") && time.ends_with('Z'), "{time}");
        }
    }
}
