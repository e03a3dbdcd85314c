//! What both doors share and no feature owns: sessions, the cross-site check, bodies, errors, pages.
//!
//! Knows no feature. The order in which the middleware of this module runs is explained once, in
//! `router.rs`.

pub mod assets;
pub mod body;
pub mod client_address;
pub mod cookies;
pub mod cross_origin;
pub mod errors;
pub mod flash;
pub mod forms;
pub mod headers;
pub mod html;
pub mod json;
pub mod layout;
pub mod limits;
pub mod observe;
pub mod operations;
pub mod paging;
pub mod query;
pub mod rejected;
pub mod returning;
pub mod routing;
pub mod session;
pub mod slices;
