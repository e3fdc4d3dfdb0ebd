//! Labelled reviews in memory, in an order of their own.

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};
use std::path::Path;
use verdict_datasets::{Labels, OpenOptions, Source, Split};

use crate::params::DataIngestion;
use crate::progress;
use crate::scoring::{Reviews, ReviewsError, sha256_of};

/// Reviews with their labels, ascending by id, so that a folder and its archive are the same corpus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corpus {
    /// What each review is called: no part of `sha256`.
    pub ids: Vec<String>,
    /// The texts.
    pub texts: Vec<String>,
    /// `true` is positive; beside the texts.
    pub labels: Vec<bool>,
    /// SHA-256 over labels and texts in this order, 64 hexadecimal digits.
    pub sha256: String,
}

/// Which reviews of a source to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum SplitName {
    /// The part to train on.
    Train,
    /// The part that is held out.
    Test,
    /// Both.
    All,
}

impl Corpus {
    /// Reads the labelled reviews of `path`.
    ///
    /// An aclImdb source has its own split. Any other is split by a hash of the text, so that equal texts are on one side,
    /// whatever their order.
    ///
    /// # Errors
    /// Where the source is broken, or where any review cannot be read: the first ones are named with their places.
    pub fn read(path: &Path, split: SplitName, ingestion: &DataIngestion) -> anyhow::Result<Self> {
        let parts = match split {
            SplitName::Train => Split::Train,
            SplitName::Test => Split::Test,
            SplitName::All => Split::All,
        };
        let options = OpenOptions {
            split: parts,
            labels: Labels::Required,
            ..OpenOptions::default()
        };
        let mut source = Source::open(path, &options)?;
        let has_split = source.kind() == verdict_datasets::Kind::AclImdb;
        let keep = |text: &str| {
            has_split
                || split == SplitName::All
                || (split == SplitName::Test) == ingestion.holds_out(text)
        };

        let bar = progress::bytes("reading reviews", source.progress().total);
        let mut reviews = Vec::new();
        let mut problems = Problems::default();
        while let Some(review) = source.next() {
            bar.set_position(source.progress().done);
            match review {
                Ok(review) if keep(&review.text) => match review.label {
                    Some(label) => reviews.push((review.id, review.text, label)),
                    None => problems.add(format!("{}: the review has no label", review.place)),
                },
                Ok(_) => {}
                Err(error) if error.is_fatal() => return Err(error.into()),
                Err(error) => problems.add(error.to_string()),
            }
        }
        bar.finish_and_clear();
        problems
            .check()
            .with_context(|| format!("reading {}", path.display()))?;
        if reviews.is_empty() {
            bail!(
                "{} has no labelled review in its {split:?} part",
                path.display()
            );
        }
        // By text and label after the id: an id that stands twice leaves no order to the file.
        reviews.sort();
        Ok(Self::with_ids(reviews))
    }

    /// Takes ids, texts and labels in the order that they come in.
    pub fn with_ids(reviews: impl IntoIterator<Item = (String, String, bool)>) -> Self {
        let (mut ids, mut texts, mut labels) = (Vec::new(), Vec::new(), Vec::new());
        for (id, text, label) in reviews {
            ids.push(id);
            texts.push(text);
            labels.push(label);
        }
        let sha256 = sha256_of(&texts, &labels);
        Self {
            ids,
            texts,
            labels,
            sha256,
        }
    }

    /// Number of reviews.
    #[must_use]
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Ids, texts and labels, side by side.
    ///
    /// # Errors
    /// Where there is no review.
    pub fn reviews(&self) -> Result<Reviews<'_>, ReviewsError> {
        Reviews::new(&self.ids, &self.texts, &self.labels)
    }

    /// Whether there is no review.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

/// Texts and labels; each id is the place in the order, from 0.
impl FromIterator<(String, bool)> for Corpus {
    fn from_iter<I: IntoIterator<Item = (String, bool)>>(reviews: I) -> Self {
        let numbered = reviews.into_iter().enumerate();
        Self::with_ids(numbered.map(|(i, (text, label))| (i.to_string(), text, label)))
    }
}

impl DataIngestion {
    /// Whether a review with this text is held out for testing.
    fn holds_out(&self, text: &str) -> bool {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_le_bytes());
        hash.update(text);
        let digest = hash.finalize();
        let first = digest
            .first_chunk::<8>()
            .map_or(0, |bytes| u64::from_be_bytes(*bytes));
        (first as f64) < self.test_size * 2_f64.powi(64)
    }
}

/// Reviews that could not be read: all are counted, the first are told.
#[derive(Default)]
struct Problems {
    n: usize,
    first: Vec<String>,
}

impl Problems {
    const TOLD: usize = 10;

    fn add(&mut self, problem: String) {
        self.n += 1;
        if self.first.len() < Self::TOLD {
            self.first.push(problem);
        }
    }

    fn check(&self) -> anyhow::Result<()> {
        if self.n == 0 {
            return Ok(());
        }
        let more = if self.n > self.first.len() {
            "\n…"
        } else {
            ""
        };
        let reviews = if self.n == 1 { "review" } else { "reviews" };
        bail!(
            "{} {reviews} cannot be read:\n{}{more}",
            self.n,
            self.first.join("\n")
        )
    }
}
