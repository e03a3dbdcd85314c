//! Whose profile a timeline is, as its page shows them.

use super::{
    Relation,
    pieces::{Piece, pieces},
};
use crate::{
    db::profiles::Header,
    domain::{Username, link::Link},
    http::{html::profile_path, returning},
};

/// Whose profile it is, and how the viewer stands to them.
pub struct Owner<'a> {
    /// Their name.
    pub username: &'a Username,
    /// What their page says of them.
    pub header: &'a Header,
    /// How the viewer stands to them; none for strangers.
    pub relation: Option<Relation>,
    /// Whether they follow the viewer.
    pub is_follower: bool,
}

impl Owner<'_> {
    /// Whether the viewer stands so to them.
    #[must_use]
    pub fn is(&self, relation: Relation) -> bool {
        self.relation == Some(relation)
    }

    /// Where their page is.
    #[must_use]
    pub fn path(&self) -> String {
        profile_path(self.username.as_str())
    }

    /// Where somebody signs in who would follow them.
    #[must_use]
    pub fn sign_in_path(&self) -> String {
        returning::sign_in_path(&self.path())
    }

    /// What they are called, in their own words if they have any.
    #[must_use]
    pub fn name(&self) -> &str {
        self.header.display_name.as_deref().unwrap_or(self.username.as_str())
    }

    /// Their few lines, if they have any. Nobody is mentioned there: that is for messages.
    #[must_use]
    pub fn bio(&self) -> Option<Vec<Piece<'_>>> {
        self.header.bio.as_deref().map(|bio| pieces(bio, &[]))
    }

    /// The address of their website, and how it is shown.
    #[must_use]
    pub fn website(&self) -> Option<Link> {
        self.header.website.as_deref().and_then(Link::parse)
    }
}
