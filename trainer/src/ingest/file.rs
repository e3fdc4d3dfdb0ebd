//! Labelled reviews of a file or folder.

use crate::progress;
use anyhow::{Context, bail};
use std::path::Path;
use verdict_datasets::{self as datasets, Kind, Labels, OpenOptions, Source};
use verdict_learning::corpus::{Corpus, Labelled, Split, SplitRule};

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

/// Reads the labelled reviews of one part of `path`.
///
/// With [`SplitRule::Source`] an aclImdb source has its own split. All else is split by a hash of
/// the text, so that equal texts are on one side, whatever their order.
///
/// # Errors
/// Where the source is broken or the part has no review, or where any review cannot be read: the
/// first ones are named with their places.
pub fn read_corpus(path: &Path, split: SplitName, rule: &Split) -> anyhow::Result<Corpus> {
    let reviews = read_reviews(path, split, rule)?;
    if reviews.is_empty() {
        bail!("{} has no labelled review in its {split:?} part", path.display());
    }
    Ok(reviews.into())
}

/// The labelled reviews of one part, in the order of the source.
///
/// # Errors
/// Those of [`read_corpus`], but for a part without reviews.
pub fn read_reviews(path: &Path, split: SplitName, rule: &Split) -> anyhow::Result<Vec<Labelled>> {
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
                None => problems.add(format!("{}: the review has no label", review.location)),
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

/// Reviews that could not be read: all are counted, the first are listed.
#[derive(Default)]
struct Problems {
    n: usize,
    first: Vec<String>,
}

impl Problems {
    const LISTED: usize = 10;

    fn add(&mut self, problem: String) {
        self.n += 1;
        if self.first.len() < Self::LISTED {
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
