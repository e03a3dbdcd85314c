//! Accounts: registering and proving who one is.

pub mod api;
pub mod html;

use std::net::IpAddr;

use strum::{IntoStaticStr, VariantArray};
use tracing::info;

use super::Source;
use crate::{
    db::{
        self,
        users::{self, NewUser, Taken},
    },
    domain::{Email, Password, PasswordError, PasswordRules, UserId, Username, password::Verdict},
    error::Error,
    metrics::{self, Label, Metrics},
    passwords::{HashPlace, Lane},
    state::AppState,
};

/// What somebody fills in to register.
pub struct NewAccount {
    /// The name they want.
    pub username: String,
    /// Their address.
    pub email: String,
    /// Their password.
    pub password: String,
    /// The same again, where the door asks for it.
    pub password_again: Option<String>,
}

/// Who registers, and through which door. It decides what password and name will do, and whom the hash waits for.
#[derive(Clone, Copy, Debug)]
pub enum Registrant {
    /// A person on the site, from this address.
    Visitor(IpAddr),
    /// Somebody without credentials in the API, from this address: a person, too.
    Caller(IpAddr),
    /// The simulator, by its credentials. Its users may have short passwords, and names that look like others'.
    Simulator,
}

impl Registrant {
    fn source(self) -> Source {
        match self {
            Self::Visitor(_) => Source::Web,
            Self::Caller(_) | Self::Simulator => Source::Simulator,
        }
    }

    fn is_simulator(self) -> bool {
        matches!(self, Self::Simulator)
    }

    fn rules(self, state: &AppState) -> PasswordRules {
        if self.is_simulator() { PasswordRules::ANY } else { password_rules(state) }
    }

    /// Counts a registration that is about to cost a hash, and finds a place for it. What a form is refused for
    /// before costs nothing: a neighbour who sends empty ones takes nobody's place.
    async fn place(self, state: &AppState) -> Result<HashPlace, Error> {
        match self {
            Self::Simulator => state.passwords.place(Lane::Simulator).await,
            Self::Visitor(address) | Self::Caller(address) => {
                let place = state.passwords.place(Lane::People).await?;
                state.throttle.registration(address)?;
                Ok(place)
            }
        }
    }
}

/// What a person's new password must fulfil.
#[must_use]
pub fn password_rules(state: &AppState) -> PasswordRules {
    PasswordRules { min_length: state.settings.passwords.min_length }
}

/// Why an account was not made. `Display` is what the user reads; the contract fixes the words.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// No name.
    #[error("You have to enter a username")]
    MissingUsername,
    /// No name that a user can bear.
    #[error("You have to enter a valid username")]
    InvalidUsername,
    /// No address.
    #[error("You have to enter a valid email address")]
    InvalidEmail,
    /// No password, or one against the rules.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// A typing error.
    #[error("The two passwords do not match")]
    PasswordMismatch,
    /// Somebody else was first.
    #[error("The username is already taken")]
    NameTaken,
    /// A reader would take it for somebody else's, or for the site's own.
    #[error("The username looks too much like one that is already taken")]
    Lookalike,
    /// Too many from this address, or the database or the hasher is busy or away.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<Taken> for RegisterError {
    fn from(taken: Taken) -> Self {
        match taken {
            Taken::Name => Self::NameTaken,
            Taken::Look => Self::Lookalike,
        }
    }
}

/// Why somebody was not signed in. The contract fixes the words, and so that they tell the two
/// apart; the time the answer takes does not.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// There is no such user.
    #[error("Invalid username")]
    UnknownUser,
    /// There is, with another password.
    #[error("Invalid password")]
    WrongPassword,
    /// Too many attempts, or the database or the hasher is busy or away.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// How a registration ended: in metrics the label `result`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
enum RegisterResult {
    Ok,
    Refused,
}

/// How an attempt to sign in ended: in metrics the label `result`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
enum LoginResult {
    Ok,
    UnknownUser,
    WrongPassword,
}

/// Makes an account. Limits: `limits.register_*` a minute for an address, but not for the simulator.
///
/// # Errors
/// See [`RegisterError`]: the first rule broken, in the contract's order.
pub async fn register(state: &AppState, registrant: Registrant, account: NewAccount) -> Result<UserId, RegisterError> {
    let outcome = try_register(state, registrant, account).await;
    let result = match &outcome {
        Ok(_) => RegisterResult::Ok,
        Err(RegisterError::Failed(_)) => return outcome,
        Err(_) => RegisterResult::Refused,
    };
    let labels = [registrant.source().label(), result.label()];
    state.metrics.registrations.with_label_values(&labels).inc();
    outcome
}

async fn try_register(state: &AppState, registrant: Registrant, account: NewAccount) -> Result<UserId, RegisterError> {
    let is_simulators = registrant.is_simulator();
    let (username, email, password) = check(account, registrant.rules(state))?;
    // Asked before hashing, which costs a thousand times as much; settled by the insert.
    let name = username.clone();
    let is_free = move |conn: &mut db::DbConnection| users::check_free(conn, &name, is_simulators);
    state.db.read("find_user", is_free).await??;
    let password_hash = state.passwords.hash(registrant.place(state).await?, password).await?;
    let insert = move |conn: &mut db::DbConnection| {
        let created_at = db::now();
        let user = NewUser { username: &username, email: &email, password_hash: &password_hash, created_at };
        if is_simulators { users::insert(conn, &user) } else { users::insert_distinct(conn, &user) }
    };
    let outcome = if is_simulators {
        state.db.write_one("insert_user", insert).await?
    } else {
        state.db.write("insert_user", insert).await?
    };
    outcome.map_err(RegisterError::from)
}

fn check(account: NewAccount, rules: PasswordRules) -> Result<(Username, Email, Password), RegisterError> {
    if account.username.is_empty() {
        return Err(RegisterError::MissingUsername);
    }
    let username = Username::choose(&account.username).ok_or(RegisterError::InvalidUsername)?;
    let email = Email::parse(&account.email).ok_or(RegisterError::InvalidEmail)?;
    let matches = account.password_again.is_none_or(|again| again == account.password);
    let password = Password::choose(account.password, rules)?;
    if !matches {
        return Err(RegisterError::PasswordMismatch);
    }
    Ok((username, email, password))
}

/// Finds out whether somebody is who they say, and refreshes a hash made with old parameters. Limits:
/// `limits.login_*` a minute for a name from an address, `limits.address_*` for an address over all names; only
/// guesses count for a name.
///
/// # Errors
/// See [`LoginError`]. Too many attempts are looked at first.
pub async fn sign_in(
    state: &AppState,
    address: IpAddr,
    username: &str,
    password: String,
) -> Result<UserId, LoginError> {
    let name = Username::parse(username);
    // Two spellings of one name are one name, or each would have attempts of its own.
    let attempt = state.throttle.sign_in(address, name.as_ref().map_or(username, Username::as_str))?;
    let outcome = authenticate(state, name, password).await;
    let result = match &outcome {
        Ok(_) => {
            attempt.succeeded();
            LoginResult::Ok
        }
        // A guess stays counted.
        Err(LoginError::UnknownUser) => LoginResult::UnknownUser,
        Err(LoginError::WrongPassword) => LoginResult::WrongPassword,
        Err(LoginError::Failed(_)) => {
            attempt.not_made();
            return outcome;
        }
    };
    state.metrics.logins.with_label_values(&[result.label()]).inc();
    outcome
}

async fn authenticate(state: &AppState, name: Option<Username>, password: String) -> Result<UserId, LoginError> {
    let place = state.passwords.place(Lane::People).await?;
    let found = match name {
        Some(name) => {
            state.db.read("find_credentials", move |conn| users::find_credentials(conn, name.as_str())).await?
        }
        None => None,
    };
    let Some(password) = Password::claim(password) else {
        return Err(found.map_or(LoginError::UnknownUser, |_| LoginError::WrongPassword));
    };
    // Also for a user that does not exist: the answer takes as long.
    let stored = found.as_ref().map(|user| user.password_hash.clone());
    let verdict = state.passwords.verify(place, password.clone(), stored).await?;
    let Some(user) = found else { return Err(LoginError::UnknownUser) };
    match verdict {
        Verdict::Wrong => return Err(LoginError::WrongPassword),
        Verdict::Right => {}
        Verdict::RightButOutdated => {
            let place = state.passwords.place(Lane::People).await?;
            let new_hash = state.passwords.hash(place, password).await?;
            let replace =
                move |conn: &mut db::DbConnection| users::replace_hash(conn, user.id, &user.password_hash, &new_hash);
            state.db.write_one("replace_hash", replace).await?;
            info!("a password's hash was upgraded to today's parameters");
        }
    }
    Ok(user.id)
}

/// Registrations and attempts to sign in stand at 0 from the start.
pub(super) fn begin_at_zero(metrics: &Metrics) {
    for source in Source::VARIANTS {
        for result in RegisterResult::VARIANTS {
            metrics::begin_at_zero(&metrics.registrations, [source.label(), result.label()]);
        }
    }
    for result in LoginResult::VARIANTS {
        metrics::begin_at_zero(&metrics.logins, [result.label()]);
    }
}
