//! Moments on the wire: RFC 3339 in UTC with milliseconds.

use jiff::{Timestamp, fmt::temporal::DateTimePrinter};

/// `unix_ms` (milliseconds since 1970) as RFC 3339 text in UTC, always with three decimals.
///
/// Moments beyond year 9999 or before -9999 become the nearest one that can be written.
///
/// ```
/// assert_eq!(verdict_messages::time::rfc3339(1_700_000_000_042), "2023-11-14T22:13:20.042Z");
/// ```
pub fn rfc3339(unix_ms: i64) -> String {
    let bounded = unix_ms.clamp(
        Timestamp::MIN.as_millisecond(),
        Timestamp::MAX.as_millisecond(),
    );
    let moment = Timestamp::from_millisecond(bounded).unwrap_or_default();
    DateTimePrinter::new()
        .precision(Some(3))
        .timestamp_to_string(&moment)
}

/// Milliseconds since 1970 of an RFC 3339 text, or `None` when it is not one.
pub fn unix_ms(rfc3339: &str) -> Option<i64> {
    rfc3339
        .parse::<Timestamp>()
        .ok()
        .map(|moment| moment.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_survives_its_text() {
        for ms in [0, 1, -1, 1_700_000_000_000, 1_700_000_000_999] {
            assert_eq!(unix_ms(&rfc3339(ms)), Some(ms));
        }
    }

    #[test]
    fn impossible_moments_have_a_text_too() {
        for ms in [i64::MIN, i64::MAX] {
            assert!(rfc3339(ms).ends_with('Z'));
        }
    }
}
