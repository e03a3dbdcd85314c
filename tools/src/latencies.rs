//! How long answers took: all of them are kept, so percentiles are values that were seen.

use std::time::Duration;

use serde::Serialize;

/// Times of answers, in milliseconds. Zeros when there were none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Latencies {
    /// How many answers.
    pub count: usize,
    /// Half took no longer.
    pub p50_ms: f64,
    /// 95 % took no longer.
    pub p95_ms: f64,
    /// 99 % took no longer.
    pub p99_ms: f64,
    /// The slowest one.
    pub max_ms: f64,
}

impl Latencies {
    /// Of these times, in any order.
    pub(crate) fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let ms = |percent| percentile(&times, percent).as_secs_f64() * 1e3;
        Self { count: times.len(), p50_ms: ms(50), p95_ms: ms(95), p99_ms: ms(99), max_ms: ms(100) }
    }

    /// The heads of [`Latencies::columns`].
    pub(crate) fn heads() -> String {
        format!("{:>9} {:>9} {:>9} {:>9}", "p50", "p95", "p99", "max")
    }

    /// The times side by side, without the count.
    pub(crate) fn columns(&self) -> String {
        let Self { p50_ms, p95_ms, p99_ms, max_ms, .. } = self;
        format!("{p50_ms:>9.3} {p95_ms:>9.3} {p99_ms:>9.3} {max_ms:>9.3}")
    }
}

/// So many a second; 0 of nothing.
pub(crate) fn rate(count: usize, seconds: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "exact below 2^52")]
    let count = count as f64;
    if count > 0.0 { count / seconds } else { 0.0 }
}

/// The nearest rank: the least value that so many percent do not exceed. Zero of nothing.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let list: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        for (percent, expected) in [(50, 100), (95, 190), (99, 198), (100, 200)] {
            assert_eq!(percentile(&list, percent), Duration::from_millis(expected));
        }
        assert_eq!(percentile(&list[..1], 50), Duration::from_millis(1));
        assert_eq!(percentile(&list[..3], 50), Duration::from_millis(2));
        assert_eq!(percentile(&[], 99), Duration::ZERO);
    }

    #[test]
    fn times_come_in_any_order_and_none_are_zeros() {
        let list = [3, 1, 2].map(Duration::from_millis).to_vec();
        let expected = Latencies { count: 3, p50_ms: 2.0, p95_ms: 3.0, p99_ms: 3.0, max_ms: 3.0 };
        assert_eq!(Latencies::of(list), expected);
        assert_eq!(Latencies::of(Vec::new()), Latencies::default());
    }
}
