//! Search on the site: a page with a box, and below what was found.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;

use super::{FoundMessages, FoundPeople, Person, Searcher, messages, people};
use crate::{
    db::{messages::Cursor, people::FoundPerson},
    domain::{SearchQuery, routes},
    error::Error,
    features::timeline::entry::{self, Entry},
    http::{
        client_address::ClientAddress,
        html::{self, Layout, Page},
        query,
        routing::{READ, get, resource},
    },
    state::AppState,
};

/// Mounts `/search`.
pub fn mount(site: &mut web::ServiceConfig) {
    site.service(resource(&format!("/{}", routes::SEARCH), READ).route(get(show)));
}

#[derive(Template)]
#[template(path = "search/search.html")]
struct SearchPage {
    layout: Layout,
    address: Address,
    /// This page's address.
    here: String,
    /// What is wrong with what was typed.
    error: Option<String>,
    found: Found,
}

/// What is listed below the box.
enum Found {
    /// Nothing was asked for.
    Nothing,
    Messages(FoundMessages),
    People(FoundPeople),
}

/// What the page's address says.
#[derive(Clone)]
struct Address {
    /// What was typed.
    text: String,
    is_people: bool,
    is_best: bool,
    is_first_page: bool,
}

impl Page for SearchPage {
    fn layout(&self) -> &Layout {
        &self.layout
    }
}

impl SearchPage {
    /// The messages that were found.
    fn entries(&self) -> Vec<Entry<'_>> {
        let Found::Messages(found) = &self.found else { return Vec::new() };
        Entry::list(&found.page, &found.page.surroundings).collect()
    }

    fn people(&self) -> &[FoundPerson] {
        match &self.found {
            Found::Nothing => &[],
            Found::Messages(found) => &found.people,
            Found::People(found) => &found.people,
        }
    }

    fn has_found(&self) -> bool {
        !self.people().is_empty() || matches!(&self.found, Found::Messages(found) if !found.page.messages.is_empty())
    }

    fn is_asked(&self) -> bool {
        !matches!(self.found, Found::Nothing)
    }

    /// Where the next page is.
    fn next_path(&self) -> Option<String> {
        match &self.found {
            Found::Nothing => None,
            Found::Messages(found) => {
                found.page.older.map(|place| self.address.path(&[("before", &place_in_list(place))]))
            }
            Found::People(FoundPeople { next, .. }) => next
                .as_ref()
                .map(|Person { word, id }| self.address.path(&[("after", word.as_str()), ("id", &id.to_string())])),
        }
    }
}

impl Address {
    fn of(request: &HttpRequest) -> Self {
        let find = |key| query::find(request.query_string(), key);
        Self {
            text: find("q").unwrap_or_default(),
            is_people: find("show").is_some_and(|what| what == "people"),
            is_best: find("order").is_some_and(|order| order == "best"),
            is_first_page: find("before").is_none() && find("after").is_none(),
        }
    }

    /// The path of this search, with a place in it.
    fn path(&self, place: &[(&str, &str)]) -> String {
        let mut pairs = vec![("q", self.text.as_str())];
        pairs.extend(self.is_people.then_some(("show", "people")));
        pairs.extend(self.is_best.then_some(("order", "best")));
        pairs.extend(place);
        // Strings cannot fail to be written.
        format!("/{}?{}", routes::SEARCH, serde_urlencoded::to_string(pairs).unwrap_or_default())
    }

    fn first_path(&self) -> String {
        self.path(&[])
    }

    /// The same search, the newest messages first.
    fn newest_path(&self) -> String {
        Self { is_people: false, is_best: false, ..self.clone() }.first_path()
    }

    /// The same search, the best messages first.
    fn best_path(&self) -> String {
        Self { is_people: false, is_best: true, ..self.clone() }.first_path()
    }

    /// The same search for people.
    fn people_path(&self) -> String {
        Self { is_people: true, is_best: false, ..self.clone() }.first_path()
    }
}

fn place_in_list(place: Cursor) -> String {
    format!("{}-{}", place.published_at, place.id)
}

async fn show(
    request: HttpRequest,
    state: web::Data<AppState>,
    layout: Layout,
    before: Cursor,
) -> Result<HttpResponse, Error> {
    let address = Address::of(&request);
    let searcher =
        Searcher { viewer: layout.viewer.as_ref().map(|viewer| viewer.id), address: ClientAddress::of(&request).0 };
    let (found, error) = match SearchQuery::parse(&address.text) {
        Err(why) => (Found::Nothing, Some(why.to_string())),
        Ok(query) if query.is_empty() => (Found::Nothing, None),
        Ok(query) if address.is_people => {
            let find = |key| query::find(request.query_string(), key);
            let after = find("after").zip(find("id").and_then(|id| id.parse().ok()));
            let after = after.map(|(word, id)| Person { word, id });
            (Found::People(people(&state, searcher, query, after).await?), None)
        }
        Ok(query) => (Found::Messages(messages(&state, searcher, query, address.is_best, before).await?), None),
    };
    let status = if error.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(html::answer(&request, status, SearchPage { here: html::here(&request), layout, address, error, found }))
}
