//! Where the pipeline's files are: the folders of the Python system.

use crate::ingest::file::SplitName;
use std::path::PathBuf;

/// The folders below a root, by default the repository.
#[derive(Debug, Clone)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The layout below `root`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Reviews as they were ingested.
    #[must_use]
    pub fn raw(&self, split: SplitName) -> PathBuf {
        self.root.join("data/raw").join(file(split, "csv"))
    }

    /// What was ingested.
    #[must_use]
    pub fn manifest(&self) -> PathBuf {
        self.root.join("data/raw/manifest.json")
    }

    /// Where downloads are kept, outside of what the pipeline tracks.
    #[must_use]
    pub fn downloads(&self) -> PathBuf {
        self.root.join("data/external")
    }

    /// Preprocessed reviews.
    #[must_use]
    pub fn interim(&self, split: SplitName) -> PathBuf {
        self.root.join("data/interim").join(file(split, "csv"))
    }

    /// Feature rows.
    #[must_use]
    pub fn matrix(&self, split: SplitName) -> PathBuf {
        self.root.join("data/processed").join(file(split, "npz"))
    }

    /// Feature rows of the windows of the training part.
    #[must_use]
    pub fn windows(&self) -> PathBuf {
        self.root.join("data/processed/windows.npz")
    }

    /// The fitted vectoriser.
    #[must_use]
    pub fn vectorizer(&self) -> PathBuf {
        self.root.join("models/vectorizer.json")
    }

    /// The directory of the model.
    #[must_use]
    pub fn models(&self) -> PathBuf {
        self.root.join("models")
    }

    /// What evaluation, gate and registration write.
    #[must_use]
    pub fn reports(&self) -> PathBuf {
        self.root.join("reports")
    }
}

fn file(split: SplitName, extension: &str) -> String {
    format!("{}.{extension}", format!("{split:?}").to_lowercase())
}
