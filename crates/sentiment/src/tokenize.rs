//! Text to lower-case word tokens: scikit-learn's default `token_pattern=r"(?u)\b\w\w+\b"` after `lowercase=True`.
//!
//! The work is done eight bytes at a time in ordinary integer registers: one pass lower-cases ASCII and marks word
//! bytes in a bit map, the edges of its runs are the tokens, and each token is hashed eight bytes at a time. Text that is
//! not ASCII is first rewritten so that the same pass fits: every word character lower-cased, every other character one
//! space, so that in the rewritten text each byte from 0x80 up belongs to a word.

#![allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "the hot loop: indices are bounded by the buffers that the same function sizes"
)]

use crate::wordchars::is_word;

const HIGH: u64 = 0x8080_8080_8080_8080;
const LANES: u64 = 0x0101_0101_0101_0101;
/// Zero bytes kept behind the text, so that any token can be read in whole words of eight bytes.
const PADDING: usize = 16;
/// Bytes whose map fills one register.
const BLOCK: usize = 64;

/// Odd constants from the fractional digits of pi; any random ones do.
const K_LEN: u64 = 0x9216_d5d9_8979_fb1b;
const K_WORD: u64 = 0x4528_21e6_38d0_1377;
const K_FOLD: u64 = 0xbe54_66cf_34e9_0c6d;

/// The tokens of one text. Reused from text to text, so that its buffers are allocated once.
#[derive(Debug, Default)]
pub struct Tokens {
    /// The text with every word byte lower-cased, followed by zero bytes, [`PADDING`] or more.
    lowered: Vec<u8>,
    /// The rewritten text, for input that is not ASCII.
    rewritten: String,
    /// Start and end of every run of word bytes in `lowered`, alternating; the first `n_edges` are this text's.
    edges: Vec<u32>,
    n_edges: usize,
    /// Start and end in `lowered` of every token.
    spans: Vec<(u32, u32)>,
    /// Hash of every token, beside `spans`.
    hashes: Vec<u64>,
}

impl Tokens {
    /// Splits `text`, replacing what was here before. Text beyond 4 GiB is not looked at.
    pub fn split(&mut self, text: &str) {
        if text.is_ascii() {
            self.mark(text.as_bytes());
        } else {
            let mut rewritten = std::mem::take(&mut self.rewritten);
            rewrite(text, &mut rewritten);
            self.mark(rewritten.as_bytes());
            self.rewritten = rewritten;
        }
        self.hash_spans();
    }

    /// The hash of each token, in the order of the text.
    #[must_use]
    pub fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// Number of tokens.
    #[must_use]
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether the text had no token.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The lower-case text of token `i`, or `None` beyond the last.
    #[must_use]
    pub fn text(&self, i: usize) -> Option<&str> {
        let &(start, end) = self.spans.get(i)?;
        std::str::from_utf8(self.lowered.get(start as usize..end as usize)?).ok()
    }

    /// Lower-cases `bytes` into `self.lowered` and writes the edges of the runs of word bytes.
    fn mark(&mut self, bytes: &[u8]) {
        let bytes = &bytes[..bytes.len().min(u32::MAX as usize - BLOCK)];
        // Whole blocks, zero bytes behind the text: a run that reaches its end is closed by them.
        let length = (bytes.len() / BLOCK + 1) * BLOCK;
        self.lowered.clear();
        self.lowered.reserve(length + PADDING);
        if self.edges.len() <= length {
            self.edges.resize(length + 1, 0);
        }
        let mut edges = 0;
        let mut before = 0_u64; // the last bit of the map so far
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        let mut last = [0; BLOCK];
        last[..rest.len()].copy_from_slice(rest);
        for (block, base) in blocks.iter().chain([&last]).zip((0_u32..).step_by(BLOCK)) {
            let (lowered, map) = classify_block(block);
            self.lowered.extend_from_slice(&lowered);
            let mut changes = map ^ (map << 1 | before);
            before = map >> 63;
            while changes != 0 {
                self.edges[edges] = base + changes.trailing_zeros();
                edges += 1;
                changes &= changes - 1;
            }
        }
        self.lowered.extend_from_slice(&[0; PADDING]);
        self.n_edges = edges;
    }

    /// Keeps the runs of two or more characters and hashes them.
    fn hash_spans(&mut self) {
        self.spans.clear();
        self.hashes.clear();
        self.spans.reserve(self.n_edges / 2);
        self.hashes.reserve(self.n_edges / 2);
        for &[start, end] in self.edges[..self.n_edges].as_chunks::<2>().0 {
            let rest = &self.lowered[start as usize..];
            let len = (end - start) as usize;
            if len < 2 || (rest[0] >= 0x80 && len == utf8_width(rest[0])) {
                continue;
            }
            self.spans.push((start, end));
            self.hashes.push(hash_padded(rest, len));
        }
    }
}

/// Lower-cases a block; bit `i` of the map is set if byte `i` belongs to a word.
#[inline]
fn classify_block(block: &[u8; BLOCK]) -> ([u8; BLOCK], u64) {
    let mut lowered = [0; BLOCK];
    let mut map = 0;
    let words = block
        .as_chunks::<8>()
        .0
        .iter()
        .zip(lowered.as_chunks_mut::<8>().0);
    for (i, (word, lowered)) in words.enumerate() {
        let (low, bits) = classify(u64::from_le_bytes(*word));
        *lowered = low.to_le_bytes();
        map |= bits << (8 * i);
    }
    (lowered, map)
}

/// Lower-cases the ASCII letters of eight bytes; the second value has bit `i` set if byte `i` belongs to a word.
///
/// A byte from 0x80 up counts as part of a word (see the module's text). `x + (0x80 - c)` carries into a byte's high bit
/// exactly if the byte, at most 0x7f, is at least `c`.
#[inline]
fn classify(x: u64) -> (u64, u64) {
    #[inline]
    fn at_least(x: u64, c: u8) -> u64 {
        x.wrapping_add(LANES * u64::from(0x80 - c))
    }
    let high = x & HIGH;
    let low = x & !HIGH;
    let upper = at_least(low, b'A') & !at_least(low, b'Z' + 1) & !high & HIGH;
    let lowered = x | (upper >> 2);
    let low = lowered & !HIGH;
    let letter = at_least(low, b'a') & !at_least(low, b'z' + 1);
    let digit = at_least(low, b'0') & !at_least(low, b'9' + 1);
    let underscore = !at_least(low ^ (LANES * u64::from(b'_')), 1);
    let word = ((letter | digit | underscore) & !high & HIGH) | high;
    // Gathers the eight high bits into one byte: each product bit lands in the top byte once.
    (
        lowered,
        (word >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56,
    )
}

/// Rewrites text that is not ASCII: word characters lower-cased, each other character beyond ASCII a space.
fn rewrite(text: &str, out: &mut String) {
    out.clear();
    out.reserve(text.len() + text.len() / 8);
    if text.contains('Σ') {
        // A capital sigma at the end of a word becomes ς, which only the whole text can tell.
        rewrite_lowered(&text.to_lowercase(), out);
        return;
    }
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| b >= 0x80) {
        let (ascii, from) = rest.split_at(at);
        out.push_str(ascii);
        let mut chars = from.chars();
        if let Some(c) = chars.next() {
            for lower in c.to_lowercase() {
                push_word_char(lower, out);
            }
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
}

fn rewrite_lowered(text: &str, out: &mut String) {
    for c in text.chars() {
        push_word_char(c, out);
    }
}

fn push_word_char(c: char, out: &mut String) {
    out.push(if c.is_ascii() || is_word(c) { c } else { ' ' });
}

/// Length in bytes of the UTF-8 character that begins with `first`, which is 0x80 or more.
fn utf8_width(first: u8) -> usize {
    match first {
        0xf0.. => 4,
        0xe0.. => 3,
        _ => 2,
    }
}

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
fn hash_padded(bytes: &[u8], len: usize) -> u64 {
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
    bytes[at..]
        .first_chunk::<8>()
        .map_or(0, |word| u64::from_le_bytes(*word))
}

/// Hash of a token given by its text (lower-case, as [`Tokens::text`] gives it); 0 bytes hash too.
#[must_use]
pub fn token_hash(token: &str) -> u64 {
    let mut padded = Vec::with_capacity(token.len() + PADDING);
    padded.extend_from_slice(token.as_bytes());
    padded.extend_from_slice(&[0; PADDING]);
    if token.is_empty() {
        fold(K_WORD, K_FOLD)
    } else {
        hash_padded(&padded, token.len())
    }
}
