//! Accounts: registering and proving who one is.

pub mod api;
pub mod html;

use std::net::IpAddr;

use tracing::info;

use super::Source;
use crate::{
    db::{
        self,
        users::{self, NewUser, Taken},
    },
    domain::{Email, Password, PasswordError, PasswordRules, UserId, Username, password::Verdict},
    error::Error,
    state::{AppState, HashPlace, Lane},
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

/// Who registers. It decides what the password must fulfil, what is counted, and whom the hash waits for.
#[derive(Clone, Copy, Debug)]
pub enum Registrant {
    /// The simulator, by its credentials.
    Simulator,
    /// Anybody, from this address.
    Person(IpAddr),
}

impl Registrant {
    fn rules(self, state: &AppState) -> PasswordRules {
        match self {
            Self::Simulator => PasswordRules::ANY,
            Self::Person(_) => state.passwords.rules(),
        }
    }

    /// Counts a registration that is about to cost a hash, and finds a place for it. What a form is refused for
    /// before costs nothing: a neighbour who sends empty ones takes nobody's place.
    async fn place(self, state: &AppState) -> Result<HashPlace, Error> {
        match self {
            Self::Simulator => state.passwords.place(Lane::Simulator).await,
            Self::Person(address) => {
                let place = state.passwords.place(Lane::People).await?;
                state.throttle.registration(address)?;
                Ok(place)
            }
        }
    }
}

/// Why an account was not made. `Display` is what the user reads; the contract fixes the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// There is no such user.
    #[error("Invalid username")]
    UnknownUser,
    /// There is, with another password.
    #[error("Invalid password")]
    WrongPassword,
}

/// Makes an account. The inner error is the user's to mend: the first rule broken, in the
/// contract's order.
///
/// # Errors
/// When the database or the hash gate does not answer.
pub async fn register(
    state: &AppState,
    source: Source,
    registrant: Registrant,
    account: NewAccount,
) -> Result<Result<UserId, RegisterError>, Error> {
    let outcome = try_register(state, registrant, account).await?;
    let result = if outcome.is_ok() { "ok" } else { "refused" };
    state.metrics.registrations.with_label_values(&[source.as_str(), result]).inc();
    Ok(outcome)
}

async fn try_register(
    state: &AppState,
    registrant: Registrant,
    account: NewAccount,
) -> Result<Result<UserId, RegisterError>, Error> {
    // Its users may have names that look like others'.
    let is_simulators = matches!(registrant, Registrant::Simulator);
    let (username, email, password) = match check(account, registrant.rules(state)) {
        Ok(checked) => checked,
        Err(refusal) => return Ok(Err(refusal)),
    };
    // Asked before hashing, which costs a thousand times as much; settled by the insert.
    let name = username.clone();
    let is_free = move |conn: &mut db::DbConnection| users::check_free(conn, &name, is_simulators);
    if let Err(taken) = state.db.read("find_user", is_free).await? {
        return Ok(Err(taken.into()));
    }
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
    Ok(outcome.map_err(RegisterError::from))
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

/// Finds out whether somebody is who they say, and refreshes a hash made with old parameters.
///
/// # Errors
/// When the database or the hash gate does not answer.
pub async fn authenticate(
    state: &AppState,
    username: &str,
    password: String,
) -> Result<Result<UserId, LoginError>, Error> {
    let outcome = try_authenticate(state, username, password).await?;
    let result = match outcome {
        Ok(_) => "ok",
        Err(LoginError::UnknownUser) => "unknown_user",
        Err(LoginError::WrongPassword) => "wrong_password",
    };
    state.metrics.logins.with_label_values(&[result]).inc();
    Ok(outcome)
}

async fn try_authenticate(
    state: &AppState,
    username: &str,
    password: String,
) -> Result<Result<UserId, LoginError>, Error> {
    let place = state.passwords.place(Lane::People).await?;
    let found = match Username::parse(username) {
        Some(name) => {
            state.db.read("find_credentials", move |conn| users::find_credentials(conn, name.as_str())).await?
        }
        None => None,
    };
    let Some(password) = Password::claim(password) else {
        return Ok(Err(found.map_or(LoginError::UnknownUser, |_| LoginError::WrongPassword)));
    };
    // Also for a user that does not exist: the answer takes as long.
    let stored = found.as_ref().map(|user| user.password_hash.clone());
    let verdict = state.passwords.verify(place, password.clone(), stored).await?;
    let Some(user) = found else { return Ok(Err(LoginError::UnknownUser)) };
    match verdict {
        Verdict::Wrong => return Ok(Err(LoginError::WrongPassword)),
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
    Ok(Ok(user.id))
}
