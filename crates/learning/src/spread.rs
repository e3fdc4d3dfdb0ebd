//! Training on reviews that are spread over many processes, as an engine such as Spark has them.
//!
//! ```text
//!            each chunk of texts                      here
//! survey     digests, frequency of the k-th term ─►  a guess of the least frequency
//! terms      those frequent in some chunk        ─►  candidates
//! count      the candidates                      ─►  the vocabulary
//! vectorize  rows, which stay where they are     ─►  facts, folds
//! answer     sums over the rows of a block       ─►  L-BFGS, calibration, the model
//! ```
//!
//! Chunks and blocks are cut where [`rows_a_block`](crate::learn::matrix::rows_a_block) cuts them,
//! so the bytes of the model are those of [`CheckedTrainParams::fit`] on the same reviews in the
//! same order.
//!
//! A term that occurs so often in all has its share in some chunk at least: what is frequent in no
//! chunk cannot be frequent. Source: Savasere, Omiecinski and Navathe, *An efficient algorithm for
//! mining association rules in large databases*, VLDB 1995.

use crate::corpus::{CorpusFacts, digest, sha256_of};
use crate::learn::columns::Columns;
use crate::learn::facts::Facts;
use crate::learn::folds::Folds;
use crate::learn::logistic::FitError;
use crate::learn::matrix::{Block, WindowRows};
use crate::learn::reference::TextReference;
use crate::learn::rows::{Answer, Part, Question, Rows, RowsError, Shape, in_order};
use crate::learn::select::{Bounds, SelectError, Term, choose, count_terms};
use crate::train::{CheckedTrainParams, Solver, TrainError, Trained, check_classes};
use serde::{Deserialize, Serialize};
use verdict_sentiment::{Seen, Vectorizer, Vocabulary};

/// Where the reviews are, in chunks of an order of their own.
pub trait Cluster {
    /// [`CheckedTrainParams::survey`] of each chunk, in their order.
    ///
    /// # Errors
    /// Where a chunk cannot be reached, here and below.
    fn survey(&self) -> Result<Vec<Survey>, RowsError>;

    /// The terms of which the numbers that [`CheckedTrainParams::frequent_terms`] has of the chunks
    /// add up to what is wanted.
    ///
    /// # Errors
    /// As [`survey`](Self::survey).
    fn terms(&self, wanted: Frequent) -> Result<Vec<String>, RowsError>;

    /// [`CheckedTrainParams::count`] of each chunk, in any order.
    ///
    /// # Errors
    /// As [`survey`](Self::survey).
    fn count(&self, terms: &[String]) -> Result<Vec<Counts>, RowsError>;

    /// [`CheckedTrainParams::vectorize`] of each chunk, in their order; the rows are kept there.
    ///
    /// # Errors
    /// As [`survey`](Self::survey).
    fn vectorize(&self, fitted: &Fitted) -> Result<Vec<(Facts, Vec<Seen>)>, RowsError>;

    /// [`of_block`](crate::learn::rows::of_block) of each block, in their order, to each question.
    ///
    /// # Errors
    /// As [`survey`](Self::survey).
    fn answer(
        &self,
        folds: Option<&Folds>,
        asked: &[Question],
        shape: Shape,
    ) -> Result<Vec<Vec<Answer>>, RowsError>;
}

/// What there is in a chunk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Survey {
    /// The [`digest`] of each review.
    pub digests: Vec<[u8; 32]>,
    /// The label of each review.
    pub labels: Vec<bool>,
    /// How often the last of the most frequent terms occurs, of as many as the vocabulary may have;
    /// 0 where there are fewer, or no such number.
    pub last_frequency: u32,
}

/// Which terms may be frequent in all. A term is counted beyond what it may have in every chunk and
/// still be too rare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frequent {
    /// So often a term may occur in a chunk.
    pub free: u32,
    /// The least sum of its occurrences beyond that, over the chunks that have more.
    pub beyond: u64,
}

impl Frequent {
    /// The terms that may occur `least` times in all chunks together, at least once.
    fn new(least: u32, n_chunks: u32) -> Self {
        let free = least.div_ceil(n_chunks) - 1;
        // At least 1: a term with no more than `free` everywhere is too rare.
        Self { free, beyond: u64::from(least) - u64::from(free) * u64::from(n_chunks) }
    }
}

/// How often terms occur in a chunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Occurrences of each.
    pub term_frequency: Vec<u32>,
    /// Documents that have each.
    pub document_frequency: Vec<u32>,
}

/// A vectoriser without its options, which the parameters have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fitted {
    /// The terms, ascending.
    pub terms: Vec<String>,
    /// Reviews that have each.
    pub document_frequency: Vec<u32>,
    /// Reviews.
    pub n_documents: u32,
}

/// The rows of a chunk.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Chunk {
    reviews: Block,
    labels: Vec<bool>,
    windows: Block,
    review: Vec<u32>,
}

impl Chunk {
    /// What questions are put to.
    #[must_use]
    pub fn part(&self) -> Part<'_> {
        let Self { reviews, labels, windows, review } = self;
        Part { reviews, labels, windows: Some(windows), review }
    }
}

/// What is done where a chunk is.
impl CheckedTrainParams {
    /// What there is.
    ///
    /// # Errors
    /// Where the chunk has more tokens than can be numbered.
    pub fn survey(&self, texts: &[String], labels: &[bool]) -> Result<Survey, SelectError> {
        let mut last_frequency = 0;
        if let Some(most) = self.vocabulary.max_features {
            let vocabulary = self.vocabulary.after_preprocessing();
            let terms = count_terms(&self.preprocess(texts), &vocabulary, &Bounds::NONE, 1)?;
            let mut counts: Vec<u32> = terms.iter().map(|term| term.term_frequency).collect();
            counts.sort_unstable();
            last_frequency = counts.len().checked_sub(most).map_or(0, |at| counts[at]);
        }
        let reviews = texts.iter().zip(labels);
        let digests = reviews.map(|(text, &label)| digest(text, label)).collect();
        Ok(Survey { digests, labels: labels.to_vec(), last_frequency })
    }

    /// The terms that occur more than `free` times here, and how often beyond that.
    ///
    /// # Errors
    /// As [`survey`](Self::survey).
    pub fn frequent_terms(
        &self,
        texts: &[String],
        free: u32,
    ) -> Result<Vec<(String, u32)>, SelectError> {
        let mut vocabulary = self.vocabulary.after_preprocessing();
        vocabulary.max_features = None;
        let terms = count_terms(&self.preprocess(texts), &vocabulary, &Bounds::NONE, free + 1)?;
        Ok(terms.into_iter().map(|term| (term.text, term.term_frequency - free)).collect())
    }

    /// How often each term occurs here; `terms` ascend.
    ///
    /// # Errors
    /// Where the terms are none that a vocabulary may have.
    pub fn count(&self, texts: &[String], terms: &[String]) -> Result<Counts, SelectError> {
        let mut options = self.vocabulary.after_preprocessing().options;
        (options.sublinear_tf, options.binary) = (false, false);
        let vocabulary = Vocabulary::new(terms.iter().map(String::as_str))?;
        let counter = Vectorizer::new(vocabulary, options, 1, vec![1; terms.len()])?;
        let mut counts = Counts {
            term_frequency: vec![0; terms.len()],
            document_frequency: vec![0; terms.len()],
        };
        let mut scratch = verdict_sentiment::Scratch::default();
        for text in self.preprocess(texts).iter() {
            counter.factors(&mut scratch, text, |column, tf| {
                counts.term_frequency[column as usize] += tf as u32;
                counts.document_frequency[column as usize] += 1;
            });
        }
        Ok(counts)
    }

    /// The rows of reviews, of which the first is number `first_row`, and of their windows, with
    /// what is to be known of them elsewhere.
    ///
    /// # Errors
    /// As [`count`](Self::count).
    pub fn vectorize(
        &self,
        texts: &[String],
        labels: &[bool],
        first_row: usize,
        fitted: &Fitted,
    ) -> Result<(Chunk, Facts, Vec<Seen>), SelectError> {
        let vocabulary = Vocabulary::new(fitted.terms.iter().map(String::as_str))?;
        let options = self.vocabulary.after_preprocessing().options;
        let Fitted { document_frequency, n_documents, .. } = fitted;
        let vectorizer =
            Vectorizer::new(vocabulary, options, *n_documents, document_frequency.clone())?;
        let columns = Columns::of(&vectorizer);
        let ranks = columns.ranks();
        let texts = self.preprocess(texts);
        let (mut reviews, seen) = Block::new(&vectorizer, &ranks, &texts);
        reviews.first_row = first_row;
        let (windows, review) =
            WindowRows::block(&vectorizer, &ranks, &texts, first_row, self.windows);
        let chunk = Chunk { reviews, labels: labels.to_vec(), windows, review };
        let first_rare = self.first_rare(&columns, *n_documents as usize);
        let facts = Facts::of_part(chunk.part(), first_rare);
        Ok((chunk, facts, seen))
    }
}

/// What is done here.
impl CheckedTrainParams {
    /// As [`fit_in_steps`](Self::fit_in_steps), of reviews that are elsewhere. `done` gets `survey`
    /// too.
    ///
    /// # Errors
    /// Those of [`fit`](Self::fit), and where the cluster cannot be reached; solver linfa.
    pub fn fit_spread(
        &self,
        cluster: &dyn Cluster,
        name: &str,
        mut done: impl FnMut(&'static str),
    ) -> Result<Trained, TrainError> {
        if self.solver == Solver::Linfa {
            return Err(TrainError::LinfaSpread);
        }
        let surveys = cluster.survey().map_err(FitError::Rows)?;
        let labels: Vec<bool> =
            surveys.iter().flat_map(|survey| survey.labels.iter().copied()).collect();
        check_classes(&labels, self.folds)?;
        let data = CorpusFacts {
            n_reviews: labels.len(),
            n_positive: labels.iter().filter(|&&label| label).count(),
            sha256: sha256_of(surveys.iter().flat_map(|survey| survey.digests.iter().copied())),
        };
        drop(labels);
        done("survey");
        let vectorizer = self.choose_spread(cluster, &surveys, data.n_reviews)?;
        drop(surveys);
        done("vocabulary");
        let fitted = Fitted {
            terms: vectorizer.vocabulary().terms().map(str::to_owned).collect(),
            document_frequency: vectorizer.document_frequency().to_vec(),
            n_documents: vectorizer.n_documents(),
        };
        let mut facts = Facts::default();
        let mut seen = Vec::new();
        for (of_chunk, seen_in_chunk) in cluster.vectorize(&fitted).map_err(FitError::Rows)? {
            facts.append(of_chunk);
            seen.extend(seen_in_chunk);
        }
        let texts = TextReference::new(&seen);
        drop((fitted, seen));
        done("vectorise");
        let columns = Columns::of(&vectorizer);
        let shape = Shape { n_columns: columns.len(), window_weight: self.window_weight };
        let rows = SpreadRows { cluster, columns, shape };
        let fitted = self.fit_rows(&rows, &facts, None, &mut done)?;
        let n_features = rows.columns.len();
        let artifact = self.encode(vectorizer, &fitted, &data, texts.as_ref(), name)?;
        done("encode");
        Ok(Trained::new(artifact, n_features, fitted))
    }

    /// The vectoriser that [`fit_vectorizer`](Self::fit_vectorizer) gives on all texts.
    ///
    /// A least frequency is guessed from those of the chunks. If enough terms then reach it, no
    /// other can be kept and it has proved itself; otherwise it was too high.
    fn choose_spread(
        &self,
        cluster: &dyn Cluster,
        surveys: &[Survey],
        n_documents: usize,
    ) -> Result<Vectorizer, TrainError> {
        let vocabulary = self.vocabulary.after_preprocessing();
        let bounds = Bounds::new(&vocabulary, n_documents)?;
        let least = bounds.least_frequency();
        // In a chunk luck makes a term frequent, so somewhat below what they say.
        let sum: u64 = surveys.iter().map(|survey| u64::from(survey.last_frequency)).sum();
        let mut in_all = u32::try_from(sum * 4 / 5).unwrap_or(u32::MAX).max(least);
        let n_chunks = surveys.len() as u32;
        loop {
            let wanted = Frequent::new(in_all, n_chunks);
            let mut texts = cluster.terms(wanted).map_err(FitError::Rows)?;
            texts.sort_unstable();
            let counts = cluster.count(&texts).map_err(FitError::Rows)?;
            let terms = sum_up(texts, &counts)?;
            let enough = |term: &&Term| {
                term.term_frequency >= in_all && bounds.admit(term.document_frequency)
            };
            let n_enough = terms.iter().filter(enough).count();
            if in_all == least || vocabulary.max_features.is_some_and(|most| n_enough >= most) {
                return Ok(choose(terms, n_documents, &vocabulary)?);
            }
            in_all = (in_all / 2).max(least);
        }
    }
}

fn sum_up(texts: Vec<String>, counts: &[Counts]) -> Result<Vec<Term>, SelectError> {
    let add_up = |of: fn(&Counts) -> &Vec<u32>| {
        let mut sums = vec![0_u64; texts.len()];
        for counts in counts {
            sums.iter_mut().zip(of(counts)).for_each(|(sum, &n)| *sum += u64::from(n));
        }
        sums
    };
    let frequencies = add_up(|counts| &counts.term_frequency);
    let documents = add_up(|counts| &counts.document_frequency);
    let number = |n: u64| u32::try_from(n).map_err(|_| SelectError::TooFrequent { n });
    let terms = texts.into_iter().zip(frequencies).zip(documents);
    let term = |((text, term_frequency), document_frequency)| {
        let (term_frequency, document_frequency) =
            (number(term_frequency)?, number(document_frequency)?);
        Ok(Term { text, term_frequency, document_frequency })
    };
    terms.map(term).collect()
}

struct SpreadRows<'a> {
    cluster: &'a dyn Cluster,
    columns: Columns,
    shape: Shape,
}

impl Rows for SpreadRows<'_> {
    fn columns(&self) -> &Columns {
        &self.columns
    }

    fn answer(&self, folds: Option<&Folds>, asked: &[Question]) -> Result<Vec<Answer>, RowsError> {
        Ok(in_order(asked, self.cluster.answer(folds, asked, self.shape)?))
    }
}
