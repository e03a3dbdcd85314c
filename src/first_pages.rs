//! The first pages that everybody asks for, kept for a moment.
//!
//! What is kept is the same for everyone who may see it: rows, and the bytes that people who are not
//! signed in (or the simulator) are answered with. Nothing here knows who asks.
//!
//! A page is found under its subject **and the subject's generation**, a number that every post
//! raises once it is stored. So a post through this process shows at once, and a load that began
//! before it cannot come back later under the new number. What other processes post or flag shows
//! when the page's time is up. Whoever asks while a page is being loaded waits for that load.
//! `docs/adr/0010-first-pages-are-kept-for-a-moment.md`

use std::{
    hash::{BuildHasher, RandomState},
    ops::Deref,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use actix_web::web::Bytes;
use anyhow::anyhow;
use moka::future::Cache;

use crate::{db::messages::MessagePage, domain::Username, error::Error, metrics::Metrics};

/// How long other processes' posts and flags may take to show. The promise is a second; five loads a
/// second of what is asked for a thousand times cost nothing that could be measured.
const LIFETIME: Duration = Duration::from_millis(200);
/// Bytes of rows and answers kept at most, over all pages.
const CAPACITY: u64 = 8 * 1024 * 1024;
/// Authors share generations: a post makes one in so many of the other authors' pages load again.
const AUTHOR_GENERATIONS: usize = 4096;

/// Whose first page.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Everyone's, as the site shows it.
    Everyone,
    /// One author's, as the site shows it.
    Author(Username),
    /// Everyone's newest N, as the API lists them.
    Newest(i64),
}

/// A page of messages, and what it was rendered to by whoever was first asked for that. The slots are for
/// answers that suit everybody who may see them.
#[derive(Debug)]
pub struct KeptPage {
    page: MessagePage,
    /// The site's page, for people who are not signed in and have nothing to be told.
    pub html: OnceLock<Bytes>,
    /// The API's list.
    pub json: OnceLock<Bytes>,
}

impl From<MessagePage> for KeptPage {
    fn from(page: MessagePage) -> Self {
        Self { page, html: OnceLock::new(), json: OnceLock::new() }
    }
}

impl Deref for KeptPage {
    type Target = MessagePage;

    fn deref(&self) -> &MessagePage {
        &self.page
    }
}

/// The pages kept by this process.
pub struct FirstPages {
    pages: Cache<(Subject, u64), Arc<KeptPage>>,
    everyone: AtomicU64,
    authors: Box<[AtomicU64]>,
    hasher: RandomState,
    metrics: Metrics,
}

impl FirstPages {
    /// Empty.
    #[must_use]
    pub fn new(metrics: &Metrics) -> Self {
        let pages = Cache::builder()
            .max_capacity(CAPACITY)
            .weigher(|_, page: &Arc<KeptPage>| weight(page))
            .time_to_live(LIFETIME)
            .build();
        let authors = (0..AUTHOR_GENERATIONS).map(|_| AtomicU64::new(0)).collect();
        Self { pages, everyone: AtomicU64::new(0), authors, hasher: RandomState::new(), metrics: metrics.clone() }
    }

    /// The page that is kept, or else the one that `load` gives, which is then kept.
    ///
    /// # Errors
    /// Those of `load`; they are not kept.
    pub async fn get(
        &self,
        subject: Subject,
        load: impl Future<Output = Result<MessagePage, Error>>,
    ) -> Result<Arc<KeptPage>, Error> {
        let key = (subject.clone(), self.generation(&subject).load(Ordering::Acquire));
        if let Some(page) = self.pages.get(&key).await {
            self.metrics.first_page_hits.inc();
            return Ok(page);
        }
        let mut is_loader = false;
        let load = async {
            is_loader = true;
            load.await.map(|page| Arc::new(KeptPage::from(page)))
        };
        let page = self.pages.try_get_with(key, load).await;
        let counter = if is_loader { &self.metrics.first_page_misses } else { &self.metrics.first_page_hits };
        counter.inc();
        page.map_err(|why| share(&why))
    }

    /// Call it once a message of `author` is stored or taken back: the pages that show it, or should, are loaded anew.
    pub fn messages_changed(&self, author: &Username) {
        self.everyone.fetch_add(1, Ordering::Release);
        self.person_changed(author);
    }

    /// Call it once something is stored that the page of `person` says of them: whom they follow, who follows them, or
    /// what they say about themselves.
    pub fn person_changed(&self, person: &Username) {
        self.generation(&Subject::Author(person.clone())).fetch_add(1, Ordering::Release);
    }

    fn generation(&self, subject: &Subject) -> &AtomicU64 {
        match subject {
            Subject::Everyone | Subject::Newest(_) => &self.everyone,
            Subject::Author(name) => {
                #[expect(clippy::cast_possible_truncation, reason = "any part of a hash is a hash")]
                let hash = self.hasher.hash_one(name) as usize;
                &self.authors[hash % self.authors.len()]
            }
        }
    }
}

/// About the bytes that a page takes, rendered once, which is some three times the texts.
fn weight(page: &MessagePage) -> u32 {
    let texts: usize = page.messages.iter().map(|row| 400 + 2 * (row.text.len() + row.author.len())).sum();
    let bio = page.owner.as_ref().and_then(|owner| owner.bio.as_ref()).map_or(0, |bio| 2 * bio.len());
    u32::try_from(4096 + texts + bio).unwrap_or(u32::MAX)
}

/// Everyone who waited for a load gets its error; errors cannot be cloned, so each gets one like it.
fn share(why: &Arc<Error>) -> Error {
    match &**why {
        Error::NotFound => Error::NotFound,
        Error::Unavailable { what, source } => {
            Error::Unavailable { what, source: source.as_ref().map(|source| anyhow!("{source:#}")) }
        }
        other => Error::Internal(anyhow!("{other:?}").context("a first page could not be loaded")),
    }
}
