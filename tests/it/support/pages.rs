//! A page as a reader sees it: facts by CSS selector.

use reqwest::{Response, header::HeaderMap};
use scraper::{ElementRef, Html, Selector};

/// An answer of the site.
pub struct Page {
    pub status: u16,
    pub path: String,
    pub headers: HeaderMap,
    /// As it came.
    pub source: String,
}

impl Page {
    pub async fn read(response: Response) -> Self {
        let (status, path) = (response.status().as_u16(), response.url().path().to_owned());
        let headers = response.headers().clone();
        Self { status, path, headers, source: response.text().await.unwrap() }
    }

    /// The texts of the elements that `selector` finds, white space folded.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        self.with(selector, |element| {
            element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
        })
    }

    /// The only one's text.
    pub fn text(&self, selector: &str) -> String {
        let mut texts = self.texts(selector);
        assert_eq!(texts.len(), 1, "{selector}: {texts:?} in {}", self.source);
        texts.remove(0)
    }

    /// An attribute of the elements that `selector` finds.
    pub fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        self.with(selector, |element| element.attr(name).unwrap_or_default().to_owned())
    }

    pub fn has(&self, selector: &str) -> bool {
        !self.texts(selector).is_empty()
    }

    pub fn title(&self) -> String {
        self.text("title")
    }

    pub fn flashes(&self) -> Vec<String> {
        self.texts("ul.flashes > li")
    }

    /// The texts of the messages, newest first.
    pub fn messages(&self) -> Vec<String> {
        self.texts("ul.messages > li .text")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn with<T>(&self, selector: &str, look: impl Fn(ElementRef<'_>) -> T) -> Vec<T> {
        let html = Html::parse_document(&self.source);
        html.select(&Selector::parse(selector).unwrap()).map(look).collect()
    }
}
