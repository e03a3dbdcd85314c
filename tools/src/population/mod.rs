//! The population of a filled database: readers, the silent and ordinary users, what they wrote and whom they follow.
//!
//! How much of what there is and who is special is in [`Plan`]; the rows themselves are in [`Rows`].

mod plan;
mod rows;

pub use self::{
    plan::{Plan, READERS, Reader, Whom},
    rows::Rows,
};
