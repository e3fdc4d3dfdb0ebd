//! Text to tokens, with the preprocessing: what training and serving both call.

use crate::negation::Negation;
use crate::preprocess::{PreprocessScratch, Preprocessing};
use crate::tokenize::{TokenPattern, Tokens};

/// How a text becomes tokens: scikit-learn's `analyzer`. Training and serving share it, so that
/// they cannot differ.
///
/// The default is scikit-learn's: lower-case words of two or more characters, and no preprocessing.
#[derive(Debug, Clone, PartialEq)]
pub struct Analyzer {
    /// The steps before the split into tokens.
    pub preprocessing: Preprocessing,
    /// Whether letters are lower-cased, as Python's `str.lower` does it. In the preprocessing this
    /// comes after digits and before punctuation.
    pub lowercase: bool,
    /// What a token is.
    pub token_pattern: TokenPattern,
    /// Whether words behind a negation are tokens of their own. It needs marks that are tokens: to
    /// see `n't`, and where a scope ends before its fifth word.
    pub negation: Negation,
}

impl Default for Analyzer {
    fn default() -> Self {
        Self {
            preprocessing: Preprocessing::default(),
            lowercase: true,
            token_pattern: TokenPattern::Words,
            negation: Negation::None,
        }
    }
}

/// The working memory of an [`Analyzer`] for one thread. It belongs to no analyzer in particular.
#[derive(Debug, Default)]
pub struct AnalyzerScratch {
    preprocess: PreprocessScratch,
    tokens: Tokens,
}

impl AnalyzerScratch {
    /// The tokens of the text that was analysed last.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }
}

impl Analyzer {
    /// The tokens of `text`. Every text has them: none is an error, and none panics.
    ///
    /// ```
    /// use verdict_sentiment::{Analyzer, AnalyzerScratch, Preprocessing, StopWords};
    ///
    /// let analyzer = Analyzer {
    ///     preprocessing: Preprocessing {
    ///         strip_html: true,
    ///         stop_words: StopWords::nltk_english(),
    ///         ..Preprocessing::default()
    ///     },
    ///     ..Analyzer::default()
    /// };
    /// let mut scratch = AnalyzerScratch::default();
    /// let tokens = analyzer.analyze(&mut scratch, "The best film<br />of the year");
    /// assert_eq!(tokens.text(0).as_deref(), Some("best"));
    /// assert_eq!(tokens.len(), 3);
    /// ```
    #[inline]
    pub fn analyze<'s>(&self, scratch: &'s mut AnalyzerScratch, text: &str) -> &'s Tokens {
        let AnalyzerScratch { preprocess, tokens } = scratch;
        let text = match self.preprocessing.is_none() {
            true => text,
            false => self.preprocessing.apply(preprocess, text, self.lowercase),
        };
        tokens.split(text, self.token_pattern, self.lowercase);
        if self.negation == Negation::Mark {
            tokens.mark_negated();
        }
        tokens
    }

    /// The text that is split into tokens: `text` itself where there is no preprocessing,
    /// lower-cased only if there is.
    pub fn preprocess(&self, text: &str) -> String {
        let mut scratch = PreprocessScratch::default();
        match self.preprocessing.is_none() {
            true => text.to_owned(),
            false => self.preprocessing.apply(&mut scratch, text, self.lowercase).to_owned(),
        }
    }
}
