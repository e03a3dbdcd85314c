//! Durations in settings: plain numbers, in the unit that the setting has always had, or with units of their own.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serializer, de};

/// How a duration is written whose plain numbers count units of so many milliseconds: `30`, or `30s`, `1m 30s`,
/// `250ms`. For `#[serde(with = "Seconds")]`.
pub(super) struct Counted<const UNIT: u64>;

/// Plain numbers are milliseconds.
pub(super) type Milliseconds = Counted<1>;
/// Plain numbers are seconds.
pub(super) type Seconds = Counted<1000>;
/// Plain numbers are hours.
pub(super) type Hours = Counted<{ 60 * 60 * 1000 }>;
/// Plain numbers are days.
pub(super) type Days = Counted<{ 24 * 60 * 60 * 1000 }>;

/// Begins what is said of a value that is none of these.
pub(super) const NO_DURATION: &str = "no duration: ";

impl<const UNIT: u64> Counted<UNIT> {
    const NAME: &str = match UNIT {
        1 => "milliseconds",
        1000 => "seconds",
        3_600_000 => "hours",
        _ => "days",
    };

    /// Reads it. Finer than a millisecond it cannot be.
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        // The settings' library makes a text of a number, too.
        Self::parse(&String::deserialize(deserializer)?).ok_or_else(|| {
            let unit = Self::NAME;
            de::Error::custom(format!(
                "{NO_DURATION}a whole number, 0 or more ({unit}), or one with units: 250ms, 30s, 1h 30m"
            ))
        })
    }

    fn parse(text: &str) -> Option<Duration> {
        if let Ok(number) = text.parse::<u64>() {
            return Some(Duration::from_millis(number.saturating_mul(UNIT)));
        }
        let duration = humantime::parse_duration(text).ok()?;
        let milliseconds = u64::try_from(duration.as_millis()).ok()?;
        (Duration::from_millis(milliseconds) == duration).then_some(duration)
    }

    /// Writes it: as a plain number if it is one, or else with units.
    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        if milliseconds.is_multiple_of(UNIT) {
            serializer.serialize_u64(milliseconds / UNIT)
        } else {
            serializer.collect_str(&humantime::format_duration(*duration))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown<const UNIT: u64>(text: &str) -> String {
        let duration = Counted::<UNIT>::parse(text).unwrap();
        let shown = Counted::<UNIT>::serialize(&duration, serde_json::value::Serializer).unwrap();
        let again = shown.as_str().map_or_else(|| shown.to_string(), str::to_owned);
        assert_eq!(Counted::<UNIT>::parse(&again), Some(duration), "{shown} is not {text}");
        again
    }

    #[test]
    fn what_is_shown_is_a_plain_number_where_that_says_it_and_reads_the_same() {
        for (text, expected) in [("15", "15"), ("0", "0"), ("15s", "15"), ("2m", "120"), ("1500ms", "1s 500ms")] {
            assert_eq!(shown::<1000>(text), expected, "{text}");
        }
        assert_eq!((shown::<1>("2s"), shown::<1>("1s 1ms")), ("2000".to_owned(), "1001".to_owned()));
        assert_eq!((shown::<3_600_000>("1day"), shown::<3_600_000>("90m")), ("24".to_owned(), "1h 30m".to_owned()));
        assert_eq!((shown::<86_400_000>("30"), shown::<86_400_000>("36h")), ("30".to_owned(), "1day 12h".to_owned()));
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["soon", "-1", "1.5", "15 parsecs", "100us", "1e3", "s", "99999999999999999999", "600000000y"] {
            assert_eq!(Seconds::parse(text), None, "{text}");
        }
        assert_eq!(
            Days::parse("18446744073709551615"),
            Some(Duration::from_millis(u64::MAX)),
            "more than anybody waits"
        );
    }
}
