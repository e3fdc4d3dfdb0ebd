//! Hashes of tokens: the same on every machine, since model files depend on them.

#![allow(
    clippy::indexing_slicing,
    reason = "the hot loop: the caller keeps the padding behind the bytes"
)]

/// Zero bytes kept behind a text, so that any token can be read in whole words of eight bytes.
pub(crate) const PADDING: usize = 16;

/// Odd constants from the fractional digits of pi; any random ones do.
const K_LEN: u64 = 0x9216_d5d9_8979_fb1b;
const K_WORD: u64 = 0x4528_21e6_38d0_1377;
const K_FOLD: u64 = 0xbe54_66cf_34e9_0c6d;

/// Multiplies to 128 bits and folds the halves: the mixing step of wyhash.
#[inline]
pub(crate) fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    #[allow(clippy::cast_possible_truncation, reason = "both halves are taken")]
    let (low, high) = (product as u64, (product >> 64) as u64);
    low ^ high
}

/// Hash of the first `len` bytes of `bytes`, which has at least eight bytes behind them.
#[inline]
pub(crate) fn hash_padded(bytes: &[u8], len: usize) -> u64 {
    let mut hash = K_LEN.wrapping_mul(len as u64);
    let mut at = 0;
    while len - at > 8 {
        hash = fold(hash ^ load(bytes, at), K_FOLD);
        at += 8;
    }
    let tail = load(bytes, at) & (u64::MAX >> (8 * (8 - (len - at))));
    fold(hash ^ tail ^ K_WORD, K_FOLD)
}

#[inline]
fn load(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk::<8>().map_or(0, |word| u64::from_le_bytes(*word))
}

/// Hash of a token given by its text (as [`Tokens::text`](crate::Tokens::text) gives it); 0 bytes hash too.
pub fn token_hash(token: &str) -> u64 {
    let mut padded = Vec::with_capacity(token.len() + PADDING);
    padded.extend_from_slice(token.as_bytes());
    padded.extend_from_slice(&[0; PADDING]);
    if token.is_empty() { fold(K_WORD, K_FOLD) } else { hash_padded(&padded, token.len()) }
}
