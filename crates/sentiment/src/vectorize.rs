//! Text to TF-IDF rows: scikit-learn's `TfidfVectorizer` with smooth idf and L2 norm.

#![allow(
    clippy::indexing_slicing,
    reason = "the hot loop: a column is always below the number of terms, and every array has one entry for each"
)]

use crate::analyzer::{Analyzer, AnalyzerScratch};
use crate::error::InvalidPart;
use crate::ngram::{NgramRange, combine};
use crate::vocabulary::Vocabulary;
use serde::{Deserialize, Serialize};

/// Term frequencies up to this one have their logarithm in a table.
const TF_TABLE: u32 = 64;

/// How a text becomes a row, before there is a vocabulary: the parameters of scikit-learn's
/// `TfidfVectorizer` that serving needs too. The default is that of Verdict's first models: words,
/// 1-grams, TF-IDF, rows of length one.
#[derive(Debug, Clone, PartialEq)]
pub struct VectorizerOptions {
    /// Text to tokens.
    pub analyzer: Analyzer,
    /// The lengths of terms, in tokens.
    pub ngram_range: NgramRange,
    /// Whether a count *c* weighs `1 + ln(c)`.
    pub sublinear_tf: bool,
    /// Whether every count above 1 is taken for 1.
    pub binary: bool,
    /// Whether terms are weighted by their inverse document frequency.
    pub use_idf: bool,
    /// How rows are scaled.
    pub norm: Norm,
}

impl Default for VectorizerOptions {
    fn default() -> Self {
        Self {
            analyzer: Analyzer::default(),
            ngram_range: NgramRange::default(),
            sublinear_tf: false,
            binary: false,
            use_idf: true,
            norm: Norm::L2,
        }
    }
}

/// How a row is scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Norm {
    /// To length one: `norm="l2"`.
    #[default]
    L2,
    /// Not at all: `norm=None`.
    None,
}

/// A fitted vectoriser: the vocabulary, its inverse document frequencies and how terms are counted.
///
/// The value of term *t* in a review is `tf(t) · idf(t) · factor`. `tf` is the count (1 if binary),
/// or `1 + ln` of that if sublinear; `idf(t) = ln((1 + n) / (1 + df(t))) + 1` for *n* documents of
/// which `df(t)` have the term, or 1 without idf; and the factor makes the row's length one, or is
/// 1 without a norm.
#[derive(Debug, Clone)]
pub struct Vectorizer {
    vocabulary: Vocabulary,
    options: VectorizerOptions,
    n_documents: u32,
    document_frequency: Vec<u32>,
    idf: Vec<f64>,
    tf_table: Vec<f64>,
}

/// The working memory of one thread: tokens, hashes and counts of the present review.
///
/// It belongs to no model in particular; between two calls all its counts are zero.
#[derive(Debug, Default)]
pub struct Scratch {
    analyzer: AnalyzerScratch,
    /// Hashes of the n-grams of the length at hand, one for each position.
    grams: Vec<u64>,
    /// The n-grams, of all lengths, that may be terms.
    candidates: Vec<u64>,
    /// What the table has in the place of each candidate.
    slots: Vec<u64>,
    /// The columns of all terms in the order of the review, with repetitions.
    hits: Vec<u32>,
    /// How often each column occurs in the review at hand; all zero outside of a call.
    counts: Vec<u32>,
    /// Columns that occur, in the order in which they first do.
    pub(crate) columns: Vec<u32>,
    /// `tf · idf` of each of them, before the row is scaled to length one.
    pub(crate) values: Vec<f64>,
    /// What was seen of the review at hand.
    seen: Seen,
}

/// What a vectoriser saw of a review, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Seen {
    /// Its tokens.
    pub tokens: usize,
    /// Its n-grams of the shortest length that terms have, mostly the tokens themselves, each as
    /// often as it occurs.
    pub terms: usize,
    /// Those of them that are in the vocabulary.
    pub known: usize,
}

impl Seen {
    /// The part of [`Seen::terms`] that is not in the vocabulary, 0 to 1; 0 where there are none.
    pub fn oov_ratio(self) -> f64 {
        if self.terms == 0 {
            return 0.0;
        }
        #[allow(clippy::cast_precision_loss, reason = "a review has far fewer tokens than 2^53")]
        let ratio = self.terms.saturating_sub(self.known) as f64 / self.terms as f64;
        ratio
    }
}

impl Scratch {
    /// What was seen of the review that was scored or transformed last.
    pub fn seen(&self) -> Seen {
        self.seen
    }

    /// The columns of that review's row, each once.
    pub fn columns(&self) -> &[u32] {
        &self.columns
    }

    /// The columns of its known n-grams of the shortest length, each as often as it occurs:
    /// [`Seen::known`] of them.
    pub fn known(&self) -> &[u32] {
        self.hits.get(..self.seen.known).unwrap_or_default()
    }
}

impl Vectorizer {
    /// Puts a vectoriser together from its vocabulary and counts.
    ///
    /// `document_frequency` has one count for each term, each between 1 and `n_documents`.
    ///
    /// # Errors
    /// Where the numbers do not fit each other.
    pub fn new(
        vocabulary: Vocabulary,
        options: VectorizerOptions,
        n_documents: u32,
        document_frequency: Vec<u32>,
    ) -> Result<Self, InvalidPart> {
        if document_frequency.len() != vocabulary.len() {
            let (n_terms, got) = (vocabulary.len(), document_frequency.len());
            return Err(InvalidPart(format!(
                "{n_terms} terms need {n_terms} document frequencies, got {got}"
            )));
        }
        let counts = 1..=n_documents;
        let mut columns = document_frequency.iter().enumerate();
        if let Some((column, df)) = columns.find(|(_, df)| !counts.contains(df)) {
            return Err(InvalidPart(format!(
                "document frequency of term {column} must be between 1 and {n_documents}, got {df}"
            )));
        }
        let n = 1.0 + f64::from(n_documents);
        let idf = document_frequency
            .iter()
            .map(|&df| match options.use_idf {
                true => libm::log(n / (1.0 + f64::from(df))) + 1.0,
                false => 1.0,
            })
            .collect();
        let mut vectorizer = Self {
            vocabulary,
            options,
            n_documents,
            document_frequency,
            idf,
            tf_table: Vec::new(),
        };
        vectorizer.tf_table = (0..TF_TABLE).map(|count| vectorizer.term_weight(count)).collect();
        Ok(vectorizer)
    }

    /// The terms.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// How a text becomes a row.
    pub fn options(&self) -> &VectorizerOptions {
        &self.options
    }

    /// Number of documents it was fitted on.
    pub fn n_documents(&self) -> u32 {
        self.n_documents
    }

    /// Number of documents that have the term of each column.
    pub fn document_frequency(&self) -> &[u32] {
        &self.document_frequency
    }

    /// Inverse document frequency of each column; all 1 where it is not used.
    pub fn idf(&self) -> &[f64] {
        &self.idf
    }

    /// The row of `text`: columns in the order in which their terms first occur, beside their
    /// values.
    ///
    /// The row has length one (unless the norm is none), or is empty where no term is in the
    /// vocabulary.
    pub fn transform<'s>(&self, scratch: &'s mut Scratch, text: &str) -> (&'s [u32], &'s [f64]) {
        let norm = self.weigh(scratch, text);
        for value in &mut scratch.values {
            *value *= norm;
        }
        (&scratch.columns, &scratch.values)
    }

    /// The row of `text` as factors: calls `term(column, tf)` for each term and returns the row's
    /// own factor, so that the value of a term is `tf · idf(column) · factor`, as
    /// [`Vectorizer::transform`] gives it.
    pub fn factors(&self, scratch: &mut Scratch, text: &str, term: impl FnMut(u32, f64)) -> f64 {
        self.weigh_each(scratch, text, term)
    }

    /// Fills `scratch.columns` and `scratch.values` with `tf · idf` and returns the row's own
    /// factor.
    pub(crate) fn weigh(&self, scratch: &mut Scratch, text: &str) -> f64 {
        self.weigh_each(scratch, text, |_, _| ())
    }

    #[inline]
    fn weigh_each(&self, scratch: &mut Scratch, text: &str, mut term: impl FnMut(u32, f64)) -> f64 {
        self.options.analyzer.analyze(&mut scratch.analyzer, text);
        self.count(scratch);
        scratch.values.clear();
        let mut squares = 0.0;
        for &column in &scratch.columns {
            let count = std::mem::take(&mut scratch.counts[column as usize]);
            let tf = match self.tf_table.get(count as usize) {
                Some(&tf) => tf,
                None => self.term_weight(count),
            };
            term(column, tf);
            let value = tf * self.idf[column as usize];
            squares += value * value;
            scratch.values.push(value);
        }
        match self.options.norm {
            Norm::L2 if squares > 0.0 => 1.0 / squares.sqrt(),
            Norm::L2 => 0.0,
            Norm::None => 1.0,
        }
    }

    /// Counts the terms of the review at hand into `scratch.counts` and lists their columns.
    fn count(&self, scratch: &mut Scratch) {
        let Scratch { analyzer, grams, candidates, slots, hits, counts, columns, seen, .. } =
            scratch;
        let tokens = analyzer.tokens().hashes();
        let range = self.options.ngram_range;
        if counts.len() < self.vocabulary.len() {
            counts.resize(self.vocabulary.len(), 0);
        }
        let most = tokens.len() * range.max();
        if candidates.len() < most {
            candidates.resize(most, 0);
        }
        let (mut n_candidates, mut n_shortest) = (0, 0);
        grams.clear();
        grams.extend_from_slice(tokens);
        for n in 1..=range.max() {
            let into = &mut candidates[n_candidates..];
            if n == 1 {
                if range.min() == 1 {
                    n_candidates += self.vocabulary.sift(tokens.iter().copied(), into);
                    n_shortest = n_candidates;
                }
                continue;
            }
            // One position less, and each n-gram one token longer.
            grams.pop();
            let longer = grams.iter_mut().zip(tokens.iter().skip(n - 1)).map(|(gram, &token)| {
                *gram = combine(*gram, token);
                *gram
            });
            if n >= range.min() {
                n_candidates += self.vocabulary.sift(longer, into);
                if n == range.min() {
                    n_shortest = n_candidates;
                }
            } else {
                longer.for_each(drop);
            }
        }
        // The shortest n-grams, which come first, are looked up first: the number of known ones
        // gives the out-of-vocabulary ratio.
        let (shortest, longer) = candidates[..n_candidates].split_at(n_shortest);
        hits.clear();
        self.vocabulary.columns_of(shortest, slots, hits);
        *seen = Seen {
            tokens: tokens.len(),
            terms: (tokens.len() + 1).saturating_sub(range.min()),
            known: hits.len(),
        };
        self.vocabulary.columns_of(longer, slots, hits);
        columns.resize(hits.len(), 0);
        let mut end = 0;
        for &column in &*hits {
            let count = &mut counts[column as usize];
            columns[end] = column;
            end += usize::from(*count == 0);
            *count += 1;
        }
        columns.truncate(end);
    }

    fn term_weight(&self, count: u32) -> f64 {
        let count = if self.options.binary { count.min(1) } else { count };
        if self.options.sublinear_tf && count > 0 {
            1.0 + libm::log(f64::from(count))
        } else {
            f64::from(count)
        }
    }
}
