//! What was ingested: enough to get the same reviews again, and to check whether one has.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use verdict_learning::corpus::{CorpusFacts, Labelled, Split};
use verdict_messages::OffsetRange;
use verdict_messages::review_log::LogCounts;

/// The manifest of an ingestion, `data/raw/manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Where the reviews came from; no secrets of a URL.
    pub source: String,
    /// What was there.
    pub origin: Origin,
    /// How it was split.
    pub split: Split,
    /// The reviews to train on.
    pub train: CorpusFacts,
    /// The reviews that are held out.
    pub test: CorpusFacts,
    /// Texts that stand more than once.
    pub texts: Texts,
    /// Version of this program.
    pub code_version: String,
}

/// What a source was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A file or a folder.
    File {
        /// SHA-256 of the file; a folder has none.
        sha256: Option<String>,
    },
    /// The review log.
    Log {
        /// The offsets that were read, of reviews and labels.
        ranges: Vec<OffsetRange>,
        /// What was seen.
        counts: LogCounts,
    },
}

/// Texts that stand more than once in a source, in both parts together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    /// Reviews whose text another one has too, beyond the first of each text.
    pub duplicates: usize,
    /// Texts that are labelled both ways.
    pub contradictory: usize,
}

impl Texts {
    /// Counts the texts of both parts.
    #[must_use]
    pub fn of(train: &[Labelled], test: &[Labelled]) -> Self {
        let mut seen: HashMap<&str, (bool, bool)> = HashMap::with_capacity(train.len());
        let mut duplicates = 0;
        for review in train.iter().chain(test) {
            let said = seen.entry(&review.text).or_default();
            duplicates += usize::from(said.0 || said.1);
            if review.label {
                said.0 = true;
            } else {
                said.1 = true;
            }
        }
        Self { duplicates, contradictory: seen.values().filter(|said| said.0 && said.1).count() }
    }
}
