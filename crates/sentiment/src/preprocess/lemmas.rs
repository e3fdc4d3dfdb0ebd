//! Nouns to their dictionary form, as WordNet's *morphy* finds it.

use super::words::WordList;
use crate::error::InvalidPart;
use crate::wordchars::is_space;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// WordNet's rules of detachment for nouns, in its order: an ending and what stands for it in the
/// dictionary form.
const RULES: [(&str, &str); 9] = [
    ("s", ""),
    ("ses", "s"),
    ("ves", "f"),
    ("xes", "x"),
    ("zes", "z"),
    ("ches", "ch"),
    ("shes", "sh"),
    ("men", "man"),
    ("ies", "y"),
];
/// How many bytes a lemma may have more than its word: WordNet 3.0 has at most 5. It bounds the
/// growth of a text.
const MOST_LONGER: usize = 16;

/// The nouns of a dictionary and the irregular forms of some: WordNet's `index.noun` and
/// `noun.exc`. Cheap to clone.
///
/// Nouns of several words (`motion_picture`) are left out, because a text is looked up word by
/// word; three irregular forms have one for their lemma (`bases-on-balls`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NounLemmas {
    dictionary: Arc<Dictionary>,
}

#[derive(Debug, PartialEq, Eq)]
struct Dictionary {
    nouns: WordList,
    /// Irregular forms: no rule is tried for them.
    irregular: WordList,
    /// What each irregular form becomes; itself where the dictionary has none of its lemmas.
    lemmas: Vec<Box<str>>,
}

impl NounLemmas {
    /// Reads the text of WordNet's `index.noun` and `noun.exc` (versions 2.0 to 3.1).
    ///
    /// # Errors
    /// Where a line has another shape, where there is no noun, or a word that is longer than 255
    /// bytes.
    pub fn parse(index_noun: &str, noun_exc: &str) -> Result<Self, InvalidPart> {
        let [index_noun, noun_exc] =
            [index_noun, noun_exc].map(|text| text.strip_prefix('\u{feff}').unwrap_or(text));
        let is_single = |word: &&str| !word.contains('_');
        let mut nouns = Vec::new();
        for (i, line) in index_noun.lines().enumerate() {
            // Lines of the licence begin with a space.
            if line.starts_with(' ') {
                continue;
            }
            let mut fields = line.split(' ');
            match (fields.next(), fields.next()) {
                (Some(word), Some("n")) => nouns.push(word),
                _ => {
                    let (line, got) = (i + 1, line.chars().take(40).collect::<String>());
                    return Err(InvalidPart(format!(
                        "index.noun must have lines `word n ...`, got {got:?} (line {line})"
                    )));
                }
            }
        }
        let all: HashSet<&str> = nouns.iter().copied().collect();
        let nouns = nouns.into_iter().filter(is_single);
        let nouns = WordList::new(nouns).map_err(in_list("index.noun"))?;
        if nouns.len() == 0 {
            return Err(InvalidPart("index.noun must have a noun, got none".to_owned()));
        }
        let mut irregular = BTreeMap::new();
        for line in noun_exc.lines() {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            let Some(&form) = words.first().filter(|form| is_single(form)) else {
                continue;
            };
            // The form itself comes first where it is a noun; of equally short ones the first is
            // taken.
            let known = words.into_iter().filter(|word| all.contains(word));
            let lemma = known.min_by_key(|word| word.chars().count());
            irregular.insert(form, lemma.unwrap_or(form));
        }
        Self::assemble(nouns, irregular.into_iter())
    }

    /// From nouns, each with a line feed behind it, and irregular forms in order, each with a space
    /// and its lemma.
    pub(crate) fn from_lists(nouns: &str, irregular: &str) -> Result<Self, InvalidPart> {
        let nouns = WordList::from_sorted(nouns.split_terminator('\n'));
        let lines = irregular.split_terminator('\n');
        let pairs = lines.map(|line| line.split_once(' ').unwrap_or((line, line)));
        Self::assemble(nouns.map_err(in_list("nouns"))?, pairs)
    }

    fn assemble<'a>(
        nouns: WordList,
        irregular: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, InvalidPart> {
        let (forms, lemmas): (Vec<&str>, Vec<&str>) = irregular.unzip();
        let irregular = WordList::from_sorted(forms.iter().copied());
        let irregular = irregular.map_err(in_list("irregular nouns"))?;
        for (form, lemma) in forms.into_iter().zip(&lemmas) {
            let is_word = !lemma.is_empty() && !lemma.contains(is_space);
            if lemma.len() > form.len() + MOST_LONGER || !is_word {
                return Err(InvalidPart(format!(
                    "the lemma of {form:?} must be a word of at most {MOST_LONGER} bytes more than it has, got {lemma:?}"
                )));
            }
        }
        let lemmas = lemmas.into_iter().map(Into::into).collect();
        let dictionary = Arc::new(Dictionary { nouns, irregular, lemmas });
        Ok(Self { dictionary })
    }

    /// The nouns in order, each with a line feed behind it.
    pub(crate) fn nouns(&self) -> &str {
        self.dictionary.nouns.text()
    }

    /// The irregular forms in order, each with a space, its lemma and a line feed behind it.
    pub(crate) fn irregular(&self) -> String {
        let forms = self.dictionary.irregular.words();
        let pairs = forms.zip(&self.dictionary.lemmas);
        pairs.fold(String::new(), |text, (form, lemma)| text + form + " " + lemma + "\n")
    }

    /// Number of nouns and number of irregular forms.
    pub fn len(&self) -> (usize, usize) {
        (self.dictionary.nouns.len(), self.dictionary.irregular.len())
    }

    /// The dictionary form of `word`, which stays what it is where it has none.
    ///
    /// This is `WordNetLemmatizer().lemmatize(word)` of NLTK 3.9: of the word itself and what the
    /// rules make of it, the shortest that is a noun. So `films` becomes `film` and `was` becomes
    /// `wa`.
    pub fn lemma(&self, word: &str) -> String {
        let mut lemma = String::with_capacity(word.len());
        self.push_lemma(word, &mut lemma);
        lemma
    }

    /// Appends the dictionary form of `word` to `out`.
    pub(crate) fn push_lemma(&self, word: &str, out: &mut String) {
        let Dictionary { nouns, irregular, lemmas } = &*self.dictionary;
        if let Some(lemma) = irregular.rank(word).and_then(|rank| lemmas.get(rank)) {
            out.push_str(lemma);
            return;
        }
        let begin = out.len();
        out.push_str(word);
        if !(word.ends_with('s') || word.ends_with("men")) {
            return;
        }
        let mut best: Option<(&str, &str)> = None;
        let mut best_len = if nouns.rank(word).is_some() { word.len() } else { usize::MAX };
        for (ending, base) in RULES {
            let Some(stem) = word.strip_suffix(ending) else {
                continue;
            };
            let len = stem.len() + base.len();
            out.truncate(begin);
            out.push_str(stem);
            out.push_str(base);
            if len < best_len && out.get(begin..).is_some_and(|form| nouns.rank(form).is_some()) {
                (best, best_len) = (Some((stem, base)), len);
            }
        }
        let (stem, base) = best.unwrap_or((word, ""));
        out.truncate(begin);
        out.push_str(stem);
        out.push_str(base);
    }
}

fn in_list(list: &'static str) -> impl Fn(InvalidPart) -> InvalidPart {
    move |error| InvalidPart(format!("{list}: {error}"))
}
