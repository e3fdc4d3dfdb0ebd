//! Words that preprocessing needs: stop words and the dictionary of base forms, read from where the
//! parameters say.

use crate::check::Check;
use crate::raw::RawParams;
use std::path::{Path, PathBuf};
use verdict_sentiment::{InvalidPart, Lemmatizer, NounLemmas, Preprocessing, StopWords};

/// Which words are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopWordsParam {
    /// None.
    None,
    /// NLTK's English list.
    NltkEnglish,
    /// Those of a file, one a line.
    File(PathBuf),
}

/// Which words are left out, and which brought to their base form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Which words are left out.
    pub stop_words: StopWordsParam,
    /// The folder of the WordNet dictionary, should nouns be brought to their base form.
    pub wordnet: Option<PathBuf>,
}

/// Why words could not be read. The text is complete and there is no `source`.
#[derive(Debug, thiserror::Error)]
pub enum WordsError {
    /// The stop words cannot be read.
    #[error(
        "reading stop words {} (data_preprocessing.stop_words: none, nltk-english or a file with one word a line): {problem}",
        .path.display()
    )]
    StopWords {
        /// Their file.
        path: PathBuf,
        /// What the system said.
        problem: std::io::Error,
    },
    /// The dictionary cannot be read.
    #[error(
        "reading {} (data_preprocessing.wordnet is the folder of a WordNet dictionary, e.g. apt-get install wordnet-base): \
         {problem}",
        .path.display()
    )]
    Wordnet {
        /// Its file.
        path: PathBuf,
        /// What the system said.
        problem: std::io::Error,
    },
    /// The file has no such words.
    #[error("{what} {}: {problem}", .path.display())]
    Invalid {
        /// `stop words` or `WordNet dictionary`.
        what: &'static str,
        /// File or folder.
        path: PathBuf,
        /// What is wrong.
        problem: InvalidPart,
    },
}

impl Words {
    pub(crate) fn new(check: &mut Check<'_>, raw: &RawParams) -> Self {
        let raw = &raw.data_preprocessing;
        let stop_words = match raw.stop_words.as_str() {
            "none" => StopWordsParam::None,
            "nltk-english" => StopWordsParam::NltkEnglish,
            file => StopWordsParam::File(file.into()),
        };
        let lemmatizers = [("none", false), ("wordnet", true)];
        let with_wordnet =
            check.word(&raw.lemmatizer, "data_preprocessing.lemmatizer", lemmatizers);
        Self { stop_words, wordnet: with_wordnet.then(|| raw.wordnet.clone()) }
    }

    /// Reads stop words and dictionary into a preprocessing.
    ///
    /// # Errors
    /// A file that cannot be read or is not what it should be.
    pub fn read(&self, preprocessing: &Preprocessing) -> Result<Preprocessing, WordsError> {
        let mut preprocessing = preprocessing.clone();
        preprocessing.stop_words = match &self.stop_words {
            StopWordsParam::None => StopWords::default(),
            StopWordsParam::NltkEnglish => StopWords::nltk_english(),
            StopWordsParam::File(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|problem| WordsError::StopWords { path: path.clone(), problem })?;
                StopWords::parse(&text).map_err(invalid("stop words", path))?
            }
        };
        if let Some(folder) = &self.wordnet {
            preprocessing.lemmatizer = Lemmatizer::Wordnet(nouns(folder)?);
        }
        Ok(preprocessing)
    }
}

fn invalid(what: &'static str, path: &Path) -> impl FnOnce(InvalidPart) -> WordsError {
    move |problem| WordsError::Invalid { what, path: path.to_owned(), problem }
}

fn nouns(folder: &Path) -> Result<NounLemmas, WordsError> {
    let file = |name: &str| {
        let path = folder.join(name);
        std::fs::read_to_string(&path).map_err(|problem| WordsError::Wordnet { path, problem })
    };
    NounLemmas::parse(&file("index.noun")?, &file("noun.exc")?)
        .map_err(invalid("WordNet dictionary", folder))
}
