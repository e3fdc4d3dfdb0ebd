//! Labelled reviews in memory, in an order of their own.

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};
use std::path::Path;
use verdict_datasets::{self as datasets, Kind, Labels, OpenOptions, Source};

use crate::params::{Split, SplitRule};
use crate::progress;
use crate::scoring::{Reviews, ReviewsError, sha256_of};

/// A labelled review.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Labelled {
    /// Its id in its source.
    pub id: String,
    /// Its text.
    pub text: String,
    /// `true` is positive.
    pub label: bool,
}

/// Reviews with their labels, ascending by id, so that a folder, its archive and its copy in a log are the same corpus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corpus {
    /// The ids.
    pub ids: Vec<String>,
    /// The texts; beside the ids.
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

impl SplitName {
    fn holds(self, is_test: bool) -> bool {
        match self {
            Self::All => true,
            Self::Train => !is_test,
            Self::Test => is_test,
        }
    }
}

impl Corpus {
    /// Reads the labelled reviews of `path`.
    ///
    /// With [`SplitRule::Source`] an aclImdb source has its own split. All else is split by a hash of the text, so that
    /// equal texts are on one side, whatever their order.
    ///
    /// # Errors
    /// Where the source is broken, or where any review cannot be read: the first ones are named with their places.
    pub fn read(path: &Path, split: SplitName, rule: &Split) -> anyhow::Result<Self> {
        let reviews = read_file(path, split, rule)?;
        if reviews.is_empty() {
            bail!("{} has no labelled review in its {split:?} part", path.display());
        }
        Ok(reviews.into())
    }

    /// A corpus of ids, texts and labels.
    pub fn with_ids(reviews: impl IntoIterator<Item = (String, String, bool)>) -> Self {
        let labelled = |(id, text, label)| Labelled { id, text, label };
        let reviews: Vec<Labelled> = reviews.into_iter().map(labelled).collect();
        reviews.into()
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

    /// Number of positive reviews.
    #[must_use]
    pub fn n_positive(&self) -> usize {
        self.labels.iter().filter(|&&label| label).count()
    }
}

/// Texts and labels; each id is the place in the order, from 0.
impl FromIterator<(String, bool)> for Corpus {
    fn from_iter<I: IntoIterator<Item = (String, bool)>>(reviews: I) -> Self {
        let numbered = reviews.into_iter().enumerate();
        let reviews =
            numbered.map(|(i, (text, label))| Labelled { id: format!("{i:08}"), text, label });
        reviews.collect::<Vec<_>>().into()
    }
}

impl From<Vec<Labelled>> for Corpus {
    fn from(mut reviews: Vec<Labelled>) -> Self {
        // By text and label after the id: an id that stands twice leaves no order to the source.
        reviews.sort();
        let mut corpus = Self {
            ids: Vec::with_capacity(reviews.len()),
            texts: Vec::with_capacity(reviews.len()),
            labels: Vec::with_capacity(reviews.len()),
            sha256: String::new(),
        };
        for Labelled { id, text, label } in reviews {
            corpus.ids.push(id);
            corpus.texts.push(text);
            corpus.labels.push(label);
        }
        corpus.sha256 = sha256_of(&corpus.texts, &corpus.labels);
        corpus
    }
}

/// The labelled reviews of one part of a file or folder, in the order of the source.
///
/// # Errors
/// Those of [`Corpus::read`], but for a part without reviews.
pub fn read_file(path: &Path, split: SplitName, rule: &Split) -> anyhow::Result<Vec<Labelled>> {
    // Layouts without parts of their own ignore the part.
    let part = match (rule.by, split) {
        (SplitRule::Hash, _) | (_, SplitName::All) => datasets::Split::All,
        (SplitRule::Source, SplitName::Train) => datasets::Split::Train,
        (SplitRule::Source, SplitName::Test) => datasets::Split::Test,
    };
    let options = OpenOptions { split: part, labels: Labels::Required, ..OpenOptions::default() };
    let mut source = Source::open(path, &options)?;
    let own = rule.by == SplitRule::Source && source.kind() == Kind::AclImdb;
    let bar = progress::bytes("reading reviews", source.progress().total);
    let mut reviews = Vec::new();
    let mut problems = Problems::default();
    while let Some(review) = source.next() {
        bar.set_position(source.progress().done);
        match review {
            Ok(review) if own || split.holds(rule.holds_out(&review.text)) => match review.label {
                Some(label) => reviews.push(Labelled { id: review.id, text: review.text, label }),
                None => problems.add(format!("{}: the review has no label", review.place)),
            },
            Ok(_) => {}
            Err(error) if error.is_fatal() => return Err(error.into()),
            Err(error) => problems.add(error.to_string()),
        }
    }
    bar.finish_and_clear();
    problems.check().with_context(|| format!("reading {}", path.display()))?;
    Ok(reviews)
}

impl Split {
    /// Whether a review with this text is held out for testing.
    #[must_use]
    pub fn holds_out(&self, text: &str) -> bool {
        let seeded = Sha256::new_with_prefix(self.seed.to_le_bytes());
        (first_bits(seeded.chain_update(text)) as f64) < self.test_size * 2_f64.powi(64)
    }
}

/// A hash of a text: an order of reviews that has nothing to do with the one they stand in.
pub(crate) fn text_key(text: &str) -> u64 {
    first_bits(Sha256::new_with_prefix(text))
}

fn first_bits(hash: Sha256) -> u64 {
    let digest = hash.finalize();
    let first = digest.first_chunk::<8>();
    first.map_or(0, |bytes| u64::from_be_bytes(*bytes))
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
        let more = if self.n > self.first.len() { "\n…" } else { "" };
        let reviews = if self.n == 1 { "review" } else { "reviews" };
        bail!("{} {reviews} cannot be read:\n{}{more}", self.n, self.first.join("\n"))
    }
}
