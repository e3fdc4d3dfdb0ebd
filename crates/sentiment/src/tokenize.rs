//! Text to tokens: scikit-learn's `token_pattern` after `lowercase`, for the patterns of
//! [`TokenPattern`].
//!
//! One pass lower-cases ASCII, sixteen bytes at a time, and marks word bytes in a bit map; the
//! edges of its runs are the tokens, and each token is hashed eight bytes at a time. Text that is
//! not ASCII is first rewritten so that the same pass fits: every word character lower-cased, every
//! other character one space, so that in the rewritten text each byte from 0x80 up belongs to a
//! word. Where punctuation counts, a character of it stays, between two spaces: a run by itself.
//!
//! The pattern and whether to lower-case are constants of the compiled pass, so that the default
//! pays for neither.

#![allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "the hot loop: indices are bounded by the buffers that the same function sizes"
)]

use crate::hash::{PADDING, hash_padded};
use crate::negation::{self, MARK};
use crate::wordchars::{is_space, is_word};
use std::borrow::Cow;
use wide::u8x16;

/// Bytes whose map fills one register.
const BLOCK: usize = 64;

/// The tokens of one text. Reused from text to text, so that its buffers are allocated once.
#[derive(Debug, Default)]
pub struct Tokens {
    /// The text with every word byte lower-cased (unless the case is kept), followed by zero bytes,
    /// [`PADDING`] or more.
    lowered: Vec<u8>,
    /// The rewritten text, for input that is not ASCII.
    rewritten: String,
    /// Start and end of every run of word bytes in `lowered`, and of every punctuation mark that
    /// counts, alternating; the first `n_edges` are this text's.
    edges: Vec<u32>,
    n_edges: usize,
    /// Start and end in `lowered` of every token.
    spans: Vec<(u32, u32)>,
    /// Hash of every token, beside `spans`.
    hashes: Vec<u64>,
    /// Whether each token is marked as negated, beside `spans`; empty where none is.
    negated: Vec<bool>,
}

/// What a token is: a `token_pattern` of scikit-learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TokenPattern {
    /// Runs of two or more word characters, `(?u)\b\w\w+\b`: scikit-learn's default.
    #[default]
    Words,
    /// Runs of one or more word characters, and every other character but white space by itself:
    /// `(?u)\w+|[^\w\s]`.
    WordsAndPunctuation,
}

impl Tokens {
    /// Splits `text`, replacing what was here before. Text beyond 4 GiB is ignored.
    #[inline]
    pub fn split(&mut self, text: &str, pattern: TokenPattern, lowercase: bool) {
        match (pattern, lowercase) {
            (TokenPattern::Words, true) => self.split_as::<false, true>(text),
            (TokenPattern::Words, false) => self.split_as::<false, false>(text),
            (TokenPattern::WordsAndPunctuation, true) => self.split_as::<true, true>(text),
            (TokenPattern::WordsAndPunctuation, false) => self.split_as::<true, false>(text),
        }
    }

    fn split_as<const PUNCTUATION: bool, const LOWERCASE: bool>(&mut self, text: &str) {
        if text.is_ascii() {
            self.mark::<PUNCTUATION, LOWERCASE>(text.as_bytes());
        } else {
            let mut rewritten = std::mem::take(&mut self.rewritten);
            rewrite::<PUNCTUATION, LOWERCASE>(text, &mut rewritten);
            self.mark::<PUNCTUATION, LOWERCASE>(rewritten.as_bytes());
            self.rewritten = rewritten;
        }
        self.hash_spans::<PUNCTUATION>();
        self.negated.clear();
    }

    /// The hash of each token, in the order of the text.
    pub fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether the text had no token.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The text of token `i`, or `None` beyond the last.
    pub fn text(&self, i: usize) -> Option<Cow<'_, str>> {
        let &(start, end) = self.spans.get(i)?;
        let text = std::str::from_utf8(self.lowered.get(start as usize..end as usize)?).ok()?;
        Some(match self.negated.get(i) {
            Some(true) => format!("{MARK}{text}").into(),
            _ => text.into(),
        })
    }

    /// Marks the words that are negated: they become other tokens.
    pub(crate) fn mark_negated(&mut self) {
        let Self { lowered, spans, hashes, negated, .. } = self;
        negated.resize(hashes.len(), false);
        negation::mark(hashes, negated, |i| lowered[spans[i].1 as usize - 1]);
    }

    /// Copies `bytes` to `self.lowered` and writes the edges of the tokens.
    fn mark<const PUNCTUATION: bool, const LOWERCASE: bool>(&mut self, bytes: &[u8]) {
        let bytes = &bytes[..bytes.len().min(u32::MAX as usize - BLOCK)];
        // Whole blocks, spaces behind the text: a run that reaches its end is closed by them.
        let length = (bytes.len() / BLOCK + 1) * BLOCK;
        self.lowered.clear();
        self.lowered.reserve(length + PADDING);
        // Runs need a byte between them, punctuation marks do not.
        let most = if PUNCTUATION { 2 * length } else { length } + 1;
        if self.edges.len() < most {
            self.edges.resize(most, 0);
        }
        let mut n_edges = 0;
        let mut n_ends = 0;
        let mut before = (0_u64, 0_u64); // the last bit of each map so far
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        let mut last = [b' '; BLOCK];
        last[..rest.len()].copy_from_slice(rest);
        for (block, base) in blocks.iter().chain([&last]).zip((0_u32..).step_by(BLOCK)) {
            let (lowered, words, marks) = classify_block::<PUNCTUATION, LOWERCASE>(block);
            self.lowered.extend_from_slice(&lowered);
            let words_before = words << 1 | before.0;
            if PUNCTUATION {
                // Tokens neither overlap nor contain each other: the first start belongs to the
                // first end, and so on.
                let mut starts = words & !words_before | marks;
                let mut ends = words_before & !words | marks << 1 | before.1;
                while starts != 0 {
                    self.edges[n_edges] = base + starts.trailing_zeros();
                    n_edges += 2;
                    starts &= starts - 1;
                }
                while ends != 0 {
                    self.edges[n_ends + 1] = base + ends.trailing_zeros();
                    n_ends += 2;
                    ends &= ends - 1;
                }
            } else {
                let mut changes = words ^ words_before;
                while changes != 0 {
                    self.edges[n_edges] = base + changes.trailing_zeros();
                    n_edges += 1;
                    changes &= changes - 1;
                }
            }
            before = (words >> 63, marks >> 63);
        }
        self.lowered.extend_from_slice(&[0; PADDING]);
        self.n_edges = n_edges;
    }

    /// Keeps the runs of two or more characters, or every token with `PUNCTUATION`, and hashes
    /// them.
    fn hash_spans<const PUNCTUATION: bool>(&mut self) {
        let edges = self.edges[..self.n_edges].as_chunks::<2>().0;
        self.spans.resize(edges.len(), (0, 0));
        self.hashes.resize(edges.len(), 0);
        let mut n = 0;
        for &[start, end] in edges {
            let rest = &self.lowered[start as usize..];
            let len = (end - start) as usize;
            // Runs of one character are frequent and come at random: a branch would be guessed
            // wrong too often.
            self.spans[n] = (start, end);
            self.hashes[n] = hash_padded(rest, len);
            let is_one_character = rest[0] >= 0x80 && len == utf8_width(rest[0]);
            n += usize::from(PUNCTUATION || (len >= 2 && !is_one_character));
        }
        self.spans.truncate(n);
        self.hashes.truncate(n);
    }
}

/// The block with ASCII letters lower-cased (with `LOWERCASE`), and two maps of it. Bit `i` of the
/// first is set if byte `i` belongs to a word, as every byte from 0x80 up does (see the module's
/// text); of the second, with `PUNCTUATION`, if it is neither of a word nor white space.
#[inline]
fn classify_block<const PUNCTUATION: bool, const LOWERCASE: bool>(
    block: &[u8; BLOCK],
) -> ([u8; BLOCK], u64, u64) {
    let mut lowered = [0; BLOCK];
    let (mut words, mut marks) = (0, 0);
    let vectors = block.as_chunks::<16>().0.iter().zip(lowered.as_chunks_mut::<16>().0);
    for (i, (bytes, lowered)) in vectors.enumerate() {
        let bytes = u8x16::new(*bytes);
        let low = bytes | (is_within(bytes, b'A', b'Z') & u8x16::splat(0x20));
        let word = is_within(low, b'a', b'z')
            | is_within(low, b'0', b'9')
            | low.simd_eq(u8x16::splat(b'_'))
            | bytes;
        *lowered = if LOWERCASE { low } else { bytes }.to_array();
        words |= u64::from(word.to_bitmask()) << (16 * i);
        if PUNCTUATION {
            let space = is_within(bytes, b'\t', b'\r') | is_within(bytes, 0x1c, b' ');
            marks |= u64::from((word | space).to_bitmask() ^ 0xffff) << (16 * i);
        }
    }
    (lowered, words, marks)
}

/// All bits set in each byte from `first` to `last`.
#[inline]
fn is_within(bytes: u8x16, first: u8, last: u8) -> u8x16 {
    let from_first = bytes - u8x16::splat(first);
    from_first.min(u8x16::splat(last - first)).simd_eq(from_first)
}

/// Rewrites text that is not ASCII: word characters lower-cased (with `LOWERCASE`), each other
/// character beyond ASCII a space, or between two spaces (with `PUNCTUATION`).
fn rewrite<const PUNCTUATION: bool, const LOWERCASE: bool>(text: &str, out: &mut String) {
    out.clear();
    out.reserve(text.len() + text.len() / 8);
    if LOWERCASE && text.contains('Σ') {
        // A capital sigma at the end of a word becomes ς, which depends on the whole text.
        for c in text.to_lowercase().chars() {
            push_char::<PUNCTUATION>(c, out);
        }
        return;
    }
    let mut rest = text;
    while let Some(at) = first_beyond_ascii(rest.as_bytes()) {
        let (ascii, from) = rest.split_at(at);
        out.push_str(ascii);
        let mut chars = from.chars();
        match chars.next() {
            Some(c) if LOWERCASE => {
                c.to_lowercase().for_each(|lower| push_char::<PUNCTUATION>(lower, out))
            }
            Some(c) => push_char::<PUNCTUATION>(c, out),
            None => (),
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
}

/// Where the first byte from 0x80 up is.
fn first_beyond_ascii(bytes: &[u8]) -> Option<usize> {
    let (vectors, rest) = bytes.as_chunks::<16>();
    for (i, vector) in vectors.iter().enumerate() {
        let high = u8x16::new(*vector).to_bitmask();
        if high != 0 {
            return Some(16 * i + high.trailing_zeros() as usize);
        }
    }
    let at = rest.iter().position(|&byte| byte >= 0x80)?;
    Some(16 * vectors.len() + at)
}

fn push_char<const PUNCTUATION: bool>(c: char, out: &mut String) {
    if c.is_ascii() || is_word(c) {
        out.push(c);
    } else if PUNCTUATION && !is_space(c) {
        out.extend([' ', c, ' ']);
    } else {
        out.push(' ');
    }
}

/// Length in bytes of the UTF-8 character that begins with `first`, which is 0x80 or more.
fn utf8_width(first: u8) -> usize {
    match first {
        0xf0.. => 4,
        0xe0.. => 3,
        _ => 2,
    }
}
