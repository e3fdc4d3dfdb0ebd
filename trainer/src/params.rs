//! `params.yaml` as the trainer has it: what `verdict-params` says of training, where the reviews
//! come from, and what a model must reach.

pub use verdict_params::{IMDB_SHA256, IMDB_URL, ParamsError, Preset, RawParams};

use crate::ingest::DataIngestion;
use crate::ingest::download::checked_sha256;
use crate::ingest::location::Location;
use verdict_learning::corpus::{Split, SplitRule};
use verdict_learning::gate::Gate;
use verdict_learning::train::CheckedTrainParams;
use verdict_params::{Check, RawDataIngestion, Training, Words, WordsError};

/// Checked parameters of a training run.
#[derive(Debug, Clone, PartialEq)]
pub struct Params {
    /// Where the reviews come from, and which are held out.
    pub data_ingestion: DataIngestion,
    /// Which words are left out or changed.
    pub words: Words,
    /// How a model is trained. Stop words and lemmas are in it once they are read
    /// ([`Params::with_words`]).
    pub train: CheckedTrainParams,
    /// What a model must reach to be promoted.
    pub promotion: Gate,
    /// Where a model goes that was evaluated.
    pub registration: Registration,
    /// What was typed, defaults filled in.
    pub raw: RawParams,
}

/// Where a model goes that was evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// What the model is called.
    pub name: String,
    /// The alias that a new version gets.
    pub alias: String,
}

impl Params {
    /// Reads and checks the text of a parameter file; `file` names it in errors.
    ///
    /// # Errors
    /// States each value that is out of bounds, or where the text is not what it should be.
    pub fn from_yaml(text: &str, file: &str) -> Result<Self, ParamsError> {
        Self::check(RawParams::from_yaml(text, file)?, file)
    }

    /// The same with its words read: a model carries them.
    ///
    /// # Errors
    /// A file that cannot be read or is not what it should be.
    pub fn with_words(mut self) -> Result<Self, WordsError> {
        let Training { train, words } =
            Training { train: self.train, words: self.words }.with_words()?;
        (self.train, self.words) = (train, words);
        Ok(self)
    }

    /// The same, with the reviews from `source`.
    #[must_use]
    pub fn reading(mut self, source: Location) -> Self {
        if self.data_ingestion.source != source {
            // The checksum and the fallbacks are of the source that was replaced.
            self.data_ingestion.source = source;
            self.data_ingestion.sha256 = None;
            self.data_ingestion.fallback.clear();
        }
        self
    }

    /// The parameters of a preset.
    ///
    /// # Errors
    /// None that is known: a test reads each.
    pub fn of_preset(preset: Preset) -> Result<Self, ParamsError> {
        Self::from_yaml(&format!("preset: {}", preset.as_str()), preset.as_str())
    }

    /// Checks what was typed.
    ///
    /// # Errors
    /// States each value that is out of bounds.
    pub fn check(raw: RawParams, file: &str) -> Result<Self, ParamsError> {
        let mut check = Check::new(file);
        let data_ingestion = ingestion(&mut check, &raw.data_ingestion);
        let training = Training::check(&mut check, &raw);
        let promotion = check.bounds(raw.promotion.clone().check(), |_| "promotion");
        check.bounds(raw.search().check(), |_| "tune");
        let registration = Registration {
            name: raw.model_registration.name.clone(),
            alias: raw.model_registration.alias.clone(),
        };
        for (key, word) in [
            ("model_registration.name", &registration.name),
            ("model_registration.alias", &registration.alias),
        ] {
            check.that(is_name(word), key, "letters, digits, '-', '_' and '.', at most 128", word);
        }
        check.finish((|| {
            let Training { train, words } = training?;
            Some(Self {
                data_ingestion: data_ingestion?,
                words,
                train,
                promotion: promotion?,
                registration,
                raw,
            })
        })())
    }
}

fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !text.is_empty() && text.len() <= 128 && text.bytes().all(plain) && !text.starts_with('.')
}

fn ingestion(check: &mut Check<'_>, raw: &RawDataIngestion) -> Option<DataIngestion> {
    check.that(
        raw.test_size > 0.0 && raw.test_size < 1.0,
        "data_ingestion.test_size",
        "above 0 and below 1",
        raw.test_size,
    );
    let rules = [("source", SplitRule::Source), ("hash", SplitRule::Hash)];
    let by = check.word(&raw.split, "data_ingestion.split", rules);
    let source = check.parsed(raw.source.parse::<Location>(), "data_ingestion.source");
    let fallback: Vec<Location> = raw
        .fallback
        .iter()
        .filter_map(|text| check.parsed(text.parse(), "data_ingestion.fallback"))
        .collect();
    let sha256 = match &raw.sha256 {
        None => None,
        Some(text) => Some(check.parsed(checked_sha256(text, "it"), "data_ingestion.sha256")?),
    };
    Some(DataIngestion {
        source: source?,
        sha256,
        fallback,
        split: Split { by, test_size: raw.test_size, seed: raw.seed },
    })
}

#[cfg(test)]
mod tests;
