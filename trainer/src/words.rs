//! Words that preprocessing needs: stop words and the dictionary of base forms, read from where the
//! parameters say.

use crate::params::{Params, StopWordsParam};
use anyhow::Context;
use std::path::Path;
use verdict_sentiment::{Lemmatizer, NounLemmas, StopWords};

/// Reads stop words and dictionary into the parameters; a model then carries both.
///
/// # Errors
/// A file that cannot be read or is not what it should be.
pub fn read(mut params: Params) -> anyhow::Result<Params> {
    let mut preprocessing = params.train.vocabulary.options.analyzer.preprocessing.clone();
    preprocessing.stop_words = match &params.stop_words {
        StopWordsParam::None => StopWords::default(),
        StopWordsParam::NltkEnglish => StopWords::nltk_english(),
        StopWordsParam::File(path) => {
            let text = std::fs::read_to_string(path).with_context(|| {
                format!(
                    "reading stop words {} (data_preprocessing.stop_words: none, nltk-english or a file with one word a line)",
                    path.display()
                )
            })?;
            StopWords::parse(&text).with_context(|| format!("stop words {}", path.display()))?
        }
    };
    if let Some(folder) = &params.wordnet {
        preprocessing.lemmatizer = Lemmatizer::Wordnet(nouns(folder)?);
    }
    params.train = params.train.with_preprocessing(preprocessing);
    Ok(params)
}

fn nouns(folder: &Path) -> anyhow::Result<NounLemmas> {
    let file = |name: &str| {
        let path = folder.join(name);
        std::fs::read_to_string(&path).with_context(|| {
            format!(
                "reading {} (data_preprocessing.wordnet is the folder of a WordNet dictionary, e.g. apt-get install wordnet-base)",
                path.display()
            )
        })
    };
    NounLemmas::parse(&file("index.noun")?, &file("noun.exc")?)
        .with_context(|| format!("WordNet dictionary {}", folder.display()))
}
