//! Counting n-grams, but only those that can matter.
//!
//! An n-gram occurs at most as often, and in at most as many documents, as each of its parts. So
//! once it is known that a term must occur `bound` times to be kept, only n-grams made of two kept
//! (n-1)-grams need counting (the Apriori property), and of those only the ones whose bucket of a
//! small table of approximate counts reaches the bound (the algorithm of Park, Chen and Yu, SIGMOD
//! 1995). Approximate counts are never too small, so the result is exact: what is left out could
//! not have been kept. On IMDB this counts some hundred thousand n-grams instead of five million.

use super::intern::{TokenCorpus, shares_of};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::ops::Range;

/// Stands at a position where no n-gram begins that is frequent enough.
const NONE: u32 = u32::MAX;
const NEVER: u32 = u32::MAX;

/// The frequent n-grams of one length.
#[derive(Debug)]
pub struct Level {
    /// Tokens in each n-gram.
    pub n: usize,
    /// What was counted, in no particular order.
    pub grams: Vec<Gram>,
    /// For each position of the corpus the n-gram that begins there: an index into `grams`, or
    /// [`NONE`].
    at: Vec<u32>,
}

/// An n-gram and how often it occurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gram {
    /// Occurrences in the corpus.
    pub term_frequency: u32,
    /// Documents that have it.
    pub document_frequency: u32,
    /// A position of the corpus where it begins.
    pub first_at: u32,
}

impl Level {
    /// Counts every token.
    #[must_use]
    pub fn tokens(corpus: &TokenCorpus) -> Self {
        let n_tokens = corpus.vocabulary.len();
        let shares: Vec<Vec<Counting>> = shares_of(corpus.n_documents())
            .into_par_iter()
            .map(|documents| {
                let mut counts = vec![Counting::default(); n_tokens];
                for document in documents {
                    for position in corpus.document(document) {
                        counts[corpus.tokens[position] as usize].add(document, position);
                    }
                }
                counts
            })
            .collect();
        let mut grams = vec![Counting::default().gram; n_tokens];
        for share in shares {
            for (gram, counted) in grams.iter_mut().zip(share) {
                merge(gram, counted.gram);
            }
        }
        Self { n: 1, grams, at: corpus.tokens.clone() }
    }
}

/// A count that is under way; remembers the last document, so that each document counts once.
#[derive(Clone, Copy)]
struct Counting {
    gram: Gram,
    last_document: u32,
}

impl Default for Counting {
    fn default() -> Self {
        Self {
            gram: Gram { term_frequency: 0, document_frequency: 0, first_at: NEVER },
            last_document: NEVER,
        }
    }
}

impl Counting {
    #[inline]
    fn add(&mut self, document: usize, position: usize) {
        self.gram.term_frequency += 1;
        if self.last_document != document as u32 {
            self.last_document = document as u32;
            self.gram.document_frequency += 1;
        }
        if self.gram.first_at == NEVER {
            self.gram.first_at = position as u32;
        }
    }
}

fn merge(into: &mut Gram, other: Gram) {
    into.term_frequency += other.term_frequency;
    into.document_frequency += other.document_frequency;
    into.first_at = into.first_at.min(other.first_at);
}

/// The n-grams one token longer than a [`Level`]'s that may occur often enough.
#[derive(Debug)]
pub struct Candidates<'a> {
    corpus: &'a TokenCorpus,
    /// For each position the shorter n-gram that begins there, or [`NONE`] if it is not frequent
    /// enough.
    at: Vec<u32>,
    /// Tokens in a shorter n-gram.
    shorter: usize,
    /// Approximate counts by hash, never too small, saturating at 255; empty where they would rule
    /// nothing out.
    buckets: Vec<u8>,
}

/// What one thread counted in its share of the documents; ids are its own.
#[derive(Default)]
struct Share {
    keys: Vec<u64>,
    counts: Vec<Counting>,
    at: Vec<u32>,
}

impl<'a> Candidates<'a> {
    /// What can be made of those n-grams of `shorter` that occur at least `bound` times.
    #[must_use]
    pub fn new(corpus: &'a TokenCorpus, shorter: &Level, bound: u32) -> Self {
        let often = |&id: &u32| match id {
            NONE => NONE,
            id if shorter.grams[id as usize].term_frequency < bound => NONE,
            id => id,
        };
        let at: Vec<u32> = shorter.at.par_iter().map(often).collect();
        let mut candidates = Self { corpus, at, shorter: shorter.n, buckets: Vec::new() };
        if bound > 2 {
            candidates.buckets = candidates.fill_buckets();
        }
        candidates
    }

    /// A frequency that the `most` most frequent of the terms so far, given by their frequencies,
    /// and the candidates together probably reach: approximate counts are too large, so somewhat
    /// below what those say.
    #[must_use]
    pub fn guess(&self, frequencies: Vec<u32>, most: usize) -> u32 {
        let mut n_by_frequency = [0_usize; 256];
        for frequency in frequencies {
            n_by_frequency[frequency.min(255) as usize] += 1;
        }
        for &count in &self.buckets {
            n_by_frequency[count as usize] += 1;
        }
        let mut above = 0;
        let reached = (1..256).rev().find(|&frequency| {
            above += n_by_frequency[frequency];
            above >= most
        });
        reached.map_or(0, |frequency| frequency as u32 * 4 / 5)
    }

    /// Counts those that occur at least `bound` times, which is at least the bound that the
    /// candidates were made with.
    #[must_use]
    pub fn count(&self, bound: u32) -> Level {
        let documents = shares_of(self.corpus.n_documents());
        let shares: Vec<Share> =
            documents.into_par_iter().map(|documents| self.count_share(documents, bound)).collect();
        let mut ids: FxHashMap<u64, u32> = FxHashMap::default();
        let mut all: Vec<Gram> = Vec::new();
        let mut to_all: Vec<Vec<u32>> = Vec::new();
        for share in &shares {
            let global = share.keys.iter().zip(&share.counts).map(|(&key, counted)| {
                let next = all.len() as u32;
                let id = *ids.entry(key).or_insert(next);
                if id == next {
                    all.push(counted.gram);
                } else {
                    merge(&mut all[id as usize], counted.gram);
                }
                id
            });
            to_all.push(global.collect());
        }
        // Only those that reach the bound keep a number.
        let mut grams = Vec::new();
        let mut number = |gram: Gram| {
            if gram.term_frequency < bound {
                return NONE;
            }
            grams.push(gram);
            grams.len() as u32 - 1
        };
        let kept: Vec<u32> = all.into_iter().map(&mut number).collect();
        let mut at = Vec::with_capacity(self.at.len());
        for (share, to_all) in shares.iter().zip(&to_all) {
            at.extend(
                share
                    .at
                    .iter()
                    .map(|&id| if id == NONE { NONE } else { kept[to_all[id as usize] as usize] }),
            );
        }
        Level { n: self.shorter + 1, grams, at }
    }

    fn count_share(&self, documents: Range<usize>, bound: u32) -> Share {
        let enough = bound.min(255) as u8;
        let mut ids: FxHashMap<u64, u32> = FxHashMap::default();
        let mut share = Share::default();
        for document in documents {
            let begins = self.positions(document);
            let rest = self.corpus.document(document).end - begins.end;
            for position in begins {
                let often = |&key: &u64| {
                    self.buckets.is_empty() || self.buckets[self.bucket_of(key)] >= enough
                };
                let Some(key) = self.key(position).filter(often) else {
                    share.at.push(NONE);
                    continue;
                };
                let next = share.keys.len() as u32;
                let id = *ids.entry(key).or_insert(next);
                if id == next {
                    share.keys.push(key);
                    share.counts.push(Counting::default());
                }
                share.counts[id as usize].add(document, position);
                share.at.push(id);
            }
            share.at.extend(std::iter::repeat_n(NONE, rest));
        }
        share
    }

    fn fill_buckets(&mut self) -> Vec<u8> {
        let size = (self.corpus.tokens.len() / 2).next_power_of_two().clamp(1 << 10, 1 << 24);
        self.buckets = vec![0; size];
        let fill = |documents: Range<usize>| {
            let mut buckets = vec![0_u8; size];
            for key in documents
                .flat_map(|document| self.positions(document))
                .filter_map(|position| self.key(position))
            {
                let bucket = &mut buckets[self.bucket_of(key)];
                *bucket = bucket.saturating_add(1);
            }
            buckets
        };
        let shares: Vec<Vec<u8>> =
            shares_of(self.corpus.n_documents()).into_par_iter().map(fill).collect();
        let sum = shares.into_iter().reduce(|mut sum, share| {
            sum.iter_mut().zip(share).for_each(|(sum, count)| *sum = sum.saturating_add(count));
            sum
        });
        sum.unwrap_or_default()
    }

    /// The n-gram at `position` as the pair of its two parts, if both are frequent enough.
    #[inline]
    fn key(&self, position: usize) -> Option<u64> {
        let (head, tail) = (self.at[position], self.at[position + 1]);
        (head != NONE && tail != NONE).then_some(u64::from(head) << 32 | u64::from(tail))
    }

    #[inline]
    fn bucket_of(&self, key: u64) -> usize {
        (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - self.buckets.len().trailing_zeros()))
            as usize
    }

    /// Where in `document` an n-gram of the new length can begin.
    fn positions(&self, document: usize) -> Range<usize> {
        let range = self.corpus.document(document);
        range.start..range.end.saturating_sub(self.shorter).max(range.start)
    }
}
