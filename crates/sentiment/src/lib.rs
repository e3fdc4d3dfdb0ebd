//! Text to sentiment: the pure core that training and serving share.
//!
//! A review is preprocessed where the model asks for it and becomes tokens, tokens become 64-bit
//! hashes, hashes combine into n-grams, n-grams become a TF-IDF row of length one, and a logistic
//! regression turns the row into log-odds, which a calibration turns into a probability. The
//! semantics are those of scikit-learn's [`TfidfVectorizer`] and [`LogisticRegression`].
//!
//! ```text
//! text ─ Analyzer ─► token hashes ─ ngram ─► term hashes ─ Vocabulary ─► columns ─ Vectorizer ─► row ─ Model ─► Score
//! ```
//!
//! There is no clock, no IO, no async and no learning here. Scoring is total: every `&str` has a
//! score, and no input panics. After the first review a [`Scratch`] makes no allocation for ASCII
//! text, unless HTML entities are decoded in it.
//!
//! [`TfidfVectorizer`]: https://scikit-learn.org/stable/modules/generated/sklearn.feature_extraction.text.TfidfVectorizer.html
//! [`LogisticRegression`]: https://scikit-learn.org/stable/modules/generated/sklearn.linear_model.LogisticRegression.html

mod analyzer;
mod artifact;
mod decision;
mod error;
mod hash;
mod model;
mod negation;
mod ngram;
mod parts;
mod preprocess;
mod reference;
mod score;
mod tokenize;
mod vectorize;
mod vocabulary;
mod wordchars;

pub use analyzer::{Analyzer, AnalyzerScratch};
pub use artifact::{Example, FORMAT_VERSION, Limits, MAGIC, sha256_hex};
pub use decision::{Band, Decision, DecisionRule};
pub use error::{ArtifactError, InvalidPart};
pub use hash::token_hash;
pub use model::{Identity, Model};
pub use negation::Negation;
pub use ngram::{NgramRange, term_hash};
pub use parts::ModelParts;
pub use preprocess::{Lemmatizer, NounLemmas, Preprocessing, StopWords};
pub use reference::{Bins, Reference};
pub use score::{Calibration, Explanation, Label, Score, TermWeight, sigmoid};
pub use tokenize::{TokenPattern, Tokens};
pub use vectorize::{Norm, Scratch, Seen, Vectorizer, VectorizerOptions};
pub use vocabulary::Vocabulary;
