//! What has no data in this test, and why. The test fails for whatever is empty and not listed, for an
//! entry that is found nowhere, and for one that is `Always` empty and has data after all.

use super::files::Source;

/// How sure it is that nothing comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Always,
    /// It depends on the machine or the moment.
    Sometimes,
}

/// Queries that contain a text.
pub struct Entry {
    pub source: Source,
    pub text: &'static str,
    pub when: When,
    /// For whoever reads this file.
    #[expect(dead_code, reason = "the reason is for people")]
    pub why: &'static str,
}

impl Entry {
    pub fn is_about(&self, place: &str, query: &str) -> bool {
        query.contains(self.text) || place.contains(self.text)
    }
}

const fn always(source: Source, text: &'static str, why: &'static str) -> Entry {
    Entry { source, text, when: When::Always, why }
}

const fn sometimes(source: Source, text: &'static str, why: &'static str) -> Entry {
    Entry { source, text, when: When::Sometimes, why }
}

pub const EMPTY_HERE: &[Entry] = &[
    always(
        Source::Prometheus,
        "pg_stat_user_tables_",
        "Debian's postgres_exporter 0.11 does not count by table; 0.13 and later, as in the stack, do",
    ),
    always(
        Source::Prometheus,
        r#"certificate="public""#,
        "no public authority vouches for a name in this test; the panel shows the local certificate",
    ),
    always(
        Source::Prometheus,
        r#"last_over_time(minitwit_simulator_actions_total{action="register""#,
        "a registration that is answered 4xx or 5xx other than 400: the database would have to be away",
    ),
    sometimes(
        Source::Prometheus,
        "node_disk_",
        "a machine whose disk is not a block device of its own, such as a container",
    ),
    sometimes(Source::Prometheus, "node_vmstat_oom_kill", "a kernel that does not count them"),
    always(Source::Loki, "level=~\"error|fatal\"", "there is no Loki here: neither Debian nor PyPI has it"),
];
