//! The two names of a question: the review it is about, and the request that asked.

use std::sync::Arc;

/// The id of a review: its record's key and its place in the status URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ReviewId(Arc<str>);

impl ReviewId {
    /// From text that the caller has checked.
    pub(crate) fn new(id: &str) -> Self {
        Self(Arc::from(id))
    }

    /// From 128 random or hashed bits, as 32 hexadecimal digits.
    pub(crate) fn from_bits(bits: u128) -> Self {
        Self(Arc::from(format!("{bits:032x}")))
    }

    /// The id.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
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
