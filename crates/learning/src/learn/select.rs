//! Which n-grams become the vocabulary: `min_df`, `max_df` and `max_features` of scikit-learn's
//! vectorisers.

use super::count::{Candidates, Gram, Level};
use super::intern::TokenCorpus;
use crate::bounds::Check;
use serde::{Deserialize, Serialize};
use std::fmt;
use verdict_sentiment::{
    InvalidPart, NgramRange, Preprocessing, Vectorizer, VectorizerOptions, Vocabulary,
};

/// A number of documents. In a file an integer is a count and a number with a point a fraction:
/// `1` and `1.0` differ, as in scikit-learn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum DocumentCount {
    /// So many documents, 1 to 4294967295.
    Count(i64),
    /// This fraction of the documents, 0 to 1.
    Fraction(f64),
}

impl fmt::Display for DocumentCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Fraction(fraction) => write!(f, "{fraction:?}"),
        }
    }
}

impl DocumentCount {
    fn check(self, check: &mut Check, parameter: &str) {
        let (holds, bound) = match self {
            Self::Count(count) => {
                (count >= 1 && u32::try_from(count).is_ok(), "between 1 and 4294967295 documents")
            }
            Self::Fraction(fraction) => {
                ((0.0..=1.0).contains(&fraction), "a fraction between 0.0 and 1.0")
            }
        };
        check.that(holds, parameter, bound, self);
    }

    /// The bound in documents; not a whole number where it is a fraction, as in scikit-learn.
    #[must_use]
    pub fn of(self, n_documents: usize) -> f64 {
        match self {
            Self::Count(count) => count as f64,
            Self::Fraction(fraction) => fraction * n_documents as f64,
        }
    }
}

/// Parameters of the vocabulary.
#[derive(Debug, Clone, PartialEq)]
pub struct VocabularyParams {
    /// How a text becomes tokens, terms and a row: what the model keeps.
    pub options: VectorizerOptions,
    /// Terms in fewer documents are left out.
    pub min_df: DocumentCount,
    /// Terms in more documents are left out; at least `min_df`.
    pub max_df: DocumentCount,
    /// Of the others, the most frequent ones of the whole corpus are kept, at least 1; equally
    /// frequent ones in the order of their text. `None` keeps all.
    pub max_features: Option<usize>,
}

impl VocabularyParams {
    /// The same for texts that are preprocessed already.
    #[must_use]
    pub fn after_preprocessing(&self) -> Self {
        let mut params = self.clone();
        params.options.analyzer.preprocessing = Preprocessing::default();
        params
    }

    pub(crate) fn check(&self, check: &mut Check) {
        if let Some(most) = self.max_features {
            check.that(most >= 1, "max_features", "at least 1, or null", most);
        }
        self.min_df.check(check, "min_df");
        self.max_df.check(check, "max_df");
        // A count and a fraction can be compared only once the number of reviews is known.
        let contradict = match (self.min_df, self.max_df) {
            (DocumentCount::Count(min), DocumentCount::Count(max)) => max < min,
            (DocumentCount::Fraction(min), DocumentCount::Fraction(max)) => max < min,
            _ => false,
        };
        let bound = format_args!("at least min_df, {}", self.min_df);
        check.that(!contradict, "max_df", bound, self.max_df);
    }
}

/// Those of the default model.
impl Default for VocabularyParams {
    fn default() -> Self {
        Self {
            options: VectorizerOptions {
                ngram_range: NgramRange::new(1, 3).unwrap_or_default(),
                sublinear_tf: true,
                ..VectorizerOptions::default()
            },
            min_df: DocumentCount::Count(1),
            max_df: DocumentCount::Fraction(1.0),
            max_features: Some(20_000),
        }
    }
}

/// Why there is no vocabulary.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SelectError {
    /// No document has a token, or none that the bounds let through.
    #[error(
        "the vocabulary is empty: of {n_documents} reviews no term is in at least {min_df} and at most {max_df} of them"
    )]
    Empty {
        /// Documents in all.
        n_documents: usize,
        /// Smallest number of documents.
        min_df: f64,
        /// Largest number of documents.
        max_df: f64,
    },
    /// The bounds exclude everything.
    #[error("max_df must be at least min_df, got {max_df} and {min_df} documents")]
    Bounds {
        /// Smallest number of documents.
        min_df: f64,
        /// Largest number of documents.
        max_df: f64,
    },
    /// More tokens than positions that can be numbered.
    #[error(
        "one process takes reviews of fewer than {} tokens in all, got {n_tokens}; verdict.spark.train spreads more over \
         many (docs/python.md)",
        u32::MAX
    )]
    TooLarge {
        /// Tokens in all documents.
        n_tokens: usize,
    },
    /// More occurrences than a count holds.
    #[error("a term must occur fewer than {} times in all reviews, got {n}", u32::MAX)]
    TooFrequent {
        /// Occurrences.
        n: u64,
    },
    /// Terms or counts that no model can have, such as two terms of one hash.
    #[error(transparent)]
    Part(#[from] InvalidPart),
}

/// Fits a vectoriser on texts: scikit-learn's `TfidfVectorizer.fit`.
///
/// # Errors
/// Where no term is left, or where the bounds contradict each other.
pub fn fit_vectorizer(
    texts: &[impl AsRef<str> + Sync],
    params: &VocabularyParams,
) -> Result<Vectorizer, SelectError> {
    let bounds = Bounds::new(params, texts.len())?;
    let terms = count_terms(texts, params, &bounds, bounds.least_frequency())?;
    choose(terms, texts.len(), params)
}

/// A term and how often it occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// Its tokens joined by spaces.
    pub text: String,
    /// Occurrences.
    pub term_frequency: u32,
    /// Documents that have it.
    pub document_frequency: u32,
}

/// The terms that occur at least `least` times and, where so many are asked for, are among the
/// most frequent: equally frequent ones all of them. In no particular order.
pub(crate) fn count_terms(
    texts: &[impl AsRef<str> + Sync],
    params: &VocabularyParams,
    bounds: &Bounds,
    least: u32,
) -> Result<Vec<Term>, SelectError> {
    let corpus = TokenCorpus::new(texts, &params.options.analyzer);
    if corpus.tokens.len() >= u32::MAX as usize {
        return Err(SelectError::TooLarge { n_tokens: corpus.tokens.len() });
    }
    let mut kept: Vec<Kept> = Vec::new();
    let mut bound = least;
    let mut level = Level::tokens(&corpus);
    loop {
        if level.n >= params.options.ngram_range.min() {
            let admitted = level.grams.iter().filter(|gram| {
                gram.term_frequency >= bound && bounds.admit(gram.document_frequency)
            });
            kept.extend(admitted.map(|&gram| Kept { n: level.n, gram }));
            bound = raise(&mut kept, params.max_features, bound);
        }
        if level.n >= params.options.ngram_range.max() {
            break;
        }
        level = next_level(&corpus, &level, &kept, params, bounds, bound);
    }
    Ok(kept.iter().map(|kept| kept.term(&corpus)).collect())
}

/// The vectoriser with the most frequent of these terms, of which none lacks that could be chosen.
///
/// # Errors
/// Where the bounds let none through, or contradict each other.
pub fn choose(
    mut terms: Vec<Term>,
    n_documents: usize,
    params: &VocabularyParams,
) -> Result<Vectorizer, SelectError> {
    let bounds = Bounds::new(params, n_documents)?;
    terms.retain(|term| bounds.admit(term.document_frequency));
    if terms.is_empty() {
        let Bounds { min_df, max_df } = bounds;
        return Err(SelectError::Empty { n_documents, min_df, max_df });
    }
    if let Some(most) = params.max_features.filter(|&most| terms.len() > most) {
        terms.sort_unstable_by(|a, b| {
            b.term_frequency.cmp(&a.term_frequency).then_with(|| a.text.cmp(&b.text))
        });
        terms.truncate(most);
    }
    terms.sort_unstable_by(|a, b| a.text.cmp(&b.text));
    let vocabulary = Vocabulary::new(terms.iter().map(|term| term.text.as_str()))?;
    let document_frequency = terms.iter().map(|term| term.document_frequency).collect();
    let n_documents = n_documents as u32;
    Ok(Vectorizer::new(vocabulary, params.options.clone(), n_documents, document_frequency)?)
}

/// Counts the n-grams that are one token longer.
///
/// `bound` is what the terms so far prove; most of it is proved by the longer terms themselves. So
/// first a higher bound is guessed from the approximate counts, which leaves a fraction to count.
/// If the terms then known reach the guess, no other n-gram can be kept and the guess has proved
/// itself; otherwise `bound` is used.
fn next_level(
    corpus: &TokenCorpus,
    level: &Level,
    kept: &[Kept],
    params: &VocabularyParams,
    bounds: &Bounds,
    bound: u32,
) -> Level {
    let candidates = Candidates::new(corpus, level, bound);
    if let Some(most) = params.max_features {
        let frequencies = kept.iter().map(|kept| kept.gram.term_frequency);
        let guess = candidates.guess(frequencies.collect(), most);
        if guess > bound {
            let counted = candidates.count(guess);
            let reach = |gram: &&Gram| gram.term_frequency >= guess;
            let known = kept.iter().map(|kept| &kept.gram).filter(reach).count()
                + counted
                    .grams
                    .iter()
                    .filter(reach)
                    .filter(|gram| bounds.admit(gram.document_frequency))
                    .count();
            if known >= most {
                return counted;
            }
        }
    }
    candidates.count(bound)
}

/// An n-gram that may become a term.
struct Kept {
    n: usize,
    gram: Gram,
}

impl Kept {
    fn term(&self, corpus: &TokenCorpus) -> Term {
        let start = self.gram.first_at as usize;
        let tokens = &corpus.tokens[start..start + self.n];
        let words: Vec<&str> =
            tokens.iter().map(|&token| &*corpus.vocabulary[token as usize]).collect();
        let Gram { term_frequency, document_frequency, .. } = self.gram;
        Term { text: words.join(" "), term_frequency, document_frequency }
    }
}

/// The frequency that a term must have to be among the `max_features` most frequent; drops those
/// below it. Ties stay.
fn raise(kept: &mut Vec<Kept>, max_features: Option<usize>, bound: u32) -> u32 {
    let Some(most) = max_features.filter(|&most| most <= kept.len()) else {
        return bound;
    };
    let frequency = |kept: &Kept| std::cmp::Reverse(kept.gram.term_frequency);
    let (_, last, _) = kept.select_nth_unstable_by_key(most - 1, frequency);
    let bound = last.gram.term_frequency.max(bound);
    kept.retain(|kept| kept.gram.term_frequency >= bound);
    bound
}

/// The bounds on document frequencies, in documents.
pub(crate) struct Bounds {
    min_df: f64,
    max_df: f64,
}

impl Bounds {
    pub(crate) const NONE: Self = Self { min_df: 0.0, max_df: f64::INFINITY };

    pub(crate) fn new(params: &VocabularyParams, n_documents: usize) -> Result<Self, SelectError> {
        let (min_df, max_df) = (params.min_df.of(n_documents), params.max_df.of(n_documents));
        if max_df < min_df {
            Err(SelectError::Bounds { min_df, max_df })
        } else {
            Ok(Self { min_df, max_df })
        }
    }

    pub(crate) fn admit(&self, document_frequency: u32) -> bool {
        let df = f64::from(document_frequency);
        df >= self.min_df && df <= self.max_df
    }

    /// A term in so many documents occurs at least so often.
    pub(crate) fn least_frequency(&self) -> u32 {
        (self.min_df.ceil() as u32).max(1)
    }
}
