//! The steps before a text is split into tokens: those of the Python system's training, stored in
//! the model, so that serving does the same.

mod characters;
mod html;
mod lemmas;
mod stop_words;
mod urls;
mod words;

pub use lemmas::NounLemmas;
pub use stop_words::StopWords;

/// The steps that are done to a text before it is split into tokens. The default does none.
///
/// They run in this order, in which the Python system prepares its training data (HTML is an
/// addition, and comes first). Each gives what the Python beside it gives:
///
/// | step | Python |
/// |---|---|
/// | HTML | tags and comments to a space, then `html.unescape(text)` |
/// | URLs | `re.sub(r'https?://\S+\|www\.\S+', '', text)` |
/// | digits | `''.join(c for c in text if not c.isdigit())` |
/// | lower case | `text.lower()`, where the [`Analyzer`](crate::Analyzer) lower-cases |
/// | punctuation | `re.sub('[%s]' % re.escape(string.punctuation), ' ', text)`, `؛` to nothing, then `re.sub(r'\s+', ' ', text).strip()` |
/// | stop words | `' '.join(w for w in text.split() if w not in stop_words)` |
/// | lemmas | `' '.join(WordNetLemmatizer().lemmatize(w) for w in text.split())` |
///
/// Every text has a result. It is never more than twice as long as the text, and 16 bytes for each
/// word where there is a lemmatizer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preprocessing {
    /// Removes tags and comments and decodes entities. A tag begins with `<` or `</` directly
    /// before a letter: `3 < 5` and `I <3 it` stay.
    pub strip_html: bool,
    /// Removes URLs: from `http://`, `https://` or `www.` to the next white space.
    pub remove_urls: bool,
    /// Removes digits of every script, superscripts included; fractions and Roman numerals stay.
    pub remove_digits: bool,
    /// Replaces ASCII punctuation by spaces.
    pub remove_punctuation: bool,
    /// Words to leave out. They are compared as they stand between white space at this point:
    /// lower-case if the case is not kept, and with punctuation unless that is removed (`don't` is
    /// then `don` and `t`).
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
    next: String,
}

impl PreprocessScratch {
    /// Does a step, from one buffer to the other.
    fn step(&mut self, step: impl FnOnce(&str, &mut String)) {
        self.next.clear();
        step(&self.text, &mut self.next);
        std::mem::swap(&mut self.text, &mut self.next);
    }
}

impl Preprocessing {
    /// Whether no step is on.
    #[inline]
    pub fn is_none(&self) -> bool {
        !(self.strip_html || self.remove_urls || self.remove_digits || self.remove_punctuation)
            && self.stop_words.is_empty()
            && matches!(self.lemmatizer, Lemmatizer::None)
    }

    /// Does the steps. They end in lower case if `lowercase`, even where no other step is on.
    pub(crate) fn apply<'s>(
        &self,
        scratch: &'s mut PreprocessScratch,
        text: &str,
        lowercase: bool,
    ) -> &'s str {
        scratch.text.clear();
        scratch.text.push_str(text);
        if self.strip_html {
            if text.contains('<') {
                scratch.step(html::strip_tags);
            }
            if text.contains('&') {
                scratch.step(html::decode_entities);
            }
        }
        if self.remove_urls {
            scratch.step(urls::remove_urls);
        }
        if self.remove_digits {
            scratch.step(characters::remove_digits);
        }
        if lowercase {
            scratch.step(characters::lower);
        }
        if self.remove_punctuation {
            scratch.step(characters::remove_punctuation);
        }
        self.words(scratch);
        &scratch.text
    }

    /// Leaves out stop words and replaces words by their lemmas.
    fn words(&self, scratch: &mut PreprocessScratch) {
        let lemmas = match &self.lemmatizer {
            Lemmatizer::Wordnet(lemmas) => Some(lemmas),
            Lemmatizer::None if self.stop_words.is_empty() => return,
            Lemmatizer::None => None,
        };
        scratch.step(|text, out| {
            characters::map_words(text, out, |word, out| {
                let is_kept = !self.stop_words.contains(word);
                match lemmas {
                    Some(lemmas) if is_kept => lemmas.push_lemma(word, out),
                    None if is_kept => out.push_str(word),
                    _ => (),
                }
                is_kept
            });
        });
    }
}
