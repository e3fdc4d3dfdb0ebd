//! Training on reviews in chunks gives the bytes of training on all of them at once.

use crate::made::{corpus, train, with_terms};
use crate::train::short_texts;
use std::cell::RefCell;
use std::collections::BTreeMap;
use verdict_learning::corpus::Corpus;
use verdict_learning::learn::facts::Facts;
use verdict_learning::learn::folds::Folds;
use verdict_learning::learn::logistic::LogisticParams;
use verdict_learning::learn::matrix::rows_a_block;
use verdict_learning::learn::naive_bayes::Weighting;
use verdict_learning::learn::rows::{Answer, Question, RowsError, Shape, of_block};
use verdict_learning::learn::select::{DocumentCount, VocabularyParams};
use verdict_learning::spread::{Chunk, Cluster, Counts, Fitted, Frequent, Survey};
use verdict_learning::train::{CheckedTrainParams, Solver, TrainError, TrainParams};
use verdict_sentiment::Seen;

/// Chunks in memory, some to a block.
struct InMemory<'a> {
    corpus: &'a Corpus,
    params: CheckedTrainParams,
    /// First review and number of reviews of the chunks of each block.
    blocks: Vec<Vec<(usize, usize)>>,
    /// The rows of the chunk that begins at a review.
    rows: RefCell<BTreeMap<usize, Chunk>>,
    /// How often terms were counted.
    passes: RefCell<usize>,
}

impl<'a> InMemory<'a> {
    fn new(corpus: &'a Corpus, params: TrainParams, chunk: usize) -> Self {
        let size = rows_a_block(corpus.len());
        let cut = |first: usize, last: usize, size: usize| {
            (first..last).step_by(size).map(move |i| (i, size.min(last - i)))
        };
        let blocks = cut(0, corpus.len(), size);
        let blocks = blocks.map(|(first, n)| cut(first, first + n, chunk).collect()).collect();
        let params = params.check().unwrap();
        Self { corpus, params, blocks, rows: RefCell::default(), passes: RefCell::default() }
    }

    fn each<T>(&self, of: impl Fn(&[String], &[bool], usize) -> T) -> Vec<T> {
        let Corpus { texts, labels, .. } = self.corpus;
        let chunks = self.blocks.iter().flatten();
        chunks.map(|&(i, n)| of(&texts[i..i + n], &labels[i..i + n], i)).collect()
    }
}

impl Cluster for InMemory<'_> {
    fn survey(&self) -> Result<Vec<Survey>, RowsError> {
        Ok(self.each(|texts, labels, _| self.params.survey(texts, labels).unwrap()))
    }

    fn terms(&self, wanted: Frequent) -> Result<Vec<String>, RowsError> {
        let mut sums: BTreeMap<String, u64> = BTreeMap::new();
        let found = self.each(|texts, _, _| self.params.frequent_terms(texts, wanted.free));
        for (term, n) in found.into_iter().flat_map(Result::unwrap) {
            *sums.entry(term).or_default() += u64::from(n);
        }
        sums.retain(|_, sum| *sum >= wanted.beyond);
        Ok(sums.into_keys().rev().collect())
    }

    fn count(&self, terms: &[String]) -> Result<Vec<Counts>, RowsError> {
        *self.passes.borrow_mut() += 1;
        Ok(self.each(|texts, _, _| self.params.count(texts, terms).unwrap()))
    }

    fn vectorize(&self, fitted: &Fitted) -> Result<Vec<(Facts, Vec<Seen>)>, RowsError> {
        Ok(self.each(|texts, labels, first| {
            let made = self.params.vectorize(texts, labels, first, fitted).unwrap();
            self.rows.borrow_mut().insert(first, made.0);
            (made.1, made.2)
        }))
    }

    fn answer(
        &self,
        folds: Option<&Folds>,
        asked: &[Question],
        shape: Shape,
    ) -> Result<Vec<Vec<Answer>>, RowsError> {
        let rows = self.rows.borrow();
        let of = |block: &Vec<(usize, usize)>, question: &Question| {
            let parts = block.iter().map(|(first, _)| rows[first].part());
            of_block(question, folds, shape, parts)
        };
        let of = |block| asked.iter().map(|question| of(block, question)).collect();
        Ok(self.blocks.iter().map(of).collect())
    }
}

#[test]
fn reviews_in_chunks_give_the_bytes_of_all_at_once() {
    let corpus = corpus(600);
    let bounded = VocabularyParams {
        min_df: DocumentCount::Count(3),
        max_df: DocumentCount::Fraction(0.4),
        max_features: Some(40),
        ..VocabularyParams::default()
    };
    let naive_bayes = LogisticParams {
        weighting: Weighting::NaiveBayes { smoothing: 1.0 },
        ..LogisticParams::default()
    };
    let all =
        VocabularyParams { min_df: DocumentCount::Count(2), max_features: None, ..bounded.clone() };
    for params in [
        TrainParams::default(),
        with_terms(50),
        TrainParams { vocabulary: bounded, ..TrainParams::default() },
        TrainParams { vocabulary: all, ..TrainParams::default() },
        TrainParams { logistic: naive_bayes, ..with_terms(100) },
        TrainParams { folds: None, ..with_terms(100) },
        short_texts(),
        TrainParams { target_error: Some(0.2), ..short_texts() },
    ] {
        let at_once = train(&corpus, params.clone());
        for chunk in [1_000, 30] {
            let cluster = InMemory::new(&corpus, params.clone(), chunk);
            let spread = cluster.params.fit_spread(&cluster, "test", |_| {}).unwrap();
            assert!(spread.artifact == at_once.artifact, "chunks of {chunk}, {params:?}");
            assert_eq!(spread.iterations, at_once.iterations);
        }
    }
}

/// Terms that are frequent nearly everywhere but by chance, or in one chunk alone.
#[test]
fn a_guess_that_was_too_high_is_made_again() {
    // Each chunk has words of its own, which are frequent there and not in all.
    let rows = (0..400).map(|i| {
        let own = (0..8).map(|word| format!("own{}x{word}", i / 50)).collect::<Vec<_>>().join(" ");
        let rare = if i % 50 < 3 { "scarce" } else { "" };
        (format!("{own} {} {rare}", ["fine", "dull"][i % 2]), i % 2 == 0)
    });
    let corpus: Corpus = rows.collect();
    let params = with_terms(25);
    let cluster = InMemory::new(&corpus, params.clone(), 50);
    let spread = cluster.params.fit_spread(&cluster, "test", |_| {}).unwrap();
    assert!(*cluster.passes.borrow() > 1, "the guess was too high");
    assert!(spread.artifact == train(&corpus, params).artifact);
}

#[test]
fn what_cannot_be_trained_on_is_said_before_any_row_is_made() {
    let corpus = corpus(60);
    let dense = TrainParams { solver: Solver::Linfa, ..with_terms(20) };
    let cluster = InMemory::new(&corpus, dense, 50);
    let error = cluster.params.fit_spread(&cluster, "test", |_| {}).unwrap_err();
    assert!(matches!(error, TrainError::LinfaSpread), "{error}");
    let one_class: Corpus = (0..9).map(|i| (format!("good film {i}"), true)).collect();
    let cluster = InMemory::new(&one_class, TrainParams::default(), 50);
    let error = cluster.params.fit_spread(&cluster, "test", |_| {}).unwrap_err();
    assert!(matches!(error, TrainError::OneClass { positive: 9, negative: 0 }), "{error}");
    assert!(cluster.rows.borrow().is_empty());
}
