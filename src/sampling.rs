//! Lines about what happens again and again: so many a second of each kind, and then a number.
//!
//! Whoever asks for pages that do not exist as fast as they can wrote 19 MB of log a second. The metrics count
//! every one of them.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

const SECOND: Duration = Duration::from_secs(1);

/// Decides which lines are written.
pub struct Sampler {
    /// Lines of a kind a second; 0: all.
    limit: u32,
    kinds: Mutex<HashMap<(&'static str, u16), Second>>,
}

/// The second in which lines of a kind were last written.
struct Second {
    begun: Instant,
    written: u32,
    left_out: u64,
}

/// A line that may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// How many of its kind were left out before it; `None` if none were.
    pub left_out: Option<u64>,
}

impl Sampler {
    /// At most `limit` lines a second of each kind; 0: all.
    #[must_use]
    pub fn new(limit: u32) -> Self {
        Self { limit, kinds: Mutex::default() }
    }

    /// Whether a line about an answer of this `status` may be written now. `what` tells apart lines that say
    /// different things.
    #[must_use]
    pub fn admit(&self, what: &'static str, status: u16) -> Option<Line> {
        self.admit_at(what, status, Instant::now())
    }

    fn admit_at(&self, what: &'static str, status: u16, now: Instant) -> Option<Line> {
        if self.limit == 0 {
            return Some(Line { left_out: None });
        }
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let second = kinds.entry((what, status)).or_insert(Second { begun: now, written: 0, left_out: 0 });
        if now.saturating_duration_since(second.begun) >= SECOND {
            (second.begun, second.written) = (now, 0);
        }
        if second.written >= self.limit {
            second.left_out += 1;
            return None;
        }
        second.written += 1;
        let left_out = std::mem::take(&mut second.left_out);
        Some(Line { left_out: (left_out > 0).then_some(left_out) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_a_few_lines_and_a_number() {
        let (sampler, begun) = (Sampler::new(10), Instant::now());
        let written = (0..1000).filter(|_| sampler.admit_at("answered", 404, begun).is_some()).count();
        assert_eq!(written, 10);
        assert_eq!(sampler.admit_at("answered", 403, begun), Some(Line { left_out: None }), "another kind is written");
        assert_eq!(sampler.admit_at("answered", 404, begun + SECOND), Some(Line { left_out: Some(990) }));
        assert_eq!(sampler.admit_at("answered", 404, begun + SECOND), Some(Line { left_out: None }));
    }

    #[test]
    fn zero_leaves_nothing_out() {
        let sampler = Sampler::new(0);
        assert!((0..1000).all(|_| sampler.admit("answered", 404).is_some()));
    }
}
