//! The words of Minitwit: names, passwords, messages, ids.
//!
//! Pure types that cannot hold a bad value: what parses here is fit to be stored and shown.
//! Knows nothing of HTTP, SQL or settings files. Numbers and rules come from the course's
//! contract for the site and its simulator (`docs/API.md` has them in our words).

pub mod email;
pub mod ids;
pub mod invisible;
pub mod link;
pub mod lookalikes;
mod marks;
pub mod message;
pub mod password;
pub mod profile;
pub mod return_path;
pub mod routes;
pub mod search;
pub mod segments;
pub mod tag;
pub mod username;
pub mod words;

pub use email::Email;
pub use ids::{MessageId, UserId};
pub use message::{MessageError, MessageRules, MessageText};
pub use password::{Hasher, Password, PasswordError, PasswordRules};
pub use profile::{Bio, DisplayName, ProfileError, Website};
pub use return_path::ReturnPath;
pub use search::{SearchError, SearchQuery};
pub use segments::Segment;
pub use tag::Tag;
pub use username::Username;
