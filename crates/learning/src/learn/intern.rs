//! Tokens as numbers: every distinct token of a corpus gets an id, every text becomes a list of
//! ids.

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::ops::Range;
use verdict_sentiment::{Analyzer, AnalyzerScratch};

/// A corpus as token ids, and the text of each token.
#[derive(Debug)]
pub struct TokenCorpus {
    /// Token ids of all documents, one after another.
    pub tokens: Vec<u32>,
    /// Where each document ends in `tokens`.
    pub document_ends: Vec<usize>,
    /// The text of each token.
    pub vocabulary: Vec<Box<str>>,
}

/// What one thread found in its share of the documents; ids are its own.
#[derive(Default)]
struct Share {
    tokens: Vec<u32>,
    document_ends: Vec<usize>,
    ids: FxHashMap<u64, u32>,
    words: Vec<(u64, Box<str>)>,
}

impl TokenCorpus {
    /// Splits each text into tokens, as the analyzer of the model will, and numbers them.
    ///
    /// Tokens are told apart by their 64-bit hashes; two of a hundred thousand are taken for one
    /// with a probability of 3·10⁻¹⁰.
    #[must_use]
    pub fn new(texts: &[impl AsRef<str> + Sync], analyzer: &Analyzer) -> Self {
        let shares: Vec<Share> = shares_of(texts.len())
            .into_par_iter()
            .map(|range| share(&texts[range], analyzer))
            .collect();
        merge(shares)
    }

    /// Number of documents.
    #[must_use]
    pub fn n_documents(&self) -> usize {
        self.document_ends.len()
    }

    /// Where the tokens of document `i` are in [`TokenCorpus::tokens`].
    #[must_use]
    pub fn document(&self, i: usize) -> Range<usize> {
        let start = if i == 0 { 0 } else { self.document_ends[i - 1] };
        start..self.document_ends[i]
    }
}

/// One contiguous range of documents for each thread of the pool. Results never depend on where the
/// cuts are.
pub(crate) fn shares_of(n: usize) -> Vec<Range<usize>> {
    let size = n.div_ceil(rayon::current_num_threads()).max(1);
    (0..n).step_by(size).map(|start| start..(start + size).min(n)).collect()
}

fn share(texts: &[impl AsRef<str>], analyzer: &Analyzer) -> Share {
    let mut share = Share::default();
    let mut scratch = AnalyzerScratch::default();
    for text in texts {
        let tokens = analyzer.analyze(&mut scratch, text.as_ref());
        for (i, &hash) in tokens.hashes().iter().enumerate() {
            let next = share.words.len() as u32;
            let id = *share.ids.entry(hash).or_insert(next);
            if id == next {
                share.words.push((hash, tokens.text(i).unwrap_or_default().into_owned().into()));
            }
            share.tokens.push(id);
        }
        share.document_ends.push(share.tokens.len());
    }
    share
}

fn merge(shares: Vec<Share>) -> TokenCorpus {
    let mut ids: FxHashMap<u64, u32> = FxHashMap::default();
    let mut corpus =
        TokenCorpus { tokens: Vec::new(), document_ends: Vec::new(), vocabulary: Vec::new() };
    corpus.tokens.reserve_exact(shares.iter().map(|share| share.tokens.len()).sum());
    for share in shares {
        let mut to_global = Vec::with_capacity(share.words.len());
        for (hash, word) in share.words {
            let next = corpus.vocabulary.len() as u32;
            let id = *ids.entry(hash).or_insert(next);
            if id == next {
                corpus.vocabulary.push(word);
            }
            to_global.push(id);
        }
        let offset = corpus.tokens.len();
        corpus.tokens.extend(share.tokens.iter().map(|&id| to_global[id as usize]));
        corpus.document_ends.extend(share.document_ends.iter().map(|end| offset + end));
    }
    corpus
}
