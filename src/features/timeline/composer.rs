//! The box to write in: a message, or a reply to one.

use crate::{
    domain::{Username, routes},
    http::session::Viewer,
    state::AppState,
};

/// The box, with what was typed if it was refused.
pub struct Composer {
    /// Who writes.
    pub username: Username,
    /// What was typed.
    pub text: String,
    /// What is wrong with it.
    pub error: Option<String>,
    /// Characters that fit.
    pub max_length: usize,
    /// Where it is sent.
    pub path: String,
    /// Whom it answers.
    pub answered: Option<String>,
}

impl Composer {
    /// An empty box for a message.
    #[must_use]
    pub fn to_post(state: &AppState, viewer: &Viewer) -> Self {
        Self {
            username: viewer.username.clone(),
            text: String::new(),
            error: None,
            max_length: state.settings.messages.max_length,
            path: format!("/{}", routes::ADD_MESSAGE),
            answered: None,
        }
    }

    /// An empty box for a reply to the message at `path`, which is `answered`'s.
    #[must_use]
    pub fn to_reply(state: &AppState, viewer: &Viewer, path: &str, answered: &str) -> Self {
        Self { path: format!("{path}/reply"), answered: Some(answered.to_owned()), ..Self::to_post(state, viewer) }
    }
}
