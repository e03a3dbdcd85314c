//! What no deployment should start with. Every refusal says what to set.

use std::time::Duration;

use anyhow::ensure;
use humantime::format_duration;
use secrecy::ExposeSecret;

use super::{DatabaseSettings, DatabaseUrl, Mode, Settings};

/// The password of the course's material, which everybody knows.
pub const KNOWN_PASSWORD: &str = "super_safe!";

/// What Postgres and Linux count in milliseconds has 31 bits: some 24 days. So for what is handed to them.
const LONGEST: Duration = Duration::from_hours(24 * 24);

impl Settings {
    /// Refuses values that cannot work, and in production those that would hurt.
    ///
    /// # Errors
    /// The first refusal, as a sentence.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        self.check_values()?;
        if self.mode == Mode::Production {
            self.check_production()?;
        }
        Ok(())
    }

    /// Refuses values that cannot work.
    ///
    /// # Errors
    /// The first refusal, as a sentence.
    pub fn check_values(&self) -> anyhow::Result<()> {
        let (server, ops) = (&self.server, &self.ops);
        ensure!(
            server.port == 0 || server.port != ops.port || server.host != ops.host,
            "server.port and ops.port are both {}: give the operators' listener a port of its own",
            ops.port
        );
        ensure!(server.max_connections > 0, "server.max_connections is 0: nobody could connect (set 1 or more)");
        for (key, bytes) in [
            ("body_limit", server.body_limit),
            ("header_limit", server.header_limit),
            ("path_limit", server.path_limit),
        ] {
            ensure!(bytes > 0, "server.{key} is 0: every request would be refused (set bytes, 1 or more)");
        }
        let passwords = &self.passwords;
        ensure!(
            passwords.iterations > 0 && passwords.parallelism > 0 && passwords.memory_kib / 8 >= passwords.parallelism,
            "argon2 wants passwords.iterations and passwords.parallelism of 1 or more, and passwords.memory_kib of at \
             least 8 times the parallelism: they are {}, {} and {}",
            passwords.iterations,
            passwords.parallelism,
            passwords.memory_kib
        );
        ensure!(self.database.pool_size > 0, "database.pool_size is 0: nothing could be read (set 1 or more)");
        ensure!(
            (1..=1000).contains(&self.messages.page_size),
            "messages.page_size is {}: set 1 to 1000",
            self.messages.page_size
        );
        ensure!(self.messages.max_length > 0, "messages.max_length is 0: nobody could post (set 1 or more)");
        ensure!(
            self.sessions.lifetime.as_secs() > 0,
            "sessions.lifetime_days is 0: nobody could sign in (set 1 or more)"
        );
        let second = Duration::from_secs(1);
        for (key, interval) in [
            ("sessions.sweep_interval", self.sessions.sweep_interval),
            ("metrics.refresh_interval", self.metrics.refresh_interval),
            ("backup.retry_interval", self.backup.retry_interval),
        ] {
            ensure!(interval >= second, "{key} is {}: set seconds, 1 or more", format_duration(interval));
        }
        let hour = 3600 * second;
        ensure!(
            self.backup.interval >= hour,
            "backup.interval_hours is {}: set hours, 1 or more",
            format_duration(self.backup.interval)
        );
        ensure!(!self.database.wait.is_zero(), "database.wait_ms is 0: nothing could be read (set 1 or more)");
        for (key, longest) in [
            ("database.statement_timeout_ms", self.database.statement_timeout),
            ("server.response_timeout", self.server.response_timeout),
        ] {
            ensure!(
                longest <= LONGEST,
                "{key} is {}: set {} or less",
                format_duration(longest),
                format_duration(LONGEST)
            );
        }
        ensure!(self.database.replicas > 0, "database.replicas is 0: count this process too (set 1 or more)");
        ensure!(self.backup.keep > 0, "backup.keep is 0: no backup would stay (set 1 or more)");
        Ok(())
    }

    fn check_production(&self) -> anyhow::Result<()> {
        let password = self.simulator.password.expose_secret();
        ensure!(
            !self.simulator.enabled || (password != KNOWN_PASSWORD && !password.is_empty()),
            "the simulator's password is the default one, which everybody knows: set \
             MINITWIT__SIMULATOR__PASSWORD (or MINITWIT__SIMULATOR__PASSWORD_FILE), or \
             MINITWIT__SIMULATOR__ENABLED=false"
        );
        ensure!(
            self.database.replicas == 1 || !self.database.is_sqlite(),
            "SQLite is one file that one process serves, and database.replicas is {}: use Postgres, or set \
             MINITWIT__DATABASE__REPLICAS=1",
            self.database.replicas
        );
        Ok(())
    }
}

impl DatabaseSettings {
    /// Whether the database is a file, which one process serves.
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        matches!(DatabaseUrl::parse(self.url.expose_secret()), DatabaseUrl::Sqlite(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_work_is_refused_by_its_key() {
        type Change = fn(&mut Settings);
        let changes: [(&str, Change); 14] = [
            ("server.port and ops.port", |settings| settings.ops.port = settings.server.port),
            ("server.max_connections", |settings| settings.server.max_connections = 0),
            ("server.header_limit", |settings| settings.server.header_limit = 0),
            ("server.body_limit", |settings| settings.server.body_limit = 0),
            ("passwords.memory_kib", |settings| settings.passwords.memory_kib = 1),
            ("passwords.iterations", |settings| settings.passwords.iterations = 0),
            ("database.pool_size", |settings| settings.database.pool_size = 0),
            ("database.wait_ms", |settings| settings.database.wait = Duration::ZERO),
            ("database.statement_timeout_ms", |settings| settings.database.statement_timeout = LONGEST * 2),
            ("server.response_timeout", |settings| settings.server.response_timeout = LONGEST * 2),
            ("sessions.sweep_interval", |settings| settings.sessions.sweep_interval = Duration::from_millis(1)),
            ("metrics.refresh_interval", |settings| settings.metrics.refresh_interval = Duration::ZERO),
            ("backup.retry_interval", |settings| settings.backup.retry_interval = Duration::from_millis(999)),
            ("backup.interval_hours", |settings| settings.backup.interval = Duration::from_secs(24)),
        ];
        assert!(Settings::defaults().check_values().is_ok());
        for (key, change) in changes {
            let mut settings = Settings::defaults();
            change(&mut settings);
            let why = settings.check_values().unwrap_err().to_string();
            assert!(why.contains(key), "{key}: {why}");
        }
    }

    #[test]
    fn any_free_port_twice_is_two_ports() {
        let mut settings = Settings::defaults();
        (settings.server.port, settings.ops.port) = (0, 0);
        assert!(settings.check_values().is_ok());
    }
}
