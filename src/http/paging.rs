//! Where in a timeline a page begins: `?before=TIME-ID`, as the "Older" links write it.

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::future::{Ready, ready};

use super::query;
use crate::{db::messages::Cursor, error::Error};

/// Extractor: the place that the request asks for, [`Cursor::START`] if it names none; [`Error::BadRequest`] if
/// what it names is no place.
impl FromRequest for Cursor {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request.query_string()))
    }
}

fn read(query: &str) -> Result<Cursor, Error> {
    let Some(text) = query::find(query, "before") else { return Ok(Cursor::START) };
    let parse = || {
        let (published_at, id) = text.split_once('-')?;
        Some(Cursor { published_at: published_at.parse().ok()?, id: id.parse().ok()? })
    };
    parse().ok_or(Error::BadRequest("This is no place in a timeline: follow the links at its end.".into()))
}

/// The address of the page after `place` in the timeline whose first page is at `path`.
#[must_use]
pub fn path_to(path: &str, place: Cursor) -> String {
    format!("{path}?before={}-{}", place.published_at, place.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_its_place_and_the_rest_is_no_place() {
        let place = Cursor { published_at: 1_582_246_862, id: 7 };
        let link = path_to("/public", place);
        assert_eq!(read(link.strip_prefix("/public?").unwrap()).unwrap(), place);
        assert_eq!(read("other=1").unwrap(), Cursor::START);
        for none in ["before=", "before=7", "before=a-b", "before=1-2-3", "before=1-99999999999999999999"] {
            assert!(matches!(read(none), Err(Error::BadRequest(_))), "{none}");
        }
    }
}
