//! What is done to a text before it is split into tokens.

mod lemmas;
mod stop_words;
mod words;

pub use lemmas::{LemmasError, NounLemmas};
pub use stop_words::StopWords;
pub use words::WordError;

/// The steps that are done to a text before it is split. The default does nothing.
///
/// Their order is fixed, whatever is on: HTML, URLs, digits, lower case, punctuation, stop words, lemmas.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preprocessing {
    /// Removes tags and decodes entities.
    pub strip_html: bool,
    /// Removes URLs.
    pub remove_urls: bool,
    /// Removes digits.
    pub remove_digits: bool,
    /// Replaces punctuation by spaces.
    pub remove_punctuation: bool,
    /// Words to leave out.
    pub stop_words: StopWords,
    /// Words to their dictionary form.
    pub lemmatizer: Lemmatizer,
}

/// How words become their dictionary form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Lemmatizer {
    /// They stay as they are.
    #[default]
    None,
    /// Every word as a noun: NLTK's `WordNetLemmatizer().lemmatize(word)`.
    Wordnet(NounLemmas),
}

/// The working memory of [`Preprocessing`] for one thread.
#[derive(Debug, Default)]
pub(crate) struct PreprocessScratch {
    text: String,
}

impl Preprocessing {
    /// Whether no step is on.
    #[must_use]
    pub fn is_none(&self) -> bool {
        !(self.strip_html || self.remove_urls || self.remove_digits || self.remove_punctuation)
            && self.stop_words.is_empty()
            && self.lemmatizer == Lemmatizer::None
    }

    pub(crate) fn apply<'s>(
        &self,
        scratch: &'s mut PreprocessScratch,
        text: &str,
        lowercase: bool,
    ) -> &'s str {
        scratch.text.clear();
        scratch.text.push_str(text);
        if lowercase {
            scratch.text = scratch.text.to_lowercase();
        }
        &scratch.text
    }
}
