//! The fitted vectoriser as JSON, `models/vectorizer.json`: terms in the order of their columns,
//! with how many training reviews have each, and the parameters that made it.

use crate::params::Params;
use anyhow::bail;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use verdict_learning::corpus::CorpusFacts;
use verdict_learning::learn::reference::TextReference;
use verdict_sentiment::{Vectorizer, Vocabulary};

/// What the file holds.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct VectorizerFile {
    /// The training reviews.
    data: CorpusFacts,
    /// What their texts look like.
    texts: Option<TextReference>,
    /// Parameters of preprocessing and features.
    params: Value,
    /// Training reviews.
    n_documents: u32,
    /// Terms, ascending.
    terms: Vec<String>,
    /// Training reviews that have each term.
    document_frequency: Vec<u32>,
    /// Inverse document frequency of each term, for readers: it follows from the counts.
    idf: Vec<f64>,
}

impl VectorizerFile {
    pub(super) fn new(
        vectorizer: &Vectorizer,
        params: &Params,
        data: CorpusFacts,
        texts: Option<TextReference>,
    ) -> Self {
        let terms = vectorizer.vocabulary().terms();
        Self {
            data,
            texts,
            params: made_by(params),
            n_documents: vectorizer.n_documents(),
            terms: terms.map(ToOwned::to_owned).collect(),
            document_frequency: vectorizer.document_frequency().to_vec(),
            idf: vectorizer.idf().to_vec(),
        }
    }

    /// The vectoriser for preprocessed texts, the facts of its training reviews and what those
    /// looked like.
    pub(super) fn open(
        self,
        params: &Params,
    ) -> anyhow::Result<(Vectorizer, CorpusFacts, Option<TextReference>)> {
        let now = made_by(params);
        if self.params != now {
            bail!(
                "it was made with {} and the parameters are now {now}: run the stages data_preprocessing and \
                 feature_engineering again",
                self.params
            );
        }
        let vectorizer = Vectorizer::new(
            Vocabulary::new(self.terms.iter().map(String::as_str))?,
            params.train.vocabulary.after_preprocessing().options,
            self.n_documents,
            self.document_frequency,
        )?;
        Ok((vectorizer, self.data, self.texts))
    }
}

fn made_by(params: &Params) -> Value {
    let mut recorded = params.raw.recorded();
    let mut take = |key| recorded.get_mut(key).map(Value::take);
    serde_json::json!({
        "data_preprocessing": take("data_preprocessing"),
        "feature_engineering": take("feature_engineering"),
    })
}
