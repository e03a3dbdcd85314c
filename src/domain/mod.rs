//! The words of Minitwit: names, passwords, messages, ids.
//!
//! Pure types that cannot hold a bad value: what parses here is fit to be stored and shown.
//! Knows nothing of HTTP, SQL or settings files. Numbers and rules come from the course's
//! contract for the site and its simulator (`docs/API.md` has them in our words).

pub mod email;
pub mod ids;
pub mod invisible;
pub mod lookalikes;
mod marks;
pub mod message;
pub mod password;
pub mod routes;
pub mod username;

pub use email::Email;
pub use ids::{MessageId, UserId};
pub use message::{MessageError, MessageRules, MessageText};
pub use password::{Hasher, Password, PasswordError, PasswordRules};
pub use username::Username;
