//! Avatars: a picture for everybody, drawn from the user's id.
//!
//! No upload, no third party, no e-mail hash: the id goes in, an SVG comes out, the same for ever.

pub mod html;

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::domain::UserId;

/// Cells a side; mirrored in the middle, as faces and butterflies are.
const SIDE: usize = 5;

/// An identicon: about 600 bytes of SVG.
#[must_use]
pub fn identicon(user: UserId) -> String {
    let digest = Sha256::digest(user.0.to_be_bytes());
    let hue = u32::from(digest[0]) * 360 / 256;
    let mut cells = String::new();
    for x in 0..SIDE.div_ceil(2) {
        for y in 0..SIDE {
            if digest[1 + x * SIDE + y].is_multiple_of(2) {
                let mirrored = SIDE - 1 - x;
                // Writing to a String cannot fail.
                let _ = write!(cells, "M{x} {y}h1v1h-1z");
                if mirrored != x {
                    let _ = write!(cells, "M{mirrored} {y}h1v1h-1z");
                }
            }
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-1 -1 7 7\" shape-rendering=\"crispEdges\">\
         <path fill=\"hsl({hue} 45% 90%)\" d=\"M-1-1h7v7h-7z\"/>\
         <path fill=\"hsl({hue} 55% 42%)\" d=\"{cells}\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identicon_is_the_same_for_ever_and_another_for_another() {
        assert_eq!(identicon(UserId(1)), identicon(UserId(1)));
        let all: std::collections::HashSet<String> = (1..=500).map(|id| identicon(UserId(id))).collect();
        assert_eq!(all.len(), 500);
    }
}
