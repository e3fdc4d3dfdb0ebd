//! Times on the wire: RFC 3339 in UTC with milliseconds; and the time passed since one that another
//! machine wrote.

use std::time::Duration;

use jiff::{Timestamp, fmt::temporal::DateTimePrinter};

/// 2000-01-01T00:00:00Z: an earlier time comes from a clock that was never set, or is no time.
const FIRST_UNIX_MS: i64 = 946_684_800_000;
/// The clock of a writer may be ahead of a reader's by this much.
const CLOCK_SKEW_MS: i64 = 5_000;

/// `unix_ms` (milliseconds since 1970) as RFC 3339 text in UTC, always with three decimals.
///
/// Times beyond the years -9999 to 9999 become the nearest one that can be written.
///
/// ```
/// assert_eq!(verdict_messages::time::rfc3339(1_700_000_000_042), "2023-11-14T22:13:20.042Z");
/// ```
pub fn rfc3339(unix_ms: i64) -> String {
    let bounded = unix_ms.clamp(Timestamp::MIN.as_millisecond(), Timestamp::MAX.as_millisecond());
    let moment = Timestamp::from_millisecond(bounded).unwrap_or_default();
    DateTimePrinter::new().precision(Some(3)).timestamp_to_string(&moment)
}

/// Milliseconds since 1970 of an RFC 3339 text, or `None` when it is not one.
pub fn unix_ms(rfc3339: &str) -> Option<i64> {
    rfc3339.parse::<Timestamp>().ok().map(|moment| moment.as_millisecond())
}

/// The time passed from `unix_ms` to `now_unix_ms`, both milliseconds since 1970. `None` when
/// `unix_ms` cannot be true: before the year 2000, or more than 5 s ahead. Up to 5 s ahead is a
/// difference of clocks and counts as zero.
///
/// ```
/// use std::time::Duration;
/// use verdict_messages::time::since;
///
/// let now = 1_700_000_000_000;
/// assert_eq!(since(now - 250, now), Some(Duration::from_millis(250)));
/// assert_eq!(since(1, now), None);
/// ```
pub fn since(unix_ms: i64, now_unix_ms: i64) -> Option<Duration> {
    let latest = now_unix_ms.saturating_add(CLOCK_SKEW_MS);
    if !(FIRST_UNIX_MS..=latest).contains(&unix_ms) {
        return None;
    }
    let passed = now_unix_ms.saturating_sub(unix_ms);
    Some(Duration::from_millis(u64::try_from(passed).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_time_is_known_to_have_passed_since_a_moment_that_cannot_be() {
        let now = 1_700_000_000_000;
        for (moment, expected) in [
            (now, Some(0)),
            (now - 1, Some(1)),
            (FIRST_UNIX_MS, Some(753_315_200_000)),
            (FIRST_UNIX_MS - 1, None),
            (1, None),
            (0, None),
            (-1, None),
            (i64::MIN, None),
            (now + CLOCK_SKEW_MS, Some(0)),
            (now + CLOCK_SKEW_MS + 1, None),
            (now * 1_000, None),
            (i64::MAX, None),
        ] {
            let expected = expected.map(Duration::from_millis);
            assert_eq!(since(moment, now), expected, "{moment}");
        }
        assert_eq!(since(1, 0), None, "a clock of ours that was never set");
    }

    #[test]
    fn a_moment_survives_its_text() {
        for ms in [0, 1, -1, 1_700_000_000_000, 1_700_000_000_999] {
            assert_eq!(unix_ms(&rfc3339(ms)), Some(ms));
        }
        for impossible in [i64::MIN, i64::MAX] {
            assert!(rfc3339(impossible).ends_with('Z'));
        }
    }
}
