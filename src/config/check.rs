//! What no deployment should start with. Every refusal says what to set.

use anyhow::ensure;
use secrecy::ExposeSecret;

use super::{Mode, Settings};

/// The password of the course's material, which everybody knows.
const KNOWN_PASSWORD: &str = "super_safe!";

impl Settings {
    /// Refuses values that cannot work, and in production those that would hurt.
    ///
    /// # Errors
    /// The first refusal, as a sentence.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!(self.database.pool_size > 0, "database.pool_size is 0: nothing could be read (set 1 or more)");
        ensure!(
            (1..=1000).contains(&self.messages.page_size),
            "messages.page_size is {}: set 1 to 1000",
            self.messages.page_size
        );
        ensure!(self.messages.max_length > 0, "messages.max_length is 0: nobody could post (set 1 or more)");
        ensure!(self.sessions.lifetime_days > 0, "sessions.lifetime_days is 0: nobody could sign in (set 1 or more)");
        ensure!(self.sessions.sweep_interval > 0, "sessions.sweep_interval is 0: set seconds, 1 or more");
        ensure!(self.metrics.refresh_interval > 0, "metrics.refresh_interval is 0: set seconds, 1 or more");
        if self.mode == Mode::Production {
            self.check_production()?;
        }
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
        Ok(())
    }
}
