//! The two names of a question: the review it is about, and the request that asked.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The id of a review: its record's key and its place in the status URL.
///
/// Two are the same when they have the same text; the time only says where to look for it.
#[derive(Debug, Clone)]
pub(crate) struct ReviewId {
    id: Arc<str>,
    sent_unix_ms: Option<i64>,
}

const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl ReviewId {
    /// From text that the caller has checked.
    pub(crate) fn new(id: &str) -> Self {
        Self { id: Arc::from(id), sent_unix_ms: None }
    }

    /// A new id with its time in it: a UUID of version 7 (RFC 9562), as 32 hexadecimal digits.
    pub(crate) fn new_at(now_unix_ms: i64, random: u128) -> Self {
        let time = u128::from(now_unix_ms.unsigned_abs()) & 0xffff_ffff_ffff;
        let (high, low) = (random & 0xfff, (random >> 64) & 0x3fff_ffff_ffff_ffff);
        let bits = time << 80 | 7 << 76 | high << 64 | 2 << 62 | low;
        Self { id: Arc::from(format!("{bits:032x}")), sent_unix_ms: Some(now_unix_ms) }
    }

    /// From 128 hashed bits, as a UUID of version 8, which has no time in it.
    pub(crate) fn of_hash(bits: u128) -> Self {
        let bits = bits & !(0xf << 76 | 3 << 62) | 8 << 76 | 2 << 62;
        Self::new(&format!("{bits:032x}"))
    }

    /// The same id of a review that is sent at this time.
    pub(crate) fn sent_at(self, unix_ms: i64) -> Self {
        Self { sent_unix_ms: Some(unix_ms), ..self }
    }

    /// The id.
    pub(crate) fn as_str(&self) -> &str {
        &self.id
    }

    /// Where the verdict can be fetched, with the time at which the review was sent where the id
    /// does not have it.
    pub(crate) fn location(&self) -> String {
        let path = format!("/api/v1/reviews/{}", utf8_percent_encode(&self.id, ESCAPED));
        match self.sent_unix_ms {
            Some(sent) if time_in(&self.id) != Some(sent) => format!("{path}?since={sent}"),
            _ => path,
        }
    }
}

impl PartialEq for ReviewId {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for ReviewId {}

impl Hash for ReviewId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

/// The time in an id that [`ReviewId::new_at`] made, in milliseconds since 1970.
pub(crate) fn time_in(id: &str) -> Option<i64> {
    let is_hex = id.len() == 32 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let bits = is_hex.then(|| u128::from_str_radix(id, 16).ok())??;
    let is_timed = bits >> 76 & 0xf == 7 && bits >> 62 & 3 == 2;
    is_timed.then(|| i64::try_from(bits >> 80).ok())?
}

/// What ties a reply to its request: 16 random bytes that nobody can guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CorrelationId([u8; 16]);

impl CorrelationId {
    /// From 128 random bits.
    pub(crate) fn from_bits(bits: u128) -> Self {
        Self(bits.to_be_bytes())
    }

    /// From the bytes of a header; `None` when they are not 16, so not one of ours.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// As 32 hexadecimal digits, for people.
    pub(crate) fn to_hex(self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.0))
    }

    /// The bytes of the header.
    pub(crate) fn as_bytes(&self) -> [u8; 16] {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_id_has_its_time_and_any_other_gets_it_in_its_location() {
        let made = ReviewId::new_at(1_700_000_000_000, u128::MAX);
        assert_eq!(made.as_str(), "018bcfe568007fffbfffffffffffffff");
        assert_eq!(time_in(made.as_str()), Some(1_700_000_000_000));
        assert_eq!(made.location(), "/api/v1/reviews/018bcfe568007fffbfffffffffffffff");
        let again = made.sent_at(1_700_000_000_001).location();
        assert!(again.ends_with("?since=1700000000001"), "{again}");
        let hashed = ReviewId::of_hash(u128::MAX);
        assert_eq!((hashed.as_str().len(), time_in(hashed.as_str())), (32, None));
        assert_eq!(ReviewId::new("r/1").sent_at(5).location(), "/api/v1/reviews/r%2F1?since=5");
        assert_eq!(ReviewId::new("r1").location(), "/api/v1/reviews/r1");
        for none in ["r1", "018BCFE568007fffbfffffffffffffff", "018bcfe568004fffbfffffffffffffff"] {
            assert_eq!(time_in(none), None, "{none}");
        }
    }
}
